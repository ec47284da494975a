//! `rootcause.json = #[…]` (filter-expressions.md 4.4): root causes against JSON patterns, without
//! making JSON of the root cause. Names of members are those of api.md.

use serde_json::{Map, Number, Value};

use super::condition::CauseKind;
use crate::assembly::facts::{RootCause, RootCauseEntity, RootCauseException, RootCauseService};

/// A pattern for one root cause: members must equal, absent members are wildcards, arrays match
/// element by element and in length.
#[derive(Clone, Debug, PartialEq)]
pub struct CausePattern(Map<String, Value>);

impl CausePattern {
    /// `None` if the pattern is not an object.
    pub(super) fn new(value: Value) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    pub(super) fn matches(&self, kind: CauseKind, cause: &RootCause) -> bool {
        self.0.iter().all(|(member, wanted)| match member.as_str() {
            "Services" => all(wanted, &cause.services, |w, s| service(w, kind, s)),
            "ClientImpacting" => *wanted == Value::Bool(cause.client_impacting),
            _ => false,
        })
    }
}

fn service(wanted: &Value, kind: CauseKind, service: &RootCauseService) -> bool {
    members(wanted, |member, wanted| match member {
        "Name" => text(wanted, &service.node.name),
        "Names" => all(wanted, &service.names, |w, name| text(w, name)),
        // Root causes show a missing type as "" (api.md).
        "Type" => text(wanted, service.node.node_type.as_deref().unwrap_or("")),
        "AccountId" => service
            .node
            .account_id
            .as_deref()
            .is_some_and(|id| text(wanted, id)),
        "Inferred" => *wanted == Value::Bool(service.inferred),
        "EntityPath" => all(wanted, &service.entity_path, |w, e| entity(w, kind, e)),
        _ => false,
    })
}

fn entity(wanted: &Value, kind: CauseKind, entity: &RootCauseEntity) -> bool {
    let is_time = kind == CauseKind::ResponseTime;
    members(wanted, |member, wanted| match member {
        "Name" => text(wanted, &entity.name),
        "Remote" => *wanted == Value::Bool(entity.remote),
        "Exceptions" if !is_time => all(wanted, &entity.exceptions, exception),
        "Coverage" if is_time => {
            let value = wanted.as_number().and_then(Number::as_f64);
            value.is_some() && value == entity.coverage.map(super::eval::round_coverage)
        }
        _ => false,
    })
}

fn exception(wanted: &Value, exception: &RootCauseException) -> bool {
    members(wanted, |member, wanted| match member {
        "Name" => text(wanted, &exception.name),
        "Message" => text(wanted, &exception.message),
        _ => false,
    })
}

fn members(wanted: &Value, matches: impl Fn(&str, &Value) -> bool) -> bool {
    let object = wanted.as_object();
    object.is_some_and(|object| object.iter().all(|(member, value)| matches(member, value)))
}

fn all<T>(wanted: &Value, found: &[T], matches: impl Fn(&Value, &T) -> bool) -> bool {
    wanted.as_array().is_some_and(|wanted| {
        wanted.len() == found.len() && wanted.iter().zip(found).all(|(w, f)| matches(w, f))
    })
}

fn text(wanted: &Value, found: &str) -> bool {
    wanted.as_str() == Some(found)
}
