//! The acceptance tests of otlp.md 11 that need the whole server: its rows are named at each test. Rows 8
//! and 13 are shown where the mapping is, in `roentgen-otlp`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use roentgen_tests::{
    Documents, Launch, Server, eventually, exchange, http_request, now_secs, python, with_server,
};
use serde_json::{Value, json};

/// The synthetic request is of 2026-01-01.
const KEEPS_IT: [&str; 2] = ["--retention", "36500d"];

const SYNTHETIC: [&str; 3] = [
    "1-6955b900-b475d14618c51eaa28753d37",
    "1-6955b901-000000000000000000000001",
    "1-ffeeddcc-bbaa99887766554433221100",
];

/// A collected file beside the repository; nothing, and that is said, when the folder is absent.
fn collected(name: &str) -> Result<Option<PathBuf>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    if folder.is_dir() {
        return Ok(Some(folder.join(name)));
    }
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    writeln!(
        std::io::stderr(),
        "SKIPPED {test}: the folder of collected requests is absent"
    )?;
    Ok(None)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn post(address: SocketAddr, headers: &[&str], body: &[u8]) -> Result<roentgen_tests::Reply> {
    exchange(address, &http_request("POST", "/v1/traces", headers, body))
}

/// The documents of traces, by id.
fn documents(server: &Server, ids: &[&str]) -> Result<BTreeMap<String, Value>> {
    let answer = server.ask("Traces", &json!({ "TraceIds": ids }))?;
    let traces = answer["Traces"].as_array().context("find the traces")?;
    let segments = traces
        .iter()
        .filter_map(|trace| trace["Segments"].as_array());
    let document = |segment: &Value| {
        let id = segment["Id"].as_str().context("find an id")?;
        let text = segment["Document"].as_str().context("find a document")?;
        Ok((id.to_owned(), serde_json::from_str(text)?))
    };
    segments.flatten().map(document).collect()
}

/// Every entity of documents, by id.
fn entities(documents: &BTreeMap<String, Value>) -> BTreeMap<&str, &Value> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<&Value> = documents.values().collect();
    while let Some(entity) = waiting.pop() {
        found.insert(entity["id"].as_str().unwrap_or_default(), entity);
        waiting.extend(entity["subsegments"].as_array().into_iter().flatten());
    }
    found
}

/// A way in, which is given the folder of the request.
type Way = Box<dyn Fn(&Server, &PathBuf) -> Result<()>>;

fn over_http(file: &'static str, media_type: &'static str, is_packed: bool, is_api: bool) -> Way {
    Box::new(move |server, folder| {
        let mut body = std::fs::read(folder.join(file))?;
        let media_type = format!("Content-Type: {media_type}");
        let mut headers = vec![&*media_type];
        if is_packed {
            body = gzip(&body)?;
            headers.push("Content-Encoding: gzip");
        }
        let port = if is_api {
            server.http()
        } else {
            server.otlp_http()?
        };
        let reply = post(port, &headers, &body)?;
        let is_empty = reply.body.is_null() || reply.body == json!({});
        ensure!(reply.status == 200 && is_empty, "{file}: {reply:?}");
        Ok(())
    })
}

/// Row 1 and, of the answer, what rows 2 to 7 say.
#[test]
fn the_synthetic_request_is_the_same_documents_by_each_way() -> Result<()> {
    let (Some(folder), Some(clients)) = (collected("otlp-synthetic")?, python()?) else {
        return Ok(());
    };
    let over_grpc = |compression: &'static str| -> Way {
        let clients = clients.clone();
        Box::new(move |server, folder| {
            let mut command = clients.command("python/otlp_grpc.py");
            command.arg(server.otlp_grpc()?.to_string());
            command.arg(folder.join("traces.pb")).arg(compression);
            let answer = clients.run(&mut command)?;
            ensure!(answer.trim().is_empty(), "refused: {answer}");
            Ok(())
        })
    };
    let ways = [
        over_http("traces.json", "application/json", false, false),
        over_http(
            "traces.json",
            "application/json; charset=utf-8",
            true,
            false,
        ),
        over_http("traces.pb", "application/x-protobuf", false, false),
        over_http("traces.pb", "application/x-protobuf", true, false),
        over_http("traces.pb", "application/x-protobuf", true, true),
        over_grpc("none"),
        over_grpc("gzip"),
    ];
    let mut first: Option<BTreeMap<String, Value>> = None;
    for (number, way) in ways.iter().enumerate() {
        with_server(&KEEPS_IT, |server| {
            way(server, &folder)?;
            let found = documents(server, &SYNTHETIC)?;
            match &first {
                Some(first) => ensure!(*first == found, "way {number} differs: {found:#?}"),
                None => first = Some(found),
            }
            Ok(())
        })?;
    }
    let documents = first.context("find the documents")?;
    let entities = entities(&documents);
    for (id, expected) in synthetic_entities() {
        let entity = entities.get(id).with_context(|| format!("find {id}"))?;
        for (pointer, value) in expected.as_object().into_iter().flatten() {
            let found = entity.pointer(pointer);
            ensure!(found == Some(value), "{id}{pointer} is {found:?}");
        }
    }
    Ok(())
}

/// What rows 2 to 7 say of each span, by JSON pointers.
fn synthetic_entities() -> [(&'static str, Value); 7] {
    [
        (
            "00000000000000a1",
            json!({"/name": "checkout", "/fault": true, "/user": "u-17",
                "/http/request/url": "https://shop.example.com/orders/42?dry=1",
                "/http/request/client_ip": "203.0.113.7", "/origin": "AWS::ECS::Fargate",
                "/aws/cloudwatch_logs/0/log_group": "/ecs/checkout",
                "/cause/exceptions/0/stack/0/label": "pay",
                "/cause/exceptions/0/stack/1/label": "handle"}),
        ),
        (
            "00000000000000a3",
            json!({"/name": "inventory", "/namespace": "remote", "/error": true, "/throttle": true}),
        ),
        (
            "00000000000000a4",
            json!({"/name": "DynamoDB", "/namespace": "aws", "/aws/operation": "GetItem",
                "/aws/region": "us-west-2", "/aws/table_name": "orders"}),
        ),
        (
            "00000000000000a5",
            json!({"/name": "shop@db.internal",
                "/sql/connection_string": "jdbc:postgresql://db.internal:5432/shop"}),
        ),
        ("00000000000000a6", json!({"/sql/database_type": "mysql"})),
        (
            "00000000000000a7",
            json!({"/name": "SQS", "/namespace": "aws",
                "/aws/queue_url": "https://sqs.us-west-2.amazonaws.com/123456789012/orders"}),
        ),
        (
            "00000000000000a8",
            json!({"/name": "pay.Payments", "/namespace": "remote", "/fault": true,
                "/cause/exceptions/0/message": "unavailable"}),
        ),
    ]
}

/// Row 10: by a datagram the documents are those that HTTP gives with the endpoint's profile.
#[test]
fn the_captured_datagram_is_the_same_documents_as_of_the_endpoint() -> Result<()> {
    let (Some(folder), Some(captures)) = (
        collected("otlp-synthetic")?,
        collected("aws-wire-captures")?,
    ) else {
        return Ok(());
    };
    let of_endpoint = Launch::serve()?
        .flags(&KEEPS_IT)
        .settings(&[("ROENTGEN_OTLP_PROFILE", "endpoint")])
        .start()?;
    over_http("traces.pb", "application/x-protobuf", false, false)(&of_endpoint, &folder)?;
    let expected = documents(&of_endpoint, &SYNTHETIC)?;
    of_endpoint.finish(&[])?;
    with_server(&KEEPS_IT, |server| {
        let datagram = std::fs::read(captures.join("otlp-udp-t1s.datagram"))?;
        UdpSocket::bind("127.0.0.1:0")?.send_to(&datagram, server.daemon())?;
        let found = eventually("the datagram's spans", Duration::from_secs(10), || {
            let found = documents(server, &SYNTHETIC)?;
            Ok((found.len() == expected.len()).then_some(found))
        })?;
        ensure!(found == expected, "{found:#?}\nfor\n{expected:#?}");
        let front = &found["00000000000000a1"];
        ensure!(front["annotations"]["span.kind"] == "SERVER", "{front:#}");
        Ok(())
    })
}

/// Row 9: a random trace id is taken, and refused alone where the settings check the time in ids.
#[test]
fn random_trace_ids_are_taken_unless_their_time_is_checked() -> Result<()> {
    let make = Documents::new(1, 60);
    let timely = make.trace_id(1);
    let random = "1-ffeeddcc-bbaa99887766554433221100";
    let start = (now_secs() - 60) * 1_000_000_000;
    let span = |trace_id: &str, id: &str| {
        json!({"traceId": trace_id.replace('-', "")[1..], "spanId": id, "kind": 2, "name": "GET",
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1).to_string()})
    };
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [
        span(random, "00000000000000c1"), span(&timely, "00000000000000c2"),
    ]}]}]});
    for (check, refused) in [("off", 0), ("warn", 0), ("reject", 1)] {
        let server = Launch::serve()?
            .settings(&[("ROENTGEN_OTLP_TRACE_ID_EPOCH_CHECK", check)])
            .start()?;
        let headers = ["Content-Type: application/json"];
        let reply = post(
            server.otlp_http()?,
            &headers,
            request.to_string().as_bytes(),
        )?;
        ensure!(reply.status == 200, "{check}: {reply:?}");
        let answer = &reply.body["partialSuccess"];
        let rejected = answer["rejectedSpans"].as_str().unwrap_or("0");
        ensure!(rejected == refused.to_string(), "{check}: {answer}");
        let says_why = answer["errorMessage"]
            .as_str()
            .is_some_and(|text| !text.is_empty());
        ensure!(says_why == (check != "off"), "{check}: {answer}");
        let found = documents(&server, &[random, &timely])?;
        ensure!(found.len() == 2 - refused, "{check}: {found:?}");
        ensure!(
            found.contains_key("00000000000000c2"),
            "{check}: the neighbour is kept"
        );
        server.finish(&[])?;
    }
    Ok(())
}

/// Row 12.
#[test]
fn what_is_no_request_is_answered_with_its_status() -> Result<()> {
    with_server(&[], |server| {
        let json_type = "Content-Type: application/json";
        let bomb = gzip(&vec![b' '; 64 << 20])?;
        let packed = [json_type, "Content-Encoding: gzip"];
        for port in [server.otlp_http()?, server.http()] {
            let too_large = post(port, &packed, &bomb)?;
            ensure!(too_large.status == 413, "{too_large:?}");
            ensure!(too_large.body["message"].is_string(), "{too_large:?}");
            let foreign = post(port, &["Content-Type: text/xml"], b"<spans/>")?;
            ensure!(
                foreign.status == 415 && foreign.body.is_null(),
                "{foreign:?}"
            );
            let got = exchange(port, &http_request("GET", "/v1/traces", &[json_type], b""))?;
            ensure!(got.status == 405 && got.body.is_null(), "{got:?}");
            let broken = post(port, &[json_type], b"{\"resourceSpans\": [")?;
            ensure!(
                broken.status == 400 && broken.body["code"] == 3,
                "{broken:?}"
            );
            ensure!(broken.body["message"].is_string(), "{broken:?}");
            // Its status is protobuf too.
            let cut = post(
                port,
                &["Content-Type: application/x-protobuf"],
                &[0x0a, 0x7f],
            )?;
            ensure!(cut.status == 400 && cut.body.is_null(), "{cut:?}");
        }
        Ok(())
    })
}

/// Row 11: a document of the X-Ray SDK for Go leaves as 18 spans of one resource.
#[test]
fn the_collected_document_of_go_leaves_as_spans() -> Result<()> {
    let Some(file) = collected("otel-contrib-xray/ddbSample.json")? else {
        return Ok(());
    };
    let mut document: Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let make = Documents::new(1, 60);
    let trace_id = make.trace_id(1);
    let start = document["start_time"].as_f64().context("find its start")?;
    document["trace_id"] = json!(trace_id);
    let now = u32::try_from(now_secs() - 60)?;
    shift(&mut document, f64::from(now) - start);
    with_server(&[], |server| {
        server.put(std::slice::from_ref(&document))?;
        let mut sent = BTreeMap::new();
        sent.insert(String::new(), document.clone());
        let sent = entities(&sent);
        let path = format!("/api/v1/traces/{trace_id}/otlp.json");
        let reply = exchange(server.http(), &http_request("GET", &path, &[], b""))?;
        let resources = reply.body["resourceSpans"].as_array();
        let [resource] = &resources.context("find the resources")?[..] else {
            anyhow::bail!("not one resource: {reply:?}");
        };
        let scopes = resource["scopeSpans"].as_array().into_iter().flatten();
        let spans: Vec<&Value> = scopes
            .flat_map(|scope| scope["spans"].as_array().into_iter().flatten())
            .collect();
        let ids: BTreeSet<&str> = spans
            .iter()
            .filter_map(|span| span["spanId"].as_str())
            .collect();
        ensure!(
            spans.len() == 18 && ids.len() == 18,
            "{} spans",
            spans.len()
        );
        for span in spans {
            let entity = span["spanId"].as_str().and_then(|id| sent.get(id));
            let entity = entity.with_context(|| format!("{span} is of no entity"))?;
            let failed = entity["http"]["response"]["status"].as_i64() >= Some(400)
                || entity["cause"].is_object()
                || entity["fault"] == true
                || entity["error"] == true;
            ensure!(
                (span["status"]["code"] == 2) == failed,
                "{span} for {entity}"
            );
        }
        Ok(())
    })
}

/// Moves every time of a document.
fn shift(entity: &mut Value, seconds: f64) {
    for name in ["start_time", "end_time"] {
        if let Some(time) = entity[name].as_f64() {
            entity[name] = json!(time + seconds);
        }
    }
    for child in entity["subsegments"].as_array_mut().into_iter().flatten() {
        shift(child, seconds);
    }
}
