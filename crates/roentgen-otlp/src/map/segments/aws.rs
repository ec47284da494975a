//! `aws` (otlp.md 5.4 and 8).

use super::document::Source;
use super::keys::{Attributes, Key, KeySet, set, texts};
use super::own_export;
use super::shape::Part;
use super::text::Json;
use crate::proto::Value;

/// What the block uses up of a span's attributes.
pub(super) const CONSUMED: KeySet = set(&[
    Key::AwsAccountId,
    Key::AwsOperation,
    Key::RpcMethod,
    Key::AwsRegion,
    Key::AwsRequestId,
    Key::AwsRequestIdOld,
    Key::AwsQueueUrl,
    Key::AwsQueueUrlDotted,
    Key::AwsTableName,
    Key::AwsTableNameDotted,
]);

const PREFIX: &str = "aws.";
/// Members that the endpoint's result has beside those named as their attribute.
const ALIASES: &[(&str, &str)] = &[
    ("aws.s3.bucket", "bucket_name"),
    ("aws.lambda.function.name", "function_name"),
    ("aws.lambda.function_name", "function_name"),
    ("aws.kinesis.stream.name", "stream_name"),
    ("aws.kinesis.stream_name", "stream_name"),
    ("aws.sns.topic.arn", "topic_arn"),
    ("aws.stepfunctions.state_machine.arn", "state_machine_arn"),
];
/// Attributes of this kind steer the mapping or are for X-Ray itself.
const NOT_MEMBERS: &str = "aws.xray.";

pub(super) fn write(json: &mut Json, source: &Source<'_>, part: Part) {
    if !source.resource.may_be_aws {
        return;
    }
    json.object("aws", |json| {
        if part != Part::Service {
            write_call(json, source);
        }
        if !source.resource.aws.is_empty() {
            json.raw(&source.resource.aws);
        }
    });
}

/// What was called.
fn write_call(json: &mut Json, source: &Source<'_>) {
    let attributes = &source.attributes;
    let text = |keys: &[Key]| attributes.first_text(keys);
    let account_id = text(&[Key::AwsAccountId]).or(source.resource.account_id);
    json.text_member("account_id", account_id);
    json.text_member("operation", text(&[Key::AwsOperation, Key::RpcMethod]));
    json.text_member("region", text(&[Key::AwsRegion]));
    let request_id = text(&[Key::AwsRequestId, Key::AwsRequestIdOld]);
    json.text_member("request_id", request_id);
    let queue_url = text(&[
        Key::MessagingUrl,
        Key::AwsQueueUrl,
        Key::AwsQueueUrlDotted,
        Key::AwsSqsQueueUrl,
    ]);
    json.text_member("queue_url", queue_url);
    write_tables(json, attributes);
    if let Some(retries) = own_export::member(attributes, "retries") {
        json.name("retries").some_value(retries);
    }
    own_export::write_members(json, source, "aws.", &[]);
    if source.is_endpoint() {
        write_as_members(json, attributes);
    }
}

fn write_tables(json: &mut Json, attributes: &Attributes<'_>) {
    let tables = attributes.peek(Key::AwsDynamodbTableNames);
    match tables.map(texts).as_deref() {
        Some([table]) => json.name("table_name").string(table),
        Some(tables @ [_, _, ..]) => {
            json.name("table_names").open('[');
            tables.iter().for_each(|table| json.string(table));
            json.close(']');
        }
        _ => {
            let keys = [Key::AwsTableName, Key::AwsTableNameDotted];
            json.text_member("table_name", attributes.first_text(&keys));
        }
    }
}

/// Every attribute `aws.<name>` as member `<name>`, and those that have another name in X-Ray too.
fn write_as_members(json: &mut Json, attributes: &Attributes<'_>) {
    let mut aliased: Vec<&str> = Vec::new();
    for attribute in attributes.iter() {
        let is_written = attribute.known.is_some_and(|key| CONSUMED & key.bit() != 0);
        let Some(name) = attribute.key.strip_prefix(PREFIX) else {
            continue;
        };
        if is_written || attribute.key.starts_with(NOT_MEMBERS) {
            continue;
        }
        json.key(name).value(attribute.value);
        let alias = ALIASES.iter().find(|(key, _)| *key == attribute.key);
        if let (Some((_, alias)), Some(Value::String(text))) = (alias, &attribute.value.value)
            && !aliased.contains(alias)
        {
            aliased.push(alias);
            json.name(alias).string(text);
        }
    }
}
