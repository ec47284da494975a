//! Builds and checks the web console, the only part that needs Node.
//!
//! `cargo xtask run` builds it when its sources changed and goes on without it when there is no Node;
//! `cargo xtask ci` insists.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::steps::{repository_root, succeed};

#[cfg(test)]
mod tests;

/// What Vite asks for.
const NODE_MIN: (u32, u32) = (20, 19);

/// Everything that shapes `dist/`.
const SOURCES: &[&str] = &[
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "scripts",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];

/// Builds the console if its sources changed; without Node, says so and does nothing.
///
/// # Errors
/// When npm fails.
pub(crate) fn build() -> Result<()> {
    let console = console_dir();
    if !is_there(&console) {
        println!("there is no console in this checkout");
        return Ok(());
    }
    if let Err(error) = find_node() {
        println!("the console is NOT built: {error:#}; the server says so on its page");
        return Ok(());
    }
    let built = modified(&console.join("dist/index.html"));
    let changed = SOURCES
        .iter()
        .filter_map(|source| newest(&console.join(source)))
        .max();
    if built.is_some() && built >= changed {
        println!("already built");
        return Ok(());
    }
    install(&console)?;
    succeed(npm(&console).args(["run", "--silent", "build"]))
}

/// Types, lints, tests, build and size budget.
///
/// # Errors
/// When Node is missing or something is not as it should be.
pub(crate) fn check() -> Result<()> {
    let console = console_dir();
    if !is_there(&console) {
        println!("there is no console in this checkout");
        return Ok(());
    }
    find_node()?;
    install(&console)?;
    succeed(npm(&console).args(["run", "--silent", "check"]))
}

/// Drives the console that `binary` serves with a browser.
///
/// # Errors
/// When Node is missing or a test fails.
pub(crate) fn browser_tests(binary: &Path) -> Result<()> {
    let console = console_dir();
    find_node()?;
    install(&console)?;
    succeed(
        npm(&console)
            .args(["run", "--silent", "e2e"])
            .env("ROENTGEN_BINARY", binary),
    )
}

fn console_dir() -> PathBuf {
    repository_root().join("console")
}

fn is_there(console: &Path) -> bool {
    console.join("package.json").is_file()
}

/// Installs what the lock file names, unless it is what was installed last.
fn install(console: &Path) -> Result<()> {
    let lock = fs::read(console.join("package-lock.json")).context("read `package-lock.json`")?;
    let mark = console.join("node_modules/.installed-lock.json");
    if fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    // No script of a package runs: a build needs none of them.
    succeed(npm(console).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    fs::write(&mark, lock).context("remember what was installed")
}

fn npm(console: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(console);
    npm
}

fn find_node() -> Result<()> {
    let (major, minor) = NODE_MIN;
    let output = Command::new("node")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        bail!("it needs Node {major}.{minor} or later, and there is none");
    };
    let version = String::from_utf8_lossy(&output.stdout);
    if parse_version(&version).is_none_or(|found| found < NODE_MIN) {
        let found = version.trim();
        bail!("it needs Node {major}.{minor} or later, found `{found}`");
    }
    Ok(())
}

/// Major and minor of `v20.19.2`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// When the file, or the newest one below the directory, was last written.
fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = fs::read_dir(path) else {
        return modified(path);
    };
    let below = entries.flatten().filter_map(|entry| newest(&entry.path()));
    // The directory's own time tells of what was taken away.
    below.chain(modified(path)).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}
