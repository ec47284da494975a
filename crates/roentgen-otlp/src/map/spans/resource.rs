//! Resource attributes from the outer document (otlp.md 10.2).

use roentgen_model::document::json::{Kind, Value};

use super::Resource;
use super::attribute::{AnyValue, Attributes, add_leftovers, any_value, at_path, leftover_key};
use super::original::service;

/// Path of a member and its attribute; of several with one attribute the first that is there wins, and
/// the others become leftovers.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("name", "service.name"),
    ("service.version", "service.version"),
    ("aws.account_id", "cloud.account.id"),
    ("aws.ec2.availability_zone", "cloud.availability_zone"),
    ("aws.ec2.instance_id", "host.id"),
    ("aws.ec2.instance_size", "host.type"),
    ("aws.ec2.ami_id", "host.image.id"),
    ("aws.ecs.container", "container.name"),
    ("aws.ecs.availability_zone", "cloud.availability_zone"),
    ("aws.ecs.container_id", "container.id"),
    ("aws.ecs.container_arn", "aws.ecs.container.arn"),
    ("aws.ecs.cluster_arn", "aws.ecs.cluster.arn"),
    ("aws.ecs.task_arn", "aws.ecs.task.arn"),
    ("aws.ecs.task_family", "aws.ecs.task.family"),
    ("aws.ecs.launch_type", "aws.ecs.launchtype"),
    (
        "aws.elastic_beanstalk.environment_name",
        "service.namespace",
    ),
    ("aws.elastic_beanstalk.deployment_id", "service.instance.id"),
    ("aws.elastic_beanstalk.version_label", "service.version"),
    ("aws.eks.container_id", "container.id"),
    ("aws.eks.cluster_name", "k8s.cluster.name"),
    ("aws.eks.pod", "k8s.pod.name"),
    ("aws.xray.sdk", "telemetry.sdk.name"),
    ("aws.xray.sdk_version", "telemetry.sdk.version"),
    ("resource_arn", "aws.xray.resource_arn"),
];

/// Objects that describe the resource and nothing else.
const OBJECTS: &[&str] = &[
    "service",
    "aws.ec2",
    "aws.ecs",
    "aws.elastic_beanstalk",
    "aws.eks",
    "aws.xray",
];
const LOG_GROUPS: &str = "aws.cloudwatch_logs";

/// `origin`, platform, and launch type (otlp.md 5.7 the other way round).
const PLATFORMS: &[(&str, &str, Option<&str>)] = &[
    ("AWS::EC2::Instance", "aws_ec2", None),
    ("AWS::ECS::EC2", "aws_ecs", Some("ec2")),
    ("AWS::ECS::Fargate", "aws_ecs", Some("fargate")),
    ("AWS::ECS::Container", "aws_ecs", None),
    ("AWS::EKS::Container", "aws_eks", None),
    (
        "AWS::ElasticBeanstalk::Environment",
        "aws_elastic_beanstalk",
        None,
    ),
    ("AWS::AppRunner::Service", "aws_app_runner", None),
    ("AWS::Lambda::Function", "aws_lambda", None),
];

/// The resource of a document.
pub(super) fn resource_from_segment(object: Value<'_>) -> Resource {
    let mut attributes = Attributes::default();
    let is_aws = object.get("aws").is_some();
    let provider = if is_aws { "aws" } else { "unknown" };
    attributes.add("cloud.provider", provider);
    add_platform(&mut attributes, object);
    if let Some(service) = service(object) {
        attributes.add("service.name", service);
    }
    for (path, key) in ATTRIBUTES {
        if *path == "name" && attributes.get(key).is_some() {
            continue;
        }
        let Some(value) = at_path(object, path).and_then(any_value) else {
            continue;
        };
        let value = match value {
            // OpenTelemetry's instance id is a text.
            AnyValue::Int(number) if *key == "service.instance.id" => number.to_string().into(),
            value => value,
        };
        attributes.add_or(key, &leftover_key(path), value);
    }
    add_language(&mut attributes, object);
    add_log_groups(&mut attributes, object);
    for path in OBJECTS {
        if let Some(described) = at_path(object, path) {
            let has_home = |path: &str| ATTRIBUTES.iter().any(|(known, _)| *known == path);
            add_leftovers(&mut attributes, described, path, &has_home, &|_| false);
        }
    }
    Resource { attributes }
}

/// True if the resource of a document holds what is at this path, and its spans need not repeat it.
pub(super) fn describes_resource(path: &str) -> bool {
    let is_object = |object: &str| {
        path.strip_prefix(object)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    OBJECTS.iter().any(|object| is_object(object))
        || [LOG_GROUPS, "resource_arn", "origin"].contains(&path)
}

fn add_platform(attributes: &mut Attributes, object: Value<'_>) {
    let Some(origin) = object.get("origin").and_then(Value::as_str) else {
        return;
    };
    match PLATFORMS.iter().find(|(known, ..)| *known == origin) {
        None => attributes.add("aws.xray.origin", origin.as_ref()),
        Some((_, platform, launch_type)) => {
            attributes.add("cloud.platform", *platform);
            if let Some(launch_type) = launch_type {
                attributes.add("aws.ecs.launchtype", *launch_type);
            }
        }
    }
}

/// `java` where there are exceptions, whose stacks we print in Java's layout; else what the SDK's name
/// says after `for `.
fn add_language(attributes: &mut Attributes, object: Value<'_>) {
    let Some(sdk) = at_path(object, "aws.xray.sdk").and_then(Value::as_str) else {
        return;
    };
    let exceptions = at_path(object, "cause.exceptions");
    let has_exceptions = exceptions.is_some_and(|list| list.elements().next().is_some());
    let language = sdk.split_once("for ").map(|(_, language)| language);
    let language = if has_exceptions {
        Some("java")
    } else {
        language
    };
    if let Some(language) = language {
        attributes.add("telemetry.sdk.language", language);
    }
}

fn add_log_groups(attributes: &mut Attributes, object: Value<'_>) {
    let Some(groups) = at_path(object, LOG_GROUPS) else {
        return;
    };
    for (member, key) in [
        ("arn", "aws.log.group.arns"),
        ("log_group", "aws.log.group.names"),
    ] {
        let values = groups.elements().filter_map(|group| group.get(member));
        let values: Vec<AnyValue> = values.filter_map(any_value).collect();
        if !values.is_empty() {
            attributes.add(key, AnyValue::Array(values));
        }
    }
    let mut members = groups.elements().flat_map(Value::members);
    let is_known = |key: Value<'_>| key.is_text("arn") || key.is_text("log_group");
    let is_said = groups.kind() == Kind::Array && members.all(|(key, _)| is_known(key));
    if !is_said && let Some(all) = any_value(groups) {
        attributes.add(&leftover_key(LOG_GROUPS), all);
    }
}
