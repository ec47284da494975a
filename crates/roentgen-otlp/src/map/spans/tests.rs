//! otlp.md 10, row by row, and that no member of a document is lost.

mod every_member;

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::{Conventions, Resource, Span, spans_from_document};
use crate::json::json_from_span;

/// All spans of a document, as OTLP/JSON.
fn spans_by(document: &Value, conventions: Conventions) -> Vec<Value> {
    taken(document, conventions, 0, usize::MAX)
}

fn spans(document: &Value) -> Vec<Value> {
    spans_by(document, Conventions::Stable)
}

fn taken(document: &Value, conventions: Conventions, skip: usize, max: usize) -> Vec<Value> {
    let mut spans = Vec::new();
    let mut take = |resource: &Resource, span: Span| {
        let text = json_from_span(resource, &span);
        spans.push(serde_json::from_str(&text).unwrap());
        if spans.len() < max {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    spans_from_document(&document.to_string(), conventions, skip, &mut take);
    spans
}

/// A segment with these members beside the required ones.
#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn segment(members: Value) -> Value {
    let mut document = json!({
        "id": "a000000000000001",
        "name": "shop",
        "start_time": 10.000000125,
        "end_time": 11.5,
        "trace_id": "1-65f2c0de-00112233445566778899AABB",
    });
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

/// A segment with one subsegment of these members.
#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn calling(members: Value) -> Value {
    let mut child = json!({"id": "a000000000000002", "name": "child", "start_time": 10.5,
        "end_time": 11});
    for (name, value) in members.as_object().unwrap() {
        child[name] = value.clone();
    }
    segment(json!({"subsegments": [child]}))
}

/// The attributes of a list as plain JSON: `{"key": "text", …}`.
fn plain(attributes: &Value) -> Value {
    let value = |value: &Value| {
        let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            // 64-bit integers travel as text.
            "intValue" => value.as_str().unwrap().parse::<i64>().unwrap().into(),
            "arrayValue" => {
                let values = value["values"].as_array().unwrap().iter();
                let only = |value: &Value| value.as_object().unwrap().values().next().cloned();
                values.map(|value| only(value).unwrap()).collect()
            }
            _ => value.clone(),
        }
    };
    let list = attributes.as_array().unwrap().iter();
    let pair = |pair: &Value| {
        (
            pair["key"].as_str().unwrap().to_owned(),
            value(&pair["value"]),
        )
    };
    Value::Object(list.map(pair).collect())
}

fn attributes_of_segment(members: Value) -> Value {
    plain(&spans(&segment(members))[0]["attributes"])
}

fn attributes_of_call(members: Value, conventions: Conventions) -> Value {
    plain(&spans_by(&calling(members), conventions)[1]["attributes"])
}

fn resource(members: Value) -> Value {
    plain(&spans(&segment(members))[0]["resource"]["attributes"])
}

#[test]
fn smallest_segment() {
    let found = spans(&segment(json!({})));
    let expected = json!([{
        "resource": {"attributes": [
            {"key": "cloud.provider", "value": {"stringValue": "unknown"}},
            {"key": "service.name", "value": {"stringValue": "shop"}},
        ]},
        "scope": {},
        "traceId": "65f2c0de00112233445566778899aabb",
        "spanId": "a000000000000001",
        "name": "shop",
        "kind": 2,
        "startTimeUnixNano": "10000000125",
        "endTimeUnixNano": "11500000000",
        "attributes": [],
        "status": {},
    }]);
    assert_eq!(Value::Array(found), expected);
}

#[test]
fn subsegments_are_flattened_in_pre_order_below_what_encloses_them() {
    let leaf = |id: &str| json!({"id": id, "name": id, "start_time": 10.1, "end_time": 10.2});
    let mut first = leaf("a000000000000002");
    first["subsegments"] = json!([leaf("a000000000000003"), leaf("a000000000000004")]);
    let document = segment(json!({
        "parent_id": "b000000000000001",
        "subsegments": [first, {"id": "lost"}, leaf("a000000000000005")],
    }));
    let found = spans(&document);
    let ids = |name: &str| -> Vec<&str> {
        found
            .iter()
            .map(|span| span[name].as_str().unwrap_or(""))
            .map(|id| &id[15..])
            .collect()
    };
    assert_eq!(ids("spanId"), ["1", "2", "3", "4", "5"]);
    assert_eq!(ids("parentSpanId"), ["1", "1", "2", "2", "1"]);
    assert_eq!(found[0]["parentSpanId"], "b000000000000001");
    for span in &found {
        assert_eq!(span["traceId"], found[0]["traceId"]);
        assert_eq!(span["resource"], found[0]["resource"]);
    }
    // The same from a place in the middle, and up to one.
    for skip in 0..=6 {
        for max in 1..=6 {
            let part = taken(&document, Conventions::Stable, skip, max);
            let expected: Vec<Value> = found.iter().skip(skip).take(max).cloned().collect();
            assert_eq!(part, expected, "{skip} {max}");
        }
    }
}

#[test]
fn what_is_no_document_has_no_spans() {
    for text in [
        "",
        "{",
        "[]",
        "7",
        "{}",
        r#"{"trace_id":"1-65f2c0de-00112233445566778899aabb"}"#,
    ] {
        let mut take = |_: &Resource, _: Span| panic!("{text}");
        spans_from_document(text, Conventions::Stable, 0, &mut take);
    }
    for missing in ["id", "name", "start_time", "trace_id"] {
        let mut document = segment(json!({}));
        document.as_object_mut().unwrap().remove(missing);
        assert_eq!(spans(&document), [Value::Null; 0], "{missing}");
    }
    assert_eq!(spans(&segment(json!({"inferred": true}))), [Value::Null; 0]);
}

#[test]
fn deep_nesting_neither_recurses_nor_fails() {
    let (levels, mut text) = (20_000, String::new());
    for level in 0..levels {
        let trace = if level == 0 {
            r#""trace_id":"1-65f2c0de-00112233445566778899aabb","#
        } else {
            ""
        };
        text.push_str(&format!(
            r#"{{{trace}"id":"{level:016x}","name":"n","start_time":1,"subsegments":["#
        ));
    }
    text.push_str(&"]}".repeat(levels));
    let mut count = 0;
    let mut take = |_: &Resource, _: Span| {
        count += 1;
        ControlFlow::Continue(())
    };
    spans_from_document(&text, Conventions::Stable, 0, &mut take);
    assert_eq!(count, levels);
}

#[test]
fn kinds() {
    let of_call = |members: Value| spans(&calling(members))[1]["kind"].clone();
    let with_client = json!({"request": {"client_ip": "10.0.0.1"}});
    assert_eq!(of_call(json!({})), 1);
    assert_eq!(of_call(json!({"namespace": "local"})), 1);
    assert_eq!(of_call(json!({"http": with_client})), 2);
    assert_eq!(
        of_call(json!({"http": with_client, "namespace": "remote"})),
        3
    );
    assert_eq!(of_call(json!({"namespace": "aws"})), 3);
    let of_outer = |members: Value| spans(&segment(members))[0]["kind"].clone();
    assert_eq!(of_outer(json!({"namespace": "remote"})), 2);
    assert_eq!(
        of_outer(json!({"type": "subsegment", "namespace": "remote"})),
        3
    );
    assert_eq!(of_outer(json!({"type": "subsegment"})), 1);
}

#[test]
fn statuses() {
    let of = |members: Value| spans(&segment(members))[0]["status"].clone();
    let http = |status: Value| json!({"http": {"response": {"status": status}}});
    assert_eq!(of(http(json!(399))), json!({}));
    assert_eq!(of(http(json!(400))), json!({"code": 2}));
    assert_eq!(of(json!({"error": true})), json!({"code": 2}));
    assert_eq!(of(json!({"fault": true})), json!({"code": 2}));
    assert_eq!(of(json!({"error": false, "throttle": false})), json!({}));
    assert_eq!(of(json!({"cause": {"exceptions": []}})), json!({"code": 2}));
    let reference = json!({"code": 2, "message": "e000000000000001"});
    assert_eq!(of(json!({"cause": "e000000000000001"})), reference);
    let child = json!({"id": "a000000000000002", "name": "c", "start_time": 10.5,
        "cause": "e000000000000001"});
    let failed = json!({"cause": {"exceptions": []}, "subsegments": [child]});
    assert_eq!(of(failed), reference);
    assert_eq!(of(json!({"subsegments": [child]})), json!({}));
}

#[test]
fn in_progress_has_no_end() {
    let mut document = segment(json!({"in_progress": true}));
    document.as_object_mut().unwrap().remove("end_time");
    let [span] = &spans(&document)[..] else {
        panic!("one span")
    };
    assert_eq!(span["endTimeUnixNano"], "0");
    assert_eq!(
        plain(&span["attributes"]),
        json!({"aws.xray.inprogress": true})
    );
}

#[test]
fn resources() {
    let unknown = json!({"cloud.provider": "unknown", "service.name": "shop"});
    assert_eq!(resource(json!({})), unknown);
    assert_eq!(
        resource(
            json!({"origin": "AWS::ECS::Fargate", "service": {"version": "4", "runtime": "x"},
            "resource_arn": "arn:1",
            "aws": {
                "account_id": "123",
                "ecs": {"container": "c", "container_id": "ci", "availability_zone": "az",
                    "container_arn": "ca", "cluster_arn": "cl", "task_arn": "ta",
                    "task_family": "tf", "launch_type": "fargate"},
                "eks": {"pod": "p", "cluster_name": "cn", "container_id": "other"},
                "xray": {"sdk": "X-Ray for Go", "sdk_version": "1.2", "sampling_rule_name": "r"}}})
        ),
        json!({
            "cloud.provider": "aws", "cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate",
            "service.name": "shop", "service.version": "4", "cloud.account.id": "123",
            "container.name": "c", "cloud.availability_zone": "az", "container.id": "ci",
            "aws.ecs.container.arn": "ca", "aws.ecs.cluster.arn": "cl",
            "aws.ecs.task.arn": "ta", "aws.ecs.task.family": "tf",
            "aws.xray.aws.eks.container_id": "other", "k8s.cluster.name": "cn",
            "k8s.pod.name": "p", "telemetry.sdk.name": "X-Ray for Go",
            "telemetry.sdk.version": "1.2", "telemetry.sdk.language": "Go",
            "aws.xray.resource_arn": "arn:1", "aws.xray.service.runtime": "x",
            "aws.xray.sampling_rule_name": "r",
        })
    );
    assert_eq!(
        resource(json!({"origin": "AWS::ApiGateway::Stage", "aws": {
            "ec2": {"instance_id": "i", "instance_size": "s", "ami_id": "a", "availability_zone": "z"},
            "elastic_beanstalk": {"environment_name": "e", "version_label": "v", "deployment_id": 32},
            "cloudwatch_logs": [{"log_group": "g", "arn": "a"}, {"log_group": "h"}]}})),
        json!({
            "cloud.provider": "aws", "aws.xray.origin": "AWS::ApiGateway::Stage",
            "service.name": "shop",
            "cloud.availability_zone": "z", "host.id": "i", "host.type": "s", "host.image.id": "a",
            "service.namespace": "e", "service.instance.id": "32", "service.version": "v",
            "aws.log.group.arns": ["a"], "aws.log.group.names": ["g", "h"],
        })
    );
}

#[test]
fn language_is_java_where_there_are_exceptions() {
    let sdk = json!({"xray": {"sdk": "X-Ray for Go"}});
    let found =
        resource(json!({"aws": sdk, "cause": {"exceptions": [{"id": "e000000000000001"}]}}));
    assert_eq!(found["telemetry.sdk.language"], "java");
}

#[test]
fn http_by_each_convention() {
    let http = json!({"http": {
        "request": {"method": "GET", "url": "http://u", "user_agent": "a", "client_ip": "1.2.3.4",
            "x_forwarded_for": true, "traced": true},
        "response": {"status": 200, "content_length": 7}}});
    let stable = json!({"http.request.method": "GET", "url.full": "http://u",
        "user_agent.original": "a", "client.address": "1.2.3.4", "aws.xray.x_forwarded_for": true,
        "aws.xray.traced": true, "http.response.status_code": 200, "http.response.body.size": 7});
    let old = json!({"http.method": "GET", "http.url": "http://u", "http.user_agent": "a",
        "http.client_ip": "1.2.3.4", "aws.xray.x_forwarded_for": true, "aws.xray.traced": true,
        "http.status_code": 200, "http.response_content_length": 7});
    assert_eq!(attributes_of_segment(http.clone()), stable);
    assert_eq!(attributes_of_call(http.clone(), Conventions::Old), old);
    let mut both = stable;
    both.as_object_mut()
        .unwrap()
        .extend(old.as_object().unwrap().clone());
    assert_eq!(attributes_of_call(http, Conventions::Both), both);
}

#[test]
fn aws_and_namespace() {
    let call = json!({"namespace": "aws", "name": "S3", "aws": {"account_id": "1",
        "operation": "Get", "region": "r", "request_id": "q", "queue_url": "u", "table_name": "t",
        "retries": 2, "bucket_name": "b", "resource_names": ["x", "y"]}});
    assert_eq!(
        attributes_of_call(call, Conventions::Stable),
        json!({"aws.account_id": "1", "aws.operation": "Get", "aws.region": "r",
            "aws.request_id": "q", "aws.queue_url": "u", "aws.table_name": "t",
            "aws.xray.retries": 2, "aws.service": "S3", "aws.xray.aws.bucket_name": "b",
            "aws.xray.aws.resource_names": ["x", "y"]})
    );
    let local = attributes_of_call(json!({"namespace": "local"}), Conventions::Stable);
    assert_eq!(local, json!({"aws.xray.namespace": "local"}));
    let remote = attributes_of_call(json!({"namespace": "remote"}), Conventions::Stable);
    assert_eq!(remote, json!({"peer.service": "child"}));
}

#[test]
fn sql_by_each_convention() {
    let sql = |url: &str| {
        json!({"sql": {"url": url, "database_type": "PostgreSQL",
        "sanitized_query": "SELECT 1", "user": "u", "driver_version": "1"}})
    };
    let url = "jdbc:postgresql://db:5432/shop";
    assert_eq!(
        attributes_of_call(sql(url), Conventions::Stable),
        json!({"db.system.name": "PostgreSQL", "db.query.text": "SELECT 1", "aws.xray.sql.user": "u",
            "db.namespace": "shop", "aws.xray.sql.url": url, "aws.xray.sql.driver_version": "1"})
    );
    assert_eq!(
        attributes_of_call(sql(url), Conventions::Old),
        json!({"db.system": "PostgreSQL", "db.statement": "SELECT 1", "db.user": "u",
            "db.connection_string": "jdbc:postgresql://db:5432", "db.name": "shop",
            "aws.xray.sql.driver_version": "1"})
    );
    for (url, database) in [
        ("jdbc:postgresql://db:5432/shop?ssl=true", Some("shop")),
        ("jdbc:postgresql://db", None),
        ("mysql://db/", None),
        ("SELECT", None),
    ] {
        let found = attributes_of_call(sql(url), Conventions::Old);
        assert_eq!(
            found.get("db.name").and_then(Value::as_str),
            database,
            "{url}"
        );
        assert_eq!(found["aws.xray.sql.url"], url);
    }
}

#[test]
fn annotations_keep_their_types_and_metadata_its_json() {
    let found = attributes_of_segment(json!({
        "user": "ada",
        "annotations": {"text": "a", "whole": 3, "part": 1.5, "large": 1e300, "yes": true,
            "enduser.id": "other"},
        "metadata": {"default": {"a": [1, {"b": null}]}, "plain": 7},
        "precursor_ids": ["a000000000000009"],
        "unknown": {"member": 1},
    }));
    assert_eq!(
        found,
        json!({"enduser.id": "ada", "aws.xray.precursor_ids": ["a000000000000009"],
            "aws.xray.unknown": r#"{"member":1}"#,
            "aws.xray.metadata.default": r#"{"a":[1,{"b":null}]}"#, "aws.xray.metadata.plain": "7",
            "text": "a", "whole": 3, "part": 1.5, "large": 1e300, "yes": true,
            "aws.xray.annotation.enduser.id": "other",
            "aws.xray.annotations": ["text", "whole", "part", "large", "yes", "enduser.id"]})
    );
}

#[test]
fn exceptions_become_events_at_the_end() {
    let document = segment(
        json!({"cause": {"working_directory": "/srv", "paths": ["/lib"],
        "exceptions": [
            {"id": "e000000000000001", "type": "T", "message": "m", "remote": true, "truncated": 3,
                "skipped": 1, "cause": "e000000000000002",
                "stack": [{"path": "p", "line": 7, "label": "l"}, {"label": "main"}]},
            {"id": "e000000000000002"}]}}),
    );
    let [span] = &spans(&document)[..] else {
        panic!("one span")
    };
    let events = span["events"].as_array().unwrap();
    for event in events {
        assert_eq!(event["name"], "exception");
        assert_eq!(event["timeUnixNano"], "11500000000");
    }
    assert_eq!(
        plain(&events[0]["attributes"]),
        json!({"exception.type": "T", "exception.message": "m",
            "exception.stacktrace": "T: m\n\tat l(p: 7)\n\tat main(<unknown>: <unknown>)",
            "aws.xray.exception.id": "e000000000000001", "aws.xray.exception.remote": true,
            "aws.xray.exception.truncated": 3, "aws.xray.exception.skipped": 1,
            "aws.xray.exception.cause": "e000000000000002"})
    );
    let second = plain(&events[1]["attributes"]);
    assert_eq!(second, json!({"aws.xray.exception.id": "e000000000000002"}));
    let expected =
        json!({"aws.xray.cause.working_directory": "/srv", "aws.xray.cause.paths": ["/lib"]});
    assert_eq!(plain(&span["attributes"]), expected);
}

#[test]
fn links_become_links() {
    let found = spans(&segment(json!({"links": [
        {"trace_id": "1-00000001-000000000000000000000002", "id": "c000000000000001",
            "attributes": {"aws.xray.reserved.reference_type": "parent", "n": 1}},
        {"id": "c000000000000001"}]})));
    assert_eq!(
        found[0]["links"],
        json!([{"traceId": "00000001000000000000000000000002", "spanId": "c000000000000001",
            "attributes": [
                {"key": "aws.xray.reserved.reference_type", "value": {"stringValue": "parent"}},
                {"key": "n", "value": {"intValue": "1"}}]}])
    );
}
