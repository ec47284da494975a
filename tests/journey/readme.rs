//! The README's commands, run as written against a running demo: only the two port numbers are
//! replaced, because a test takes free ones.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Launch, Server, eventually, now_secs, python};
use serde_json::{Value, json};

const README: &str = include_str!("../../README.md");

/// The contents of the `sh` blocks, in order.
fn blocks() -> Vec<&'static str> {
    let mut blocks = Vec::new();
    for part in README.split("\n```sh\n").skip(1) {
        blocks.extend(part.split_once("\n```").map(|(block, _)| block));
    }
    blocks
}

/// Installs OpenTelemetry's packages, or uses them.
fn is_about_opentelemetry(block: &str) -> bool {
    block.starts_with("pip install ") || block.contains("opentelemetry-instrument ")
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
        .filter(|block| !block.starts_with("cargo ") && !is_about_opentelemetry(block))
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

/// The commands alone find the trace, without waiting: it is there within the second that the CLI takes
/// to start.
#[test]
fn readme_commands_of_opentelemetry_run_as_written() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    let script: Vec<&str> = blocks()
        .into_iter()
        .filter(|b| is_about_opentelemetry(b))
        .collect();
    let &[packages, script] = &script[..] else {
        anyhow::bail!("the README has other blocks: {script:#?}");
    };
    let pins = include_str!("../clients/python/requirements.txt");
    for package in packages.split_whitespace().skip(2) {
        let is_pinned = |line: &str| line.to_lowercase().starts_with(&format!("{package}=="));
        ensure!(
            pins.lines().any(is_pinned),
            "`{package}` is not what the tests install"
        );
    }
    let server = Launch::serve()?.start()?;
    let script = script.replace("127.0.0.1:4318", &server.otlp_http()?.to_string());
    let mut bash = clients.shell(&format!("set -euo pipefail\n{script}"));
    // As the blocks before have set it; and AWS's distribution is installed here beside the README's.
    bash.env("AWS_ENDPOINT_URL_XRAY", server.url());
    bash.env("OTEL_PYTHON_DISTRO", "distro");
    bash.env("OTEL_PYTHON_CONFIGURATOR", "configurator");
    let answer: Value = serde_json::from_str(&clients.run(&mut bash)?)?;
    let summary = &answer["TraceSummaries"][0];
    ensure!(
        summary["Http"]["HttpURL"] == "http://localhost/hello",
        "{answer:#}"
    );
    ensure!(summary["IsPartial"] == false, "{answer:#}");
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
