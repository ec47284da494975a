//! The values of a trace, found where the evaluator of filters looks for them (filter-expressions.md 3).

use std::collections::BTreeMap;
use std::sync::Arc;

use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::{
    AnnotationValue, EntityFacts, Node, NodeKind, RootCause, TimeRange,
};

use super::{FacetKey, FacetValue};

/// Adds the values of a fixed key, some of them perhaps more than once.
pub(super) fn of_trace(
    key: &FacetKey,
    facts: &TraceFacts,
    seen: Option<&TimeRange>,
    found: &mut Vec<FacetValue>,
) {
    let root = facts.root.map(|root| facts.entity(root));
    let http = root.map(|root| &root.http);
    match key {
        FacetKey::Service => services(facts, seen, found),
        FacetKey::Url => found.extend(text(http.and_then(|http| http.url.as_ref()))),
        FacetKey::Method => found.extend(text(http.and_then(|http| http.method.as_ref()))),
        FacetKey::Status => {
            #[expect(clippy::cast_precision_loss, reason = "no status code comes near 2^53")]
            let status = http.and_then(|http| http.status).map(|s| number(s as f64));
            found.extend(status);
        }
        FacetKey::User => of_segments(facts, |segment| segment.user.as_ref(), found),
        FacetKey::ResourceArn => of_segments(facts, |s| s.resource_arn.as_ref(), found),
        FacetKey::Instance => of_segments(facts, |s| s.instance_id.as_ref(), found),
        FacetKey::Zone => of_segments(facts, |s| s.availability_zone.as_ref(), found),
        FacetKey::ErrorRootCause => found.extend(facts.root_causes.error.iter().map(path)),
        FacetKey::FaultRootCause => found.extend(facts.root_causes.fault.iter().map(path)),
        FacetKey::ResponseTimeRootCause => {
            found.extend(facts.root_causes.response_time.iter().map(path));
        }
        FacetKey::Exception => {
            let causes = facts
                .root_causes
                .fault
                .iter()
                .chain(&facts.root_causes.error);
            let services = causes.flat_map(|cause| &cause.services);
            let entities = services.flat_map(|service| &service.entity_path);
            let exceptions = entities.flat_map(|entity| &entity.exceptions);
            found.extend(exceptions.filter_map(|e| text(Some(&e.name))));
        }
        FacetKey::Annotation(_) => {}
    }
}

/// The values of each annotation key.
pub(super) fn annotations(facts: &TraceFacts) -> BTreeMap<&Arc<str>, Vec<FacetValue>> {
    let mut found: BTreeMap<&Arc<str>, Vec<FacetValue>> = BTreeMap::new();
    let all = facts.entities.iter().flat_map(|entity| &entity.annotations);
    for (key, value) in all {
        found.entry(key).or_default().push(match value {
            AnnotationValue::String(text) => FacetValue::Text(Arc::clone(text)),
            AnnotationValue::Number(value) => number(*value),
            AnnotationValue::Boolean(value) => FacetValue::Boolean(*value),
        });
    }
    found
}

/// Every name that a selector finds a node by.
fn services(facts: &TraceFacts, seen: Option<&TimeRange>, found: &mut Vec<FacetValue>) {
    for node in facts.nodes.iter().filter(|node| sees(facts, seen, node)) {
        let names = std::iter::once(&node.key.name).chain(&node.other_names);
        found.extend(names.map(|name| FacetValue::Text(Arc::clone(name))));
    }
}

/// Under a service range a node counts with a segment that ends in it, a client with such a call.
fn sees(facts: &TraceFacts, seen: Option<&TimeRange>, node: &Node) -> bool {
    let Some(range) = seen else { return true };
    let ends = |entity: &EntityFacts| entity.end.is_some_and(|end| range.contains(&end));
    if node.kind == NodeKind::Client {
        return facts
            .calls
            .iter()
            .any(|call| facts.node(call.source) == node && ends(facts.entity(call.entity)));
    }
    let mut entities = facts.entities.iter();
    entities.any(|entity| entity.node.as_ref() == Some(&node.key) && ends(entity))
}

fn of_segments<'a>(
    facts: &'a TraceFacts,
    of: impl Fn(&'a EntityFacts) -> Option<&'a Arc<str>>,
    found: &mut Vec<FacetValue>,
) {
    let segments = facts.entities.iter().filter(|entity| entity.node.is_some());
    found.extend(segments.filter_map(|segment| text(of(segment))));
}

fn text(text: Option<&Arc<str>>) -> Option<FacetValue> {
    text.map(|text| FacetValue::Text(Arc::clone(text)))
}

fn number(value: f64) -> FacetValue {
    // The zeros are equal.
    FacetValue::Number((value + 0.0).to_bits())
}

fn path(cause: &RootCause) -> FacetValue {
    let names = cause.services.iter().map(|of| Arc::clone(&of.node.name));
    FacetValue::Path(names.collect())
}

impl FacetValue {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Number(bits) => super::clause::number(f64::from_bits(*bits)),
            Self::Boolean(value) => value.to_string(),
            Self::Path(names) => names.join(" → "),
        }
    }

    /// What keeping it takes, roughly.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(_) | Self::Boolean(_) => 8,
            Self::Path(names) => names.iter().map(|name| name.len() + 16).sum(),
        }
    }
}
