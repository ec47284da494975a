//! Tags of groups and sampling rules.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Server, refuses, with};

const DEFAULT_RULE: &str = "arn:aws:xray:eu-west-1:123456789012:sampling-rule/Default";

fn tag(key: &str, value: &str) -> Value {
    json!({"Key": key, "Value": value})
}

async fn tags(server: &Server, arn: &Value) -> Value {
    let body = json!({ "ResourceARN": arn });
    server.ok("/ListTagsForResource", body).await["Tags"].clone()
}

#[tokio::test]
async fn tags_are_given_on_creation_changed_listed_and_removed() {
    let server = Server::start().await;
    let group = json!({"GroupName": "g", "Tags": [tag("team", "a"), tag("Über/2", "x@y:z")]});
    let group = server.ok("/CreateGroup", group).await["Group"]["GroupARN"].clone();
    let rule = json!({"RuleName": "r", "ResourceARN": "*", "Priority": 1, "FixedRate": 0.1,
        "ReservoirSize": 5, "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": "*", "Version": 1});
    let body = json!({"SamplingRule": rule, "Tags": [tag("team", "b")]});
    let created = server.ok("/CreateSamplingRule", body).await;
    let rule = created["SamplingRuleRecord"]["SamplingRule"]["RuleARN"].clone();
    assert_eq!(tags(&server, &rule).await, json!([tag("team", "b")]));
    let body = json!({"ResourceARN": group, "Tags": [tag("team", "c"), tag("a", "")]});
    assert_eq!(server.ok("/TagResource", body).await, json!({}));
    let all = json!([tag("a", ""), tag("team", "c"), tag("Über/2", "x@y:z")]);
    assert_eq!(tags(&server, &group).await, all, "by key");
    let body = json!({"ResourceARN": group, "TagKeys": ["team", "unknown"]});
    assert_eq!(server.ok("/UntagResource", body).await, json!({}));
    let left = json!([tag("a", ""), tag("Über/2", "x@y:z")]);
    assert_eq!(tags(&server, &group).await, left);
    server
        .ok("/DeleteSamplingRule", json!({"RuleName": "r"}))
        .await;
    let body = json!({"ResourceARN": rule});
    let answer = server.post("/ListTagsForResource", body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn unknown_resource_and_too_many_tags_name_the_resource() {
    let server = Server::start().await;
    let unknown = "arn:aws:xray:eu-west-1:123456789012:group/g/AAAA";
    for (path, body) in [
        ("/TagResource", json!({"Tags": [tag("k", "v")]})),
        ("/UntagResource", json!({"TagKeys": ["k"]})),
        ("/ListTagsForResource", json!({})),
    ] {
        let answer = server.post(path, with(body, "ResourceARN", unknown)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.error_type(), "ResourceNotFoundException");
        assert_eq!(answer.body["ResourceName"], unknown);
        assert_eq!(answer.body["Message"], format!("no resource `{unknown}`"));
    }
    let many: Vec<_> = (0..51).map(|n| tag(&format!("k{n}"), "")).collect();
    let body = json!({"ResourceARN": DEFAULT_RULE, "Tags": many});
    let answer = server.post("/TagResource", body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.error_type(), "TooManyTagsException");
    assert_eq!(answer.body["ResourceName"], DEFAULT_RULE);
    assert_eq!(tags(&server, &json!(DEFAULT_RULE)).await, json!([]));
    // An operation that creates has no error for it.
    let body = json!({"GroupName": "g", "Tags": many});
    let message = server.refused("/CreateGroup", body).await;
    assert_eq!(message, "`Tags`: expected at most 50 tags, found 51");
}

#[tokio::test]
async fn tag_resource_refuses_each_broken_constraint() {
    let server = Server::start().await;
    let long = "v".repeat(257);
    for (tags, message) in [
        (Value::Null, "`Tags` is required"),
        (json!({}), "`Tags`: expected a list"),
        (json!([{"Key": "k"}]), "`Tags[0].Value` is required"),
        (json!([tag("", "")]), "`Tags[0].Key`: expected 1 to 128"),
        (json!([tag("k", &long)]), "`Tags[0].Value`: expected 0"),
        (json!([tag("k", "v<")]), "`Tags[0]`: expected letters"),
        (json!([tag("aws:k", "")]), "`Tags[0]`: keys that begin"),
        (json!([tag("k", ""), tag("k", "")]), "`Tags[1]`: the key is"),
        (
            json!(vec![tag("k", ""); 201]),
            "`Tags`: expected at most 200",
        ),
    ] {
        let body = json!({"ResourceARN": DEFAULT_RULE, "Tags": tags});
        refuses(&server, "/TagResource", body, message).await;
    }
    let long = json!({"ResourceARN": "a".repeat(1_012), "Tags": []});
    let expected = "`ResourceARN`: expected 1 to 1011";
    refuses(&server, "/TagResource", long, expected).await;
}

#[tokio::test]
async fn untag_and_list_refuse_each_broken_constraint() {
    let server = Server::start().await;
    for (keys, message) in [
        (Value::Null, "`TagKeys` is required"),
        (json!([""]), "`TagKeys[0]`: expected 1 to 128"),
        (json!(["aws:k"]), "`TagKeys[0]`: keys that begin"),
        (json!(vec!["k"; 201]), "`TagKeys`: expected at most"),
    ] {
        let body = json!({"ResourceARN": DEFAULT_RULE, "TagKeys": keys});
        refuses(&server, "/UntagResource", body, message).await;
    }
    let token = json!({"ResourceARN": DEFAULT_RULE, "NextToken": "x"});
    let foreign = "`NextToken` does not belong";
    refuses(&server, "/ListTagsForResource", token, foreign).await;
    for path in ["/TagResource", "/UntagResource", "/ListTagsForResource"] {
        refuses(&server, path, json!({}), "`ResourceARN` is required").await;
    }
}
