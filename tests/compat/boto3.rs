//! boto3: every operation, every member of every answer, and every constraint of every request, held
//! against the service model that botocore ships.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Client, Server, python, with_server};
use serde_json::{Value, json};

/// The members of the model's answers, as `cargo xtask tidy` knows them.
const MEMBERS: &str = include_str!("../fixtures/response_members.txt");

/// What is claimed of each.
const COMPATIBILITY: &str = include_str!("../../docs/compatibility.md");

/// Runs one of the Python clients and returns its report, which must have no findings.
fn report(clients: &Client, server: &Server, script: &str, args: &[&str]) -> Result<Value> {
    let mut command = clients.command(&format!("python/{script}"));
    let report = clients.run(command.arg(server.url()).args(args))?;
    let report: Value = serde_json::from_str(&report)?;
    ensure!(report["findings"] == json!([]), "{report:#}");
    Ok(report)
}

fn with_report(
    script: &str,
    args: &[&str],
    judge: impl FnOnce(&Value) -> Result<()>,
) -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        judge(&report(&clients, server, script, args)?)
    })
}

fn names(list: &Value) -> BTreeSet<&str> {
    let names = list.as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

#[test]
fn boto3_is_answered_by_every_operation_of_the_model() -> Result<()> {
    with_report("every_operation.py", &["known"], |report| {
        let called = names(&report["called"]).len();
        ensure!(called == 38, "{called} operations were called");
        Ok(())
    })
}

#[test]
fn boto3_works_with_every_operation() -> Result<()> {
    with_report("every_operation.py", &["working"], |_| Ok(()))
}

#[test]
fn every_constraint_of_the_model_broken_once_is_refused_by_name() -> Result<()> {
    with_report("constraints.py", &[], |report| {
        let broken = report["broken"].as_u64().context("find the number")?;
        ensure!(broken > 600, "only {broken} constraints were broken");
        Ok(())
    })
}

#[test]
fn hostile_requests_are_refused_at_once_by_every_operation() -> Result<()> {
    with_report("hostile.py", &[], |_| Ok(()))
}

#[test]
fn boto3_sees_every_member_of_every_answer() -> Result<()> {
    with_report("response_members.py", &[], |report| {
        let succeeded = names(&report["succeeded"]);
        ensure!(succeeded.len() == 38, "only {succeeded:?} succeeded");
        let members: BTreeSet<&str> = MEMBERS.lines().collect();
        ensure!(
            members == names(&report["members"]),
            "tests/fixtures/response_members.txt is not the model's list"
        );
        let mut given = names(&report["seen"]);
        given.extend(names(&report["never_seen"]));
        let mut wrong = Vec::new();
        for line in COMPATIBILITY.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if let ["", name, state, ..] = cells[..]
                && members.contains(name.trim_matches('`'))
                && (state == "not yet") == given.contains(name.trim_matches('`'))
            {
                wrong.push(name);
            }
        }
        ensure!(
            wrong.is_empty(),
            "not as docs/compatibility.md says: {wrong:#?}"
        );
        Ok(())
    })
}
