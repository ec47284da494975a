//! Our own checks: the rules of the house that no ready tool knows.
//!
//! Each check is a pure function from the [`Repository`] to its findings, so that it runs in the
//! gate, under `cargo test` (on this repository and on small made-up ones that break the rule),
//! and costs next to nothing. A check is added as one line of [`CHECKS`].

mod compatibility;
mod floors;
mod invariants;
mod links;
mod repository;
mod sources;
#[cfg(test)]
mod tests;

use anyhow::{Result, bail};

use repository::Repository;

/// What a check found: where, and what to do about it.
type Findings = Vec<String>;

/// A check: what it holds, and the function that finds where it does not.
type Check = (&'static str, fn(&Repository) -> Findings);

/// All of them.
const CHECKS: &[Check] = &[
    (
        "floors: arrows between crates point down only",
        floors::check_floors,
    ),
    (
        "floors: heavy dependencies stay where they belong",
        floors::check_heavy_dependencies,
    ),
    (
        "floors: manifests take versions and lints from the workspace",
        floors::check_manifests,
    ),
    ("sources: file length", sources::check_length),
    ("sources: no bare matches!", sources::check_bare_matches),
    ("sources: nothing left to do", sources::check_unfinished),
    (
        "sources: no machine paths or registry hosts",
        sources::check_machine_paths,
    ),
    (
        "sources: tests lie in their own file",
        sources::check_inline_tests,
    ),
    (
        "invariants: every id used is in the list",
        invariants::check,
    ),
    (
        "links: every link inside the repository is alive",
        links::check,
    ),
    (
        "compatibility: every row names a test that exists",
        compatibility::check_rows,
    ),
    (
        "compatibility: every operation and field has a row",
        compatibility::check_complete,
    ),
];

/// Runs every check on this repository and prints what it found.
///
/// # Errors
/// When there is a finding.
pub(crate) fn run() -> Result<()> {
    let repository = Repository::read(&crate::steps::repository_root())?;
    let mut count = 0;
    for (name, check) in CHECKS {
        let findings = check(&repository);
        println!(
            "{} {name}",
            if findings.is_empty() { "ok  " } else { "FAIL" }
        );
        for finding in &findings {
            println!("       {finding}");
        }
        count += findings.len();
    }
    if count > 0 {
        bail!("{count} findings");
    }
    Ok(())
}
