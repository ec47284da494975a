//! What a resource says of every document of its spans (otlp.md 5.4, 5.7, 5.8), written once.

use super::indexed::{Annotation, is_scalar};
use super::keys::{Attributes, Key, integer, texts};
use super::own_export;
use super::settings::{MapSettings, Profile};
use super::stack::Language;
use super::text::Json;
use crate::proto::{Resource, Value};

const AWS: &str = "aws";
const LAMBDA: &str = "AWS::Lambda::Function";
/// Before keys of resource attributes in metadata and annotations.
pub(super) const PREFIX: &str = "otel.resource.";

/// A resource, read once for all its spans.
#[derive(Debug)]
pub(super) struct PreparedResource<'a> {
    pub(super) service_name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) language: Language,
    pub(super) account_id: Option<&'a str>,
    /// What our own exports tell of the document (`aws.xray.origin`, `aws.xray.resource_arn`).
    pub(super) exported_origin: Option<&'a str>,
    pub(super) resource_arn: Option<&'a str>,
    /// Runs on AWS, or does not say where: only then do documents have a block `aws`.
    pub(super) may_be_aws: bool,
    /// Members of `aws`, with commas between.
    pub(super) aws: String,
    /// Members of the metadata, with commas between.
    pub(super) metadata: String,
    pub(super) annotations: Vec<Annotation<'a>>,
    origin: Option<&'static str>,
    handler_origin: Option<&'static str>,
}

impl<'a> PreparedResource<'a> {
    pub(super) fn new(resource: &'a Resource, settings: &MapSettings) -> Self {
        let attributes = Attributes::new(&resource.attributes);
        let may_be_aws = attributes
            .peek(Key::CloudProvider)
            // Our own exports say `unknown` where a document has no `aws`.
            .is_none_or(|_| {
                [AWS, "unknown"]
                    .iter()
                    .any(|name| attributes.is_text(Key::CloudProvider, name))
            });
        let origin = origin(&attributes).filter(|_| may_be_aws);
        let is_lambda = may_be_aws && attributes.is_text(Key::CloudPlatform, "aws_lambda");
        let (metadata, annotations) = indexed(&attributes, settings);
        let tags = attributes.peek(Key::ContainerImageTags);
        let first_tag = tags.and_then(|tags| texts(tags).into_iter().next());
        let language = attributes.peek_text(Key::SdkLanguage);
        Self {
            service_name: attributes.peek_text(Key::ServiceName),
            version: attributes
                .first_text(&[Key::ServiceVersion, Key::ContainerImageTag])
                .or(first_tag),
            language: language.map(Language::of).unwrap_or_default(),
            account_id: attributes.peek_text(Key::CloudAccountId),
            exported_origin: text_of(&attributes, "origin"),
            resource_arn: text_of(&attributes, "resource_arn"),
            may_be_aws,
            aws: aws_members(&attributes, settings),
            metadata,
            annotations,
            origin,
            handler_origin: origin.or((is_lambda && settings.lambda_origin).then_some(LAMBDA)),
        }
    }

    /// `origin` of a document; a handler is the first span of its service.
    pub(super) const fn origin(&self, is_handler: bool) -> Option<&'static str> {
        if is_handler {
            self.handler_origin
        } else {
            self.origin
        }
    }
}

fn text_of<'a>(attributes: &Attributes<'a>, path: &str) -> Option<&'a str> {
    match own_export::member(attributes, path)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn origin(attributes: &Attributes<'_>) -> Option<&'static str> {
    match attributes.peek_text(Key::CloudPlatform)? {
        "aws_ec2" => Some("AWS::EC2::Instance"),
        "aws_ecs" => Some(match attributes.peek_text(Key::EcsLaunchType) {
            Some(launch) if launch.eq_ignore_ascii_case("ec2") => "AWS::ECS::EC2",
            Some(launch) if launch.eq_ignore_ascii_case("fargate") => "AWS::ECS::Fargate",
            _ => "AWS::ECS::Container",
        }),
        "aws_eks" => Some("AWS::EKS::Container"),
        "aws_elastic_beanstalk" => Some("AWS::ElasticBeanstalk::Environment"),
        "aws_app_runner" => Some("AWS::AppRunner::Service"),
        _ => None,
    }
}

fn aws_members(attributes: &Attributes<'_>, settings: &MapSettings) -> String {
    let text = |key| attributes.peek_text(key);
    let is_on = |platform: &str| attributes.is_text(Key::CloudPlatform, platform);
    // Members behind an opening bracket, which is cut off in the end.
    let mut json = Json::default();
    json.begin();
    if is_on("aws_ec2") || text(Key::HostId).is_some() {
        json.object("ec2", |json| {
            json.text_member("instance_id", text(Key::HostId));
            json.text_member("availability_zone", text(Key::CloudAvailabilityZone));
            json.text_member("instance_size", text(Key::HostType));
            json.text_member("ami_id", text(Key::HostImageId));
        });
    }
    if is_on("aws_ecs") {
        json.object("ecs", |json| {
            json.text_member("container", text(Key::ContainerName));
            json.text_member("container_id", text(Key::ContainerId));
            json.text_member("availability_zone", text(Key::CloudAvailabilityZone));
            json.text_member("container_arn", text(Key::EcsContainerArn));
            json.text_member("cluster_arn", text(Key::EcsClusterArn));
            json.text_member("task_arn", text(Key::EcsTaskArn));
            json.text_member("task_family", text(Key::EcsTaskFamily));
            json.text_member("launch_type", text(Key::EcsLaunchType));
        });
    }
    if is_on("aws_elastic_beanstalk") && attributes.has(Key::ServiceInstanceId) {
        let id = attributes.peek(Key::ServiceInstanceId).and_then(integer);
        json.object("elastic_beanstalk", |json| {
            json.name("deployment_id").integer(id.unwrap_or(0));
            json.text_member("environment_name", text(Key::ServiceNamespace));
            json.text_member("version_label", text(Key::ServiceVersion));
        });
    }
    if is_on("aws_eks") || text(Key::K8sClusterName).is_some() {
        json.object("eks", |json| {
            json.text_member("cluster_name", text(Key::K8sClusterName));
            json.text_member("pod", text(Key::K8sPodName));
            json.text_member("container_id", text(Key::ContainerId));
        });
    }
    write_log_groups(&mut json, attributes, settings);
    write_xray(&mut json, attributes);
    json.as_str().get(1..).unwrap_or_default().to_owned()
}

/// `cloudwatch_logs`: by ARNs, by names, by the settings.
fn write_log_groups(json: &mut Json, attributes: &Attributes<'_>, settings: &MapSettings) {
    let of = |key| attributes.peek(key).map(texts).unwrap_or_default();
    let arns = of(Key::LogGroupArns);
    let mut names = of(Key::LogGroupNames);
    if names.is_empty() {
        names = settings.log_groups.iter().map(String::as_str).collect();
    }
    if arns.is_empty() && names.is_empty() {
        return;
    }
    json.name("cloudwatch_logs").open('[');
    for arn in &arns {
        json.open('{');
        json.name("arn").string(arn);
        // `arn:aws:logs:<region>:<account>:log-group:<name>`
        json.text_member("log_group", arn.split(':').nth(6));
        json.close('}');
    }
    if arns.is_empty() {
        for name in names {
            json.open('{');
            json.name("log_group").string(name);
            json.close('}');
        }
    }
    json.close(']');
}

fn write_xray(json: &mut Json, attributes: &Attributes<'_>) {
    let name = attributes.peek_text(Key::SdkName);
    let language = attributes.peek_text(Key::SdkLanguage);
    let version = attributes.peek_text(Key::SdkVersion);
    if name.is_none() && version.is_none() {
        return;
    }
    json.object("xray", |json| {
        if let Some(name) = name {
            let of_language = language.map(|language| format!(" for {language}"));
            let suffix = of_language.filter(|suffix| !name.ends_with(suffix.as_str()));
            let sdk = format!("{name}{}", suffix.unwrap_or_default());
            json.name("sdk").string(&sdk);
        }
        json.text_member("sdk_version", version);
        let versions = [Key::AutoVersion, Key::DistroVersion];
        let is_automatic = versions
            .iter()
            .any(|key| attributes.peek_text(*key).is_some());
        json.name("auto_instrumentation").bool(is_automatic);
    });
}

/// The resource's part of the metadata, and its annotations.
fn indexed<'a>(
    attributes: &Attributes<'a>,
    settings: &MapSettings,
) -> (String, Vec<Annotation<'a>>) {
    let mut json = Json::default();
    json.begin();
    let mut annotations = Vec::new();
    for attribute in attributes.iter() {
        let prefixed = format!("{PREFIX}{}", attribute.key);
        let is_indexed =
            settings.index_all_attributes || settings.indexed_attributes.contains(&prefixed);
        let scalar = attribute
            .value
            .value
            .as_ref()
            .filter(|value| is_scalar(value));
        match scalar {
            Some(value) if is_indexed => annotations.push(Annotation::new(prefixed.into(), value)),
            _ if settings.profile == Profile::Endpoint => {
                json.key(attribute.key).value(attribute.value);
            }
            _ => json.key(&prefixed).value(attribute.value),
        }
    }
    let members = json.as_str().get(1..).unwrap_or_default().to_owned();
    (members, annotations)
}
