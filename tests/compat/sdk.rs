//! What the tests of the X-Ray SDKs share: requests to an instrumented application, and the
//! comparison of what its SDK sent with what the server gives back.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Application, Server, Tee, eventually, now_secs};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// A fresh trace id, distinct by `number`.
pub(super) fn trace_id(number: u32) -> String {
    format!("1-{:08x}-{number:024x}", now_secs())
}

/// Gets `path` of the application with a trace header that decides for sampling.
pub(super) fn get_sampled(application: &Application, path: &str, trace_id: &str) -> Result<()> {
    let header = format!("X-Amzn-Trace-Id: Root={trace_id};Sampled=1");
    get(application, path, &[&header]).map(|_| ())
}

/// Gets `path` of the application and returns the body.
pub(super) fn get(application: &Application, path: &str, headers: &[&str]) -> Result<Value> {
    let address = ([127, 0, 0, 1], application.port).into();
    let request = roentgen_tests::http_request("GET", path, headers, b"");
    let reply = roentgen_tests::exchange(address, &request)?;
    ensure!(reply.status != 0, "`{path}` gave no answer");
    Ok(reply.body)
}

/// Waits until the SDK sent `segments` complete segments of the trace; returns all it sent.
pub(super) fn sent(tee: &Tee, trace_id: &str, segments: usize) -> Result<Vec<Value>> {
    eventually("the SDK's documents", PATIENCE, || {
        let documents = tee.documents(trace_id)?;
        let is_whole =
            |document: &&Value| document["type"].is_null() && !document["end_time"].is_null();
        Ok((documents.iter().filter(is_whole).count() == segments).then_some(documents))
    })
}

/// Asserts that every member of every document the SDK sent comes back from the server, each
/// entity under its parent; returns the segments of the trace, inferred ones included.
pub(super) fn comes_back(
    server: &Server,
    trace_id: &str,
    documents: &[Value],
) -> Result<Vec<Value>> {
    let request = json!({ "TraceIds": [trace_id] });
    // A datagram has no acknowledgement: wait until the last one is in.
    let mut differences = Vec::new();
    let found = eventually("every document", PATIENCE, || {
        let answer = server.ask("Traces", &request)?;
        let segments = answer["Traces"][0]["Segments"]
            .as_array()
            .into_iter()
            .flatten();
        let documents_found: Vec<Value> = segments
            .map(|segment| {
                Ok(serde_json::from_str(
                    segment["Document"].as_str().context("find a document")?,
                )?)
            })
            .collect::<Result<_>>()?;
        let mut index = BTreeMap::new();
        for document in &documents_found {
            entities(document, &document["parent_id"], &mut index);
        }
        differences.clear();
        for document in documents {
            compare(document, &document["parent_id"], &index, &mut differences);
        }
        Ok(differences.is_empty().then_some(documents_found))
    });
    found.with_context(|| format!("differences: {differences:#?}"))
}

/// Puts every entity below `document` into `index`, with its parent's id.
fn entities<'a>(
    document: &'a Value,
    parent: &'a Value,
    index: &mut BTreeMap<String, (&'a Value, &'a Value)>,
) {
    let id = document["id"].as_str().unwrap_or_default();
    index.insert(id.to_owned(), (document, parent));
    for child in document["subsegments"].as_array().into_iter().flatten() {
        entities(child, &document["id"], index);
    }
}

/// Compares the entity `sent` and all below it.
fn compare(
    sent: &Value,
    parent: &Value,
    index: &BTreeMap<String, (&Value, &Value)>,
    differences: &mut Vec<String>,
) {
    let id = sent["id"].as_str().unwrap_or_default();
    let Some((found, found_parent)) = index.get(id) else {
        differences.push(format!("{id} ({}) is not there", sent["name"]));
        return;
    };
    if *found_parent != parent {
        differences.push(format!("{id}: parent {found_parent} for {parent}"));
    }
    for (name, value) in sent.as_object().into_iter().flatten() {
        match name.as_str() {
            // Compared below, and above; an entity's place says what these say.
            "subsegments" | "parent_id" | "trace_id" | "type" => {}
            // A complete entity does not say that it is not in progress.
            "in_progress" if *value == false => {}
            _ => members(&format!("{id}.{name}"), value, &found[name], differences),
        }
    }
    for child in sent["subsegments"].as_array().into_iter().flatten() {
        compare(child, &sent["id"], index, differences);
    }
}

fn members(path: &str, sent: &Value, found: &Value, differences: &mut Vec<String>) {
    match (sent, found) {
        (Value::Object(sent), Value::Object(found)) => {
            for (name, value) in sent {
                let found = found.get(name).unwrap_or(&Value::Null);
                members(&format!("{path}.{name}"), value, found, differences);
            }
        }
        (Value::Number(sent), Value::Number(found)) if sent.as_f64() == found.as_f64() => {}
        _ if sent == found => {}
        _ => differences.push(format!("{path}: sent {sent}, found {found}")),
    }
}

/// The edges of the service graph as (from, to, type of the destination).
pub(super) fn edges(server: &Server) -> Result<Vec<(String, String, String)>> {
    let request = json!({ "StartTime": now_secs() - 600, "EndTime": now_secs() + 60 });
    let graph = server.ask("ServiceGraph", &request)?;
    let services = graph["Services"].as_array().context("find the services")?;
    let mut edges = Vec::new();
    for service in services {
        for edge in service["Edges"].as_array().into_iter().flatten() {
            let to = services
                .iter()
                .find(|to| to["ReferenceId"] == edge["ReferenceId"]);
            let to = to.context("find the edge's destination")?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let from = format!(
                "{}{}",
                text(&service["Name"]),
                if service["Type"] == "client" {
                    " (client)"
                } else {
                    ""
                }
            );
            edges.push((from, text(&to["Name"]), text(&to["Type"])));
        }
    }
    edges.sort();
    Ok(edges)
}

/// Waits until the graph has exactly `expected`.
pub(super) fn graph_shows(server: &Server, expected: &[(&str, &str, &str)]) -> Result<()> {
    let mut found = Vec::new();
    let wanted: Vec<_> = expected
        .iter()
        .map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string()))
        .collect();
    let shown = eventually("the graph", PATIENCE, || {
        found = edges(server)?;
        Ok((found == wanted).then_some(()))
    });
    shown.with_context(|| format!("found {found:#?}"))
}

/// A sampling rule for `path` that samples everything or nothing.
pub(super) fn rule(name: &str, path: &str, rate: f64) -> Value {
    json!({ "SamplingRule": {
        "RuleName": name, "ResourceARN": "*", "Priority": 1, "FixedRate": rate, "ReservoirSize": 0,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": path,
        "Version": 1,
    } })
}

/// Asks the application whether it sampled until it answers `expected` ten times in a row.
pub(super) fn decides(application: &Application, path: &str, expected: i64) -> Result<()> {
    let mut in_a_row = 0;
    // An SDK looks for news every 10 s; two rounds, and some.
    eventually(
        &format!("`{path}` to answer {expected}"),
        Duration::from_secs(45),
        || {
            in_a_row = if get(application, path, &[])? == expected {
                in_a_row + 1
            } else {
                0
            };
            Ok((in_a_row == 10).then_some(()))
        },
    )
}
