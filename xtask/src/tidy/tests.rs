//! Every check on this repository, and each on small made-up repositories that break its rule.

use super::repository::Repository;
use super::*;

#[test]
fn this_repository_passes_every_check() {
    let repository = Repository::read(&crate::steps::repository_root()).unwrap();
    let mut findings = Findings::new();
    for (name, check) in CHECKS {
        findings.extend(
            check(&repository)
                .into_iter()
                .map(|finding| format!("{name}: {finding}")),
        );
    }
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// Asserts that `check` finds exactly the things that contain the `expected` texts, in order.
#[track_caller]
fn check(check: fn(&Repository) -> Findings, files: &[(&str, &str)], expected: &[&str]) {
    let findings = check(&Repository::of(files));
    assert_eq!(findings.len(), expected.len(), "{findings:#?}");
    for (finding, expected) in findings.iter().zip(expected) {
        assert!(finding.contains(expected), "`{finding}` lacks `{expected}`");
    }
}

fn manifest(name: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{dependencies}")
}

#[test]
fn floors_refuse_an_upward_arrow_and_a_neighbour() {
    let up = manifest(
        "roentgen-store",
        "[dependencies]\nroentgen-api = { workspace = true }",
    );
    check(
        floors::check_floors,
        &[("crates/roentgen-store/Cargo.toml", &up)],
        &["must not know `roentgen-api`"],
    );
    let neighbour = manifest(
        "roentgen-store",
        "[dev-dependencies]\nroentgen-control = { workspace = true }",
    );
    check(
        floors::check_floors,
        &[("crates/roentgen-store/Cargo.toml", &neighbour)],
        &["dev-dependencies"],
    );
    let target = "[target.'cfg(unix)'.dependencies]\nroentgen = { workspace = true }";
    let target = manifest("roentgen-daemon", target);
    check(
        floors::check_floors,
        &[("crates/roentgen-daemon/Cargo.toml", &target)],
        &["`roentgen`"],
    );
}

#[test]
fn floors_accept_a_downward_arrow_and_demand_a_floor_for_every_crate() {
    let down = manifest(
        "roentgen-store",
        "[dependencies]\nroentgen-model = { workspace = true }",
    );
    check(
        floors::check_floors,
        &[("crates/roentgen-store/Cargo.toml", &down)],
        &[],
    );
    let unknown = manifest("roentgen-attic", "");
    check(
        floors::check_floors,
        &[("crates/roentgen-attic/Cargo.toml", &unknown)],
        &["no floor"],
    );
}

#[test]
fn heavy_dependencies_are_found_outside_their_crates_but_not_in_dev_dependencies() {
    let heavy = manifest(
        "roentgen-model",
        "[dependencies]\ntokio = { workspace = true }",
    );
    check(
        floors::check_heavy_dependencies,
        &[("crates/roentgen-model/Cargo.toml", &heavy)],
        &["`tokio`"],
    );
    let dev = manifest(
        "roentgen-model",
        "[dev-dependencies]\ntokio = { workspace = true }",
    );
    check(
        floors::check_heavy_dependencies,
        &[("crates/roentgen-model/Cargo.toml", &dev)],
        &[],
    );
}

#[test]
fn manifests_take_versions_and_lints_from_the_workspace_and_name_their_folder() {
    let own = "[package]\nname = \"roentgen-model\"\n[dependencies]\nserde = \"1\"";
    check(
        floors::check_manifests,
        &[("crates/model/Cargo.toml", own)],
        &[
            "folder must be named",
            "[lints]",
            "`serde` must take its version",
        ],
    );
}

#[test]
fn length_counts_files_but_not_their_tests() {
    let long = "\n".repeat(701);
    let files = [
        ("crates/a/src/b.rs", long.as_str()),
        ("crates/a/src/b/tests.rs", long.as_str()),
    ];
    check(
        sources::check_length,
        &files,
        &["crates/a/src/b.rs: 701 lines"],
    );
    check(
        sources::check_length,
        &[("crates/a/src/b.rs", &"\n".repeat(700))],
        &[],
    );
}

#[test]
fn bare_matches_is_found_as_a_statement_and_allowed_as_a_value() {
    let bare = concat!("fn a() {\n    matches", "!(b, C(_));\n}\n");
    check(sources::check_bare_matches, &[("a.rs", bare)], &["a.rs:2"]);
    let spread = concat!(
        "fn a() {\n    let b = 1;\n    matches",
        "!(\n        b, (1)\n    );\n}\n"
    );
    check(
        sources::check_bare_matches,
        &[("a.rs", spread)],
        &["a.rs:3"],
    );
    let value = concat!(
        "fn a() -> bool {\n    let b =\n        matches",
        "!(c, D);\n    matches",
        "!(b, E)\n}\n"
    );
    check(sources::check_bare_matches, &[("a.rs", value)], &[]);
}

#[test]
fn unfinished_code_is_found_and_comments_about_it_are_not() {
    let text = concat!("// to", "do!() is banned\nfn a() { to", "do!() }\n");
    check(sources::check_unfinished, &[("a.rs", text)], &["a.rs:2"]);
}

#[test]
fn machine_paths_are_found_in_any_file() {
    let text = concat!(
        "see /ro",
        "ot/x\nhttps://x/wo",
        "rk/y and target/wo",
        "rk/z\n"
    );
    check(sources::check_machine_paths, &[("a.md", text)], &["a.md:1"]);
}

#[test]
fn tests_inside_a_file_are_found() {
    let text = "#[cfg(test)]\nmod tests {\n}\n";
    check(sources::check_inline_tests, &[("a.rs", text)], &["a.rs"]);
    check(
        sources::check_inline_tests,
        &[("a.rs", "#[cfg(test)]\nmod tests;\n")],
        &[],
    );
}

#[test]
fn invariants_must_be_listed_once() {
    let list = "| LOG-1 | frames |\n| LOG-1 | again |\n";
    let code = "// LOG-1 and LOG-2, in UTF-8\n";
    check(
        invariants::check,
        &[("ARCHITECTURE.md", list), ("a.rs", code)],
        &["`LOG-1` is defined twice", "a.rs:1: `LOG-2`"],
    );
}

#[test]
fn links_are_followed_inside_the_repository() {
    let text = "[a](docs/b.md#two-words) [c](gone.md) [d](docs/b.md#gone) [e](https://x)\n\
        ```\n[f](nowhere)\n```\n";
    let files = [
        ("README.md", text),
        ("docs/b.md", "## Two words\n[up](../README.md)\n"),
    ];
    check(links::check, &files, &["`gone.md`", "`docs/b.md#gone`"]);
}

#[test]
fn compatibility_rows_name_tests_that_exist() {
    let table = "| `A` | works | `there` |\n| `B` | works | `gone` |\n| `C` | works | |\n\
        | `D` | not yet | |\n| `E` | perhaps | `there` |\n";
    let code = "#[test]\n#[cfg(unix)]\nfn there() {}\nfn gone() {}\n";
    check(
        compatibility::check_rows,
        &[("docs/compatibility.md", table), ("a.rs", code)],
        &["no test `gone`", "names no test", "`perhaps`"],
    );
}

#[test]
fn compatibility_demands_a_row_for_every_operation_and_field() {
    let document = r#"[{"id": "x", "aws": {"ec2": {"ami_id": 1}}, "metadata": {"own": 1},
        "cause": {"exceptions": [{"id": "y"}]}, "subsegments": [{"sql": {"url": "z"}}]}]"#;
    let files = [
        ("docs/compatibility.md", ""),
        ("tests/fixtures/every_field.json", document),
        ("tests/fixtures/response_members.txt", "Trace.Id\n"),
    ];
    let findings = compatibility::check_complete(&Repository::of(&files));
    for name in [
        "`GetTraceGraph`",
        "`Trace.Id`",
        "`id`",
        "`aws.ec2.ami_id`",
        "`metadata`",
        "`sql.url`",
    ] {
        assert!(
            findings.iter().any(|finding| finding.contains(name)),
            "{name}: {findings:#?}"
        );
    }
    assert!(
        findings
            .iter()
            .any(|finding| finding.contains("`cause.exceptions[].id`"))
    );
    assert_eq!(findings.len(), 38 + 1 + 7, "{findings:#?}");
}
