use std::path::PathBuf;

use super::*;
use crate::ControlSettings;

const CALLER: PolicyCaller<'_> = PolicyCaller {
    account: "000000000000",
    user: "administrator",
};

fn at(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(1_795_000_000 + secs)
}

async fn open(path: Option<PathBuf>) -> Control {
    let scope = Scope::new("000000000000", "us-east-1").unwrap();
    let settings = ControlSettings::new(path, scope);
    Control::open(settings, [7; 32], at(0)).await.unwrap()
}

const ALLOW: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "1", "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
    "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"},
    "StringLike": {"aws:SourceArn": ["arn:aws:sns:*"]}}}]}"#;

fn policy(name: &str, document: &str, revision: Option<&str>) -> PolicyWrite {
    PolicyWrite {
        name: name.into(),
        document: document.into(),
        revision: revision.map(str::to_owned),
        may_lock_out: false,
    }
}

async fn put(
    control: &Control,
    name: &str,
    revision: Option<&str>,
) -> Result<ResourcePolicy, ControlError> {
    control
        .put_policy(policy(name, ALLOW, revision), CALLER, at(1))
        .await
}

fn kind(error: &ControlError) -> PolicyRefusal {
    let ControlError::Policy { refusal, .. } = error else {
        panic!("{error}")
    };
    *refusal
}

#[tokio::test]
async fn revisions_guard_writes_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = open(path.clone()).await;
    assert_eq!(put(&first, "a", Some("0")).await.unwrap().revision, 1);
    assert_eq!(put(&first, "a", None).await.unwrap().revision, 2);
    assert_eq!(put(&first, "a", Some("2")).await.unwrap().revision, 3);
    for (name, revision) in [("a", "0"), ("a", "2"), ("a", "x"), ("a", ""), ("new", "1")] {
        let error = put(&first, name, Some(revision)).await.unwrap_err();
        assert_eq!(kind(&error), PolicyRefusal::Revision, "{name} {revision}");
    }
    put(&first, "0b", None).await.unwrap();
    let before = first.policies();
    drop(first);

    let second = open(path.clone()).await;
    assert_eq!(second.policies(), before);
    assert_eq!(before[1].document, ALLOW);
    assert_eq!(before[1].updated_at, at(1));
    for revision in ["0", "2"] {
        let error = second.delete_policy("a", Some(revision)).await.unwrap_err();
        assert_eq!(kind(&error), PolicyRefusal::Revision, "{revision}");
    }
    second.delete_policy("a", Some("3")).await.unwrap();
    second.delete_policy("0b", None).await.unwrap();
    let error = second.delete_policy("a", None).await.unwrap_err();
    assert_eq!(error.to_string(), "`PolicyName`: no resource policy `a`");
    drop(second);
    let third = open(path).await;
    assert_eq!(third.policies(), []);
    assert_eq!(put(&third, "a", None).await.unwrap().revision, 1);
}

#[tokio::test]
async fn sixth_policy_and_a_text_of_over_five_kilobytes_are_refused() {
    let control = open(None).await;
    for name in ["a", "b", "c", "d", "e"] {
        put(&control, name, None).await.unwrap();
    }
    let error = put(&control, "f", None).await.unwrap_err();
    assert_eq!(kind(&error), PolicyRefusal::Count);
    put(&control, "e", None).await.unwrap();
    let padded = |bytes: usize| format!("{ALLOW}{}", " ".repeat(bytes - ALLOW.len()));
    let write = policy("a", &padded(5_120), None);
    control.put_policy(write, CALLER, at(2)).await.unwrap();
    let write = policy("a", &padded(5_121), None);
    let error = control.put_policy(write, CALLER, at(2)).await.unwrap_err();
    assert_eq!(kind(&error), PolicyRefusal::Size);
    assert_eq!(
        error.to_string(),
        "`PolicyDocument`: expected at most 5120 bytes, found 5121"
    );
}

/// A document of one statement: an allowing one for everybody, with `changes` in place.
fn statement(changes: &str) -> String {
    let mut members: serde_json::Map<_, _> =
        serde_json::from_str(r#"{"Effect": "Allow", "Principal": "*", "Action": "xray:*"}"#)
            .unwrap();
    let changes: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(changes).unwrap();
    members.extend(changes);
    members.retain(|_, value| !value.is_null());
    serde_json::json!({ "Statement": members }).to_string()
}

async fn malformed(cases: &[(&str, &str)]) {
    let control = open(None).await;
    for (document, message) in cases {
        let write = policy("a", document, None);
        let error = control.put_policy(write, CALLER, at(1)).await.unwrap_err();
        assert_eq!(kind(&error), PolicyRefusal::Malformed, "{document}");
        let expected = format!("`PolicyDocument`: {message}");
        assert!(
            error.to_string().starts_with(&expected),
            "{document}: {error}"
        );
    }
    assert_eq!(control.policies(), []);
    let write = policy("a", &statement("{}"), None);
    control.put_policy(write, CALLER, at(1)).await.unwrap();
}

#[tokio::test]
async fn malformed_documents_are_refused_with_the_place() {
    let again = r#"}}, {"Sid": "1", "Effect": "Allow", "Principal": "*", "Action": "*"}]}"#;
    let twice = ALLOW.replace("}}]}", again);
    let deep = format!("{}1", "[".repeat(5_000));
    malformed(&[
        ("", "not JSON: "),
        ("[]", "the document: expected an object"),
        ("{}", "`Statement` is required"),
        (r#"{"Statement": []}"#, "`Statement`: expected at least one"),
        (
            r#"{"Statement": [7]}"#,
            "`Statement[0]`: expected an object",
        ),
        (
            r#"{"Version": "2020-01-01"}"#,
            "`Version`: expected \"2012-10-17\"",
        ),
        (r#"{"Version": 1}"#, "`Version`: expected"),
        (r#"{"Id": 1}"#, "`Id`: expected a string"),
        (
            r#"{"Statements": []}"#,
            "`Statements`: expected one of Version, Id",
        ),
        (&twice, "`Statement`: the Sid `1` is there twice"),
        (&deep, "not JSON: "),
    ])
    .await;
}

#[tokio::test]
async fn malformed_statements_are_refused_with_the_place() {
    let cases = [
        (r#"{"Effect": null}"#, ".Effect` is required"),
        (r#"{"Effect": "allow"}"#, ".Effect`: expected \"Allow\""),
        (r#"{"Principal": null}"#, ".Principal` is required"),
        (r#"{"Principal": "x"}"#, ".Principal`: expected \"*\""),
        (r#"{"Principal": {}}"#, ".Principal`: expected \"*\""),
        (
            r#"{"Principal": {"Aws": "1"}}"#,
            ".Principal.Aws`: expected one of",
        ),
        (
            r#"{"Principal": {"AWS": []}}"#,
            ".Principal.AWS`: expected a string",
        ),
        (
            r#"{"NotPrincipal": "*"}"#,
            ".NotPrincipal`: expected one of",
        ),
        (r#"{"Action": null}"#, ".Action` is required"),
        (r#"{"Action": []}"#, ".Action`: expected a string or a list"),
        (
            r#"{"Action": "s3:Get"}"#,
            ".Action`: expected `*` or an action",
        ),
        (
            r#"{"Action": ["*", "x"]}"#,
            ".Action`: expected `*` or an action",
        ),
        (r#"{"Sid": 1}"#, ".Sid`: expected a string"),
        (r#"{"Resource": 1}"#, ".Resource`: expected a string"),
        (
            r#"{"Resource": "*", "NotResource": "*"}"#,
            "`: expected `Resource` or `NotRes",
        ),
        (r#"{"Condition": []}"#, ".Condition`: expected an object"),
        (
            r#"{"Condition": {"Bool": 1}}"#,
            ".Condition.Bool`: expected an object",
        ),
        (
            r#"{"Condition": {"Bool": {"k": {}}}}"#,
            ".Condition.Bool.k`: expected a value",
        ),
    ];
    let cases = cases.map(|(changes, end)| (statement(changes), format!("`Statement{end}")));
    let cases: Vec<_> = cases
        .iter()
        .map(|(d, m)| (d.as_str(), m.as_str()))
        .collect();
    malformed(&cases).await;
}

#[tokio::test]
async fn policy_that_denies_its_writer_needs_the_bypass() {
    let control = open(None).await;
    let deny = |changes: &str| {
        let with_effect = changes.replacen('{', r#"{"Effect": "Deny", "#, 1);
        statement(&with_effect)
    };
    let locking = [
        deny(r#"{"Sid": "x"}"#),
        deny(r#"{"Action": "*"}"#),
        deny(r#"{"Action": ["xray:Get*", "XRAY:put?esourcePolicy"]}"#),
        deny(r#"{"Principal": {"AWS": "000000000000"}}"#),
        deny(r#"{"Principal": {"AWS": ["arn:aws:iam::000000000000:root"]}}"#),
        deny(r#"{"Principal": {"AWS": "arn:aws:iam::000000000000:user/administrator"}}"#),
        deny(r#"{"Principal": {"AWS": "*", "Service": "x"}}"#),
    ];
    for document in locking {
        let write = policy("a", &document, None);
        let error = control.put_policy(write, CALLER, at(1)).await.unwrap_err();
        assert_eq!(kind(&error), PolicyRefusal::Lockout, "{document}");
        let write = PolicyWrite {
            may_lock_out: true,
            ..policy("a", &document, None)
        };
        control.put_policy(write, CALLER, at(1)).await.unwrap();
    }
    let harmless = [
        deny(r#"{"Action": "xray:PutTraceSegments"}"#),
        deny(r#"{"Action": "xray:PutResourcePolicyX"}"#),
        deny(r#"{"Principal": {"AWS": "111111111111"}}"#),
        deny(r#"{"Principal": {"AWS": "arn:aws:iam::0000000000001:root"}}"#),
        deny(r#"{"Principal": {"AWS": "arn:aws:iam::000000000000:user/other"}}"#),
        deny(r#"{"Principal": {"Service": "*"}}"#),
    ];
    for document in harmless {
        let write = policy("a", &document, None);
        let put = control.put_policy(write, CALLER, at(1)).await;
        assert!(put.is_ok(), "{document}: {put:?}");
    }
}
