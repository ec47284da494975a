//! OpenTelemetry's requests over the wire: taken on each port, durable, and traces like any other.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Documents, Launch, Server, eventually, exchange, http_request, now_secs};
use serde_json::{Value, json};

const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// Spans of a trace in which `shop` calls `pay`.
fn request(make: &Documents, number: u32) -> Value {
    let trace_id = make.trace_id(number).replace('-', "")[1..].to_owned();
    let start = (now_secs() - 60) * 1_000_000_000;
    let text = |key: &str, text: &str| json!({"key": key, "value": {"stringValue": text}});
    let span = |id: &str, parent: Option<&str>, kind: i32, name: &str, attributes: Vec<Value>| {
        json!({"traceId": trace_id, "spanId": id, "parentSpanId": parent, "kind": kind, "name": name,
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 5_000_000).to_string(),
            "attributes": attributes})
    };
    let call = vec![
        text("http.request.method", "GET"),
        text("url.full", "http://pay/charge"),
    ];
    let of = |service: &str, spans: Vec<Value>| {
        json!({"resource": {"attributes": [text("service.name", service)]},
            "scopeSpans": [{ "spans": spans }]})
    };
    json!({"resourceSpans": [
        of("shop", vec![
            // The child before its parent, as exporters cut batches.
            span("00000000000000a2", Some("00000000000000a1"), 3, "GET", call),
            span("00000000000000a1", None, 2, "GET /", vec![text("http.route", "/")]),
        ]),
        of("pay", vec![span("00000000000000b1", Some("00000000000000a2"), 2, "GET /charge", vec![])]),
    ]})
}

fn send(address: SocketAddr, body: &Value) -> Result<Value> {
    let headers = ["Content-Type: application/json"];
    let request = http_request("POST", "/v1/traces", &headers, body.to_string().as_bytes());
    let reply = exchange(address, &request)?;
    ensure!(reply.status == 200, "{reply:?}");
    Ok(reply.body)
}

fn segments(server: &Server, trace_id: &str) -> Result<Vec<Value>> {
    let answer = server.ask("Traces", &json!({ "TraceIds": [trace_id] }))?;
    let entries = answer["Traces"][0]["Segments"].as_array().cloned();
    let documents = entries.unwrap_or_default();
    let parse = |entry: &Value| -> Result<Value> {
        let text = entry["Document"].as_str().context("find the document")?;
        Ok(serde_json::from_str(text)?)
    };
    documents.iter().map(parse).collect()
}

#[test]
fn spans_are_a_trace_on_every_port_that_takes_them() -> Result<()> {
    let server = Launch::serve()?.start()?;
    let make = Documents::new(1, 60);
    let ports = [server.otlp_http()?, server.http()];
    for (number, port) in (1..).zip(ports) {
        let request = request(&make, number);
        ensure!(send(port, &request)? == json!({}), "everything is taken");
        let trace_id = make.trace_id(number);
        // Acknowledged, so there at once; and nothing of the record beside the documents shows.
        let segments = segments(&server, &trace_id)?;
        let names: Vec<&str> = segments.iter().filter_map(|s| s["name"].as_str()).collect();
        ensure!(
            names.len() == 2 && names.contains(&"shop") && names.contains(&"pay"),
            "{names:?}"
        );
        let shop = segments
            .iter()
            .find(|s| s["name"] == "shop")
            .context("find shop")?;
        ensure!(shop["subsegments"][0]["name"] == "pay", "{shop}");
        ensure!(!shop.to_string().contains("roentgen_otlp"), "{shop}");
        ensure!(send(port, &request)? == json!({}), "a second time too");
        let filter = json!({"StartTime": now_secs() - 600, "EndTime": now_secs() + 1,
            "FilterExpression": "edge(\"shop\", \"pay\")"});
        eventually(
            "the trace to be found by its edge",
            Duration::from_secs(5),
            || {
                let answer = server.ask("TraceSummaries", &filter)?;
                let summaries = answer["TraceSummaries"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let found = summaries
                    .iter()
                    .any(|summary| summary["Id"] == trace_id.as_str());
                Ok(found.then_some(()))
            },
        )?;
    }
    ensure!(
        server.metric("roentgen_otlp_spans_total", "accepted")? >= 12.0,
        "spans are counted"
    );
    server.finish(&[])
}

#[test]
fn a_refused_span_is_named_and_its_neighbours_are_kept() -> Result<()> {
    let server = Launch::serve()?.start()?;
    let make = Documents::new(2, 60);
    let mut request = request(&make, 1);
    request["resourceSpans"][1]["scopeSpans"][0]["spans"][0]["spanId"] = json!("0000000000000000");
    let answer = send(server.otlp_http()?, &request)?;
    ensure!(answer["partialSuccess"]["rejectedSpans"] == "1", "{answer}");
    let message = answer["partialSuccess"]["errorMessage"].to_string();
    ensure!(message.contains("`span_id`"), "{message}");
    ensure!(
        segments(&server, &make.trace_id(1))?.len() == 2,
        "shop and the inferred pay"
    );
    server.finish(&[])
}

#[test]
fn spans_survive_a_kill() -> Result<()> {
    let launch = Launch::serve()?;
    let server = launch.start()?;
    let make = Documents::new(3, 60);
    send(server.otlp_http()?, &request(&make, 1))?;
    let before = segments(&server, &make.trace_id(1))?;
    server.kill()?;
    let server = launch.start()?;
    ensure!(
        segments(&server, &make.trace_id(1))? == before,
        "equal after the restart"
    );
    server.finish(&[])
}

#[test]
fn datagrams_of_lambda_layers_are_traces() -> Result<()> {
    use base64::Engine;
    let server = Launch::serve()?.start()?;
    let make = Documents::new(4, 60);
    let hex = make.trace_id(1).replace('-', "")[1..].to_owned();
    let field = |tag: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).expect("short");
        let varint = if length < 0x80 {
            vec![length]
        } else {
            vec![length, 1]
        };
        [vec![tag << 3 | 2], varint, bytes.to_vec()].concat()
    };
    let bytes = |text: &str| -> Vec<u8> {
        let pair = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
        (0..text.len()).step_by(2).map(pair).collect()
    };
    let start = ((now_secs() - 60) * 1_000_000_000).to_le_bytes();
    let span = [
        field(1, &bytes(&hex)),
        field(2, &[9; 8]),
        field(5, b"handler"),
        vec![6 << 3, 2],
        [&[7 << 3 | 1][..], &start, &[8 << 3 | 1], &start].concat(),
    ];
    let spans = field(1, &field(2, &field(2, &span.concat())));
    let payload = format!(
        "{HEADER}T1S{}",
        base64::engine::general_purpose::STANDARD.encode(spans)
    );
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.send_to(payload.as_bytes(), server.daemon())?;
    let found = eventually("the span to be a segment", Duration::from_secs(5), || {
        let segments = segments(&server, &make.trace_id(1))?;
        Ok(segments.first().cloned())
    })?;
    ensure!(found["annotations"]["span.kind"] == "SERVER", "{found}");
    server.finish(&[])
}

#[test]
fn the_ports_can_be_switched_off() -> Result<()> {
    let server = Launch::serve()?
        .flags(&["--otlp-grpc", "off", "--otlp-http", "off"])
        .start()?;
    ensure!(server.otlp_http().is_err(), "no address is told");
    server.finish(&[])
}

#[test]
fn an_export_comes_in_again_as_the_same_trace() -> Result<()> {
    let launch = Launch::serve()?;
    let server = launch.start()?;
    let make = Documents::new(5, 60);
    let mut call = make.segment(1, 2, "pay", 5, 50);
    call["type"] = json!("subsegment");
    call["namespace"] = json!("remote");
    call["parent_id"] = json!(make.id(1, 1));
    call["fault"] = json!(true);
    call["annotations"] = json!({"aws:id": "x", "count": 2});
    server.put(&[make.segment(1, 1, "shop", 0, 100), call])?;
    send(server.otlp_http()?, &request(&make, 2))?;
    let ids = [make.trace_id(1), make.trace_id(2)];
    let graph = json!({ "TraceIds": ids });
    let before = server.ask("TraceGraph", &graph)?;
    server.finish(&[])?;
    let (status, printed) = launch.export().refused()?;
    ensure!(status.success(), "{printed}");
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("{\"resourceSpans"))
        .collect();
    ensure!(lines.len() == 2, "a line for each trace: {printed}");
    let second = Launch::serve()?.start()?;
    for line in lines {
        ensure!(
            send(second.otlp_http()?, &serde_json::from_str(line)?)? == json!({}),
            "taken"
        );
    }
    for id in &ids {
        ensure!(!segments(&second, id)?.is_empty(), "{id} is there");
    }
    let shop = segments(&second, &ids[0])?;
    let call = &shop[0]["subsegments"][0];
    ensure!(call["name"] == "pay" && call["fault"] == true, "{call}");
    ensure!(
        call["annotations"] == json!({"aws:id": "x", "count": 2}),
        "{call}"
    );
    ensure!(
        second.ask("TraceGraph", &graph)? == before,
        "the graph is the same"
    );
    second.finish(&[])
}
