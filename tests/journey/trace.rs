//! A trace from the socket to every answer.

use std::net::UdpSocket;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Documents, Server, eventually, exchange, now_secs, python, with_server};
use serde_json::{Value, json};

/// How soon what was acknowledged must be in every read; generous for a busy machine.
const VISIBLE: Duration = Duration::from_secs(10);

fn send_datagram(server: &Server, document: &Value) -> Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
    socket.send_to(datagram.as_bytes(), server.daemon())?;
    Ok(())
}

/// Returns the documents of `trace_id`, or nothing while it is unknown.
fn documents(server: &Server, trace_id: &str) -> Result<Option<Vec<Value>>> {
    let answer = server.ask("Traces", &json!({ "TraceIds": [trace_id] }))?;
    let Some(trace) = answer["Traces"].get(0) else {
        return Ok(None);
    };
    let segments = trace["Segments"].as_array().context("find the segments")?;
    let parse = |segment: &Value| {
        let document = segment["Document"].as_str().context("find a document")?;
        serde_json::from_str(document).context("parse a document")
    };
    Ok(Some(segments.iter().map(parse).collect::<Result<_>>()?))
}

fn summaries(server: &Server, filter: &str) -> Result<Value> {
    let request = json!({
        "StartTime": now_secs() - 600,
        "EndTime": now_secs() + 60,
        "FilterExpression": filter,
    });
    server.ask("TraceSummaries", &request)
}

#[test]
fn datagram_is_read_back_by_id() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(1, 60);
        let document = make.segment(1, 1, "shop", 0, 250);
        send_datagram(server, &document)?;
        let found = eventually("the trace", VISIBLE, || {
            documents(server, &make.trace_id(1))
        })?;
        ensure!(found.len() == 1, "{found:?}");
        for (member, sent) in document.as_object().context("made as an object")? {
            ensure!(
                found[0][member] == *sent,
                "`{member}`: {} for {sent}",
                found[0][member]
            );
        }
        Ok(())
    })
}

#[test]
fn datagram_is_read_back_by_the_aws_cli() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let make = Documents::new(2, 60);
        send_datagram(server, &make.segment(1, 1, "shop", 0, 250))?;
        let trace_id = make.trace_id(1);
        eventually("the trace", VISIBLE, || documents(server, &trace_id))?;
        let mut command = clients.command("aws");
        command.args(["xray", "batch-get-traces", "--endpoint-url", &server.url()]);
        let answer = clients.run(command.args(["--trace-ids", &trace_id]))?;
        let answer: Value = serde_json::from_str(&answer)?;
        ensure!(answer["Traces"][0]["Id"] == trace_id, "{answer}");
        ensure!(answer["Traces"][0]["Duration"] == 0.25, "{answer}");
        Ok(())
    })
}

/// The worked example of the segment specification: a client, two services, an inferred table.
fn worked_example(make: &Documents) -> Vec<Value> {
    let mut checkout = make.segment(1, 1, "checkout", 0, 400);
    checkout["origin"] = json!("AWS::EC2::Instance");
    checkout["fault"] = json!(true);
    checkout["http"] = json!({
        "request": { "method": "POST", "url": "http://shop.test/checkout" },
        "response": { "status": 502 },
    });
    checkout["annotations"] = json!({ "order": "o-1" });
    checkout["user"] = json!("user-1");
    checkout["subsegments"] = json!([
        {
            "id": make.id(1, 2), "name": "DynamoDB", "namespace": "aws",
            "start_time": make.at(50), "end_time": make.at(100),
            "aws": { "operation": "GetItem", "table_name": "orders" },
        },
        {
            "id": make.id(1, 3), "name": "pay.example.com", "namespace": "remote",
            "start_time": make.at(110), "end_time": make.at(390), "fault": true,
            "http": { "response": { "status": 502 } },
        },
    ]);
    let mut pay = make.segment(1, 4, "pay", 130, 380);
    pay["parent_id"] = json!(make.id(1, 3));
    pay["fault"] = json!(true);
    vec![checkout, pay]
}

#[test]
fn acknowledged_trace_is_in_every_read() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(3, 60);
        server.put(&worked_example(&make))?;
        // By id at once: it was acknowledged.
        let found = documents(server, &make.trace_id(1))?.context("find the trace by id")?;
        let names: Vec<&Value> = found.iter().map(|document| &document["name"]).collect();
        ensure!(names == ["checkout", "pay", "DynamoDB"], "{names:?}");
        ensure!(found[2]["inferred"] == true, "{}", found[2]);
        ensure!(
            found[2]["parent_id"] == json!(make.id(1, 2)),
            "{}",
            found[2]
        );

        let filter = r#"service("checkout") { fault } AND annotation.order = "o-1""#;
        let summary = eventually("the summary", VISIBLE, || {
            Ok(summaries(server, filter)?["TraceSummaries"].get(0).cloned())
        })?;
        ensure!(summary["Id"] == json!(make.trace_id(1)), "{summary}");
        ensure!(
            summary["ResponseTime"] == 0.4 && summary["Duration"] == 0.4,
            "{summary}"
        );
        ensure!(
            summary["HasFault"] == true && summary["HasError"] == false,
            "{summary}"
        );
        ensure!(summary["Http"]["HttpStatus"] == 502, "{summary}");
        ensure!(summary["EntryPoint"]["Name"] == "checkout", "{summary}");
        ensure!(summary["Users"][0]["UserName"] == "user-1", "{summary}");
        let cause = &summary["FaultRootCauses"][0];
        ensure!(cause["ClientImpacting"] == true, "{summary}");
        ensure!(cause["Services"][1]["Name"] == "pay", "{summary}");

        let missed = summaries(server, r#"service("pay") { ok }"#)?;
        ensure!(missed["TraceSummaries"] == json!([]), "{missed}");
        graph_of_the_worked_example(server, &make)
    })
}

fn graph_of_the_worked_example(server: &Server, make: &Documents) -> Result<()> {
    let request = json!({ "StartTime": now_secs() - 600, "EndTime": now_secs() + 60 });
    let graphs = [
        server.ask("ServiceGraph", &request)?,
        server.ask("TraceGraph", &json!({ "TraceIds": [make.trace_id(1)] }))?,
    ];
    for graph in &graphs {
        let services = graph["Services"].as_array().context("find the services")?;
        let find = |name: &str, kind: Value| {
            let found = services
                .iter()
                .find(|node| node["Name"] == name && node["Type"] == kind);
            found.with_context(|| format!("find `{name}` of type {kind} in {graph}"))
        };
        ensure!(services.len() == 4, "{graph}");
        let client = find("checkout", json!("client"))?;
        let checkout = find("checkout", json!("AWS::EC2::Instance"))?;
        let pay = find("pay", Value::Null)?;
        let orders = find("orders", json!("AWS::DynamoDB::Table"))?;
        ensure!(
            checkout["Root"] == true && checkout["State"] == "active",
            "{checkout}"
        );
        ensure!(orders["State"] == "unknown", "{orders}");
        ensure!(
            checkout["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 1,
            "{checkout}"
        );
        ensure!(
            client["Edges"][0]["ReferenceId"] == checkout["ReferenceId"],
            "{client}"
        );
        let edge = |to: &Value| {
            let edges = checkout["Edges"].as_array().context("find the edges")?;
            let found = edges
                .iter()
                .find(|edge| edge["ReferenceId"] == to["ReferenceId"]);
            found.with_context(|| format!("find the edge to {to}"))
        };
        // The caller's view: 280 ms, though `pay` itself took 250.
        let histogram = json!([{ "Value": 0.28, "Count": 1 }]);
        ensure!(
            edge(pay)?["ResponseTimeHistogram"] == histogram,
            "{checkout}"
        );
        ensure!(
            edge(pay)?["Aliases"][0]["Name"] == "pay.example.com",
            "{checkout}"
        );
        ensure!(
            edge(orders)?["SummaryStatistics"]["OkCount"] == 1,
            "{checkout}"
        );
        ensure!(
            pay["ResponseTimeHistogram"] == json!([{ "Value": 0.25, "Count": 1 }]),
            "{pay}"
        );
    }
    Ok(())
}

#[test]
fn every_member_of_a_document_comes_back() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(4, 60);
        let text = include_str!("../fixtures/every_field.json");
        let mut documents_sent: Vec<Value> = serde_json::from_str(text)?;
        for document in &mut documents_sent {
            shift(document, &make);
        }
        server.put(&documents_sent)?;
        let found = documents(server, &make.trace_id(1))?.context("find the trace")?;
        let mut expected = documents_sent[0].clone();
        // The independent subsegment comes back where it belongs, without what its place says.
        let mut ledger = documents_sent[1].clone();
        let members = ledger.as_object_mut().context("made as an object")?;
        members.retain(|name, _| !["type", "trace_id", "parent_id"].contains(&name.as_str()));
        let children = expected["subsegments"]
            .as_array_mut()
            .context("made with children")?;
        children.push(ledger);
        children.sort_by(|a, b| {
            a["start_time"]
                .as_f64()
                .partial_cmp(&b["start_time"].as_f64())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let segment = found
            .iter()
            .find(|document| document["id"] == expected["id"]);
        let differences = differences("", &expected, segment.context("find the segment")?);
        ensure!(differences.is_empty(), "{differences:#?}");
        Ok(())
    })
}

/// Moves the fixture's times to today, and gives it the trace id of the maker's trace 1.
fn shift(value: &mut Value, make: &Documents) {
    if value
        .get("trace_id")
        .is_some_and(|id| id == "1-00000000-000000000000000000000000")
    {
        value["trace_id"] = json!(make.trace_id(1));
    }
    for name in ["start_time", "end_time"] {
        if let Some(secs) = value.get(name).and_then(Value::as_f64) {
            let moved = format!(
                "{}.{:06}",
                make.start_secs,
                (secs * 1e6).round() as u64 - 10_000_000
            );
            value[name] = json!(
                moved
                    .parse::<f64>()
                    .expect("digits with a point are a number")
            );
        }
    }
    for child in value["subsegments"].as_array_mut().into_iter().flatten() {
        shift(child, make);
    }
}

/// Says where `found` lacks or changes something of `sent`.
pub(crate) fn differences(path: &str, sent: &Value, found: &Value) -> Vec<String> {
    match (sent, found) {
        (Value::Object(sent), Value::Object(found)) => sent
            .iter()
            .flat_map(|(name, value)| {
                let path = format!("{path}.{name}");
                differences(&path, value, found.get(name).unwrap_or(&Value::Null))
            })
            .collect(),
        (Value::Array(sent), Value::Array(found)) if sent.len() == found.len() => {
            let pairs = sent.iter().zip(found).enumerate();
            pairs
                .flat_map(|(i, (sent, found))| differences(&format!("{path}[{i}]"), sent, found))
                .collect()
        }
        (Value::Number(sent), Value::Number(found)) if sent.as_f64() == found.as_f64() => {
            Vec::new()
        }
        _ if sent == found => Vec::new(),
        _ => vec![format!("{path}: sent {sent}, found {found}")],
    }
}

#[test]
fn telemetry_records_are_on_metrics_and_the_console() -> Result<()> {
    with_server(&[], |server| {
        let record = json!({
            "Timestamp": now_secs(), "SegmentsReceivedCount": 3, "SegmentsRejectedCount": 1,
            "BackendConnectionErrors": { "TimeoutCount": 2 },
        });
        let request = json!({ "TelemetryRecords": [record], "Hostname": "host-1" });
        ensure!(server.ask("TelemetryRecords", &request)? == json!({}));
        for (name, label, expected) in [
            ("roentgen_agent_segments_total", "outcome=\"received\"", 3.0),
            ("roentgen_agent_segments_total", "outcome=\"rejected\"", 1.0),
            (
                "roentgen_agent_connection_errors_total",
                "kind=\"timeout\"",
                2.0,
            ),
        ] {
            let found = server.metric(name, label)?;
            ensure!(found == expected, "{name} {label}: {found}");
        }
        let answer = server.ask("api/v1/daemons", &json!({}))?;
        let daemon = &answer["daemons"][0];
        ensure!(daemon["hostname"] == "host-1", "{answer}");
        ensure!(daemon["totals"]["segmentsReceived"] == 3, "{answer}");
        ensure!(
            daemon["records"][0]["counts"]["connectionErrors"]["timeout"] == 2,
            "{answer}"
        );
        let rebound = "GET /api/v1/daemons HTTP/1.1\r\nHost: evil.example\r\n\
                       Connection: close\r\n\r\n";
        let reply = exchange(server.http(), rebound.as_bytes())?;
        ensure!(reply.status == 403, "{reply:?}");
        Ok(())
    })
}

#[test]
fn health_and_metrics_answer_over_http() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(5, 60);
        server.put(&[make.segment(1, 1, "shop", 0, 10)])?;
        let logged = server.metric("roentgen_documents_logged_total", "")?;
        ensure!(logged == 1.0, "logged: {logged}");
        Ok(())
    })
}
