//! Root causes on the wire (api.md "Root causes").

use std::sync::Arc;

use roentgen_model::assembly::facts::{
    RootCause, RootCauseEntity, RootCauseException, RootCauseService,
};
use serde::Serialize;

/// `FaultRootCause`, `ErrorRootCause` and `ResponseTimeRootCause`, which differ in their entities only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RootCauseShape<'a> {
    services: Vec<ServiceShape<'a>>,
    client_impacting: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceShape<'a> {
    name: &'a str,
    names: &'a [Arc<str>],
    /// `""` if the node has none.
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    entity_path: Vec<EntityShape<'a>>,
    inferred: bool,
}

/// With `Coverage` in response-time causes, with `Exceptions` in the others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntityShape<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exceptions: Option<Vec<ExceptionShape<'a>>>,
    remote: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExceptionShape<'a> {
    name: &'a str,
    message: &'a str,
}

/// The root causes of one kind.
pub(crate) fn root_causes(causes: &[RootCause]) -> Vec<RootCauseShape<'_>> {
    causes.iter().map(root_cause).collect()
}

fn root_cause(cause: &RootCause) -> RootCauseShape<'_> {
    let RootCause {
        services,
        client_impacting,
    } = cause;
    RootCauseShape {
        services: services.iter().map(service).collect(),
        client_impacting: *client_impacting,
    }
}

fn service(service: &RootCauseService) -> ServiceShape<'_> {
    let RootCauseService {
        node,
        names,
        inferred,
        entity_path,
    } = service;
    ServiceShape {
        name: &node.name,
        names,
        r#type: node.node_type.as_deref().unwrap_or_default(),
        account_id: node.account_id.as_deref(),
        entity_path: entity_path.iter().map(entity).collect(),
        inferred: *inferred,
    }
}

fn entity(entity: &RootCauseEntity) -> EntityShape<'_> {
    let RootCauseEntity {
        name,
        remote,
        exceptions,
        coverage,
    } = entity;
    EntityShape {
        name,
        coverage: *coverage,
        exceptions: coverage
            .is_none()
            .then(|| exceptions.iter().map(exception).collect()),
        remote: *remote,
    }
}

fn exception(exception: &RootCauseException) -> ExceptionShape<'_> {
    let RootCauseException { name, message } = exception;
    ExceptionShape { name, message }
}
