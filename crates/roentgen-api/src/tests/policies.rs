//! Resource policies.

use serde_json::{Value, json};

use super::{Server, refuses, with};

fn document(effect: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Principal": "*",
        "Action": "xray:*"}]})
    .to_string()
}

fn policy(name: &str) -> Value {
    json!({"PolicyName": name, "PolicyDocument": document("Allow")})
}

async fn refused(server: &Server, body: Value, error: &str, message: &str) {
    let answer = server.post("/PutResourcePolicy", body.clone()).await;
    assert_eq!(answer.error_type(), error, "{body}");
    let found = answer.body["Message"].as_str().unwrap();
    assert!(found.starts_with(message), "{body}: {found}");
}

#[tokio::test]
async fn policies_are_put_listed_and_deleted() {
    let server = Server::start().await;
    let put = server.ok("/PutResourcePolicy", policy("b_+=,.@-1")).await;
    insta::assert_json_snapshot!("put_policy", put);
    server.clock.advance_secs(5);
    let mut again = policy("b_+=,.@-1");
    again["PolicyRevisionId"] = json!("1");
    let again = server.ok("/PutResourcePolicy", again).await;
    assert_eq!(again["ResourcePolicy"]["PolicyRevisionId"], "2");
    server.ok("/PutResourcePolicy", policy("a")).await;
    let listed = server.ok("/ListResourcePolicies", json!({})).await;
    let listed = listed["ResourcePolicies"].as_array().unwrap().clone();
    assert_eq!(listed[0]["PolicyName"], "a");
    assert_eq!(listed[1], again["ResourcePolicy"]);
    let body = json!({"PolicyName": "b_+=,.@-1", "PolicyRevisionId": "1"});
    let answer = server.post("/DeleteResourcePolicy", body).await;
    assert_eq!(answer.error_type(), "InvalidPolicyRevisionIdException");
    for body in [
        json!({"PolicyName": "b_+=,.@-1", "PolicyRevisionId": "2"}),
        json!({"PolicyName": "a"}),
    ] {
        assert_eq!(server.ok("/DeleteResourcePolicy", body).await, json!({}));
    }
    let message = server
        .refused("/DeleteResourcePolicy", json!({"PolicyName": "a"}))
        .await;
    assert_eq!(message, "`PolicyName`: no resource policy `a`");
    let listed = server.ok("/ListResourcePolicies", json!({})).await;
    assert_eq!(listed, json!({"ResourcePolicies": []}));
}

#[tokio::test]
async fn put_resource_policy_refuses_each_broken_constraint() {
    let server = Server::start().await;
    for (name, value, message) in [
        ("PolicyName", Value::Null, "`PolicyName` is required"),
        ("PolicyName", json!("a b"), "`PolicyName`: expected letters"),
        ("PolicyName", json!("ä"), "`PolicyName`: expected letters"),
        ("PolicyName", json!(""), "`PolicyName`: expected 1 to 128"),
        (
            "PolicyName",
            json!("n".repeat(129)),
            "`PolicyName`: expected 1 to 128",
        ),
        (
            "PolicyDocument",
            Value::Null,
            "`PolicyDocument` is required",
        ),
        (
            "PolicyRevisionId",
            json!(1),
            "`PolicyRevisionId`: expected a string",
        ),
        (
            "BypassPolicyLockoutCheck",
            json!("yes"),
            "`BypassPolicyLockoutCheck`: expected a bool",
        ),
    ] {
        let body = with(policy("p"), name, value);
        refuses(&server, "/PutResourcePolicy", body, message).await;
    }
    let token = json!({"NextToken": "x"});
    let foreign = "`NextToken` does not belong to this request";
    refuses(&server, "/ListResourcePolicies", token, foreign).await;
}

#[tokio::test]
async fn each_rule_of_policies_has_its_error() {
    let server = Server::start().await;
    let document_is = |text: String| with(policy("p"), "PolicyDocument", text);
    let revision_is = |text: &str| with(policy("p"), "PolicyRevisionId", text);
    let malformed = document_is("{}".into());
    let place = "`PolicyDocument`: `Statement` is required";
    refused(
        &server,
        malformed,
        "MalformedPolicyDocumentException",
        place,
    )
    .await;
    let long = document_is(" ".repeat(5_121));
    let bytes = "`PolicyDocument`: expected at most 5120 bytes";
    refused(&server, long, "PolicySizeLimitExceededException", bytes).await;
    let deny = document_is(document("Deny"));
    let would = "`PolicyDocument` would deny you";
    refused(&server, deny.clone(), "LockoutPreventionException", would).await;
    let (error, none) = (
        "InvalidPolicyRevisionIdException",
        "`PolicyRevisionId`: there is no resource policy `p`",
    );
    refused(&server, revision_is("1"), error, none).await;
    let bypass = with(deny, "BypassPolicyLockoutCheck", true);
    server.ok("/PutResourcePolicy", bypass).await;
    let exists = "`PolicyRevisionId`: a resource policy `p` exists";
    refused(&server, revision_is("0"), error, exists).await;
    for name in ["a", "b", "c", "d"] {
        server.ok("/PutResourcePolicy", policy(name)).await;
    }
    let most = "the account already has 5 resource policies";
    refused(
        &server,
        policy("e"),
        "PolicyCountLimitExceededException",
        most,
    )
    .await;
}
