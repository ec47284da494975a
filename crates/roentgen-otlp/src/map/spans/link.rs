//! Span links from a segment's links (our choice, otlp.md 10.3).

use roentgen_model::TraceId;
use roentgen_model::document::json::Value;

use super::attribute::{Attributes, any_value};
use super::{Link, id_member};

/// The links that name a trace and an entity of it.
pub(super) fn links_from_segment(object: Value<'_>) -> Vec<Link> {
    let links = object.get("links").into_iter();
    links.flat_map(Value::elements).filter_map(link).collect()
}

fn link(object: Value<'_>) -> Option<Link> {
    let trace_id = object.get("trace_id")?.as_str()?;
    let mut attributes = Attributes::default();
    let members = object.get("attributes").into_iter();
    for (key, value) in members.flat_map(Value::members) {
        if let (Some(key), Some(value)) = (key.as_str(), any_value(value)) {
            attributes.add(&key, value);
        }
    }
    Some(Link {
        trace_id: TraceId::parse_any(&trace_id).ok()?,
        span_id: id_member(object, "id")?,
        attributes,
    })
}
