//! `roentgen-bench`: starts the real server, loads it through its real doors and prints the table of
//! figures. The load shares the machine with the server, so rates are also given per CPU-second of the
//! server process. Run it through `cargo xtask bench`, which builds both in release mode.

mod client;
mod documents;
mod figures;
mod filters;
mod insights;
mod operations;
mod server;
mod spans;
mod table;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;

/// Starts a server, loads it, prints the figures.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The server's binary; by default the one beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Seconds of each load.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The same seed gives the same documents apart from their times.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also measure the judge of insights under a steady load (two and a half minutes).
    #[arg(long)]
    insights: bool,
    /// Also time a cold release build in a directory of its own (several minutes).
    #[arg(long)]
    cold_build: bool,
    /// Where to keep the figures for machines.
    #[arg(long, default_value = "target/bench/figures.json")]
    output: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let server = match &arguments.server {
        Some(path) => path.clone(),
        None => std::env::current_exe()
            .context("find this program")?
            .with_file_name("roentgen"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut table = table::Table::new();
    spans::measure(&mut table)?;
    runtime.block_on(figures::measure(
        &server,
        arguments.seconds,
        arguments.seed,
        &mut table,
    ))?;
    if arguments.insights {
        runtime.block_on(insights::measure(&server, arguments.seed, &mut table))?;
    }
    if arguments.cold_build {
        figures::cold_build(&mut table)?;
    }
    table.print();
    table.write(&arguments.output)
}
