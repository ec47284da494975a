//! The record beside a document that was made of a span (`map::segments`, otlp.md 3): what the span had
//! and a segment has no place for.

use roentgen_model::document::SIDE_RECORD;
use roentgen_model::document::json::Value;

use super::attribute::json_text;

/// What an exported span has from the span its document was made of. Lists and the scope are OTLP/JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    pub name: Option<String>,
    /// The number of `SpanKind`.
    pub kind: Option<i64>,
    pub trace_state: Option<String>,
    pub flags: Option<i64>,
    pub dropped_attributes_count: Option<i64>,
    pub dropped_events_count: Option<i64>,
    pub dropped_links_count: Option<i64>,
    pub status: Option<String>,
    pub events: Option<String>,
    pub scope: Option<String>,
}

/// The record of a (sub)segment.
pub(super) fn record(object: Value<'_>) -> Option<Value<'_>> {
    object.get(SIDE_RECORD)
}

/// The name of the service that sent the span, where the document does not say it.
pub(super) fn service(object: Value<'_>) -> Option<String> {
    let service = record(object)?.get("service")?.as_str()?;
    Some(service.into_owned())
}

/// Reads the record.
pub(super) fn original(object: Value<'_>) -> Option<Original> {
    let record = record(object)?;
    let text = |name: &str| record.get(name)?.as_str().map(std::borrow::Cow::into_owned);
    let number = |name: &str| record.get(name)?.as_integer();
    let json = |name: &str| record.get(name).map(json_text);
    Some(Original {
        name: text("name"),
        kind: number("kind"),
        trace_state: text("traceState"),
        flags: number("flags"),
        dropped_attributes_count: number("droppedAttributesCount"),
        dropped_events_count: number("droppedEventsCount"),
        dropped_links_count: number("droppedLinksCount"),
        status: json("status"),
        events: json("events"),
        scope: json("scope"),
    })
}
