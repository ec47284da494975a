//! Tools of others: the AWS CLI as its documentation shows it, Grafana's data source as it asks, and the
//! Powertools tracer as it runs in Lambda.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use roentgen_tests::{Server, python, with_server};
use serde_json::{Value, json};

/// Runs a Python script against a server of its own; its report must have no findings.
fn run(script: &str, more: impl FnOnce(&Server) -> Vec<String>) -> Result<Value> {
    let Some(clients) = python()? else {
        return Ok(Value::Null);
    };
    let mut report = Value::Null;
    with_server(&[], |server| {
        let mut command = clients.command(&format!("python/{script}"));
        let printed = clients.run(command.arg(server.url()).args(more(server)))?;
        report = serde_json::from_str(&printed)?;
        ensure!(report["findings"] == json!([]), "{report:#}");
        Ok(())
    })?;
    Ok(report)
}

/// The examples of the CLI's public documentation, collected beside the repository.
fn collected_examples() -> Result<Option<PathBuf>> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/aws-cli-xray-examples");
    if folder.is_dir() {
        return Ok(Some(folder));
    }
    writeln!(
        std::io::stderr(),
        "the CLI's commands run with our own inputs only: the folder of its examples is absent"
    )?;
    Ok(None)
}

#[test]
fn aws_cli_commands_of_the_documentation_work() -> Result<()> {
    let examples = collected_examples()?;
    let argument = match &examples {
        Some(folder) => folder.display().to_string(),
        None => "-".to_owned(),
    };
    let report = run("cli_examples.py", |_| vec![argument])?;
    let compared = report["compared"].as_array().map_or(0, Vec::len);
    if report.is_null() {
        return Ok(());
    }
    let expected = if examples.is_some() { 14 } else { 0 };
    ensure!(compared == expected, "{compared} examples were compared");
    Ok(())
}

#[test]
fn grafana_finds_in_the_answers_what_its_frames_read() -> Result<()> {
    run("grafana.py", |_| Vec::new()).map(|_| ())
}

#[test]
fn powertools_tracer_works_as_in_lambda() -> Result<()> {
    run("powertools.py", |server| vec![server.daemon().to_string()]).map(|_| ())
}
