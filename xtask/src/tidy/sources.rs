//! Reads the sources: length, silent assertions, what is unfinished, what belongs to one machine.

use std::sync::LazyLock;

use regex::Regex;

use super::Findings;
use super::repository::{File, Repository};

/// The most lines of a Rust file without its tests. The aim is 500; past this it is two files.
const LINES_MAX: usize = 700;

/// Where a machine, a registry or a home directory shows through.
static MACHINE: LazyLock<Regex> = LazyLock::new(|| {
    // Put together from parts, so that this file does not find itself.
    let paths = ["/wo", "rk/|/ro", "ot/|/home/[a-z]|/Us", "ers/"].concat();
    let hosts = [
        "registry\\.npm",
        "js|py",
        "pi\\.org|static\\.cra",
        "tes\\.io|deb\\.deb",
        "ian",
    ];
    Regex::new(&format!(r"(^|[^\w.~}}$/-])({paths})|({})", hosts.concat()))
        .expect("the pattern is a constant")
});

/// No Rust file outside tests is longer than [`LINES_MAX`].
pub(super) fn check_length(repository: &Repository) -> Findings {
    let too_long = |file: &&File| !file.is_test() && file.text.lines().count() > LINES_MAX;
    let finding = |file: &File| {
        let lines = file.text.lines().count();
        format!(
            "{}: {lines} lines, at most {LINES_MAX}: cut it in two",
            file.path
        )
    };
    repository
        .with_suffix(".rs")
        .filter(too_long)
        .map(finding)
        .collect()
}

/// A bare `matches!(…);` compiles without a warning and checks nothing.
pub(super) fn check_bare_matches(repository: &Repository) -> Findings {
    let mut findings = Findings::new();
    for file in repository.with_suffix(".rs") {
        let mut offset = 0;
        for (index, line) in file.text.split_inclusive('\n').enumerate() {
            let start = offset + (line.len() - line.trim_start().len());
            offset += line.len();
            let before = file.text[..start].trim_end();
            let is_statement = before.is_empty() || before.ends_with([';', '{', '}']);
            if line.trim_start().starts_with(concat!("matches", "!("))
                && is_statement
                && closes_with_semicolon(&file.text[start..])
            {
                findings.push(format!(
                    "{}:{}: a bare `matches!` checks nothing",
                    file.path,
                    index + 1
                ));
            }
        }
    }
    findings
}

/// Whether the first pair of parentheses of `text` is followed by a semicolon.
fn closes_with_semicolon(text: &str) -> bool {
    let mut depth = 0_usize;
    for (position, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 1 => return text[position + 1..].trim_start().starts_with(';'),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Nothing merged is unfinished: no `todo!`, no `unimplemented!`, no ignored test.
pub(super) fn check_unfinished(repository: &Repository) -> Findings {
    let words = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
    ];
    let mut findings = Findings::new();
    for file in repository.with_suffix(".rs") {
        for (index, line) in file.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in words.iter().filter(|word| code.contains(**word)) {
                findings.push(format!(
                    "{}:{}: `{word}` is not merged",
                    file.path,
                    index + 1
                ));
            }
        }
    }
    findings
}

/// Nothing committed knows the machine it was written on, or names a registry's host.
pub(super) fn check_machine_paths(repository: &Repository) -> Findings {
    let mut findings = Findings::new();
    // Cargo writes its lock file itself, and names the index in it on every machine alike.
    for file in repository
        .files()
        .iter()
        .filter(|file| file.path != "Cargo.lock")
    {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(found) = MACHINE.find(line) {
                let found = found.as_str();
                findings.push(format!(
                    "{}:{}: `{found}` belongs to one machine",
                    file.path,
                    index + 1
                ));
            }
        }
    }
    findings
}

/// Unit tests lie in `x/tests.rs` beside `x.rs`, so that a file's length is its own.
pub(super) fn check_inline_tests(repository: &Repository) -> Findings {
    let inline = Regex::new(r"(?m)^\s*mod tests? \{").expect("the pattern is a constant");
    let finding = |file: &File| {
        let file = &file.path;
        format!("{file}: tests inside the file; move them to a `tests.rs` of their own")
    };
    repository
        .with_suffix(".rs")
        .filter(|file| !file.is_test() && inline.is_match(&file.text))
        .map(finding)
        .collect()
}
