//! `roentgen`: distributed tracing that speaks AWS X-Ray, in one binary. Command line, configuration
//! and wiring only; what it wires is in the crates below. Exit codes: 0, 1 failure, 2 usage.

mod cli;
mod config;
mod console;
mod data_dir;
mod demo;
mod export;
mod http_server;
mod insights;
mod keys;
mod observed;
mod otel_spans;
mod repair;
mod self_observation;
mod serve;
mod trace_metrics;
mod webhook;

use std::process::ExitCode;

use cli::{Action, CliError};

/// Traces live for seconds and are freed by other threads than those that parsed them: the system's
/// allocator keeps such memory to itself for good.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let action = match cli::parse(std::env::args_os(), &config::environment()) {
        Ok(action) => action,
        Err(CliError::Clap(error)) => error.exit(),
        Err(CliError::Config(problems)) => {
            for problem in problems {
                self_observation::print_error(&problem.to_string());
            }
            return ExitCode::from(2);
        }
    };
    match run(action) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            self_observation::print_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(action: Action) -> anyhow::Result<()> {
    match action {
        Action::Serve(config) => serve::run(&config, None),
        Action::Demo(config, options) => serve::run(&config, Some(options)),
        Action::Export(config) => export::run(&config),
        Action::Repair(config) => repair::run(&config),
        Action::ShowConfig(effective) => {
            self_observation::print(&effective.to_string());
            Ok(())
        }
        Action::CheckConfig => {
            self_observation::print("the configuration is valid");
            Ok(())
        }
    }
}
