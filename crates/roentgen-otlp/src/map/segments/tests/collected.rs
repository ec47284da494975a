//! Requests and results collected elsewhere; skipped, and said so, where their folder is absent. The
//! same ground is covered by our own inputs in the other files.

use std::path::Path;

use base64::Engine;
use roentgen_model::document::DocumentSettings;
use roentgen_model::document::compile::compile;
use roentgen_model::{Stamp, TraceId};
use serde_json::{Value, json};

use super::{MapSettings, NOW, attributes, documents, texts};
use crate::map::segments::{EpochCheck, Profile, SpanBatch, documents_from_request};
use crate::proto::ExportRequest;

/// A collected file; `None` where the folder is absent.
fn shared(name: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    if !folder.is_dir() {
        eprintln!("skipped: the folder of collected fixtures is absent");
        return None;
    }
    Some(std::fs::read(folder.join(name)).unwrap())
}

fn synthetic(settings: &MapSettings) -> Option<SpanBatch> {
    let bytes = shared("otlp-synthetic/traces.pb")?;
    let request = ExportRequest::from_protobuf(bytes.into()).unwrap();
    Some(documents_from_request(&request, settings, NOW))
}

#[test]
fn the_synthetic_request_is_the_same_in_protobuf_and_json() {
    let settings = MapSettings::default();
    let (Some(protobuf), Some(json)) = (synthetic(&settings), shared("otlp-synthetic/traces.json"))
    else {
        return;
    };
    let json = documents_from_request(&ExportRequest::from_json(&json).unwrap(), &settings, NOW);
    assert_eq!(protobuf.documents.len(), 11);
    assert_eq!(protobuf.documents, json.documents);
    assert_eq!(protobuf.owners, json.owners);
    assert!(protobuf.refusals.is_empty() && protobuf.warnings.is_empty());
}

/// otlp.md 11, rows 2 to 8.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn the_synthetic_spans_become_what_the_table_says() {
    let Some(batch) = synthetic(&MapSettings::default()) else {
        return;
    };
    let all = texts(&batch);
    let of = |id: &str| all.iter().find(|document| document["id"] == id).unwrap();
    let is = |document: &Value, expected: Value| {
        for (pointer, value) in expected.as_object().unwrap() {
            assert_eq!(
                document.pointer(pointer),
                Some(value),
                "{pointer} of {document}"
            );
        }
    };
    let lacks = |document: &Value, pointers: &[&str]| {
        for pointer in pointers {
            assert_eq!(document.pointer(pointer), None, "{pointer} of {document}");
        }
    };
    let a1 = of("00000000000000a1");
    is(
        a1,
        json!({
            "/name": "checkout", "/fault": true, "/error": false, "/user": "u-17",
            "/http/request/url": "https://shop.example.com/orders/42?dry=1",
            "/http/request/client_ip": "203.0.113.7", "/http/request/method": "POST",
            "/http/response/status": 500, "/annotations/tenant": "acme",
            "/origin": "AWS::ECS::Fargate",
            "/aws/cloudwatch_logs": [{
                "arn": "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/checkout",
                "log_group": "/ecs/checkout",
            }],
            "/cause/exceptions/0/type": "OrderError",
            "/cause/exceptions/0/stack": [
                {"path": "/srv/pay.py", "line": 3, "label": "pay"},
                {"path": "/srv/app.py", "line": 10, "label": "handle"},
            ],
        }),
    );
    lacks(a1, &["/type", "/namespace"]);
    is(
        of("00000000000000a3"),
        json!({
            "/name": "inventory", "/type": "subsegment", "/namespace": "remote", "/error": true,
            "/throttle": true, "/fault": false,
        }),
    );
    is(
        of("00000000000000a4"),
        json!({
            "/name": "DynamoDB", "/namespace": "aws", "/aws/operation": "GetItem",
            "/aws/region": "us-west-2", "/aws/table_name": "orders", "/aws/request_id": "REQ123",
        }),
    );
    is(
        of("00000000000000a5"),
        json!({
            "/name": "shop@db.internal", "/sql/database_type": "postgresql", "/sql/user": "app",
            "/sql/connection_string": "jdbc:postgresql://db.internal:5432/shop",
            "/sql/sanitized_query": "SELECT * FROM orders WHERE id=?",
        }),
    );
    is(
        of("00000000000000a6"),
        json!({
            "/sql/database_type": "mysql", "/sql/sanitized_query": "SELECT 1",
        }),
    );
    is(
        of("00000000000000a7"),
        json!({
            "/name": "SQS", "/namespace": "aws", "/type": "subsegment",
            "/aws/queue_url": "https://sqs.us-west-2.amazonaws.com/123456789012/orders",
        }),
    );
    let a8 = of("00000000000000a8");
    is(
        a8,
        json!({
            "/name": "pay.Payments", "/namespace": "remote", "/fault": true,
            "/cause/exceptions/0/message": "unavailable",
        }),
    );
    lacks(a8, &["/cause/exceptions/0/remote"]);
    let call = of("00000000000000b1");
    is(
        call,
        json!({"/name": "AWS::SQS", "/namespace": "remote", "/type": "subsegment"}),
    );
    lacks(call, &["/links"]);
    let worker = all
        .iter()
        .find(|document| document["name"] == "worker")
        .unwrap();
    is(
        worker,
        json!({"/id": call["parent_id"], "/links/0/id": "00000000000000a7"}),
    );
    lacks(worker, &["/type", "/namespace"]);
}

/// otlp.md 11, row 9.
#[test]
fn the_synthetic_random_id_is_refused_when_the_check_says_so() {
    let settings = MapSettings {
        epoch_check: EpochCheck::Reject,
        ..MapSettings::default()
    };
    let Some(batch) = synthetic(&settings) else {
        return;
    };
    let refused: Vec<&str> = batch.refusals.iter().map(|r| r.span_id.as_str()).collect();
    assert_eq!(refused, ["00000000000000c1"]);
}

/// otlp.md 11, row 10: what a Lambda layer sends is the same request.
#[test]
fn the_captured_datagram_holds_the_synthetic_request() {
    let Some(datagram) = shared("aws-wire-captures/otlp-udp-t1s.datagram") else {
        return;
    };
    let text = std::str::from_utf8(&datagram).unwrap();
    let payload = text.split_once("\nT1S").unwrap().1.trim();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(payload)
        .unwrap();
    let request = ExportRequest::from_protobuf(bytes.into()).unwrap();
    let settings = MapSettings {
        profile: Profile::Endpoint,
        ..MapSettings::default()
    };
    let batch = documents_from_request(&request, &settings, NOW);
    assert_eq!(batch.documents, synthetic(&settings).unwrap().documents);
    assert_eq!(batch.documents.len(), 11);
}

/// A trace as clients see it: nested, with its inferred segments.
fn compiled(request: &Value, settings: &MapSettings) -> Vec<Value> {
    let documents: Vec<String> = documents(request, settings)
        .iter()
        .map(Value::to_string)
        .collect();
    let first = &documents[0];
    let parsed =
        roentgen_model::document::parse(first.as_bytes(), NOW, &DocumentSettings::default());
    let trace_id: TraceId = parsed[0].outcome.as_ref().unwrap().trace_id;
    let stamped: Vec<_> = (1..)
        .map(Stamp)
        .zip(documents.iter().map(String::as_str))
        .collect();
    let compiled = compile(trace_id, &stamped).segments;
    let parse = |(_, text): &(_, String)| serde_json::from_str(text).unwrap();
    compiled.iter().map(parse).collect()
}

/// The segments that a template expects, its placeholders replaced.
fn template(name: &str, placeholders: &[(&str, &str)]) -> Option<Vec<Value>> {
    let mut text = String::from_utf8(shared(name)?).unwrap();
    for (placeholder, value) in placeholders {
        text = text.replace(&format!("{{{{{placeholder}}}}}"), value);
    }
    assert!(
        !text.contains("{{"),
        "a placeholder of {name} has no value: {text}"
    );
    Some(serde_json::from_str(&text).unwrap())
}

/// True if what is found has what is expected: members, some element per element, texts by pattern.
fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(members), _) => members
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| matches(value, found))),
        (Value::Array(elements), Value::Array(found)) => elements
            .iter()
            .all(|element| found.iter().any(|found| matches(element, found))),
        (Value::String(pattern), Value::String(text)) => {
            regex::Regex::new(pattern).unwrap().is_match(text)
        }
        (Value::String(pattern), other) => regex::Regex::new(pattern)
            .unwrap()
            .is_match(&other.to_string()),
        (expected, found) => expected == found,
    }
}

/// Every segment of the template is one of the trace.
fn assert_matches(name: &str, placeholders: &[(&str, &str)], trace: &[Value]) {
    for expected in template(name, placeholders).into_iter().flatten() {
        assert!(
            trace.iter().any(|found| matches(&expected, found)),
            "{name}: expected {expected:#}\nfound {trace:#?}"
        );
    }
}

/// A span in a trace of the templates: id, parent, kind, name, attributes.
fn traced(id: u8, parent: u8, kind: i32, name: &str, plain: &Value) -> Value {
    let hex = |id: u8| format!("00000000000000{id:02x}");
    let parent = (parent != 0).then(|| hex(parent));
    super::span(
        json!({"spanId": hex(id), "parentSpanId": parent, "kind": kind, "name": name,
        "attributes": attributes(plain)}),
    )
}

fn with(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

const SERVICE: &str = "sample";
const PLACEHOLDERS: &[(&str, &str)] = &[
    ("serviceName", SERVICE),
    ("endpoint", "http://host:8000"),
    ("accountId", "123456789012"),
    ("instanceId", "i-0123456789abcdef0"),
    ("instanceAmi", "ami-1"),
    ("region", "us-west-2"),
    ("testingId", "7"),
    ("platformInfo", "cluster"),
    ("appNamespace", "ns"),
    ("remoteServiceDeploymentName", "remote-dep"),
    ("remoteServiceName", SERVICE),
    ("remoteResourceIdentifier", "db[|]host"),
];

fn on_ec2() -> Value {
    json!({
        "service.name": SERVICE, "cloud.provider": "aws", "cloud.platform": "aws_ec2",
        "cloud.account.id": "123456789012", "cloud.region": "us-west-2",
        "host.id": "i-0123456789abcdef0", "host.image.id": "ami-1", "host.type": "t3.small",
        "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "python",
        "telemetry.sdk.version": "1", "telemetry.auto.version": "0.9", "PlatformType": "AWS::EC2",
    })
}

fn request_of(resource: &Value, spans: &[Value]) -> Value {
    super::request(resource, spans)
}

/// What the Application Signals SDK sets on every span.
fn local(operation: &str) -> Value {
    json!({"aws.local.service": SERVICE, "aws.local.operation": operation,
        "aws.local.environment": "ec2:default", "EC2.InstanceId": "i-0123456789abcdef0",
        "PlatformType": "AWS::EC2"})
}

/// A server span that makes one call.
fn serving(
    operation: &str,
    path: &str,
    call_operation: &str,
    call_name: &str,
    call: &Value,
) -> Vec<Value> {
    let server = with(
        local(operation),
        &json!({
            "aws.span.kind": "LOCAL_ROOT", "http.method": "GET", "http.status_code": 200,
            "http.url": format!("http://host:8000/{path}"), "http.route": path,
        }),
    );
    let client = with(
        local(call_operation),
        &with(json!({"aws.span.kind": "CLIENT"}), call),
    );
    vec![
        traced(1, 0, 2, operation, &server),
        traced(2, 1, 3, call_name, &client),
    ]
}

fn s3_call() -> Value {
    json!({"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "GetBucketLocation",
        "aws.remote.service": "AWS::S3", "aws.remote.operation": "GetBucketLocation",
        "aws.remote.resource.type": "AWS::S3::Bucket",
        "aws.remote.resource.identifier": "e2e-test-bucket-name-7",
        "aws.s3.bucket": "e2e-test-bucket-name-7", "http.status_code": 404})
}

/// otlp.md 11, row 13, profile `collector`.
#[test]
fn results_of_the_agent_are_ours() {
    let settings = MapSettings::default();
    let folder = "aws-application-signals-expected/python/ec2/default";
    let check = |name: &str, spans: &[Value]| {
        let trace = compiled(&request_of(&on_ec2(), spans), &settings);
        assert_matches(
            &format!("{folder}/{name}-trace.mustache"),
            PLACEHOLDERS,
            &trace,
        );
    };
    let path = "aws-sdk-call?ip=1.2.3.4&testingId=7";
    check(
        "aws-sdk-call",
        &serving(
            "GET aws-sdk-call",
            path,
            "GET aws-sdk-call",
            "S3.GetBucketLocation",
            &s3_call(),
        ),
    );
    let www = json!({"http.method": "GET", "http.url": "https://www.amazon.com/", "http.status_code": 200,
        "aws.remote.service": "www.amazon.com", "aws.remote.operation": "GET /"});
    let operation = "GET outgoing-http-call";
    check(
        "outgoing-http-call",
        &serving(operation, "outgoing-http-call", operation, "GET", &www),
    );
}

#[test]
fn a_call_at_the_border_is_the_agents_pair() {
    let call = with(
        local("InternalOperation"),
        &json!({
        "aws.span.kind": "LOCAL_ROOT", "http.method": "GET", "http.url": "http://local-root-client-call/",
        "aws.remote.service": "local-root-client-call", "aws.remote.operation": "GET /"}),
    );
    let spans = [traced(1, 0, 3, "GET", &call)];
    let settings = MapSettings::default();
    let mut trace = compiled(&request_of(&on_ec2(), &spans), &settings);
    // Our choice: a length that nobody told is left out, the agent writes 0.
    for segment in &mut trace {
        if segment["inferred"] == true {
            segment["http"]["response"] = json!({"content_length": 0});
        }
    }
    let name = "aws-application-signals-expected/python/ec2/default/client-call-trace.mustache";
    assert_matches(name, PLACEHOLDERS, &trace);
    let endpoint = MapSettings {
        profile: Profile::Endpoint,
        ..MapSettings::default()
    };
    let trace = compiled(&request_of(&on_ec2(), &spans), &endpoint);
    let name =
        "aws-application-signals-expected/python/ec2/adot-aws-otlp/client-call-trace.mustache";
    assert_matches(name, PLACEHOLDERS, &trace);
}

#[test]
fn calls_of_databases_are_those_of_eks() {
    let resource = json!({
        "service.name": SERVICE, "cloud.provider": "aws", "cloud.platform": "aws_eks",
        "cloud.account.id": "123456789012", "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.language": "python", "telemetry.auto.version": "1",
    });
    let call = json!({"db.system": "mysql", "db.name": "information_schema",
        "db.statement": "SELECT * FROM tables LIMIT 1;", "aws.remote.service": "mysql",
        "aws.remote.operation": "SELECT", "aws.remote.resource.type": "DB::Connection",
        "aws.remote.resource.identifier": "db|host"});
    let spans = serving("GET mysql", "mysql", "GET mysql", "SELECT", &call);
    let trace = compiled(&request_of(&resource, &spans), &MapSettings::default());
    let name = "aws-application-signals-expected/python/eks/rds-mysql-trace.mustache";
    assert_matches(name, PLACEHOLDERS, &trace);
}

#[test]
fn partial_traces_of_adaptive_sampling_are_kept_whole() {
    let server = with(
        local("GET status/<int:code>"),
        &json!({
        "aws.span.kind": "LOCAL_ROOT", "http.method": "GET", "http.status_code": 500,
        "http.url": "http://remote-dep/status/500", "aws.xray.sampling_rule": "RuleA",
        "aws.trace.flag.sampled": false, "aws.xray.adaptive_sampling_configured": true}),
    );
    let spans = [traced(1, 9, 2, "GET status", &server)];
    let trace = compiled(&request_of(&on_ec2(), &spans), &MapSettings::default());
    let name =
        "aws-application-signals-expected/python/ec2/adaptive-sampling/partial-trace.mustache";
    assert_matches(name, PLACEHOLDERS, &trace);
}

/// otlp.md 11, row 13, profile `endpoint`.
#[test]
fn results_of_the_otlp_endpoint_are_ours() {
    let settings = MapSettings {
        profile: Profile::Endpoint,
        ..MapSettings::default()
    };
    let folder = "aws-application-signals-expected/python/ec2/adot-aws-otlp";
    let check = |name: &str, spans: &[Value]| {
        let trace = compiled(&request_of(&on_ec2(), spans), &settings);
        assert_matches(
            &format!("{folder}/{name}-trace.mustache"),
            PLACEHOLDERS,
            &trace,
        );
    };
    let unmapped = "UnmappedOperation";
    let www = json!({"http.method": "GET", "http.url": "https://www.amazon.com/",
        "aws.remote.service": "www.amazon.com", "aws.remote.operation": "GET /"});
    check(
        "outgoing-http-call",
        &serving(
            "GET outgoing-http-call",
            "outgoing-http-call",
            unmapped,
            "GET",
            &www,
        ),
    );
    let mut spans = serving(
        "GET aws-sdk-call",
        "aws-sdk-call",
        unmapped,
        "S3.GetBucketLocation",
        &s3_call(),
    );
    let url = json!({"http.url": "http://host:8000/aws-sdk-call?ip=1.2.3.4&testingId=7",
        "http.route": "aws-sdk-call", "http.method": "GET", "aws.span.kind": "LOCAL_ROOT"});
    spans[0] = traced(
        1,
        0,
        2,
        "GET aws-sdk-call",
        &with(local("GET aws-sdk-call"), &url),
    );
    check("aws-sdk-call", &spans);
}

/// A service that calls another one, which is instrumented too.
fn calling_another(operation: &str, url: &str) -> Vec<Value> {
    let call = json!({"http.method": "GET", "http.url": url, "http.status_code": 200,
        "aws.remote.service": "remote-dep", "aws.remote.operation": "GET /healthcheck"});
    let path = "remote-service?ip=1.2.3.4&testingId=7";
    let mut spans = serving("GET remote-service", path, operation, "GET", &call);
    let route = json!({"aws.span.kind": "LOCAL_ROOT", "http.method": "GET", "http.status_code": 200,
        "http.url": format!("http://host:8000/{path}"), "http.route": "remote-service"});
    let server = with(local("GET remote-service"), &route);
    spans[0] = traced(1, 0, 2, "GET remote-service", &server);
    let called = with(
        local("GET healthcheck"),
        &json!({"aws.span.kind": "LOCAL_ROOT", "http.method": "GET", "http.url": url}),
    );
    spans.push(traced(3, 2, 2, "GET healthcheck", &called));
    spans
}

#[test]
fn two_services_are_two_segments_in_both_profiles() {
    let folder = "aws-application-signals-expected/python/ec2";
    let settings = MapSettings::default();
    let spans = calling_another("GET remote-service", "http://10.0.0.9:8001/healthcheck");
    let trace = compiled(&request_of(&on_ec2(), &spans), &settings);
    let name = format!("{folder}/default/remote-service-trace.mustache");
    assert_matches(&name, PLACEHOLDERS, &trace);
    let settings = MapSettings {
        profile: Profile::Endpoint,
        ..settings
    };
    let spans = calling_another("UnmappedOperation", "http://remote-dep/healthcheck");
    let trace = compiled(&request_of(&on_ec2(), &spans), &settings);
    let name = format!("{folder}/adot-aws-otlp/remote-service-trace.mustache");
    assert_matches(&name, PLACEHOLDERS, &trace);
}

/// The handler's segment; the other segments of the template are Lambda's own.
#[test]
fn the_handler_of_a_function_is_a_service() {
    let settings = MapSettings {
        profile: Profile::Endpoint,
        ..MapSettings::default()
    };
    let resource = json!({"service.name": SERVICE, "cloud.platform": "aws_lambda",
        "telemetry.sdk.language": "python", "telemetry.sdk.name": "opentelemetry"});
    let operation = format!("{SERVICE}/FunctionHandler");
    let lambda = |more: &Value| {
        let base = json!({"aws.local.service": SERVICE, "aws.local.operation": operation,
            "aws.local.environment": "lambda:default"});
        with(base, more)
    };
    let handler = lambda(&json!({"aws.span.kind": "LOCAL_ROOT"}));
    let www = lambda(
        &json!({"aws.remote.service": "aws.amazon.com", "aws.remote.operation": "GET /",
        "http.method": "GET", "http.url": "https://aws.amazon.com/", "http.status_code": 200}),
    );
    let s3 = lambda(
        &json!({"aws.remote.service": "AWS::S3", "aws.remote.operation": "ListBuckets",
        "rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "ListBuckets"}),
    );
    let spans = [
        traced(1, 9, 2, "lambda_function.lambda_handler", &handler),
        traced(2, 1, 3, "GET", &www),
        traced(3, 1, 3, "S3.ListBuckets", &s3),
    ];
    let trace = compiled(&request_of(&resource, &spans), &settings);
    let name =
        "aws-application-signals-expected/python/lambda-lite-sdk/lambda-invoke-trace.mustache";
    let expected = template(name, PLACEHOLDERS).into_iter().flatten();
    for expected in expected.filter(|segment| segment.get("annotations").is_some()) {
        assert!(
            trace.iter().any(|found| matches(&expected, found)),
            "{trace:#?}"
        );
    }
    assert_eq!(trace[0]["origin"], "AWS::Lambda::Function");
}

/// The results of the plain OpenTelemetry SDKs through the collector.
#[test]
fn results_of_the_collector_are_ours() {
    let resource = json!({"service.name": "aws-otel-integ-test", "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.language": "nodejs"});
    let server = |path: &str| {
        json!({"http.method": "GET", "http.status_code": 200,
        "http.url": format!("http://host:8000/{path}")})
    };
    let check = |name: &str, spans: &[Value]| {
        let trace = compiled(&request_of(&resource, spans), &MapSettings::default());
        assert_matches(
            &format!("aws-otel-test-expected/{name}.mustache"),
            PLACEHOLDERS,
            &trace,
        );
    };
    let call = |url: &str, status: i64| json!({"http.method": "GET", "http.url": url, "http.status_code": status});
    let outgoing = |call: &Value| {
        vec![
            traced(1, 0, 2, "GET", &server("outgoing-http-call")),
            traced(2, 1, 3, "HTTP GET", call),
        ]
    };
    check(
        "otelSDKexpectedHTTPTrace",
        &outgoing(&call("https://aws.amazon.com/", 200)),
    );
    let named = with(
        call("http://aws.amazon.com/", 301),
        &json!({"http.host": "aws.amazon.com:80"}),
    );
    check("js/jsAppExpectedHTTPTrace", &outgoing(&named));
    let s3 = json!({"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "ListBuckets",
        "http.status_code": 200});
    let calling = |s3: &Value| {
        vec![
            traced(1, 0, 2, "GET", &server("aws-sdk-call")),
            traced(2, 1, 3, "S3.ListBuckets", s3),
        ]
    };
    check("otelSDKexpectedAWSSDKTrace", &calling(&s3));
    let spring = with(s3, &call("https://s3.us-west-2.amazonaws.com/", 200));
    let nested = [
        traced(1, 0, 2, "GET", &server("aws-sdk-call")),
        traced(2, 1, 1, "Controller.call", &json!({})),
        traced(3, 2, 3, "S3.ListBuckets", &spring),
    ];
    check("springboot/springbootAppExpectedAWSSDKTrace", &nested);
}
