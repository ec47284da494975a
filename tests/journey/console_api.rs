//! The console and its API, from the outside: pages and their headers, who may ask, searches that
//! stream, are closed, and lose their server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use roentgen_tests::{Documents, Launch, Server, eventually, with_server};
use serde_json::{Value, json};

const NANOS_PER_SEC: u64 = 1_000_000_000;

/// An answer as text: head and body. HTTP/1.0, so that a stream comes as it is.
struct Text {
    head: String,
    body: String,
}

impl Text {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    fn has(&self, header: &str) -> bool {
        let mut lines = self.head.lines();
        lines.any(|line| line.eq_ignore_ascii_case(header))
    }
}

fn open(server: SocketAddr, request: &str, headers: &[&str], body: &str) -> Result<TcpStream> {
    let mut text = format!("{request} HTTP/1.0\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(server).context("connect")?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(text.as_bytes()).context("send")?;
    Ok(stream)
}

fn ask(server: SocketAddr, request: &str, headers: &[&str], body: &str) -> Result<Text> {
    let mut stream = open(server, request, headers, body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).context("read")?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("find the head")?;
    Ok(Text {
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

const OURS: &[&str] = &["Host: 127.0.0.1:2001"];

/// The data of the events of a whole stream, by name.
fn events(text: &str) -> Result<Vec<(String, Value)>> {
    let blocks = text.split("\n\n").filter(|block| !block.is_empty());
    let blocks = blocks.filter(|block| !block.starts_with(':'));
    let event = |block: &str| {
        let (name, data) = block.split_once('\n').context("find the data")?;
        let name = name.strip_prefix("event: ").context("find the name")?;
        let data = data.strip_prefix("data: ").context("find the data")?;
        Ok((name.to_owned(), serde_json::from_str(data)?))
    };
    blocks.map(event).collect()
}

fn last<'a>(events: &'a [(String, Value)], name: &str) -> Result<&'a Value> {
    let found = events.iter().rev().find(|(found, _)| found == name);
    Ok(&found.with_context(|| format!("find `{name}`"))?.1)
}

/// The range around the documents of a maker.
fn question(make: &Documents) -> Value {
    json!({
        "startUnixNanos": (make.start_secs.saturating_sub(60) * NANOS_PER_SEC).to_string(),
        "endUnixNanos": ((make.start_secs + 3_600) * NANOS_PER_SEC).to_string(),
    })
}

fn search(server: &Server, question: &Value) -> Result<Vec<(String, Value)>> {
    let body = question.to_string();
    let answer = ask(server.http(), "POST /api/v1/search", OURS, &body)?;
    ensure!(answer.status() == "200", "{}\n{}", answer.head, answer.body);
    events(&answer.body)
}

#[test]
fn console_is_served_to_its_own_pages_alone() -> Result<()> {
    with_server(&[], |server| {
        let http = server.http();
        for (path, target) in [
            ("/", "console/"),
            (
                "/xray/home?region=eu-west-1",
                "../console/?region=eu-west-1",
            ),
        ] {
            let answer = ask(http, &format!("GET {path}"), OURS, "")?;
            ensure!(answer.status() == "302", "{path}: {}", answer.head);
            ensure!(
                answer.has(&format!("location: {target}")),
                "{}",
                answer.head
            );
        }
        let page = ask(http, "GET /console/", OURS, "")?;
        ensure!(page.status() == "200" && page.body.starts_with("<!doctype html>"));
        ensure!(
            page.head
                .contains("content-security-policy: default-src 'none'")
        );
        for (path, method) in [
            ("/console/", "GET"),
            ("/api/v1/server", "GET"),
            ("/api/v1/search", "POST"),
            ("/api/v1/sample-trace", "POST"),
        ] {
            for headers in [
                &["Host: evil.example"][..],
                &["Host: 127.0.0.1:2001", "Origin: https://evil.example"],
                &["Host: 127.0.0.1:2001", "Origin: null"],
                &[],
            ] {
                let answer = ask(http, &format!("{method} {path}"), headers, "{}")?;
                ensure!(
                    answer.status() == "403",
                    "{path} {headers:?}: {}",
                    answer.head
                );
            }
        }
        // It is on one port only.
        let daemon = ask(server.daemon(), "GET /api/v1/server", OURS, "")?;
        ensure!(daemon.status() == "404", "{}", daemon.head);
        Ok(())
    })
}

#[test]
fn sample_trace_is_found_again_by_every_route() -> Result<()> {
    with_server(&[], |server| {
        let http = server.http();
        let get = |path: &str| -> Result<Value> {
            let answer = ask(http, &format!("GET /api/v1/{path}"), OURS, "")?;
            ensure!(answer.status() == "200", "{path}: {}", answer.body);
            Ok(serde_json::from_str(&answer.body)?)
        };
        ensure!(get("server")?["storage"]["hasTraces"] == false);
        let sent = ask(http, "POST /api/v1/sample-trace", OURS, "")?;
        let sent: Value = serde_json::from_str(&sent.body)?;
        let id = sent["traceId"].as_str().context("read the id")?;
        let about = eventually("the newest trace", Duration::from_secs(10), || {
            Ok(Some(get("server")?).filter(|about| about["storage"]["hasTraces"] == true))
        })?;
        ensure!(about["addresses"]["http"] == http.to_string(), "{about}");
        let trace = get(&format!("traces/{id}"))?;
        let count = trace["count"].as_u64().context("read the count")?;
        ensure!(count > 5 && trace["inProgress"] == false, "{trace}");
        let ids = trace["id"].as_array().context("read the ids")?;
        for row in ids {
            let row = row.as_str().context("read an id")?;
            let segment = get(&format!("traces/{id}/segments/{row}"))?;
            ensure!(segment["merged"]["id"] == row, "{segment}");
        }
        let documents = get(&format!("traces/{id}/documents.json"))?;
        ensure!(documents["Id"] == id, "{documents}");
        let otlp = get(&format!("traces/{id}/otlp.json"))?;
        let spans = otlp["resourceSpans"].as_array().into_iter().flatten();
        let spans = spans.flat_map(|group| group["scopeSpans"].as_array().into_iter().flatten());
        let spans = spans.map(|scope| scope["spans"].as_array().map_or(0, Vec::len));
        // Retrieval makes a span of every row but the inferred segments.
        let kinds = trace["kind"].as_array().into_iter().flatten();
        let real = kinds.filter(|kind| **kind != 2).count();
        ensure!(spans.sum::<usize>() == real, "{otlp}");
        Ok(())
    })
}

#[test]
fn hostile_questions_get_precise_answers() -> Result<()> {
    with_server(&[], |server| {
        let http = server.http();
        let deep = "[".repeat(100_000);
        let long = "x".repeat(70_000);
        let make = Documents::new(20, 60);
        let with = |name: &str, value: Value| {
            let mut question = question(&make);
            question[name] = value;
            question.to_string()
        };
        let cases = [
            (deep.clone(), "expected a JSON object as the body"),
            (
                "{\"startUnixNanos\":".to_owned(),
                "expected a JSON object as the body",
            ),
            (with("filter", json!(long)), "Invalid filter expression"),
            (
                with("filter", json!("(".repeat(5_000))),
                "Invalid filter expression",
            ),
            (
                with("filter", json!({"a": 1})),
                "`filter`: expected a string",
            ),
            (
                with("startUnixNanos", json!("9".repeat(40))),
                "`startUnixNanos`: expected",
            ),
            (with("facets", json!([long])), "`facets[0]`: expected"),
            (
                with("facets", json!(vec!["service"; 65])),
                "`facets`: expected at most 64",
            ),
            (
                with("after", json!("../../etc")),
                "`after`: expected a cursor",
            ),
            (with("rows", json!(-1)), "`rows`: expected a whole number"),
        ];
        for (body, message) in cases {
            for path in ["search", "facets"] {
                if path == "facets" && !body.contains("\"filter\"") {
                    continue;
                }
                let answer = ask(http, &format!("POST /api/v1/{path}"), OURS, &body)?;
                ensure!(answer.status() == "400", "{path}: {}", answer.head);
                let error: Value = serde_json::from_str(&answer.body)?;
                let found = error["Message"].as_str().unwrap_or_default();
                ensure!(found.starts_with(message), "{path}: {found}");
            }
        }
        for path in [
            "traces/%00",
            "traces/..%2f..",
            "traces/1-1-1/segments/x",
            "nothing",
        ] {
            let answer = ask(http, &format!("GET /api/v1/{path}"), OURS, "")?;
            ensure!(
                ["400", "404"].contains(&answer.status()),
                "{path}: {}",
                answer.head
            );
        }
        Ok(())
    })
}

/// Sends `count` traces whose summaries are about 6 kB, so that no socket buffers them all.
fn fill(server: &Server, make: &Documents, count: u32) -> Result<()> {
    let numbers: Vec<u32> = (0..count).collect();
    for some in numbers.chunks(500) {
        let documents: Vec<Value> = some
            .iter()
            .map(|number| {
                let mut segment = make.segment(*number, 1, "shop", *number, *number + 40);
                segment["fault"] = json!(number % 4 == 0);
                let long = |key: u32| (format!("k{key}"), json!("x".repeat(900)));
                segment["annotations"] = Value::Object((0..6).map(long).collect());
                segment
            })
            .collect();
        server.put(&documents)?;
    }
    Ok(())
}

#[test]
fn search_streams_and_survives_its_readers_and_its_server() -> Result<()> {
    const TRACES: u32 = 3_000;
    let launch = Launch::serve()?;
    let mut server = launch.start()?;
    let make = Documents::new(21, 120);
    fill(&server, &make, TRACES)?;
    let mut all = question(&make);
    all["rows"] = json!(5_000);
    let found = eventually("all traces", Duration::from_secs(20), || {
        let found = search(&server, &all)?;
        let is_whole = last(&found, "done")?["matched"] == TRACES;
        Ok(is_whole.then_some(found))
    })?;
    let rows = found.iter().filter(|(name, _)| name == "rows");
    let rows: Vec<_> = rows.map(|(_, rows)| &rows["summaries"]).collect();
    ensure!(rows.len() > 1, "the first rows do not wait for the last");
    let rows = rows.iter().map(|rows| rows.as_array().map_or(0, Vec::len));
    ensure!(rows.sum::<usize>() == TRACES as usize);
    let progress = last(&found, "progress")?;
    ensure!(progress["scanned"] == TRACES && progress["rangeDoneTo"] == all["startUnixNanos"]);
    let sums = last(&found, "aggregates")?;
    let faults = sums["timeline"]["fault"].as_array().into_iter().flatten();
    let faults: u64 = faults.filter_map(Value::as_u64).sum();
    ensure!(faults == u64::from(TRACES) / 4, "{sums}");

    // Readers that go away after the first bytes leave no search behind: the places of all queries
    // would be taken long before the last of them.
    for _ in 0..200 {
        let mut stream = open(server.http(), "POST /api/v1/search", OURS, &all.to_string())?;
        let mut first = [0; 64];
        stream
            .read_exact(&mut first)
            .context("read the first bytes")?;
    }
    let again = search(&server, &all)?;
    ensure!(last(&again, "done")?["matched"] == TRACES);

    // A server that dies in the middle: what came stays valid, and there is no end.
    let mut stream = open(server.http(), "POST /api/v1/search", OURS, &all.to_string())?;
    let mut first = [0; 4096];
    stream
        .read_exact(&mut first)
        .context("read the first rows")?;
    server.kill()?;
    let mut rest = Vec::new();
    // Reset or closed, both are an end.
    let _end = stream.read_to_end(&mut rest);
    let text = [&first[..], &rest].concat();
    let text = String::from_utf8_lossy(&text);
    if text.contains("event: done") {
        bail!("the search was over before the server died: more traces are needed");
    }
    ensure!(text.contains("event: rows\ndata: {"), "{text}");
    server = launch.start()?;
    let whole = search(&server, &all)?;
    ensure!(last(&whole, "done")?["matched"] == TRACES);
    server.finish(&[])
}
