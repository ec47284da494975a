//! `cargo xtask ci`: the half of the gate that needs no test run.
//!
//! Formatting, lints, our own checks, documentation, dependencies, the console. The other half is
//! `cargo xtask test`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::console;
use crate::steps::{cargo, repository_root, step, succeed};
use crate::tidy;

/// The release of cargo-deny that the gate was written against.
const CARGO_DENY_VERSION: &str = "0.20.2";

pub(crate) fn run() -> Result<()> {
    step("format", || {
        succeed(cargo().args(["fmt", "--all", "--check"]))
    })?;
    step("tidy", tidy::run)?;
    step("clippy", || {
        succeed(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    step("documentation", || {
        succeed(
            cargo()
                .args([
                    "doc",
                    "--workspace",
                    "--no-deps",
                    "--document-private-items",
                    "--quiet",
                ])
                // The docs are read here, with everything in them: a link may lead to what is private.
                .env(
                    "RUSTDOCFLAGS",
                    "-D warnings -A rustdoc::private_intra_doc_links",
                ),
        )
    })?;
    step("dependencies", check_dependencies)?;
    step("console", console::check)
}

fn check_dependencies() -> Result<()> {
    let deny = cargo_deny()?;
    // The check is offline and reads every target's packages, those that no build here downloads too.
    succeed(cargo().args(["fetch", "--locked", "--quiet"]))?;
    let check = |which: &[&str], offline: bool| {
        let mut command = Command::new(&deny);
        command.current_dir(repository_root());
        if offline {
            command.arg("--offline");
        }
        // Duplicates are warnings by choice (deny.toml); in the gate's output they are noise.
        command.args([
            "--all-features",
            "--log-level",
            "error",
            "check",
            "--hide-inclusion-graph",
        ]);
        succeed(command.args(which))
    };
    check(&["bans", "licenses", "sources"], true)?;
    match fetch_advisories(&deny) {
        Ok(()) => check(&["advisories"], true),
        Err(error) => {
            println!("advisories NOT checked: their database cannot be fetched here ({error:#})");
            Ok(())
        }
    }
}

fn fetch_advisories(deny: &PathBuf) -> Result<()> {
    let output = Command::new(deny)
        .current_dir(repository_root())
        .args(["--log-level", "error", "fetch", "db"])
        .output()
        .context("start cargo-deny")?;
    anyhow::ensure!(
        output.status.success(),
        "`cargo-deny fetch db` ended with {}",
        output.status
    );
    Ok(())
}

/// Returns the pinned cargo-deny, built on the first use and kept outside the clone.
fn cargo_deny() -> Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .context("find a cache directory: neither XDG_CACHE_HOME nor a home is set")?;
    let root = cache
        .join("roentgen/tools")
        .join(format!("cargo-deny-{CARGO_DENY_VERSION}"));
    let binary = root.join("bin/cargo-deny");
    if !binary.is_file() {
        println!("cargo-deny {CARGO_DENY_VERSION} is not there yet: building it once");
        succeed(
            // Unoptimised: built within a minute on two cores, and it runs for a second.
            cargo()
                .args(["install", "--locked", "--debug", "--quiet", "cargo-deny"])
                .args(["--version", CARGO_DENY_VERSION, "--root"])
                .arg(&root)
                .env_remove("CARGO_TARGET_DIR"),
        )?;
    }
    Ok(binary)
}
