//! Spans that are refused, their neighbours kept (otlp.md 1.4, 2, 7).

use serde_json::{Value, json};

use super::{MapSettings, NOW, PARENT, TRACE, batch_of, request, span, texts};
use crate::map::segments::{EpochCheck, SpanBatch, Window, documents_from_request};
use crate::proto::{ExportRequest, UnreadSpan};

/// A span between two good ones; the good ones must come through.
fn among_neighbours(bad: Value, settings: &MapSettings) -> SpanBatch {
    let good = |id: &str| span(json!({ "spanId": id }));
    let spans = [good("00000000000000b1"), bad, good("00000000000000b2")];
    let batch = batch_of(&request(&json!({}), &spans), settings);
    let ids: Vec<Value> = texts(&batch).iter().map(|d| d["id"].clone()).collect();
    assert!(ids.contains(&json!("00000000000000b1")) && ids.contains(&json!("00000000000000b2")));
    assert_eq!(batch.span_count, 3);
    batch
}

fn reason(bad: Value) -> String {
    let batch = among_neighbours(bad, &MapSettings::default());
    assert_eq!(batch.owners, [0, 2]);
    let [refusal] = batch.refusals.as_slice() else {
        panic!("{:?}", batch.refusals)
    };
    assert_eq!(refusal.ordinal, 1);
    refusal.reason.to_string()
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (
            json!({"traceId": ""}),
            "`trace_id`: expected 16 bytes that are not all zero, found none",
        ),
        (
            json!({"traceId": null}),
            "`trace_id`: expected 16 bytes that are not all zero, found none",
        ),
        (
            json!({"traceId": "00000000000000000000000000000000"}),
            "`trace_id`: expected 16 bytes that are not all zero, found zeros",
        ),
        (
            json!({"traceId": "6955b900"}),
            "`trace_id`: expected 16 bytes that are not all zero, found 4 bytes",
        ),
        (
            json!({"spanId": ""}),
            "`span_id`: expected 8 bytes that are not all zero, found none",
        ),
        (
            json!({"spanId": "0000000000000000"}),
            "`span_id`: expected 8 bytes that are not all zero, found zeros",
        ),
        (
            json!({"parentSpanId": "ab"}),
            "`parent_span_id`: expected 8 bytes or none, found 1 bytes",
        ),
        (
            json!({"startTimeUnixNano": "0"}),
            "`start_time_unix_nano`: missing",
        ),
        (
            json!({"startTimeUnixNano": "9223372036854775808"}),
            "`start_time_unix_nano`: beyond the year 2262",
        ),
        (
            json!({"endTimeUnixNano": "18446744073709551615"}),
            "`end_time_unix_nano`: beyond the year 2262",
        ),
    ];
    for (members, expected) in cases {
        assert_eq!(reason(span(members)), expected);
    }
    assert!(reason(json!(7)).starts_with("not valid OTLP/JSON: invalid type: integer `7`"));
    assert!(reason(span(json!({"spanId": "xx"}))).contains("expected an id in hex, found `xx`"));
    assert!(
        reason(span(json!({"kind": "NO_KIND"}))).contains("`NO_KIND` is no value of this enum")
    );
    assert!(reason(span(json!({"startTimeUnixNano": "soon"}))).contains("expected an integer"));
}

#[test]
fn a_parent_of_zeros_is_none() {
    let document = super::document_of(json!({"parentSpanId": "0000000000000000"}));
    assert!(document.get("parent_id").is_none());
}

#[test]
fn a_large_span_is_refused_alone() {
    let settings = MapSettings {
        span_bytes_max: 1_000,
        ..MapSettings::default()
    };
    let large = span(json!({"attributes": {"text": "x".repeat(2_000)}}));
    let batch = among_neighbours(large, &settings);
    let reason = batch.refusals[0].reason.to_string();
    assert!(reason.ends_with("at most 1000 are taken"), "{reason}");
}

#[test]
fn times_outside_the_window_are_refused() {
    let settings = MapSettings {
        window: Some(Window {
            age_max: std::time::Duration::from_secs(3_600),
            ahead_max: std::time::Duration::from_secs(600),
        }),
        ..MapSettings::default()
    };
    let starting = |secs: i64| {
        let start = (NOW.secs() + secs).to_string() + "000000000";
        among_neighbours(span(json!({"startTimeUnixNano": start})), &settings)
    };
    assert_eq!(starting(-3_600).refusals.len(), 0);
    assert_eq!(
        starting(-3_601).refusals[0].reason.to_string(),
        "`start_time_unix_nano`: too long ago"
    );
    assert_eq!(starting(600).refusals.len(), 0);
    assert_eq!(
        starting(601).refusals[0].reason.to_string(),
        "`start_time_unix_nano`: too far in the future"
    );
}

#[test]
fn random_trace_ids_are_taken_unless_the_check_is_on() {
    let random = || span(json!({"traceId": "ffeeddccbbaa99887766554433221100"}));
    let with = |epoch_check| MapSettings {
        epoch_check,
        ..MapSettings::default()
    };
    let off = among_neighbours(random(), &with(EpochCheck::Off));
    assert_eq!((off.refusals.len(), off.warnings.len()), (0, 0));
    let warn = among_neighbours(random(), &with(EpochCheck::Warn));
    assert_eq!((warn.refusals.len(), warn.warnings.len()), (0, 1));
    let reject = among_neighbours(random(), &with(EpochCheck::Reject));
    assert_eq!(
        reject.refusals[0].reason.to_string(),
        "`trace_id`: its time part is more than 5 minutes ahead"
    );
    let old = span(json!({"traceId": "00000001bbaa99887766554433221100"}));
    let reject = among_neighbours(old, &with(EpochCheck::Reject));
    assert!(reject.refusals[0].reason.to_string().contains("28 days"));
}

#[test]
fn a_bad_link_costs_itself_only() {
    let links = json!([
        {"traceId": TRACE, "spanId": PARENT, "attributes": [{"key": "n", "value": {"intValue": "1"}}]},
        {"traceId": TRACE, "spanId": ""},
        {"traceId": "00000000000000000000000000000000", "spanId": PARENT},
    ]);
    let batch = among_neighbours(span(json!({ "links": links })), &MapSettings::default());
    assert_eq!(batch.refusals, []);
    assert_eq!(
        batch.warnings[0].to_string(),
        "span 00000000000000a1: 2 links with invalid ids left out"
    );
    assert_eq!(
        texts(&batch)[1]["links"],
        json!([{"trace_id": "1-6955b900-b475d14618c51eaa28753d37", "id": PARENT, "attributes": {"n": 1}}])
    );
}

/// Protobuf: a span that is cut off, one whose text is no UTF-8, and one nested too deep, between good
/// ones.
#[test]
fn bytes_that_are_no_span_cost_that_span_only() {
    let good = prost::Message::encode_to_vec(&crate::proto::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: 1,
        ..Default::default()
    });
    let cut = good[..good.len() - 3].to_vec();
    let mut not_text = good.clone();
    not_text.extend([0x2a, 2, 0xff, 0xfe]);
    let mut value = crate::proto::AnyValue::default();
    for _ in 0..200 {
        let values = vec![value];
        let array = crate::proto::ArrayValue { values };
        value = crate::proto::AnyValue {
            value: Some(crate::proto::Value::Array(array)),
        };
    }
    let mut deep: crate::proto::Span = prost::Message::decode(good.as_slice()).unwrap();
    deep.attributes.push(crate::proto::KeyValue {
        key: "deep".to_owned(),
        value: Some(value),
    });
    let deep = prost::Message::encode_to_vec(&deep);
    let field = |tag: u8, bytes: &[u8]| {
        let mut field = vec![tag << 3 | 2];
        prost::encoding::encode_varint(bytes.len() as u64, &mut field);
        field.extend_from_slice(bytes);
        field
    };
    let spans: Vec<u8> = [&good, &cut, &not_text, &deep, &good]
        .iter()
        .flat_map(|span| field(2, span))
        .collect();
    let request = field(1, &field(2, &spans));
    let request = ExportRequest::from_protobuf(request.into()).unwrap();
    assert_eq!(request.span_count(), 5);
    let batch = documents_from_request(&request, &MapSettings::default(), NOW);
    assert_eq!(batch.owners, [0, 4]);
    let reasons: Vec<String> = batch
        .refusals
        .iter()
        .map(|r| r.reason.to_string())
        .collect();
    let all = "not a valid protobuf message: failed to decode Protobuf message: ";
    assert!(
        reasons.iter().all(|reason| reason.starts_with(all)),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("UTF-8"), "{}", reasons[1]);
    assert!(reasons[2].contains("recursion limit"), "{}", reasons[2]);
    assert!(ExportRequest::from_protobuf(vec![0x0a, 0x7f].into()).is_err());
}

#[test]
fn deep_json_is_refused_and_deep_values_that_are_read_become_documents() {
    let nested = |depth: usize| {
        let mut value = json!({"stringValue": "x"});
        for _ in 0..depth {
            value = json!({"arrayValue": {"values": [value]}});
        }
        span(json!({"attributes": [{"key": "deep", "value": value}]}))
    };
    assert!(reason(nested(60)).contains("recursion limit"));
    let batch = among_neighbours(nested(38), &MapSettings::default());
    assert_eq!(batch.refusals, []);
    texts(&batch).iter().for_each(super::accepted_by_the_model);
}

#[test]
fn a_span_says_how_many_bytes_it_has() {
    let request = request(&json!({}), &[span(json!({}))]);
    let request = ExportRequest::from_json(request.to_string().as_bytes()).unwrap();
    let UnreadSpan::Json(text) = &request.resource_spans[0].scope_spans[0].spans[0] else {
        panic!()
    };
    assert_eq!(
        text.get().len(),
        request.resource_spans[0].scope_spans[0].spans[0].byte_count()
    );
}
