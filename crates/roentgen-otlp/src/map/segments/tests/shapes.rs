//! Which documents a span gives, their ids, times, names and namespaces (otlp.md 2, 3, 4, 6, 7).

use serde_json::{Value, json};

use super::{MapSettings, PARENT, SPAN, TRACE, document_of, document_on, documents, documents_of};
use super::{request, span};
use crate::map::segments::{LocalRoot, Profile};

const LOCAL_ROOT: &str = "LOCAL_ROOT";

fn is_subsegment(document: &Value) -> bool {
    document["type"] == "subsegment"
}

#[test]
fn kinds_and_parents_decide_about_documents() {
    for kind in 0..=5 {
        for parent in [None, Some(PARENT)] {
            let members = json!({"kind": kind, "parentSpanId": parent});
            let document = document_of(members);
            let expected = kind != 2 && parent.is_some();
            assert_eq!(is_subsegment(&document), expected, "{kind} {parent:?}");
            assert_eq!(document["parent_id"].as_str(), parent);
        }
    }
}

#[test]
fn a_local_root_is_a_segment_or_a_pair() {
    for kind in 0..=5 {
        for parent in [None, Some(PARENT)] {
            let attributes = json!({"aws.span.kind": LOCAL_ROOT, "aws.local.service": "shop"});
            let members = json!({"kind": kind, "parentSpanId": parent, "attributes": attributes});
            let all = documents_of(members, &MapSettings::default());
            if kind == 1 || kind == 2 {
                assert_eq!(all.len(), 1);
                assert_eq!(all[0]["id"], SPAN);
                assert!(!is_subsegment(&all[0]) && all[0].get("namespace").is_none());
                continue;
            }
            let [service, call] = all.as_slice() else {
                panic!("kind {kind}: {all:?}")
            };
            assert_eq!(service["name"], "shop");
            assert_eq!(service["parent_id"].as_str(), parent);
            assert!(service.get("type").is_none() && service.get("namespace").is_none());
            assert_eq!(
                (&call["id"], &call["parent_id"]),
                (&json!(SPAN), &service["id"])
            );
            assert!(is_subsegment(call));
            assert_eq!(call["namespace"], "remote");
        }
    }
}

#[test]
fn the_pair_of_a_consumer_shares_out_what_the_span_says() {
    let members = json!({"kind": 5, "attributes": {
        "aws.span.kind": LOCAL_ROOT, "aws.local.service": "worker",
        "aws.remote.service": "AWS::SQS", "aws.remote.operation": "ReceiveMessage",
        "http.method": "POST", "aws.operation": "ReceiveMessage", "aws.region": "us-west-2",
        "aws.account_id": "123456789012", "aws.request_id": "R", "aws.table_name": "t",
        "aws.queue_url": "q", "messaging.system": "aws_sqs",
    }, "links": [{"traceId": TRACE, "spanId": PARENT}]});
    let all = documents_of(members, &MapSettings::default());
    let (service, call) = (&all[0], &all[1]);
    assert!(service.get("http").is_none() && service.get("aws").is_none());
    assert_eq!(
        service["annotations"],
        json!({"aws.local.service": "worker"})
    );
    assert_eq!(
        service["metadata"],
        json!({"default": {"otel.resource.service.name": "shop"}})
    );
    assert_eq!(service["links"].as_array().unwrap().len(), 1);
    assert!(call.get("links").is_none());
    assert_eq!(call["name"], "AWS::SQS");
    assert_eq!(call["aws"]["queue_url"], "q");
    assert_eq!(
        call["annotations"]["aws.remote.operation"],
        "ReceiveMessage"
    );
    assert_eq!(call["metadata"]["default"]["messaging.system"], "aws_sqs");
    assert_eq!(service["start_time"], call["start_time"]);
}

#[test]
fn a_batch_sent_again_gives_the_same_bytes() {
    let members = json!({"kind": 3, "status": {"code": 2, "message": "no"},
        "attributes": {"aws.span.kind": LOCAL_ROOT, "b": 1, "a": 2}});
    let request = request(&json!({"service.name": "shop"}), &[span(members)]);
    let settings = MapSettings::default();
    let again = super::batch_of(&request, &settings).documents;
    assert_eq!(super::batch_of(&request, &settings).documents, again);
}

#[test]
fn flags_make_a_local_root_only_where_the_setting_says_so() {
    let settings = MapSettings {
        local_root: LocalRoot::AttributeOrFlags,
        ..MapSettings::default()
    };
    let remote = json!({"kind": 5, "parentSpanId": PARENT, "flags": 0x301});
    assert_eq!(documents_of(remote.clone(), &settings).len(), 2);
    assert_eq!(documents_of(remote, &MapSettings::default()).len(), 1);
    let local = json!({"kind": 5, "parentSpanId": PARENT, "flags": 0x101});
    assert_eq!(documents_of(local, &settings).len(), 1);
    let says_no = json!({"kind": 5, "flags": 0x301, "attributes": {"aws.span.kind": "CONSUMER"}});
    assert_eq!(documents_of(says_no, &settings).len(), 1);
}

#[test]
fn ids_and_times_are_kept_to_the_last_digit() {
    let members = json!({"startTimeUnixNano": "1767225600000000001",
        "endTimeUnixNano": 1_767_225_601_500_000_000u64});
    let request = request(&json!({}), &[span(members)]);
    let batch = super::batch_of(&request, &MapSettings::default());
    let text = std::str::from_utf8(&batch.documents[0]).unwrap();
    assert!(text.contains(r#""trace_id":"1-6955b900-b475d14618c51eaa28753d37""#));
    assert!(text.contains(r#""start_time":1767225600.000000001,"end_time":1767225601.5,"#));
    let open = document_of(json!({"endTimeUnixNano": "0"}));
    assert_eq!(open["in_progress"], true);
    assert!(open.get("end_time").is_none());
    let backwards = document_of(json!({"endTimeUnixNano": "1767225599000000000"}));
    assert_eq!(backwards["end_time"].to_string(), "1767225599.0");
    let own_parent = document_of(json!({"parentSpanId": SPAN}));
    assert!(own_parent.get("parent_id").is_none());
}

/// Kind, attributes, and the name and namespace they make of a span `work` of the service `shop`.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn names_and_namespaces_by_rank() {
    let cases: &[(i32, Value, &str, Option<&str>)] = &[
        (2, json!({"aws.local.service": "cart"}), "cart", None),
        (1, json!({"aws.local.service": "cart"}), "work", None),
        (
            1,
            json!({"aws.local.service": "cart", "aws.span.kind": LOCAL_ROOT}),
            "cart",
            None,
        ),
        (
            3,
            json!({"aws.remote.service": "AWS::S3"}),
            "AWS::S3",
            Some("remote"),
        ),
        (
            3,
            json!({"aws.remote.service": "AWS::S3", "rpc.system": "aws-api"}),
            "S3",
            Some("aws"),
        ),
        (
            3,
            json!({"aws.remote.service": "AWS.SDK.S3", "rpc.system": "aws-api"}),
            "S3",
            Some("aws"),
        ),
        (
            5,
            json!({"aws.remote.service": "jobs"}),
            "jobs",
            Some("remote"),
        ),
        (1, json!({"aws.remote.service": "jobs"}), "work", None),
        (
            3,
            json!({"peer.service": "pay", "aws.service": "S3"}),
            "pay",
            Some("remote"),
        ),
        (
            3,
            json!({"service.peer.name": "pay"}),
            "pay",
            Some("remote"),
        ),
        (
            1,
            json!({"aws.service": "S3", "db.name": "d"}),
            "S3",
            Some("aws"),
        ),
        (
            3,
            json!({"db.name": "d", "rpc.service": "R"}),
            "d",
            Some("remote"),
        ),
        (
            3,
            json!({"db.name": "d", "db.connection_string": "jdbc:mysql://u:p@h:3306/x"}),
            "d@h",
            Some("remote"),
        ),
        (
            3,
            json!({"db.namespace": "d", "server.address": "h"}),
            "d@h",
            Some("remote"),
        ),
        (
            3,
            json!({"db.name": "d", "server.address": "h"}),
            "d",
            Some("remote"),
        ),
        (
            3,
            json!({"db.name": "d", "db.connection_string": "Server=h"}),
            "d",
            Some("remote"),
        ),
        (2, json!({"db.name": "d"}), "d", None),
        (2, json!({"rpc.service": "R"}), "shop", None),
        (
            3,
            json!({"rpc.service": "R", "http.host": "h:80"}),
            "R",
            Some("remote"),
        ),
        (
            3,
            json!({"http.host": "h:80", "net.peer.name": "p"}),
            "h:80",
            Some("remote"),
        ),
        (
            3,
            json!({"url.full": "https://h:8443/x?y=z"}),
            "h",
            Some("remote"),
        ),
        (
            3,
            json!({"url.full": "https://[::1]:8443/x"}),
            "::1",
            Some("remote"),
        ),
        (3, json!({"http.url": "http://h:80/x"}), "h", Some("remote")),
        (3, json!({"net.peer.name": "p"}), "p", Some("remote")),
        (3, json!({"server.address": "s"}), "s", Some("remote")),
        (3, json!({}), "work", Some("remote")),
        (4, json!({}), "work", None),
        (5, json!({}), "work", None),
        (
            4,
            json!({"rpc.system": "aws-api", "rpc.service": "SQS"}),
            "SQS",
            Some("aws"),
        ),
    ];
    for (kind, attributes, name, namespace) in cases {
        let members = json!({"kind": kind, "parentSpanId": PARENT, "attributes": attributes});
        let document = document_of(members);
        let found = (document["name"].as_str(), document["namespace"].as_str());
        assert_eq!(found, (Some(*name), *namespace), "{kind} {attributes}");
    }
    let settings = MapSettings {
        producer_is_remote: true,
        ..MapSettings::default()
    };
    let producer = documents_of(json!({"kind": 4, "parentSpanId": PARENT}), &settings);
    assert_eq!(producer[0]["namespace"], "remote");
}

#[test]
fn names_are_cleaned() {
    let name = |name: &str| document_of(json!({ "name": name }))["name"].clone();
    assert_eq!(name("GET /a{b}?c"), "GET /abc");
    assert_eq!(name("größe_ß"), "größe_ß");
    assert_eq!(name("{}"), "span");
    assert_eq!(name(""), "span");
    assert_eq!(name(&"a".repeat(300)), "a".repeat(200));
    assert_eq!(name(&"ß".repeat(300)), "ß".repeat(100));
    // 200 bytes end inside a character here.
    assert_eq!(
        name(&format!("a{}", "ß".repeat(300))),
        format!("a{}", "ß".repeat(99))
    );
}

#[test]
fn a_function_gets_its_origin_at_its_handler() {
    let lambda =
        || json!({"service.name": "f", "cloud.provider": "aws", "cloud.platform": "aws_lambda"});
    let handler = document_on(lambda(), json!({"kind": 2, "parentSpanId": PARENT}));
    assert_eq!(handler["origin"], "AWS::Lambda::Function");
    assert_eq!(handler["name"], "f");
    let inner = document_on(lambda(), json!({"kind": 1, "parentSpanId": PARENT}));
    assert!(inner.get("origin").is_none());
    let off = MapSettings {
        lambda_origin: false,
        ..MapSettings::default()
    };
    let request = request(&lambda(), &[span(json!({"kind": 2}))]);
    assert!(documents(&request, &off)[0].get("origin").is_none());
}

#[test]
fn the_endpoint_names_services_and_calls_its_own_way() {
    let settings = MapSettings {
        profile: Profile::Endpoint,
        ..MapSettings::default()
    };
    let name = |members: Value| documents_of(members, &settings)[0]["name"].clone();
    assert_eq!(name(json!({"kind": 1})), "shop");
    assert_eq!(
        name(json!({"kind": 2, "attributes": {"aws.local.service": "cart"}})),
        "cart"
    );
    assert_eq!(
        name(json!({"kind": 1, "parentSpanId": PARENT, "attributes": {"db.name": "d"}})),
        "work"
    );
    let call = json!({"kind": 3, "parentSpanId": PARENT,
        "attributes": {"aws.remote.service": "AWS::S3"}});
    assert_eq!(name(call), "S3");
    let pair = json!({"kind": 3, "attributes": {"aws.span.kind": LOCAL_ROOT}});
    assert_eq!(name(pair), "shop");
}
