use super::*;

fn parse_words(words: &str) -> Result<Action, CliError> {
    parse(words.split(' ').map(OsString::from), &Environment::new())
}

#[test]
fn command_line_is_sound_and_every_flag_has_help() {
    command().debug_assert();
    for setting in all_settings() {
        assert!(!setting.about.is_empty(), "{}", setting.key);
    }
}

#[test]
fn serve_takes_its_settings_as_flags() {
    let words =
        "roentgen serve --http 127.0.0.1:0 --data-dir /tmp/x --strict-limits --retention 7d";
    let Ok(Action::Serve(config)) = parse_words(words) else {
        panic!("serve")
    };
    assert_eq!((config.http.port(), config.strict_limits), (0, true));
    assert_eq!(config.retention.as_secs(), 7 * 86_400);
}

#[test]
fn usage_errors_exit_with_two() {
    for words in [
        "roentgen serve --nope",
        "roentgen conjure",
        "roentgen config",
    ] {
        let Err(CliError::Clap(error)) = parse_words(words) else {
            panic!("{words}")
        };
        assert_eq!(error.exit_code(), 2, "{words}");
    }
}
