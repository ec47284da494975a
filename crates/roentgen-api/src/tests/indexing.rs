//! Trace segment destination and indexing rule.

use http::StatusCode;
use serde_json::{Value, json};

use super::{NOW_SECS, Server, refuses};

fn rule(percentage: impl Into<Value>) -> Value {
    let percentage: Value = percentage.into();
    json!({"Name": "Default",
        "Rule": {"Probabilistic": {"DesiredSamplingPercentage": percentage}}})
}

fn percentages(rule: &Value) -> (f64, f64) {
    let rule = &rule["Rule"]["Probabilistic"];
    let number = |name: &str| rule[name].as_f64().unwrap();
    (
        number("DesiredSamplingPercentage"),
        number("ActualSamplingPercentage"),
    )
}

#[tokio::test]
async fn destination_and_indexing_rule_change_together_with_the_share_in_force() {
    let server = Server::start().await;
    let update = server.ok("/UpdateIndexingRule", rule(12.5)).await;
    let updated = &update["IndexingRule"];
    assert_eq!(updated["Name"], "Default");
    assert_eq!(updated["ModifiedAt"], NOW_SECS as f64);
    assert_eq!(percentages(updated), (12.5, 100.0), "all while it is X-Ray");
    let logs = json!({"Destination": "CloudWatchLogs", "CloudWatchLogsConfiguration":
        {"SpansLogGroupKmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1a-2b"}});
    let expected = json!({"Destination": "CloudWatchLogs", "Status": "ACTIVE"});
    let answer = server
        .ok("/UpdateTraceSegmentDestination", logs.clone())
        .await;
    assert_eq!(answer, expected);
    let answer = server.ok("/GetTraceSegmentDestination", json!({})).await;
    assert_eq!(answer, expected);
    let rules = server.ok("/GetIndexingRules", json!({})).await;
    assert_eq!(percentages(&rules["IndexingRules"][0]), (12.5, 12.5));
    let message = server.refused("/UpdateTraceSegmentDestination", logs).await;
    assert!(message.contains("the span store exists"), "{message}");
    let empty = json!({"Destination": "CloudWatchLogs", "CloudWatchLogsConfiguration": {}});
    server.ok("/UpdateTraceSegmentDestination", empty).await;
    let back = json!({"Destination": "XRay"});
    let answer = server.ok("/UpdateTraceSegmentDestination", back).await;
    assert_eq!(answer, json!({"Destination": "XRay", "Status": "ACTIVE"}));
    for edge in [0, 100] {
        server.ok("/UpdateIndexingRule", rule(edge)).await;
    }
}

#[tokio::test]
async fn trace_segment_destination_refuses_each_broken_constraint() {
    let server = Server::start().await;
    let logs = |configuration: Value| json!({"Destination": "CloudWatchLogs", "CloudWatchLogsConfiguration": configuration});
    let only = json!({"Destination": "XRay", "CloudWatchLogsConfiguration": {}});
    let long = logs(json!({"SpansLogGroupKmsKeyId": ""}));
    for (body, message) in [
        (json!({}), "`Destination` is required"),
        (
            json!({"Destination": "S3"}),
            "`Destination`: expected `XRay` or `CloudWatchLogs`",
        ),
        (
            only,
            "`CloudWatchLogsConfiguration`: only with the destination",
        ),
        (
            logs(json!("x")),
            "`CloudWatchLogsConfiguration`: expected an object",
        ),
        (
            long,
            "`CloudWatchLogsConfiguration.SpansLogGroupKmsKeyId`: expected 1 to 256",
        ),
    ] {
        refuses(&server, "/UpdateTraceSegmentDestination", body, message).await;
    }
    for key in [
        "alias/aws/xray",
        "arn:aws:kms:eu-west-1:123456789012:alias/x",
        "arn:aws:s3:eu-west-1:123456789012:key/x",
        "arn:aws:kms:eu-west-1:12:key/x",
    ] {
        let body = logs(json!({ "SpansLogGroupKmsKeyId": key }));
        let message = "`CloudWatchLogsConfiguration.SpansLogGroupKmsKeyId`: expected the ARN";
        refuses(&server, "/UpdateTraceSegmentDestination", body, message).await;
    }
}

#[tokio::test]
async fn indexing_rule_refuses_each_broken_constraint() {
    let server = Server::start().await;
    let percentage = "`Rule.Probabilistic.DesiredSamplingPercentage`";
    let range = format!("{percentage}: expected a number from 0 to 100");
    let required = format!("{percentage} is required");
    let number = format!("{percentage}: expected a number, found");
    for (body, message) in [
        (json!({"Rule": {}}), "`Name` is required"),
        (json!({"Name": "Default"}), "`Rule` is required"),
        (
            json!({"Name": "Default", "Rule": {}}),
            "`Rule.Probabilistic` is required",
        ),
        (rule(Value::Null), &required),
        (rule(100.5), &range),
        (rule(-1), &range),
        (rule("1"), &number),
    ] {
        refuses(&server, "/UpdateIndexingRule", body, message).await;
    }
    let mut other = rule(1);
    other["Name"] = json!("other");
    let answer = server.post("/UpdateIndexingRule", other).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.error_type(), "ResourceNotFoundException");
    assert_eq!(answer.body["ResourceName"], "other");
}
