//! `cargo xtask run`: builds everything, the console first, and starts the demo.
//!
//! A debug build on purpose: it is up in about half the time of a release build on two cores,
//! its dependencies are optimised all the same (see the dev profile), and the tests reuse it.
//! For figures use `cargo xtask bench`, which builds in release mode.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::console;
use crate::steps::{cargo, step, succeed, target_dir};

pub(crate) fn run(flags: &[String]) -> Result<()> {
    step("console", console::build)?;
    step("build", || {
        succeed(cargo().args(["build", "--package", "roentgen"]))
    })?;
    let binary = target_dir().join("debug").join("roentgen");
    println!("$ roentgen demo {}", flags.join(" "));
    let status = std::process::Command::new(&binary)
        .arg("demo")
        .args(flags)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("start `{}`", binary.display()))?;
    if !status.success() {
        bail!("the demo ended with {status}");
    }
    Ok(())
}
