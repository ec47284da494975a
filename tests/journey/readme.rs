//! The README's commands, run as written against a running demo: only the two port numbers are
//! replaced, because a test takes free ones.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Launch, Server, eventually, now_secs, python};
use serde_json::json;

const README: &str = include_str!("../../README.md");

/// The contents of the `sh` blocks, in order.
fn blocks() -> Vec<&'static str> {
    let mut blocks = Vec::new();
    for part in README.split("\n```sh\n").skip(1) {
        blocks.extend(part.split_once("\n```").map(|(block, _)| block));
    }
    blocks
}

/// Waits until the demo shows what the README promises within twenty seconds.
fn await_fault(server: &Server) -> Result<()> {
    let request = || {
        json!({
            "StartTime": now_secs() - 600,
            "EndTime": now_secs() + 1,
            "FilterExpression": "service(\"pay\") { fault }",
        })
    };
    eventually("a failing payment", Duration::from_secs(60), || {
        let answer = server.ask("TraceSummaries", &request())?;
        Ok(answer["TraceSummaries"].get(0).map(|_| ()))
    })
}

#[test]
fn readme_commands_run_as_written_against_the_demo() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    let script: Vec<&str> = blocks()
        .into_iter()
        .filter(|block| !block.starts_with("cargo "))
        .collect();
    ensure!(
        script.len() == 3,
        "the README has {} blocks of commands",
        script.len()
    );
    let server = Launch::demo()?.flags(&["--seed", "42"]).start()?;
    await_fault(&server)?;
    let script = script
        .join("\n")
        .replace("127.0.0.1:2001", &server.http().to_string())
        .replace("127.0.0.1:2000", &server.daemon().to_string());
    let mut bash = clients.shell(&format!("set -euo pipefail\n{script}"));
    let output = clients
        .run(&mut bash)
        .context("run the README's commands")?;
    for text in [
        "shop-frontend",
        "\"ResponseTimeHistogram\"",
        "\"HasFault\": true",
        "\"FaultRootCauses\"",
        "\"Segments\"",
        "\\\"hello\\\"",
        "\"UPDATING\"",
    ] {
        ensure!(output.contains(text), "`{text}` is missing from:\n{output}");
    }
    server.finish(&[])
}

#[test]
fn readme_names_only_commands_of_xtask_that_exist() -> Result<()> {
    let commands = include_str!("../../xtask/src/main.rs");
    for block in blocks()
        .into_iter()
        .filter(|block| block.starts_with("cargo "))
    {
        for line in block.lines() {
            let name = line
                .strip_prefix("cargo xtask ")
                .context("find the command")?;
            ensure!(
                commands.contains(&format!("\"{name}\" => ")),
                "there is no `{line}`"
            );
        }
    }
    Ok(())
}
