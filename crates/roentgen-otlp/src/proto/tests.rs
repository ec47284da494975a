//! OTLP/JSON (otlp.md 1.3), and that protobuf and JSON read alike.

use serde_json::{Value as Json, json};

use super::{AnyValue, DecodeError, ExportRequest, Span, Value};

fn span(members: &Json) -> Result<Span, String> {
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [members]}]}]});
    let request = ExportRequest::from_json(request.to_string().as_bytes()).unwrap();
    let spans = &request.resource_spans[0].scope_spans[0].spans;
    spans[0].read().map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn value(value: Json) -> Option<Value> {
    let list = json!([{"key": "k", "value": value}]);
    let span = span(&json!({ "attributes": list })).unwrap();
    span.attributes[0]
        .value
        .clone()
        .and_then(|value| value.value)
}

#[test]
fn ids_are_hex_of_any_case_or_base64() {
    let read = |id: Json| span(&json!({"traceId": id})).map(|span| span.trace_id);
    let bytes = (0x10..0x20).collect::<Vec<u8>>();
    assert_eq!(
        read(json!("101112131415161718191A1b1c1d1e1f")),
        Ok(bytes.clone())
    );
    assert_eq!(read(json!("EBESExQVFhcYGRobHB0eHw==")), Ok(bytes));
    assert_eq!(read(json!("")), Ok(Vec::new()));
    assert_eq!(read(Json::Null), Ok(Vec::new()));
    let parent = span(&json!({"parentSpanId": "AQIDBAUGBwg="})).unwrap();
    assert_eq!(parent.parent_span_id, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(
        read(json!("1"))
            .unwrap_err()
            .contains("expected an id in hex, found `1`")
    );
    assert!(read(json!(5)).is_err());
}

#[test]
fn numbers_may_be_texts() {
    let start =
        |value: Json| span(&json!({"startTimeUnixNano": value})).map(|s| s.start_time_unix_nano);
    assert_eq!(start(json!("18446744073709551615")), Ok(u64::MAX));
    assert_eq!(start(json!(18_446_744_073_709_551_615u64)), Ok(u64::MAX));
    let large = start(json!(1.7e18)).unwrap_err();
    assert!(large.contains("expected an integer, found `1700000000000000000`"));
    assert_eq!(start(json!(5.0)), Ok(5));
    assert!(
        start(json!(-1))
            .unwrap_err()
            .contains("`-1` is out of range")
    );
    assert!(start(json!("x")).is_err());
    let flags = |value: Json| span(&json!({"flags": value})).map(|span| span.flags);
    assert_eq!(flags(json!("769")), Ok(769));
    assert_eq!(flags(json!(769)), Ok(769));
    assert!(flags(json!(4_294_967_296u64)).is_err());
}

#[test]
fn enums_are_numbers_and_names_are_tolerated() {
    let kind = |value: Json| span(&json!({"kind": value})).map(|span| span.kind);
    assert_eq!(kind(json!(3)), Ok(3));
    assert_eq!(kind(json!("SPAN_KIND_CONSUMER")), Ok(5));
    assert_eq!(kind(json!("2")), Ok(2));
    assert_eq!(kind(json!(99)), Ok(99));
    assert!(kind(json!("SERVER")).is_err());
    let status = span(&json!({"status": {"code": "STATUS_CODE_ERROR"}})).unwrap();
    assert_eq!(status.status.unwrap().code, 2);
}

#[test]
fn values_are_typed() {
    assert_eq!(
        value(json!({"stringValue": "a\u{1F600}"})),
        Some(Value::String("a\u{1F600}".into()))
    );
    assert_eq!(value(json!({"boolValue": true})), Some(Value::Bool(true)));
    assert_eq!(value(json!({"intValue": "-7"})), Some(Value::Int(-7)));
    assert_eq!(
        value(json!({"intValue": i64::MIN})),
        Some(Value::Int(i64::MIN))
    );
    assert_eq!(value(json!({"doubleValue": 1})), Some(Value::Double(1.0)));
    assert_eq!(
        value(json!({"doubleValue": "-Infinity"})),
        Some(Value::Double(f64::NEG_INFINITY))
    );
    let Some(Value::Double(nan)) = value(json!({"doubleValue": "NaN"})) else {
        panic!()
    };
    assert!(nan.is_nan());
    assert_eq!(
        value(json!({"bytesValue": "AQID"})),
        Some(Value::Bytes(vec![1, 2, 3]))
    );
    assert_eq!(value(json!({})), None);
    assert_eq!(value(json!({"stringValue": null})), None);
    assert_eq!(value(json!({"newValue": [1, {}]})), None);
    let Some(Value::Array(array)) = value(json!({"arrayValue": {"values": [{"intValue": 1}, {}]}}))
    else {
        panic!()
    };
    assert_eq!(array.values[1], AnyValue::default());
    assert!(
        matches!(value(json!({"kvlistValue": {"values": null}})), Some(Value::Map(map)) if map.values.is_empty())
    );
}

#[test]
fn unknown_keys_nulls_and_old_names_are_read() {
    let request = json!({"resourceSpans": [
        {
            "resource": null,
            "instrumentationLibrarySpans": [{
                "instrumentationLibrary": {"name": "lib", "surprise": 1},
                "spans": [{"name": "a", "surprise": {"deep": [1]}, "events": null}],
            }],
            "surprise": true,
        },
        {"scopeSpans": [{"scope": {"name": "new"}, "spans": null}, {"spans": [{}, {}]}]},
    ], "more": null});
    let request = ExportRequest::from_json(request.to_string().as_bytes()).unwrap();
    assert_eq!(request.span_count(), 3);
    assert_eq!(request.resource_spans[0].scope_spans[0].scope.name, "lib");
    assert_eq!(ExportRequest::from_json(b"{}").unwrap().span_count(), 0);
}

#[test]
fn what_is_no_request_is_said() {
    for text in [
        &b""[..],
        b"[]",
        b"{\"resourceSpans\": 1}",
        b"{\"resourceSpans\": [{}",
        b"\xff",
    ] {
        let error = ExportRequest::from_json(text).unwrap_err();
        assert!(matches!(error, DecodeError::Json(_)), "{error}");
    }
    assert_eq!(
        ExportRequest::from_protobuf(bytes::Bytes::new())
            .unwrap()
            .span_count(),
        0
    );
    let cut = ExportRequest::from_protobuf(vec![0x0a, 0x05, 0x12].into());
    assert!(matches!(cut, Err(DecodeError::Protobuf(_))));
}

/// Spans stay slices of the request until they are read.
#[test]
fn a_request_is_not_copied() {
    let span = prost::Message::encode_to_vec(&Span {
        name: "x".repeat(100),
        ..Span::default()
    });
    let wrap = |bytes: &[u8], tag: u8| {
        let mut field = vec![tag << 3 | 2];
        prost::encoding::encode_varint(bytes.len() as u64, &mut field);
        field.extend_from_slice(bytes);
        field
    };
    let bytes = bytes::Bytes::from(wrap(&wrap(&wrap(&span, 2), 2), 1));
    let request = ExportRequest::from_protobuf(bytes.clone()).unwrap();
    let super::UnreadSpan::Protobuf(slice) = &request.resource_spans[0].scope_spans[0].spans[0]
    else {
        panic!()
    };
    assert!(bytes.as_ptr_range().contains(&slice.as_ptr()));
    assert_eq!(
        slice.len(),
        request.resource_spans[0].scope_spans[0].spans[0].byte_count()
    );
}
