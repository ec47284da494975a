//! Annotations and metadata (otlp.md 5.8, 8).

use serde_json::{Value, json};

use super::{
    MapSettings, PARENT, document_of, document_on, documents, documents_of, request, span,
};
use crate::map::segments::{IndexedKeys, Profile};

fn endpoint() -> MapSettings {
    MapSettings {
        profile: Profile::Endpoint,
        ..MapSettings::default()
    }
}

#[test]
fn what_is_indexed_is_an_annotation_and_the_rest_metadata() {
    let document = document_of(json!({"parentSpanId": PARENT, "attributes": {
        "aws.local.operation": "GET /", "tenant": "acme", "count": 3, "ratio": 0.5, "on": true,
        "list": ["a"], "aws.xray.annotations": ["tenant", "count", "ratio", "on", "list", "absent"],
        "other": "x", "empty": {}, "bytes": {"bytesValue": "AQID"},
        "nan": {"doubleValue": "NaN"},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": "1"}}]}},
    }}));
    assert_eq!(
        document["annotations"],
        json!({"aws.local.operation": "GET /", "count": 3, "on": true, "ratio": 0.5, "tenant": "acme"})
    );
    assert_eq!(
        document["metadata"],
        json!({"default": {"list": ["a"], "other": "x", "bytes": "AQID", "nan": "NaN", "map": {"k": 1}}})
    );
}

#[test]
fn numbers_stay_exact() {
    let document = document_of(json!({"attributes": {"big": i64::MAX, "small": i64::MIN}}));
    let metadata = document["metadata"]["default"].to_string();
    assert!(metadata.contains("9223372036854775807") && metadata.contains("-9223372036854775808"));
}

#[test]
fn settings_index_more() {
    let members = || {
        json!({"parentSpanId": PARENT, "attributes":
        {"http.method": "GET", "tenant": "a", "list": ["x"]}})
    };
    let some = MapSettings {
        indexed_attributes: IndexedKeys::new([
            "http.method".to_owned(),
            "otel.resource.zone".to_owned(),
        ]),
        ..MapSettings::default()
    };
    let document = documents_of(members(), &some).remove(0);
    // Used up by `http`, and put back.
    assert_eq!(document["annotations"], json!({"http.method": "GET"}));
    let root = request(&json!({"zone": "a", "rack": "b"}), &[span(json!({}))]);
    let root = documents(&root, &some).remove(0);
    assert_eq!(root["annotations"], json!({"otel.resource.zone": "a"}));
    assert_eq!(
        root["metadata"],
        json!({"default": {"otel.resource.rack": "b"}})
    );
    let all = MapSettings {
        index_all_attributes: true,
        ..MapSettings::default()
    };
    let document = documents_of(members(), &all).remove(0);
    assert_eq!(document["annotations"], json!({"tenant": "a"}));
    assert_eq!(document["metadata"], json!({"default": {"list": ["x"]}}));
}

#[test]
fn a_key_used_up_is_not_indexed_by_the_span_itself() {
    let document = document_of(json!({"attributes":
        {"http.method": "GET", "aws.xray.annotations": ["http.method"]}}));
    assert!(document.get("annotations").is_none());
}

#[test]
fn keys_of_annotations_are_cleaned_and_the_first_of_equal_ones_stays() {
    let members = || {
        json!({"attributes": {"a.b": 1, "a-b": 2, "a:b": 3, "a_b": 4,
        "aws.xray.annotations": ["a.b", "a-b", "a:b", "a_b"]}})
    };
    assert_eq!(
        document_of(members())["annotations"],
        json!({"a_b": 2, "a.b": 1})
    );
    let without_dots = MapSettings {
        annotation_dots: false,
        ..MapSettings::default()
    };
    let document = documents_of(members(), &without_dots).remove(0);
    assert_eq!(document["annotations"], json!({"a_b": 2}));
}

#[test]
fn metadata_of_a_namespace_comes_as_json_text() {
    let document = document_of(json!({"parentSpanId": PARENT, "attributes": {
        "aws.xray.metadata.billing": r#"{"plan": {"id": 7}}"#,
        "aws.xray.metadata.Default": r#" { "extra": [1, 2] } "#,
        "aws.xray.metadata.empty": "{}",
        "aws.xray.metadata.broken": "{",
        "aws.xray.metadata.list": "[1]",
        "plain": "x",
    }}));
    assert_eq!(
        document["metadata"],
        json!({
            "default": {
                "extra": [1, 2], "plain": "x",
                "aws.xray.metadata.broken": "{", "aws.xray.metadata.list": "[1]",
            },
            "billing": {"plan": {"id": 7}},
            "empty": {},
        })
    );
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(400), "]".repeat(400));
    let document = document_of(json!({"attributes": {"aws.xray.metadata.deep": deep}}));
    assert!(document["metadata"]["default"]["aws.xray.metadata.deep"].is_string());
}

#[test]
fn what_blocks_use_up_is_kept_unless_they_say_it() {
    let members = || {
        json!({"kind": 3, "parentSpanId": PARENT, "attributes": {
        "db.system": "redis", "net.peer.name": "r", "rpc.service": "S", "aws.request_id": "R",
        "enduser.id": "u", "http.method": "GET", "http.url": "http://h/", "http.scheme": "http"}})
    };
    let kept = document_of(members());
    assert_eq!(
        kept["metadata"],
        json!({"default": {"db.system": "redis", "net.peer.name": "r", "rpc.service": "S", "http.scheme": "http"}})
    );
    let as_reference = MapSettings {
        keep_consumed: false,
        ..MapSettings::default()
    };
    let document = documents_of(members(), &as_reference).remove(0);
    assert_eq!(
        document["metadata"],
        json!({"default": {"db.system": "redis", "rpc.service": "S"}})
    );
    assert_eq!(document["user"], "u");
}

#[test]
fn resources_stand_on_segments() {
    let shown = |members: Value| {
        let document = document_on(json!({"service.name": "s", "k": "v"}), members);
        document["metadata"]["default"]["otel.resource.k"].clone()
    };
    assert_eq!(shown(json!({"kind": 2, "parentSpanId": PARENT})), "v");
    assert_eq!(shown(json!({"kind": 1})), "v");
    assert_eq!(
        shown(json!({"kind": 1, "parentSpanId": PARENT})),
        Value::Null
    );
    // Our choice, the reference leaves it out here.
    let local_root = json!({"aws.span.kind": "LOCAL_ROOT"});
    assert_eq!(
        shown(json!({"kind": 1, "parentSpanId": PARENT, "attributes": local_root})),
        "v"
    );
}

#[test]
fn of_equal_keys_the_last_counts() {
    let pair = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let few = json!([pair("k", "1"), pair("k", "2"), pair("http.method", "GET"),
        pair("http.method", "PUT"), {"key": "k"}]);
    let document = document_of(json!({ "attributes": few }));
    assert_eq!(document["metadata"]["default"]["k"], "2");
    assert_eq!(document["http"]["request"]["method"], "PUT");
    let many: Vec<Value> = (0..100)
        .map(|n| pair(&format!("k{}", n % 40), &n.to_string()))
        .collect();
    let document = document_of(json!({"parentSpanId": PARENT, "kind": 1, "attributes": many}));
    let metadata = document["metadata"]["default"].as_object().unwrap();
    assert_eq!(metadata.len(), 40);
    assert_eq!(
        (&metadata["k0"], &metadata["k39"]),
        (&json!("80"), &json!("79"))
    );
}

#[test]
fn the_endpoint_shows_attributes_under_their_own_names() {
    let members = || {
        json!({"kind": 3, "name": "GET", "parentSpanId": PARENT, "attributes": {
        "http.url": "http://h/", "http.method": "GET", "aws.local.service": "shop",
        "aws.span.kind": "CLIENT", "aws.s3.bucket": "b", "aws.region": "r", "list": ["x"]}})
    };
    let document = documents_of(members(), &endpoint()).remove(0);
    assert_eq!(
        document["annotations"],
        json!({"aws.local.service": "shop", "span.kind": "CLIENT", "span.name": "GET"})
    );
    assert_eq!(
        document["metadata"],
        json!({"service.name": "shop", "http.url": "http://h/", "http.method": "GET",
            "aws.span.kind": "CLIENT", "aws.s3.bucket": "b", "aws.region": "r", "list": ["x"]})
    );
    assert_eq!(
        document["aws"],
        json!({"region": "r", "span.kind": "CLIENT", "s3.bucket": "b", "bucket_name": "b",
            "local.service": "shop"})
    );
    assert_eq!(document["http"]["request"]["url"], "http://h/");
}

#[test]
fn the_endpoint_makes_a_service_of_a_call_at_the_border() {
    let members = json!({"kind": 3, "name": "GET", "attributes": {
        "aws.span.kind": "LOCAL_ROOT", "aws.local.service": "shop", "http.method": "GET"}});
    let all = documents_of(members, &endpoint());
    assert_eq!(
        all[0]["annotations"],
        json!({"aws.local.service": "shop", "span.kind": "SERVER", "span.name": "InternalOperation"})
    );
    assert_eq!(all[0]["metadata"], json!({"service.name": "shop"}));
    assert_eq!(all[1]["annotations"]["span.name"], "GET");
    assert_eq!(all[1]["metadata"]["http.method"], "GET");
}
