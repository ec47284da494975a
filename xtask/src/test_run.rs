//! `cargo xtask test`: installs what the tests need, builds once, runs every test.
//!
//! The same tests run under plain `cargo test`; there a test whose client is not installed says
//! so and passes. Here `ROENTGEN_TEST_CLIENTS=required` turns that into a failure.

use anyhow::Result;

use crate::clients;
use crate::steps::{cargo, step, succeed};

pub(crate) fn run(args: &[String]) -> Result<()> {
    clients::install()?;
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
    })
}
