//! Everything a server answers about its traces, in a form two servers can be compared by.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use roentgen_tests::Server;
use serde_json::{Value, json};

/// All answers of a server over one range of time.
#[derive(Debug, PartialEq)]
pub(super) struct Answers {
    /// By trace id.
    pub(super) summaries: BTreeMap<String, Value>,
    /// The sum over all pages.
    pub(super) processed: i64,
    /// By trace id.
    pub(super) traces: BTreeMap<String, Value>,
    /// The nodes by name and type; edges name their destination.
    pub(super) graph: BTreeMap<String, Value>,
}

impl Answers {
    /// Asks for everything between `start` and `end` (seconds since the epoch).
    pub(super) fn read(server: &Server, start: u64, end: u64) -> Result<Answers> {
        let (summaries, processed) = summaries(server, start, end)?;
        let ids: Vec<&String> = summaries.keys().collect();
        let mut traces = BTreeMap::new();
        for ids in ids.chunks(100) {
            traces.extend(by_id(server, ids)?);
        }
        let graph = graph(server, start, end)?;
        Ok(Answers {
            summaries,
            processed,
            traces,
            graph,
        })
    }

    /// Says in one line each where `self` differs from `other`; at most twenty.
    pub(super) fn differences(&self, other: &Answers) -> Vec<String> {
        let mut found = Vec::new();
        if self.processed != other.processed {
            found.push(format!(
                "processed: {} and {}",
                self.processed, other.processed
            ));
        }
        let parts = [
            ("summary", &self.summaries, &other.summaries),
            ("trace", &self.traces, &other.traces),
            ("node", &self.graph, &other.graph),
        ];
        for (name, own, others) in parts {
            for key in own
                .keys()
                .chain(others.keys().filter(|key| !own.contains_key(*key)))
            {
                if own.get(key) != others.get(key) {
                    let show =
                        |value: Option<&Value>| value.map_or("nothing".into(), Value::to_string);
                    let (own, other) = (show(own.get(key)), show(others.get(key)));
                    found.push(format!("{name} {key}:\n  {own}\n  {other}"));
                }
            }
        }
        found.truncate(20);
        found
    }
}

/// Every summary of the range, page by page; a trace on two pages is an error (PAGE-1).
pub(super) fn summaries(
    server: &Server,
    start: u64,
    end: u64,
) -> Result<(BTreeMap<String, Value>, i64)> {
    let mut all = BTreeMap::new();
    let mut processed = 0;
    let mut request = json!({ "StartTime": start, "EndTime": end });
    loop {
        let page = server.ask("TraceSummaries", &request)?;
        processed += page["TracesProcessedCount"]
            .as_i64()
            .context("find the processed count")?;
        for summary in page["TraceSummaries"]
            .as_array()
            .context("find the summaries")?
        {
            let id = summary["Id"].as_str().context("find the id")?.to_owned();
            let before = all.insert(id, sorted(summary.clone()));
            ensure!(before.is_none(), "a trace is on two pages: {summary}");
        }
        match &page["NextToken"] {
            Value::String(token) => request["NextToken"] = json!(token),
            _ => return Ok((all, processed)),
        }
    }
}

/// The traces of `ids` with their documents by segment id.
pub(super) fn by_id(server: &Server, ids: &[&String]) -> Result<BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    let mut request = json!({ "TraceIds": ids });
    loop {
        let page = server.ask("Traces", &request)?;
        for trace in page["Traces"].as_array().context("find the traces")? {
            let mut documents = serde_json::Map::new();
            for segment in trace["Segments"].as_array().context("find the segments")? {
                let id = segment["Id"].as_str().context("find the segment's id")?;
                let document = segment["Document"].as_str().context("find the document")?;
                documents.insert(id.to_owned(), serde_json::from_str(document)?);
            }
            let id = trace["Id"].as_str().context("find the trace's id")?;
            all.insert(
                id.to_owned(),
                json!({ "Duration": trace["Duration"], "Segments": documents }),
            );
        }
        match &page["NextToken"] {
            Value::String(token) => request["NextToken"] = json!(token),
            _ => return Ok(all),
        }
    }
}

fn graph(server: &Server, start: u64, end: u64) -> Result<BTreeMap<String, Value>> {
    let answer = server.ask(
        "ServiceGraph",
        &json!({ "StartTime": start, "EndTime": end }),
    )?;
    let services = answer["Services"].as_array().context("find the services")?;
    let name = |service: &Value| format!("{} {}", service["Name"], service["Type"]);
    let names: BTreeMap<i64, String> = services
        .iter()
        .filter_map(|service| Some((service["ReferenceId"].as_i64()?, name(service))))
        .collect();
    let mut all = BTreeMap::new();
    for service in services {
        let mut node = service.clone();
        for edge in node["Edges"].as_array_mut().into_iter().flatten() {
            let to = edge["ReferenceId"].as_i64().and_then(|id| names.get(&id));
            edge["ReferenceId"] = json!(to.context("find the edge's destination")?);
        }
        node["ReferenceId"] = Value::Null;
        let before = all.insert(name(service), sorted(node));
        ensure!(before.is_none(), "a node is there twice: {service}");
    }
    Ok(all)
}

/// Sorts every list by its text: the order inside a summary or a node means nothing.
fn sorted(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => {
            for item in items.iter_mut() {
                *item = sorted(item.take());
            }
            items.sort_by_key(Value::to_string);
        }
        Value::Object(members) => {
            for member in members.values_mut() {
                *member = sorted(member.take());
            }
        }
        _ => {}
    }
    value
}
