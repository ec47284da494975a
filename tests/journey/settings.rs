//! Settings outlive the process, however it ends: what a client wrote and was answered is there again.

use anyhow::{Result, ensure};
use roentgen_tests::{Launch, Server, now_secs};
use serde_json::{Value, json};

const CLIENT_ID: &str = "0123456789abcdef01234567";

/// What every setting answers, times left out that a read alone may change.
fn all(server: &Server, group_arn: &Value) -> Result<Vec<Value>> {
    let reads = [
        ("Groups", json!({})),
        ("GetSamplingRules", json!({})),
        ("ListTagsForResource", json!({ "ResourceARN": group_arn })),
        ("ListResourcePolicies", json!({})),
        ("GetIndexingRules", json!({})),
        ("GetTraceSegmentDestination", json!({})),
        ("EncryptionConfig", json!({})),
    ];
    reads
        .iter()
        .map(|(path, body)| server.ask(path, body))
        .collect()
}

fn write(server: &Server) -> Result<Value> {
    let created = server.ask(
        "CreateGroup",
        &json!({
            "GroupName": "watched", "FilterExpression": "fault",
            "InsightsConfiguration": { "InsightsEnabled": true, "NotificationsEnabled": true },
            "Tags": [{ "Key": "team", "Value": "shop" }],
        }),
    )?;
    let arn = created["Group"]["GroupARN"].clone();
    let default = json!({ "InsightsEnabled": true });
    server.ask(
        "UpdateGroup",
        &json!({ "GroupName": "Default", "InsightsConfiguration": default }),
    )?;
    server.ask(
        "TagResource",
        &json!({ "ResourceARN": arn, "Tags": [{ "Key": "tier", "Value": "gold" }] }),
    )?;
    server.ask(
        "CreateSamplingRule",
        &json!({ "SamplingRule": {
            "RuleName": "orders", "Priority": 7, "FixedRate": 0.25, "ReservoirSize": 12,
            "ServiceName": "shop", "ServiceType": "*", "Host": "*", "HTTPMethod": "POST",
            "URLPath": "/orders/*", "ResourceARN": "*", "Version": 1,
            "Attributes": { "tier": "gold" },
            "SamplingRateBoost": { "MaxRate": 0.5, "CooldownWindowMinutes": 10 },
        } }),
    )?;
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
        "Action": "xray:PutTraceSegments", "Resource": "*",
    }] });
    server.ask(
        "PutResourcePolicy",
        &json!({ "PolicyName": "sns", "PolicyDocument": policy.to_string() }),
    )?;
    server.ask(
        "UpdateTraceSegmentDestination",
        &json!({ "Destination": "CloudWatchLogs" }),
    )?;
    server.ask(
        "UpdateIndexingRule",
        &json!({ "Name": "Default", "Rule": {
            "Probabilistic": { "DesiredSamplingPercentage": 12.5 },
        } }),
    )?;
    Ok(arn)
}

/// The quota that a client of `orders` is answered.
fn quota(server: &Server, client_id: &str) -> Result<i64> {
    let report = json!({ "SamplingStatisticsDocuments": [{
        "RuleName": "orders", "ClientID": client_id, "Timestamp": now_secs(),
        "RequestCount": 100, "SampledCount": 20, "BorrowCount": 0,
    }] });
    let answer = server.ask("SamplingTargets", &report)?;
    let quota = answer["SamplingTargetDocuments"][0]["ReservoirQuota"].as_i64();
    Ok(quota.unwrap_or(-1))
}

#[test]
fn every_setting_is_there_again_after_a_kill_and_after_a_stop() -> Result<()> {
    let launch = Launch::serve()?;
    let mut server = launch.start()?;
    let arn = write(&server)?;
    let written = all(&server, &arn)?;
    server.kill()?;
    server = launch.start()?;
    let killed = all(&server, &arn)?;
    ensure!(
        killed == written,
        "after a kill: {killed:#?}\nwritten: {written:#?}"
    );

    // SAMP-1: what one client was given counts as given after a clean stop, so another gets the rest.
    ensure!(
        quota(&server, CLIENT_ID)? == 12,
        "one client has the whole reservoir"
    );
    server.finish(&[])?;
    server = launch.start()?;
    let stopped = all(&server, &arn)?;
    ensure!(
        stopped == written,
        "after a stop: {stopped:#?}\nwritten: {written:#?}"
    );
    let other = CLIENT_ID.replace('0', "f");
    ensure!(
        quota(&server, &other)? == 0,
        "the reservoir is given, whoever was told before the restart"
    );
    server.finish(&[])
}
