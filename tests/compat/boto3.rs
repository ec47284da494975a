//! boto3: every operation, every answer held against the service model that botocore ships.

use anyhow::{Result, ensure};
use roentgen_tests::{Client, Server, python, with_server};
use serde_json::Value;

/// The operations that must answer with success.
const WORKING: [&str; 32] = [
    "BatchGetTraces",
    "CancelTraceRetrieval",
    "CreateGroup",
    "CreateSamplingRule",
    "DeleteGroup",
    "DeleteResourcePolicy",
    "DeleteSamplingRule",
    "GetEncryptionConfig",
    "GetGroup",
    "GetGroups",
    "GetIndexingRules",
    "GetRetrievedTracesGraph",
    "GetSamplingRules",
    "GetSamplingStatisticSummaries",
    "GetSamplingTargets",
    "GetServiceGraph",
    "GetTraceGraph",
    "GetTraceSegmentDestination",
    "GetTraceSummaries",
    "ListResourcePolicies",
    "ListRetrievedTraces",
    "ListTagsForResource",
    "PutResourcePolicy",
    "PutTelemetryRecords",
    "PutTraceSegments",
    "StartTraceRetrieval",
    "TagResource",
    "UntagResource",
    "UpdateGroup",
    "UpdateIndexingRule",
    "UpdateSamplingRule",
    "UpdateTraceSegmentDestination",
];

fn every_operation(clients: &Client, server: &Server, mode: &str) -> Result<Value> {
    let mut command = clients.command("python/every_operation.py");
    let report = clients.run(command.args([&server.url(), mode]))?;
    let report: Value = serde_json::from_str(&report)?;
    ensure!(report["findings"] == serde_json::json!([]), "{report:#}");
    Ok(report)
}

#[test]
fn boto3_is_answered_by_every_operation_of_the_model() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let report = every_operation(&clients, server, "known")?;
        let called = report["called"].as_array().map_or(0, Vec::len);
        ensure!(called == 38, "{called} operations were called");
        Ok(())
    })
}

#[test]
fn boto3_works_with_every_operation_that_is_built() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let report = every_operation(&clients, server, "working")?;
        for name in WORKING {
            let found = report["succeeded"]
                .as_array()
                .is_some_and(|all| all.iter().any(|n| n == name));
            ensure!(found, "`{name}` did not succeed: {report:#}");
        }
        Ok(())
    })
}
