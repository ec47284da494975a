//! `cargo xtask bench`: builds in release mode and prints the table of figures.

use anyhow::Result;

use crate::steps::{cargo, step, succeed};

pub(crate) fn run(args: &[String]) -> Result<()> {
    step("build", || {
        succeed(cargo().args([
            "build",
            "--release",
            "--package",
            "roentgen",
            "--package",
            "roentgen-bench",
        ]))
    })?;
    let mut bench = cargo();
    bench
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "roentgen-bench",
            "--",
        ])
        .args(args);
    step("bench", || succeed(&mut bench))
}
