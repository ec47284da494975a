//! Whom a subsegment calls: node name and type of the inferred segment it would make (segments.md 7).

use std::borrow::Cow;
use std::sync::Arc;

use super::json::{Kind, Value};
use crate::assembly::facts::{Namespace, NodeKey};

#[cfg(test)]
mod tests;

/// Node type of a remote call to something unknown; its inferred document has no `origin`.
pub const REMOTE_TYPE: &str = "remote";

/// The members the table looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a, 't> {
    pub(super) namespace: Namespace,
    /// The subsegment's name.
    pub(super) name: &'a str,
    pub(super) aws: Option<Value<'t>>,
    pub(super) has_sql: bool,
    pub(super) account_id: Option<&'a Arc<str>>,
}

/// The node, its name cut to `chars_max` characters.
pub(super) fn callee(call: Call<'_, '_>, chars_max: usize) -> NodeKey {
    let (node_type, name) = match call.namespace {
        Namespace::Remote if call.has_sql => ("Database::SQL".into(), Cow::Borrowed(call.name)),
        Namespace::Remote => (REMOTE_TYPE.into(), Cow::Borrowed(call.name)),
        Namespace::Aws => aws_callee(call.name, call.aws),
    };
    NodeKey {
        name: super::cut(&name, chars_max).into(),
        node_type: Some(Arc::from(super::cut(&node_type, chars_max))),
        account_id: call.account_id.cloned(),
    }
}

fn aws_callee<'a>(name: &'a str, aws: Option<Value<'a>>) -> (Cow<'static, str>, Cow<'a, str>) {
    let service = canonical_service(name);
    let text = |member: &str| {
        let value = aws.and_then(|aws| aws.get(member)).and_then(Value::as_str);
        value.filter(|text| !text.is_empty())
    };
    let resource = || single_resource_name(aws?.get("resource_names")?);
    let found = match service {
        "DynamoDB" => text("table_name")
            .or_else(resource)
            .map(|table| ("AWS::DynamoDB::Table", table)),
        "SQS" => text("queue_url").map(|url| ("AWS::SQS::Queue", url)),
        "S3" => text("bucket_name")
            .or_else(resource)
            .map(|bucket| ("AWS::S3::Bucket", bucket)),
        "Lambda" => text("function_name").map(|function| ("AWS::Lambda", function)),
        "Kinesis" => text("stream_name").map(|stream| ("AWS::Kinesis::Stream", stream)),
        "StepFunctions" => text("state_machine_arn").map(|arn| {
            (
                "AWS::StepFunctions::StateMachine",
                last_component(&arn).into_owned().into(),
            )
        }),
        // SNS stays the service even where a topic is named (documented sample).
        _ => None,
    };
    match found {
        Some((node_type, resource)) => (node_type.into(), resource),
        None => (format!("AWS::{service}").into(), service.into()),
    }
}

/// The service's canonical name; `name` itself where none is known.
fn canonical_service(name: &str) -> &str {
    let lower: String = name
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    let bare = lower
        .strip_prefix("amazon")
        .or_else(|| lower.strip_prefix("aws"));
    match bare.unwrap_or(&lower) {
        "dynamodb" => "DynamoDB",
        "s3" => "S3",
        "sqs" => "SQS",
        "sns" => "SNS",
        "lambda" => "Lambda",
        "kinesis" => "Kinesis",
        "sts" => "STS",
        "ssm" => "SSM",
        "kms" => "KMS",
        "ses" => "SES",
        "events" | "eventbridge" => "Events",
        "secretsmanager" => "SecretsManager",
        "states" | "stepfunctions" => "StepFunctions",
        "firehose" => "Firehose",
        "athena" => "Athena",
        "rds" => "RDS",
        _ => name,
    }
}

fn single_resource_name(names: Value<'_>) -> Option<Cow<'_, str>> {
    let mut all = names.elements().filter(|name| name.kind() == Kind::String);
    let first = all.next()?;
    let single = all.next().is_none();
    first.as_str().filter(|text| single && !text.is_empty())
}

fn last_component<'a>(arn: &'a str) -> Cow<'a, str> {
    let last = arn.rsplit(':').find(|part| !part.is_empty());
    Cow::Borrowed(last.unwrap_or(arn))
}
