//! Invariants have ids (`LOG-1`, `HOME-2`) that assertions, tests and texts share. ARCHITECTURE.md
//! lists them, each once; an id that is used anywhere must be in that list.

use std::collections::BTreeSet;

use regex::Regex;

use super::Findings;
use super::repository::Repository;

/// Where the list is: the rows `| LOG-1 | … |` of its tables.
const LIST: &str = "ARCHITECTURE.md";

pub(super) fn check(repository: &Repository) -> Findings {
    let Some(list) = repository.text(LIST) else {
        return vec![format!("{LIST} is missing")];
    };
    let row = Regex::new(r"^\| ([A-Z]+-[0-9]+) \|").expect("the pattern is a constant");
    let mut findings = Findings::new();
    let mut known = BTreeSet::new();
    for line in list.lines() {
        let Some(id) = row.captures(line).and_then(|row| row.get(1)) else {
            continue;
        };
        if !known.insert(id.as_str()) {
            findings.push(format!("{LIST}: `{}` is defined twice", id.as_str()));
        }
    }
    // Only the families of the list are ids: `UTF-8` and `SHA-256` are not.
    let families: BTreeSet<&str> = known.iter().filter_map(|id| id.split('-').next()).collect();
    let families: Vec<&str> = families.into_iter().collect();
    let used = Regex::new(&format!(r"\b({})-[0-9]+\b", families.join("|")))
        .expect("families are upper-case words");
    for file in repository.files().iter().filter(|file| is_ours(&file.path)) {
        for (index, line) in file.text.lines().enumerate() {
            for id in used.find_iter(line).map(|id| id.as_str()) {
                if !known.contains(id) {
                    findings.push(format!(
                        "{}:{}: `{id}` is not in {LIST}",
                        file.path,
                        index + 1
                    ));
                }
            }
        }
    }
    findings
}

/// The checks' own tests break the rules on purpose; lock files hold others' words.
fn is_ours(path: &str) -> bool {
    let written = [".rs", ".md", ".toml", ".py", ".js", ".proptest-regressions"];
    written.iter().any(|suffix| path.ends_with(suffix)) && path != "xtask/src/tidy/tests.rs"
}
