//! Getters of settings that have their defaults so far.

use serde_json::json;

use super::Server;

#[tokio::test]
async fn getters_answer_defaults() {
    let server = Server::start().await;
    for (name, path) in [
        ("groups", "/Groups"),
        ("encryption_config", "/EncryptionConfig"),
        ("trace_segment_destination", "/GetTraceSegmentDestination"),
        ("indexing_rules", "/GetIndexingRules"),
    ] {
        insta::assert_json_snapshot!(name, server.ok(path, json!({})).await);
    }
}

#[tokio::test]
async fn get_group_finds_default_by_name_and_arn() {
    let server = Server::start().await;
    let arn = "arn:aws:xray:eu-west-1:123456789012:group/Default";
    for body in [
        json!({"GroupName": "Default"}),
        json!({"GroupARN": arn}),
        json!({"GroupName": "Default", "GroupARN": arn}),
    ] {
        assert_eq!(server.ok("/GetGroup", body).await["Group"]["GroupARN"], arn);
    }
    let cases = [
        (json!({}), "`GroupName` or `GroupARN` is required"),
        (
            json!({"GroupName": "other"}),
            "`GroupName`: no group `other`",
        ),
        (
            json!({"GroupName": ""}),
            "`GroupName`: expected 1 to 32 characters, found 0",
        ),
        (
            json!({"GroupName": "Default", "GroupARN": "arn"}),
            "`GroupARN`: no group `arn`",
        ),
        (
            json!({"GroupARN": "a".repeat(401)}),
            "`GroupARN`: expected 1 to 400 characters, found 401",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/GetGroup", body).await, message);
    }
}

#[tokio::test]
async fn token_of_an_operation_with_one_page_is_refused() {
    let server = Server::start().await;
    for path in ["/Groups", "/GetIndexingRules", "/GetSamplingRules"] {
        let message = server.refused(path, json!({"NextToken": "x"})).await;
        assert!(
            message.contains("does not belong to this request"),
            "{path}: {message}"
        );
    }
    let long = server
        .refused("/Groups", json!({"NextToken": "x".repeat(101)}))
        .await;
    assert_eq!(long, "`NextToken`: expected 1 to 100 characters, found 101");
}
