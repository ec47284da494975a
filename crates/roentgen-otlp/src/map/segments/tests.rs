//! otlp.md 2 to 8, row by row; collected fixtures; and that no field of a span is lost.

mod attributes;
mod blocks;
mod collected;
mod every_field;
mod refused;
mod shapes;
mod stacks;

use roentgen_model::UnixNanos;
use serde_json::{Value, json};

use super::{MapSettings, SpanBatch, documents_from_request};
use crate::proto::ExportRequest;

/// A moment after the spans of the tests.
const NOW: UnixNanos = UnixNanos::from_secs(1_767_225_700);
const TRACE: &str = "6955b900b475d14618c51eaa28753d37";
const SPAN: &str = "00000000000000a1";
const PARENT: &str = "00000000000000f1";

fn batch_of(request: &Value, settings: &MapSettings) -> SpanBatch {
    let request = ExportRequest::from_json(request.to_string().as_bytes()).unwrap();
    documents_from_request(&request, settings, NOW)
}

fn texts(batch: &SpanBatch) -> Vec<Value> {
    let parse = |text: &bytes::Bytes| serde_json::from_slice(text).unwrap();
    batch.documents.iter().map(parse).collect()
}

/// The documents of a request, none of whose spans is refused.
fn documents(request: &Value, settings: &MapSettings) -> Vec<Value> {
    let batch = batch_of(request, settings);
    assert_eq!(batch.refusals, []);
    let documents = texts(&batch);
    for document in &documents {
        accepted_by_the_model(document);
    }
    documents
}

/// What we make of a span must be a document.
fn accepted_by_the_model(document: &Value) {
    let text = document.to_string();
    let settings = roentgen_model::document::DocumentSettings::default();
    let parsed = roentgen_model::document::parse(text.as_bytes(), NOW, &settings);
    assert!(parsed[0].outcome.is_ok(), "{:?}: {text}", parsed[0].outcome);
}

/// `{"key": value}` as a list of attributes. Objects that are typed values already stay.
fn attributes(plain: &Value) -> Value {
    let typed = |value: &Value| -> Value {
        match value {
            Value::String(text) => json!({ "stringValue": text }),
            Value::Bool(value) => json!({ "boolValue": value }),
            Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
            Value::Number(number) => json!({ "intValue": number.to_string() }),
            Value::Array(values) => {
                let texts: Vec<_> = values.iter().map(|v| json!({ "stringValue": v })).collect();
                json!({ "arrayValue": { "values": texts } })
            }
            other => other.clone(),
        }
    };
    let pairs = plain.as_object().unwrap().iter();
    let pair = |(key, value): (&String, &Value)| json!({ "key": key, "value": typed(value) });
    pairs.map(pair).collect()
}

/// A span with these members beside the required ones; `attributes` may be plain.
#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn span(members: Value) -> Value {
    let mut span = json!({
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "work",
        "startTimeUnixNano": "1767225600000000000",
        "endTimeUnixNano": "1767225600240000000",
    });
    for (name, value) in members.as_object().unwrap() {
        span[name] = if name == "attributes" && value.is_object() {
            attributes(value)
        } else {
            value.clone()
        };
    }
    span
}

fn request(resource: &Value, spans: &[Value]) -> Value {
    json!({ "resourceSpans": [{
        "resource": { "attributes": attributes(resource) },
        "scopeSpans": [{ "spans": spans }],
    }] })
}

/// The documents of one span of a service called `shop`.
fn documents_of(members: Value, settings: &MapSettings) -> Vec<Value> {
    documents(
        &request(&json!({"service.name": "shop"}), &[span(members)]),
        settings,
    )
}

/// The only document of one span.
fn document_of(members: Value) -> Value {
    let mut documents = documents_of(members, &MapSettings::default());
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// The document of one span of this resource.
#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn document_on(resource: Value, members: Value) -> Value {
    let request = request(&resource, &[span(members)]);
    let mut documents = documents(&request, &MapSettings::default());
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}
