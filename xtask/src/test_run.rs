//! `cargo xtask test`: installs what the tests need, builds once, runs every test, those of the
//! console in a browser too.
//!
//! The Rust tests run under plain `cargo test` as well; there a test whose client is not installed
//! says so and passes. Here `ROENTGEN_TEST_CLIENTS=required` turns that into a failure.

use anyhow::Result;

use crate::steps::{cargo, step, succeed, target_dir};
use crate::{clients, console};

pub(crate) fn run(args: &[String]) -> Result<()> {
    clients::install()?;
    step("console", console::build)?;
    step("build", || {
        succeed(cargo().args(["build", "--workspace", "--bins"]))?;
        succeed(cargo().args(["test", "--workspace", "--no-run"]))
    })?;
    step("test", || {
        succeed(
            cargo()
                .args(["test", "--workspace", "--no-fail-fast"])
                .args(args)
                .env("ROENTGEN_TEST_CLIENTS", "required")
                // Where a test's error was made says nothing; its chain says what failed.
                .env("RUST_LIB_BACKTRACE", "0"),
        )
    })?;
    if !args.is_empty() {
        println!("\nthe browser tests are NOT run: {args:?} choose among the tests of cargo");
        return Ok(());
    }
    step("browser tests", || {
        console::browser_tests(&target_dir().join("debug/roentgen"))
    })
}
