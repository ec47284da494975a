//! Traces retrieved in the background.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Documents, Server, eventually, with_server};
use serde_json::{Value, json};

/// How soon a retrieval of a few traces has ended; generous for a busy machine.
const RETRIEVED: Duration = Duration::from_secs(10);

/// Retrieves traces from around the start of `make`, and gives the token once that is done.
fn retrieve(server: &Server, make: &Documents, ids: &[String]) -> Result<Value> {
    let request = json!({
        "TraceIds": ids,
        "StartTime": make.start_secs,
        "EndTime": make.start_secs + 60,
    });
    let started = server.ask("StartTraceRetrieval", &request)?;
    let token = started["RetrievalToken"].clone();
    eventually("the end of the retrieval", RETRIEVED, || {
        let answer = server.ask("ListRetrievedTraces", &json!({ "RetrievalToken": token }))?;
        let status = answer["RetrievalStatus"].as_str().unwrap_or_default();
        ensure!(
            ["SCHEDULED", "RUNNING", "COMPLETE"].contains(&status),
            "{answer}"
        );
        Ok((status == "COMPLETE").then_some(()))
    })?;
    Ok(token)
}

/// The service of that name in a graph that is no client.
fn service<'a>(graph: &'a Value, name: &str) -> Result<&'a Value> {
    let is_it = |service: &&Value| {
        let service = &service["Service"];
        service["Name"] == name && service["Type"] != "client"
    };
    let services = graph["Services"].as_array().context("find the services")?;
    services
        .iter()
        .find(is_it)
        .with_context(|| format!("find {name}"))
}

#[test]
fn linked_traces_are_retrieved_with_their_links() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(7, 60);
        let mut producer = make.segment(1, 1, "producer", 0, 100);
        producer["subsegments"] = json!([{
            "id": make.id(1, 2), "name": "SQS", "namespace": "aws",
            "start_time": make.at(10), "end_time": make.at(20),
            "aws": { "queue_url": "https://queues.test/orders" },
        }]);
        let mut consumer = make.segment(2, 1, "consumer", 500, 700);
        consumer["links"] = json!([{ "trace_id": make.trace_id(1), "id": make.id(1, 2) }]);
        server.put(&[producer, consumer])?;
        let ids = [make.trace_id(2), make.trace_id(1), make.trace_id(9)];
        let token = retrieve(server, &make, &ids)?;

        let list = server.ask("ListRetrievedTraces", &json!({ "RetrievalToken": token }))?;
        let found: Vec<(&Value, usize)> = list["Traces"]
            .as_array()
            .context("find the traces")?
            .iter()
            .map(|trace| (&trace["Id"], trace["Spans"].as_array().map_or(0, Vec::len)))
            .collect();
        ensure!(
            found == [(&json!(ids[0]), 1), (&json!(ids[1]), 2)],
            "{list:#}"
        );

        // The edge of a link appears with the next assembly.
        let found = eventually("the link's edge", RETRIEVED, || {
            let request = json!({ "RetrievalToken": token });
            let graph = server.ask("GetRetrievedTracesGraph", &request)?;
            let edge = &service(&graph, "https://queues.test/orders")?["Service"]["Edges"][0];
            let is_link = edge["EdgeType"] == "link";
            Ok(is_link.then(|| (edge["ReferenceId"].clone(), graph.clone())))
        });
        let (destination, graph) = found?;
        let consumer = service(&graph, "consumer")?;
        ensure!(
            consumer["Service"]["ReferenceId"] == destination,
            "{graph:#}"
        );
        let expected = json!([{
            "ReferenceType": "parent",
            "SourceTraceId": make.trace_id(2),
            "DestinationTraceIds": [make.trace_id(1)],
        }]);
        ensure!(consumer["Links"] == expected, "{consumer:#}");
        Ok(())
    })
}

#[test]
fn retrieved_traces_are_otlp_spans_with_their_resource() -> Result<()> {
    with_server(&[], |server| {
        let make = Documents::new(8, 60);
        let mut document = make.segment(1, 1, "shop", 0, 250);
        document["origin"] = json!("AWS::EC2::Instance");
        document["aws"] = json!({ "ec2": { "instance_id": "i-1" } });
        // Two pages.
        let calls = (2..=150).map(|number| {
            json!({
                "id": make.id(1, number), "name": format!("call-{number}"),
                "start_time": make.at(u32::from(number)), "end_time": make.at(200),
            })
        });
        document["subsegments"] = calls.collect();
        server.put(&[document])?;
        let token = retrieve(server, &make, &[make.trace_id(1)])?;
        let mut request = json!({ "RetrievalToken": token, "TraceFormat": "OTEL" });
        let (mut names, mut pages) = (Vec::new(), 0);
        loop {
            let page = server.ask("ListRetrievedTraces", &request)?;
            pages += 1;
            ensure!(page["Traces"][0]["Id"] == make.trace_id(1), "{page:#}");
            let spans = page["Traces"][0]["Spans"].as_array();
            for span in spans.context("find the spans")? {
                let text = span["Document"].as_str().context("find a document")?;
                let document: Value = serde_json::from_str(text)?;
                ensure!(document["spanId"] == span["Id"], "{document}");
                let resource = document["resource"]["attributes"].to_string();
                ensure!(
                    resource.contains("aws_ec2") && resource.contains("i-1"),
                    "{resource}"
                );
                names.push(document["name"].as_str().unwrap_or_default().to_owned());
            }
            match page.get("NextToken") {
                None => break,
                Some(token) => request["NextToken"] = token.clone(),
            }
        }
        let expected = (2..=150).map(|number| format!("call-{number}"));
        let expected: Vec<String> = std::iter::once("shop".to_owned()).chain(expected).collect();
        ensure!(names == expected, "{names:?}");
        ensure!(pages == 2, "{pages} pages");
        Ok(())
    })
}
