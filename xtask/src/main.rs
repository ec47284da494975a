//! All automation of this repository, in Rust: `cargo xtask run | test | bench | ci | tidy`.
//!
//! Every command is one module; `steps` runs programs and says what it does and how long it took.
#![expect(
    clippy::print_stdout,
    reason = "a command line tool talks to its terminal"
)]

mod bench;
mod checks;
mod clients;
mod console;
mod demo;
mod steps;
mod test_run;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <command>

  run [flags]    build everything and start the demo (flags go to `roentgen demo`)
  test [args]    install the test clients, then run every test (args go to `cargo test`)
  bench [args]   print the table of figures (args go to `roentgen-bench`)
  ci             formatting, lints, our own checks, documentation, dependencies, console
  tidy           our own checks alone
  clients        install the test clients alone";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    match dispatch(&command, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nxtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, rest: &[String]) -> Result<()> {
    match command {
        "run" => demo::run(rest),
        "test" => test_run::run(rest),
        "bench" => bench::run(rest),
        "ci" => checks::run(),
        "tidy" => tidy::run(),
        "clients" => clients::install(),
        "" | "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("unknown command `{other}`\n\n{USAGE}"),
    }
}
