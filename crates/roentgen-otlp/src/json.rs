//! OTLP/JSON (otlp.md 1.3): lowerCamelCase, ids in hex, 64-bit integers as text, enums as numbers.

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::map::spans::{
    AnyValue, Attributes, Conventions, Event, Link, Resource, Span, Status, spans_from_document,
};

/// `STATUS_CODE_ERROR`.
const STATUS_ERROR: u8 = 2;

/// The scope of exported spans, by which they are known when they come in again.
pub const EXPORT_SCOPE: &str = "roentgen";

/// One span with its resource, in one object: `resource`, `scope`, then the span's own fields (api.md
/// ListRetrievedTraces, our choice). Segments have no scope, so it is empty.
#[must_use]
pub fn json_from_span(resource: &Resource, span: &Span) -> String {
    serde_json::to_string(&SpanDocument::new(resource, span))
        .expect("texts, numbers and lists have a JSON form")
}

/// The spans of one stored segment document, as an element of `resourceSpans`; `None` if none come of it.
#[must_use]
pub fn resource_spans_from_document(document: &str, conventions: Conventions) -> Option<String> {
    let mut resource = None;
    let mut spans = Vec::new();
    spans_from_document(document, conventions, 0, &mut |of, span| {
        resource.get_or_insert_with(|| of.clone());
        spans.push(span);
        ControlFlow::Continue(())
    });
    let Resource { attributes } = resource?;
    // A document that was made of a span is one span.
    let first = spans.first().and_then(|span| span.original.as_ref());
    let scope = first.and_then(|original| original.scope.as_ref());
    let shape = ResourceSpansShape {
        resource: ResourceShape {
            attributes: key_values(&attributes),
        },
        scope_spans: [ScopeSpansShape {
            scope: AsIsOr::of(scope, || ScopeShape {
                name: Some(EXPORT_SCOPE),
            }),
            spans: spans.iter().map(span_shape).collect(),
        }],
    };
    Some(serde_json::to_string(&shape).expect("texts, numbers and lists have a JSON form"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpansShape<'a> {
    resource: ResourceShape<'a>,
    scope_spans: [ScopeSpansShape<'a>; 1],
}

#[derive(Serialize)]
struct ScopeSpansShape<'a> {
    scope: AsIsOr<ScopeShape>,
    spans: Vec<SpanShape<'a>>,
}

#[derive(Serialize)]
struct SpanDocument<'a> {
    resource: ResourceShape<'a>,
    scope: ScopeShape,
    #[serde(flatten)]
    span: SpanShape<'a>,
}

#[derive(Serialize)]
struct ResourceShape<'a> {
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Default, Serialize)]
struct ScopeShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanShape<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<i64>,
    name: &'a str,
    kind: i64,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<KeyValue<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_attributes_count: Option<i64>,
    #[serde(skip_serializing_if = "AsIsOr::is_none")]
    events: AsIsOr<Vec<EventShape<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_events_count: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<LinkShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_links_count: Option<i64>,
    status: AsIsOr<StatusShape<'a>>,
}

/// What is OTLP/JSON already, or what we make of the segment.
#[derive(Serialize)]
#[serde(untagged)]
enum AsIsOr<T> {
    AsIs(Box<RawValue>),
    Made(T),
}

impl<T> AsIsOr<T> {
    fn of(text: Option<&String>, make: impl FnOnce() -> T) -> Self {
        let raw = text.and_then(|text| RawValue::from_string(text.clone()).ok());
        raw.map_or_else(|| Self::Made(make()), Self::AsIs)
    }
}

impl AsIsOr<Vec<EventShape<'_>>> {
    fn is_none(&self) -> bool {
        matches!(self, Self::Made(events) if events.is_empty())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventShape<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time_unix_nano: Option<String>,
    name: &'a str,
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkShape<'a> {
    trace_id: String,
    span_id: String,
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
struct StatusShape<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'a str,
    value: AnyValueShape<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "the protocol's names")]
enum AnyValueShape<'a> {
    StringValue(&'a str),
    BoolValue(bool),
    IntValue(String),
    DoubleValue(f64),
    ArrayValue { values: Vec<AnyValueShape<'a>> },
}

impl<'a> SpanDocument<'a> {
    fn new(resource: &'a Resource, span: &'a Span) -> Self {
        let Resource { attributes } = resource;
        Self {
            resource: ResourceShape {
                attributes: key_values(attributes),
            },
            scope: ScopeShape::default(),
            span: span_shape(span),
        }
    }
}

fn span_shape(span: &Span) -> SpanShape<'_> {
    let Span {
        trace_id,
        span_id,
        parent_span_id,
        name,
        kind,
        start,
        end,
        attributes,
        events,
        links,
        status,
        original,
    } = span;
    let Status { is_error, message } = status;
    let own = original.as_ref();
    SpanShape {
        trace_id: trace_id.w3c(),
        span_id: span_id.to_string(),
        trace_state: own.and_then(|own| own.trace_state.as_deref()),
        parent_span_id: parent_span_id.map(|id| id.to_string()),
        flags: own.and_then(|own| own.flags),
        name: own.and_then(|own| own.name.as_deref()).unwrap_or(name),
        kind: own.and_then(|own| own.kind).unwrap_or(*kind as i64),
        start_time_unix_nano: nanos(start.0),
        // What is in progress has no end: the protocol's zero.
        end_time_unix_nano: nanos(end.map_or(0, |end| end.0)),
        attributes: key_values(attributes),
        dropped_attributes_count: own.and_then(|own| own.dropped_attributes_count),
        events: AsIsOr::of(own.and_then(|own| own.events.as_ref()), || {
            events.iter().map(event_shape).collect()
        }),
        dropped_events_count: own.and_then(|own| own.dropped_events_count),
        links: links.iter().map(link_shape).collect(),
        dropped_links_count: own.and_then(|own| own.dropped_links_count),
        status: AsIsOr::of(own.and_then(|own| own.status.as_ref()), || StatusShape {
            code: is_error.then_some(STATUS_ERROR),
            message: message.as_deref(),
        }),
    }
}

fn event_shape(event: &Event) -> EventShape<'_> {
    let Event {
        time,
        name,
        attributes,
    } = event;
    EventShape {
        time_unix_nano: time.map(|time| nanos(time.0)),
        name,
        attributes: key_values(attributes),
    }
}

fn link_shape(link: &Link) -> LinkShape<'_> {
    let Link {
        trace_id,
        span_id,
        attributes,
    } = link;
    LinkShape {
        trace_id: trace_id.w3c(),
        span_id: span_id.to_string(),
        attributes: key_values(attributes),
    }
}

/// The protocol's times are unsigned; X-Ray takes negative ones.
fn nanos(nanos: i64) -> String {
    nanos.max(0).to_string()
}

fn key_values(attributes: &Attributes) -> Vec<KeyValue<'_>> {
    let pair = |(key, value)| KeyValue {
        key,
        value: any_value_shape(value),
    };
    attributes.iter().map(pair).collect()
}

fn any_value_shape(value: &AnyValue) -> AnyValueShape<'_> {
    match value {
        AnyValue::String(text) => AnyValueShape::StringValue(text),
        AnyValue::Bool(value) => AnyValueShape::BoolValue(*value),
        AnyValue::Int(value) => AnyValueShape::IntValue(value.to_string()),
        AnyValue::Double(value) => AnyValueShape::DoubleValue(*value),
        AnyValue::Array(values) => AnyValueShape::ArrayValue {
            values: values.iter().map(any_value_shape).collect(),
        },
    }
}
