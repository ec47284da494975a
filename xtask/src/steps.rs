//! Runs the steps of a command: what it does is printed before, how long it took after.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Returns the root of the repository this `xtask` was built from.
pub(crate) fn repository_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .expect("xtask lies in the repository")
        .to_path_buf()
}

/// Returns the directory cargo builds into, as the tests see it.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => repository_root().join(dir),
        None => repository_root().join("target"),
    }
}

/// Returns a command of the cargo that runs us, in the repository's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repository_root());
    command
}

/// Runs `body` as the step `name` and prints its time.
///
/// # Errors
/// That of `body`, with the step's name in front.
pub(crate) fn step(name: &str, body: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n== {name}");
    let start = Instant::now();
    let outcome = body();
    let secs = start.elapsed().as_secs_f64();
    match &outcome {
        Ok(()) => println!("== {name}: ok in {secs:.1} s"),
        Err(_) => println!("== {name}: FAILED after {secs:.1} s"),
    }
    outcome.with_context(|| name.to_owned())
}

/// Runs `command` to its end, its output going to ours.
///
/// # Errors
/// When it cannot be started or does not exit with 0.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    println!("$ {line}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
