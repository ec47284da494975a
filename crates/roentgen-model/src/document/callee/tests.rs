use super::{Call, callee};
use crate::assembly::facts::Namespace;
use crate::document::json::Tape;

/// Name and type of the node that a subsegment with that namespace, name and `aws` block calls.
fn check(namespace: Namespace, name: &str, aws: &str, expected: (&str, &str)) {
    let tape = Tape::new(aws, 8).unwrap();
    let aws_block = Some(tape.root());
    let call = Call {
        namespace,
        name,
        aws: aws_block,
        has_sql: false,
        account_id: None,
    };
    let node = callee(call, 2_048);
    let node_type = node.node_type.as_deref().unwrap();
    assert_eq!((&*node.name, node_type), expected, "{name} {aws}");
}

fn aws(name: &str, block: &str, node_name: &str, node_type: &str) {
    check(Namespace::Aws, name, block, (node_name, node_type));
}

#[test]
fn remote_calls_are_named_after_the_subsegment() {
    check(
        Namespace::Remote,
        "pay.example.com",
        "{}",
        ("pay.example.com", "remote"),
    );
    check(
        Namespace::Remote,
        "DynamoDB",
        r#"{"table_name":"t"}"#,
        ("DynamoDB", "remote"),
    );
    let call = Call {
        namespace: Namespace::Remote,
        name: "db@h",
        aws: None,
        has_sql: true,
        account_id: None,
    };
    assert_eq!(
        callee(call, 2_048).node_type.as_deref(),
        Some("Database::SQL")
    );
}

#[test]
fn aws_calls_to_tables_are_named_after_them() {
    aws(
        "DynamoDB",
        r#"{"table_name":"orders"}"#,
        "orders",
        "AWS::DynamoDB::Table",
    );
    aws(
        "dynamodb",
        r#"{"resource_names":["orders"]}"#,
        "orders",
        "AWS::DynamoDB::Table",
    );
    aws(
        "AmazonDynamoDB",
        r#"{"table_name":"t","resource_names":["a","b"]}"#,
        "t",
        "AWS::DynamoDB::Table",
    );
    aws(
        "DynamoDB",
        r#"{"resource_names":["a","b"]}"#,
        "DynamoDB",
        "AWS::DynamoDB",
    );
    aws("dynamodb", "{}", "DynamoDB", "AWS::DynamoDB");
    aws(
        "dynamodb",
        r#"{"table_name":"","resource_names":[""]}"#,
        "DynamoDB",
        "AWS::DynamoDB",
    );
    aws(
        "dynamodb",
        r#"{"table_name":7,"resource_names":"x"}"#,
        "DynamoDB",
        "AWS::DynamoDB",
    );
}

#[test]
fn aws_calls_to_queues_and_topics_are_named_after_them() {
    aws(
        "SQS",
        r#"{"queue_url":"https://q/1/a"}"#,
        "https://q/1/a",
        "AWS::SQS::Queue",
    );
    aws("Amazon SQS", "{}", "SQS", "AWS::SQS");
    aws(
        "sns",
        r#"{"topic_arn":"arn:aws:sns:eu-west-1:1:t"}"#,
        "SNS",
        "AWS::SNS",
    );
}

#[test]
fn other_resources_name_their_nodes_too() {
    aws(
        "Amazon S3",
        r#"{"bucket_name":"b"}"#,
        "b",
        "AWS::S3::Bucket",
    );
    aws("S3", r#"{"resource_names":["b"]}"#, "b", "AWS::S3::Bucket");
    aws("S3", "{}", "S3", "AWS::S3");
    aws("AWS Lambda", r#"{"function_name":"f"}"#, "f", "AWS::Lambda");
    aws("lambda", "{}", "Lambda", "AWS::Lambda");
    aws(
        "Kinesis",
        r#"{"stream_name":"s"}"#,
        "s",
        "AWS::Kinesis::Stream",
    );
    let arn = r#"{"state_machine_arn":"arn:aws:states:eu-west-1:1:stateMachine:Ship"}"#;
    aws("states", arn, "Ship", "AWS::StepFunctions::StateMachine");
    aws(
        "AWSStepFunctions",
        arn,
        "Ship",
        "AWS::StepFunctions::StateMachine",
    );
}

#[test]
fn other_aws_calls_are_named_after_the_service() {
    let services = [
        ("sts", "STS"),
        ("ssm", "SSM"),
        ("kms", "KMS"),
        ("ses", "SES"),
        ("events", "Events"),
        ("EventBridge", "Events"),
        ("secretsmanager", "SecretsManager"),
        ("Secrets Manager", "SecretsManager"),
        ("firehose", "Firehose"),
        ("athena", "Athena"),
        ("rds", "RDS"),
        ("Cognito", "Cognito"),
        ("AWSXRay", "AWSXRay"),
        ("aws", "aws"),
    ];
    for (sent, canonical) in services {
        aws(sent, "{}", canonical, &format!("AWS::{canonical}"));
    }
}
