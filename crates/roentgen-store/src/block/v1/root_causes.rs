//! Root causes as JSON text, one value a trace: read as a whole, and readable by other tools.

use std::sync::Arc;

use roentgen_model::assembly::facts::{
    NodeKey, RootCause, RootCauseEntity, RootCauseException, RootCauseService, RootCauses,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredCauses {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fault: Vec<StoredCause>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    error: Vec<StoredCause>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    response_time: Vec<StoredCause>,
}

#[derive(Serialize, Deserialize)]
struct StoredCause {
    services: Vec<StoredService>,
    client_impacting: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredService {
    name: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#type: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_id: Option<Arc<str>>,
    names: Vec<Arc<str>>,
    inferred: bool,
    entity_path: Vec<StoredEntity>,
}

#[derive(Serialize, Deserialize)]
struct StoredEntity {
    name: Arc<str>,
    remote: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<StoredException>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct StoredException {
    name: Arc<str>,
    message: Arc<str>,
}

/// The JSON text; `None` without any root cause.
pub(super) fn to_json(causes: &RootCauses) -> Option<String> {
    let RootCauses {
        fault,
        error,
        response_time,
    } = causes;
    if fault.is_empty() && error.is_empty() && response_time.is_empty() {
        return None;
    }
    let list = |causes: &Vec<RootCause>| causes.iter().map(stored_cause).collect();
    let stored = StoredCauses {
        fault: list(fault),
        error: list(error),
        response_time: list(response_time),
    };
    Some(
        serde_json::to_string(&stored)
            .expect("plain structs of texts and numbers have a JSON form"),
    )
}

/// Reads what [`to_json`] wrote.
pub(super) fn from_json(text: &str) -> Result<RootCauses, serde_json::Error> {
    let StoredCauses {
        fault,
        error,
        response_time,
    } = serde_json::from_str(text)?;
    let list = |causes: Vec<StoredCause>| causes.into_iter().map(root_cause).collect();
    Ok(RootCauses {
        fault: list(fault),
        error: list(error),
        response_time: list(response_time),
    })
}

fn stored_cause(cause: &RootCause) -> StoredCause {
    let RootCause {
        services,
        client_impacting,
    } = cause;
    let client_impacting = *client_impacting;
    StoredCause {
        services: services.iter().map(stored_service).collect(),
        client_impacting,
    }
}

fn stored_service(service: &RootCauseService) -> StoredService {
    let RootCauseService {
        node,
        names,
        inferred,
        entity_path,
    } = service;
    let NodeKey {
        name,
        node_type,
        account_id,
    } = node.clone();
    StoredService {
        name,
        r#type: node_type,
        account_id,
        names: names.clone(),
        inferred: *inferred,
        entity_path: entity_path.iter().map(stored_entity).collect(),
    }
}

fn stored_entity(entity: &RootCauseEntity) -> StoredEntity {
    let RootCauseEntity {
        name,
        remote,
        exceptions,
        coverage,
    } = entity;
    let exception = |e: &RootCauseException| {
        let RootCauseException { name, message } = e.clone();
        StoredException { name, message }
    };
    StoredEntity {
        name: Arc::clone(name),
        remote: *remote,
        exceptions: exceptions.iter().map(exception).collect(),
        coverage: *coverage,
    }
}

fn root_cause(stored: StoredCause) -> RootCause {
    let StoredCause {
        services,
        client_impacting,
    } = stored;
    RootCause {
        services: services.into_iter().map(service).collect(),
        client_impacting,
    }
}

fn service(stored: StoredService) -> RootCauseService {
    let StoredService {
        name,
        r#type,
        account_id,
        names,
        inferred,
        entity_path,
    } = stored;
    RootCauseService {
        node: NodeKey {
            name,
            node_type: r#type,
            account_id,
        },
        names,
        inferred,
        entity_path: entity_path.into_iter().map(entity).collect(),
    }
}

fn entity(stored: StoredEntity) -> RootCauseEntity {
    let StoredEntity {
        name,
        remote,
        exceptions,
        coverage,
    } = stored;
    let exception = |StoredException { name, message }| RootCauseException { name, message };
    let exceptions = exceptions.into_iter().map(exception).collect();
    RootCauseEntity {
        name,
        remote,
        exceptions,
        coverage,
    }
}
