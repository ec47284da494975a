//! Every field of the protocol's messages has a home: taking it away, or changing it, changes the
//! documents.

use serde_json::{Value, json};

use super::{MapSettings, NOW, PARENT, SPAN, TRACE};
use crate::map::segments::documents_from_request;
use crate::proto::ExportRequest;

/// Fields that may go without a trace, and why.
const EXEMPT: &[(&str, &str)] = &[
    (
        "/resourceSpans/0/schemaUrl",
        "the mapping reads all generations of the conventions, and attributes keep their names",
    ),
    (
        "/resourceSpans/0/resource/droppedAttributesCount",
        "says nothing about a span; resources are written down as far as they came",
    ),
];

/// A request with every field of `trace.proto`, `common.proto` and `resource.proto` as of 1.x.
fn whole() -> Value {
    let every_value = json!([
        {"key": "text", "value": {"stringValue": "a"}},
        {"key": "flag", "value": {"boolValue": true}},
        {"key": "number", "value": {"intValue": "7"}},
        {"key": "fraction", "value": {"doubleValue": 0.5}},
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [
            {"key": "inner", "value": {"stringValue": "b"}},
        ]}}},
        {"key": "bytes", "value": {"bytesValue": "AQID"}},
    ]);
    let span = json!({
        "traceId": TRACE,
        "spanId": SPAN,
        "traceState": "vendor=1",
        "parentSpanId": PARENT,
        "flags": 769,
        "name": "GET /",
        "kind": 2,
        "startTimeUnixNano": "1767225600000000001",
        "endTimeUnixNano": "1767225600240000002",
        "attributes": every_value,
        "droppedAttributesCount": 3,
        "events": [{
            "timeUnixNano": "1767225600100000003",
            "name": "cache miss",
            "attributes": every_value,
            "droppedAttributesCount": 4,
        }],
        "droppedEventsCount": 5,
        "links": [{
            "traceId": "6955b9000000000000000000000000aa",
            "spanId": "00000000000000aa",
            "traceState": "other=2",
            "attributes": every_value,
            "droppedAttributesCount": 6,
            "flags": 1,
        }],
        "droppedLinksCount": 7,
        "status": {"message": "well", "code": 1},
    });
    json!({ "resourceSpans": [{
        "resource": {
            "attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}],
            "droppedAttributesCount": 8,
        },
        "scopeSpans": [{
            "scope": {
                "name": "lib", "version": "1", "attributes": every_value,
                "droppedAttributesCount": 9,
            },
            "spans": [span],
            "schemaUrl": "https://opentelemetry.io/schemas/1.30.0",
        }],
        "schemaUrl": "https://opentelemetry.io/schemas/1.29.0",
    }] })
}

/// What comes of a request: documents, or that the span is refused.
fn outcome(request: &Value) -> (Vec<bytes::Bytes>, usize) {
    let request = ExportRequest::from_json(request.to_string().as_bytes()).unwrap();
    let batch = documents_from_request(&request, &MapSettings::default(), NOW);
    (batch.documents, batch.refusals.len())
}

/// JSON pointers of all members, containers included.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => return,
    };
    for (name, child) in children {
        let pointer = format!("{at}/{name}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

fn without(request: &Value, pointer: &str) -> Value {
    let mut request = request.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match request.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(name)),
        Value::Array(elements) => drop(elements.remove(name.parse().unwrap())),
        other => panic!("{pointer}: {other}"),
    }
    request
}

/// The request with another value there, of the same type and valid too.
fn changed(request: &Value, pointer: &str) -> Option<Value> {
    let mut request = request.clone();
    let value = request.pointer_mut(pointer).unwrap();
    *value = match &*value {
        // Digits, hex and base64 stay what they are.
        Value::String(text) if text.starts_with('A') => Value::from(text.replacen('A', "B", 1)),
        Value::String(text) => {
            let last = if text.ends_with('1') { "2" } else { "1" };
            Value::from(format!("{}{last}", &text[..text.len() - 1]))
        }
        Value::Number(number) if number.is_f64() => Value::from(number.as_f64().unwrap() + 1.0),
        Value::Number(number) => Value::from(number.as_u64().unwrap() + 1),
        Value::Bool(value) => Value::from(!value),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(request)
}

#[test]
fn no_field_is_lost() {
    let request = whole();
    let expected = outcome(&request);
    assert_eq!((expected.0.len(), expected.1), (1, 0));
    let mut all = Vec::new();
    pointers(&request, "", &mut all);
    let mut lost = Vec::new();
    for pointer in &all {
        let is_lost = outcome(&without(&request, pointer)) == expected
            || changed(&request, pointer).is_some_and(|changed| outcome(&changed) == expected);
        let is_exempt = EXEMPT.iter().any(|(exempt, _)| exempt == pointer);
        // An exemption that is none any more must go.
        if is_lost != is_exempt {
            lost.push(pointer.as_str());
        }
    }
    assert_eq!(lost, [""; 0]);
}

/// The walk above knows no field that the messages do not have: each is read from JSON.
#[test]
fn the_whole_request_sets_every_field() {
    let request = ExportRequest::from_json(whole().to_string().as_bytes()).unwrap();
    let span = request.resource_spans[0].scope_spans[0].spans[0]
        .read()
        .unwrap();
    let shown = format!("{span:?}");
    for unset in [": 0,", ": [],", ": \"\"", ": None", ": 0 "] {
        assert!(!shown.contains(unset), "{unset}: {shown}");
    }
}

/// What goes out has what came in, in its own words.
#[test]
fn an_export_has_what_a_segment_has_no_place_for() {
    let (documents, _) = outcome(&whole());
    let text = std::str::from_utf8(&documents[0]).unwrap();
    let conventions = crate::map::spans::Conventions::default();
    let exported = crate::json::resource_spans_from_document(text, conventions).unwrap();
    let exported: Value = serde_json::from_str(&exported).unwrap();
    let sent = &whole()["resourceSpans"][0]["scopeSpans"][0];
    let scope_spans = &exported["scopeSpans"][0];
    assert_eq!(scope_spans["scope"], sent["scope"]);
    let (span, sent) = (&scope_spans["spans"][0], &sent["spans"][0]);
    for same in [
        "traceId",
        "spanId",
        "parentSpanId",
        "traceState",
        "flags",
        "name",
        "kind",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "events",
        "status",
        "droppedAttributesCount",
        "droppedEventsCount",
        "droppedLinksCount",
    ] {
        assert_eq!(span[same], sent[same], "{same}");
    }
    let keys = span["attributes"].as_array().unwrap().iter();
    assert!(
        keys.clone()
            .all(|pair| !pair["key"].to_string().contains("roentgen_otlp"))
    );
}
