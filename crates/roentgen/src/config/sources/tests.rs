use roentgen_api::Operation;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn resolve(
    flags: &[(&'static str, &str)],
    variables: &[(&str, &str)],
) -> Result<(Config, Effective), Vec<ConfigProblem>> {
    let environment = environment(variables);
    let flags = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    Sources {
        flags,
        environment: &environment,
    }
    .resolve()
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roentgen.toml");
    std::fs::write(&path, text).unwrap();
    let name = path.to_str().unwrap().to_owned();
    (folder, name)
}

#[test]
fn flag_beats_variable_beats_file_beats_default() {
    let (_folder, name) = file(
        "region = \"file-1\"\nhttp = \"127.0.0.1:7\"\nstrict_limits = true\n[store]\nseal_idle = \"2s\"",
    );
    let (config, _) = resolve(
        &[("config", &name), ("http", "127.0.0.1:9")],
        &[
            ("ROENTGEN_HTTP", "127.0.0.1:8"),
            ("ROENTGEN_REGION", "env-1"),
            ("AWS_REGION", "aws-1"),
        ],
    )
    .unwrap();
    assert_eq!((config.http.port(), config.region.as_str()), (9, "env-1"));
    assert!(config.strict_limits);
    assert_eq!(config.store.seal_idle.as_secs(), 2);
    assert_eq!(
        resolve(&[], &[("AWS_REGION", "aws-1")]).unwrap().0.region,
        "aws-1"
    );
    let variables = [("ROENTGEN_STORE_SEAL_IDLE", "7s")];
    assert_eq!(
        resolve(&[], &variables)
            .unwrap()
            .0
            .store
            .seal_idle
            .as_secs(),
        7
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let (_folder, name) = file("retentoin = \"3d\"\naccount = 12\n");
    let flags = [("config", name.as_str()), ("http", "nowhere")];
    let problems = resolve(&flags, &[("ROENTGEN_RETENTION", "1s")]).unwrap_err();
    let text = problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    for part in [
        "did you mean `retention`",
        "--http",
        "12 digits",
        "ROENTGEN_RETENTION",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn seconds_are_read_as_numbers_and_bounded() {
    let (_folder, name) = file("response_time_root_cause_min_seconds = 2.5\n");
    let (config, _) = resolve(&[("config", &name)], &[]).unwrap();
    assert_eq!(config.response_time_root_cause_min.as_millis(), 2_500);
    for value in ["-1", "86401", "NaN", "2s"] {
        let variables = [("ROENTGEN_RESPONSE_TIME_ROOT_CAUSE_MIN_SECONDS", value)];
        let problems = resolve(&[], &variables).unwrap_err();
        assert!(
            problems[0].to_string().contains("between 0 and 86400"),
            "{value}"
        );
    }
}

#[test]
fn missing_or_broken_file_is_named() {
    let problems = resolve(&[("config", "/nonexistent/roentgen.toml")], &[]).unwrap_err();
    assert!(
        problems[0]
            .to_string()
            .starts_with("/nonexistent/roentgen.toml: cannot be read")
    );
    let (_folder, name) = file("a = = b");
    assert!(
        resolve(&[("config", &name)], &[]).unwrap_err()[0]
            .to_string()
            .contains("not TOML")
    );
}

#[test]
fn listening_beyond_loopback_needs_auth_off_in_words() {
    let problems = resolve(&[("http", "0.0.0.0:2001")], &[]).unwrap_err();
    assert!(
        problems[0].to_string().contains("auth = \"off\""),
        "{problems:?}"
    );
    assert!(resolve(&[("http", "0.0.0.0:2001"), ("auth", "off")], &[]).is_ok());
    assert!(resolve(&[("http", "[::1]:2001")], &[]).is_ok());
}

#[test]
fn show_names_the_origin_of_every_setting() {
    let (_, effective) = resolve(&[("region", "eu-west-1")], &[]).unwrap();
    let text = effective.to_string();
    assert_eq!(text.lines().count(), all_settings().count());
    let region = text
        .lines()
        .find(|line| line.starts_with("region "))
        .unwrap();
    assert!(
        region.contains("eu-west-1") && region.ends_with("# --region"),
        "{region}"
    );
}

#[test]
fn numbers_and_rates_are_read_and_refused_by_name() {
    let rates = (
        "ROENTGEN_REQUEST_RATES",
        "GetGroups = 0.5,PutTraceSegments=100",
    );
    let (config, _) = resolve(&[], &[rates, ("ROENTGEN_GROUPS_MAX", "300")]).unwrap();
    assert_eq!((config.groups_max, config.sampling_rules_max), (300, 25));
    let rate = |operation| config.request_rates.get(&operation).copied();
    assert_eq!(rate(Operation::GetGroups), Some(0.5));
    assert_eq!(rate(Operation::PutTraceSegments), Some(100.0));
    assert_eq!(rate(Operation::GetGroup), None);
    for (key, value, part) in [
        (
            "ROENTGEN_REQUEST_RATES",
            "GetGroop=1",
            "`GetGroop` is no operation",
        ),
        (
            "ROENTGEN_REQUEST_RATES",
            "GetGroups",
            "Operation=requests per second",
        ),
        ("ROENTGEN_REQUEST_RATES", "GetGroups=0", "above 0"),
        ("ROENTGEN_REQUEST_RATES", "GetGroups=NaN", "above 0"),
        ("ROENTGEN_GROUPS_MAX", "0", "from 1 to"),
        ("ROENTGEN_STRICT_DOCUMENTS_PER_SECOND", "many", "from 1 to"),
    ] {
        let problems = resolve(&[], &[(key, value)]).unwrap_err();
        let text = problems.iter().map(ToString::to_string).collect::<String>();
        assert!(
            text.contains(part) && text.contains(key),
            "{part} in {text}"
        );
    }
}

#[test]
fn an_address_with_secrets_is_neither_shown_nor_reported() {
    let key = "notifications.webhook_url";
    let (_, effective) = resolve(&[(key, "https://ada:secret@hooks.example/")], &[]).unwrap();
    assert!(!effective.to_string().contains("secret"));
    let problems = resolve(&[(key, "ftp://ada:secret@hooks.example/")], &[]).unwrap_err();
    assert!(!format!("{problems:?}").contains("secret"));
}
