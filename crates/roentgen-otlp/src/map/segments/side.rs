//! The record beside a document: what a span has and a segment has no place for (otlp.md 3). It stands in
//! the stored document under [`SIDE_RECORD`], in the words of OTLP/JSON. No answer of X-Ray's API shows
//! it; exports read it.

use roentgen_model::document::SIDE_RECORD;

use super::document::Source;
use super::shape::Part;
use super::text::Json;
use crate::json::EXPORT_SCOPE;
use crate::proto::{AnyValue, Event, KeyValue, Scope, Span, Status, Value};

/// What all spans of a scope share.
#[derive(Debug)]
pub(super) struct ScopeRecord {
    /// Members of the record.
    members: String,
    /// The spans are an export of ours.
    pub(super) is_ours: bool,
}

/// Reads a scope.
pub(super) fn scope_record(scope: &Scope, schema_url: &str) -> ScopeRecord {
    let Scope {
        name,
        version,
        attributes,
        dropped_attributes_count,
    } = scope;
    let mut json = Json::default();
    json.begin();
    json.object("scope", |json| {
        text(json, "name", name);
        text(json, "version", version);
        write_attributes(json, attributes);
        count(json, "droppedAttributesCount", *dropped_attributes_count);
    });
    text(&mut json, "schemaUrl", schema_url);
    ScopeRecord {
        members: json.as_str().get(1..).unwrap_or_default().to_owned(),
        is_ours: name == EXPORT_SCOPE,
    }
}

/// Writes the record; `name` is the document's.
pub(super) fn write(json: &mut Json, source: &Source<'_>, part: Part, name: &str) {
    json.object(SIDE_RECORD, |json| {
        if part == Part::Service {
            // The other document of the pair is the span.
            return json.name("isService").bool(true);
        }
        write_span(json, source.span, name);
        if part.is_subsegment() {
            json.text_member("service", source.resource.service_name);
        }
        if !source.scope.members.is_empty() {
            json.raw(&source.scope.members);
        }
    });
}

fn write_span(json: &mut Json, span: &Span, document_name: &str) {
    let Span {
        name,
        kind,
        trace_state,
        flags,
        dropped_attributes_count,
        events,
        dropped_events_count,
        links,
        dropped_links_count,
        status,
        // In the document itself.
        trace_id: _,
        span_id: _,
        parent_span_id: _,
        start_time_unix_nano: _,
        end_time_unix_nano: _,
        attributes: _,
    } = span;
    if name != document_name {
        json.name("name").string(name);
    }
    json.name("kind").integer((*kind).into());
    text(json, "traceState", trace_state);
    count(json, "flags", *flags);
    count(json, "droppedAttributesCount", *dropped_attributes_count);
    count(json, "droppedEventsCount", *dropped_events_count);
    count(json, "droppedLinksCount", *dropped_links_count);
    if let Some(Status { message, code }) = status
        && (*code != 0 || !message.is_empty())
    {
        json.object("status", |json| {
            json.name("code").integer((*code).into());
            text(json, "message", message);
        });
    }
    write_events(json, events);
    let says_more = |link: &crate::proto::Link| {
        !link.trace_state.is_empty() || link.flags != 0 || link.dropped_attributes_count != 0
    };
    if links.iter().any(says_more) {
        // In the order of the span's own links.
        json.name("links").open('[');
        for link in links {
            json.open('{');
            text(json, "traceState", &link.trace_state);
            count(json, "flags", link.flags);
            count(
                json,
                "droppedAttributesCount",
                link.dropped_attributes_count,
            );
            json.close('}');
        }
        json.close(']');
    }
}

/// All events, exceptions too: their raw stacks and times have no place elsewhere.
fn write_events(json: &mut Json, events: &[Event]) {
    if events.is_empty() {
        return;
    }
    json.name("events").open('[');
    for event in events {
        let Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        } = event;
        json.open('{');
        json.name("timeUnixNano")
            .string(&time_unix_nano.to_string());
        json.name("name").string(name);
        write_attributes(json, attributes);
        count(json, "droppedAttributesCount", *dropped_attributes_count);
        json.close('}');
    }
    json.close(']');
}

fn text(json: &mut Json, name: &str, text: &str) {
    json.text_member(name, Some(text).filter(|text| !text.is_empty()));
}

fn count(json: &mut Json, name: &str, count: u32) {
    if count != 0 {
        json.name(name).integer(count.into());
    }
}

fn write_attributes(json: &mut Json, attributes: &[KeyValue]) {
    if attributes.is_empty() {
        return;
    }
    json.name("attributes");
    write_list(json, attributes);
}

fn write_list(json: &mut Json, attributes: &[KeyValue]) {
    json.open('[');
    for KeyValue { key, value } in attributes {
        json.open('{');
        json.name("key").string(key);
        if let Some(value) = value {
            json.name("value");
            write_value(json, value);
        }
        json.close('}');
    }
    json.close(']');
}

/// A value with its type. Recurses as deep as values nest, which reading them bounds.
fn write_value(json: &mut Json, value: &AnyValue) {
    json.open('{');
    match &value.value {
        None => {}
        Some(Value::Int(int)) => json.name("intValue").string(&int.to_string()),
        Some(Value::String(_)) => json.name("stringValue").value(value),
        Some(Value::Bool(_)) => json.name("boolValue").value(value),
        Some(Value::Double(_)) => json.name("doubleValue").value(value),
        Some(Value::Bytes(_)) => json.name("bytesValue").value(value),
        Some(Value::Array(array)) => {
            json.name("arrayValue").open('{');
            json.name("values").open('[');
            array
                .values
                .iter()
                .for_each(|value| write_value(json, value));
            json.close(']');
            json.close('}');
        }
        Some(Value::Map(map)) => {
            json.name("kvlistValue").open('{');
            json.name("values");
            write_list(json, &map.values);
            json.close('}');
        }
    }
    json.close('}');
}
