//! Trace summaries on the wire (api.md "Members of a summary").
//!
//! `Http`, root causes' `Name` and `Type` and their `EntityPath` are always there: clients dereference
//! them unchecked.

use std::collections::BTreeMap;
use std::sync::Arc;

use roentgen_model::assembly::facts::{AnnotationValue, HttpFacts};
use roentgen_model::summary::{AnnotatedServices, ServiceId, TraceSummary, UserServices};
use serde::Serialize;

use super::numbers::{Millis, Time};
use super::root_causes::{RootCauseShape, root_causes};

/// `TraceSummary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TraceSummaryShape<'a> {
    id: String,
    start_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_time: Option<Millis>,
    has_fault: bool,
    has_error: bool,
    has_throttle: bool,
    is_partial: bool,
    http: HttpShape<'a>,
    annotations: BTreeMap<&'a str, Vec<ValueWithServiceIds<'a>>>,
    users: Vec<TraceUser<'a>>,
    service_ids: Vec<ServiceIdShape<'a>>,
    #[serde(rename = "ResourceARNs")]
    resource_arns: Vec<ResourceArnDetail<'a>>,
    instance_ids: Vec<InstanceIdDetail<'a>>,
    availability_zones: Vec<AvailabilityZoneDetail<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_point: Option<ServiceIdShape<'a>>,
    fault_root_causes: Vec<RootCauseShape<'a>>,
    error_root_causes: Vec<RootCauseShape<'a>>,
    response_time_root_causes: Vec<RootCauseShape<'a>>,
    revision: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_event_time: Option<Time>,
}

#[derive(Debug, Serialize)]
struct HttpShape<'a> {
    #[serde(rename = "HttpURL", skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(rename = "HttpStatus", skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    #[serde(rename = "HttpMethod", skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(rename = "UserAgent", skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(rename = "ClientIp", skip_serializing_if = "Option::is_none")]
    client_ip: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ValueWithServiceIds<'a> {
    annotation_value: AnnotationValueShape<'a>,
    service_ids: Vec<ServiceIdShape<'a>>,
}

/// A union: exactly one member.
#[derive(Debug, Serialize)]
enum AnnotationValueShape<'a> {
    #[serde(rename = "StringValue")]
    String(&'a str),
    #[serde(rename = "NumberValue")]
    Number(f64),
    #[serde(rename = "BooleanValue")]
    Boolean(bool),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TraceUser<'a> {
    user_name: &'a str,
    service_ids: Vec<ServiceIdShape<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceIdShape<'a> {
    name: &'a str,
    names: &'a [Arc<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    r#type: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ResourceArnDetail<'a> {
    #[serde(rename = "ARN")]
    arn: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceIdDetail<'a> {
    id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AvailabilityZoneDetail<'a> {
    name: &'a str,
}

impl<'a> TraceSummaryShape<'a> {
    pub(crate) fn new(summary: &'a TraceSummary) -> Self {
        let TraceSummary {
            trace_id,
            start,
            duration_millis,
            response_time_millis,
            has_fault,
            has_error,
            has_throttle,
            is_partial,
            http,
            annotations,
            users,
            services,
            resource_arns,
            instance_ids,
            availability_zones,
            entry_point,
            root_causes: causes,
            revision,
            matched_event_time,
        } = summary;
        let millis = |millis: i64| Millis {
            nanos: millis.saturating_mul(1_000_000),
        };
        let annotation = |(key, values): (&'a Arc<str>, &'a Vec<AnnotatedServices>)| {
            (key.as_ref(), values.iter().map(annotated).collect())
        };
        Self {
            id: trace_id.to_string(),
            start_time: Time(*start),
            duration: duration_millis.map(millis),
            response_time: response_time_millis.map(millis),
            has_fault: *has_fault,
            has_error: *has_error,
            has_throttle: *has_throttle,
            is_partial: *is_partial,
            http: http_shape(http),
            annotations: annotations.iter().map(annotation).collect(),
            users: users.iter().map(user).collect(),
            service_ids: service_ids(services),
            resource_arns: resource_arns
                .iter()
                .map(|arn| ResourceArnDetail { arn })
                .collect(),
            instance_ids: instance_ids
                .iter()
                .map(|id| InstanceIdDetail { id })
                .collect(),
            availability_zones: (availability_zones.iter())
                .map(|name| AvailabilityZoneDetail { name })
                .collect(),
            entry_point: entry_point.as_ref().map(service_id),
            fault_root_causes: root_causes(&causes.fault),
            error_root_causes: root_causes(&causes.error),
            response_time_root_causes: root_causes(&causes.response_time),
            revision: *revision,
            matched_event_time: matched_event_time.map(Time),
        }
    }
}

fn http_shape(http: &HttpFacts) -> HttpShape<'_> {
    let HttpFacts {
        method,
        url,
        user_agent,
        client_ip,
        status,
    } = http;
    HttpShape {
        url: url.as_deref(),
        status: *status,
        method: method.as_deref(),
        user_agent: user_agent.as_deref(),
        client_ip: client_ip.as_deref(),
    }
}

fn annotated(annotated: &AnnotatedServices) -> ValueWithServiceIds<'_> {
    let AnnotatedServices { value, services } = annotated;
    let annotation_value = match value {
        AnnotationValue::String(text) => AnnotationValueShape::String(text),
        AnnotationValue::Number(number) => AnnotationValueShape::Number(*number),
        AnnotationValue::Boolean(value) => AnnotationValueShape::Boolean(*value),
    };
    ValueWithServiceIds {
        annotation_value,
        service_ids: service_ids(services),
    }
}

fn user(user: &UserServices) -> TraceUser<'_> {
    let UserServices { user, services } = user;
    TraceUser {
        user_name: user,
        service_ids: service_ids(services),
    }
}

fn service_ids(services: &[ServiceId]) -> Vec<ServiceIdShape<'_>> {
    services.iter().map(service_id).collect()
}

fn service_id(service: &ServiceId) -> ServiceIdShape<'_> {
    let ServiceId { key, names } = service;
    ServiceIdShape {
        name: &key.name,
        names,
        account_id: key.account_id.as_deref(),
        r#type: key.node_type.as_deref(),
    }
}
