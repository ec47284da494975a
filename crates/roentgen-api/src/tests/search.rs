//! `/api/v1/search` and `/api/v1/facets`.

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceFacts, TraceId};
use roentgen_store::source::{
    ChangeMark, ChangedMinutes, QueryControl, ScanPage, ScanRequest, StoreError, StoreStats,
    TotalsRequest, TraceDocuments, TraceReader,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{NOW_SECS, Server, segment, shop, trace_id, with};
use crate::routers;

fn nanos(secs: i64) -> String {
    format!("{}000000000", NOW_SECS + secs)
}

fn question() -> Value {
    json!({"startUnixNanos": nanos(-1_000), "endUnixNanos": nanos(0)})
}

impl Server {
    async fn search_with(&self, body: &Value, encoding: &str) -> (HeaderMap, Bytes) {
        let request = Request::post("/api/v1/search").header(HOST, "localhost");
        let request = request.header(ACCEPT_ENCODING, encoding);
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.console.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(head.status, StatusCode::OK, "{body:?}");
        assert_eq!(head.headers[CONTENT_TYPE], "text/event-stream");
        (head.headers, body)
    }

    /// The events of a search, by name and data.
    async fn search(&self, body: &Value) -> Vec<(String, Value)> {
        let (_, body) = self.search_with(body, "identity").await;
        events(std::str::from_utf8(&body).unwrap())
    }

    /// The message of a search or completion that must be refused.
    async fn search_refused(&self, path: &str, body: &str) -> Value {
        let body = Body::from(body.to_owned());
        let answer = self.console_send(Request::post(path), body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{:?}", answer.body);
        assert_eq!(answer.error_type(), "InvalidRequestException");
        answer.body
    }

    async fn facets(&self, body: &Value) -> Value {
        let body = Body::from(body.to_string());
        let request = Request::post("/api/v1/facets");
        let answer = self.console_send(request, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.body
    }
}

fn events(text: &str) -> Vec<(String, Value)> {
    let event = |text: &str| {
        let (name, data) = text.split_once('\n').unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        let data = data.strip_prefix("data: ").unwrap();
        (name, serde_json::from_str(data).unwrap())
    };
    let blocks = text.split("\n\n").filter(|block| !block.is_empty());
    blocks
        .filter(|block| !block.starts_with(':'))
        .map(event)
        .collect()
}

/// The data of the last event of a name.
fn last<'a>(events: &'a [(String, Value)], name: &str) -> &'a Value {
    let found = events.iter().rev().find(|(found, _)| found == name);
    &found
        .unwrap_or_else(|| panic!("no `{name}` in {events:?}"))
        .1
}

fn row_ids(events: &[(String, Value)]) -> Vec<String> {
    let mut ids = Vec::new();
    for (_, rows) in events.iter().filter(|(name, _)| name == "rows") {
        if rows["replace"] == true {
            ids.clear();
        }
        let summaries = rows["summaries"].as_array().unwrap();
        ids.extend(
            summaries
                .iter()
                .map(|row| row["Id"].as_str().unwrap().to_owned()),
        );
    }
    ids
}

#[tokio::test]
async fn search_streams_rows_then_sums_then_the_end() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let body = with(question(), "timelineBuckets", 3);
    let events = server.search(&body).await;
    let names: Vec<_> = events.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["rows", "aggregates", "progress", "done"]);
    assert_eq!(row_ids(&events), [trace_id(-98, 2), trace_id(-100, 1)]);
    let body =
        json!({"StartTime": NOW_SECS - 1_000, "EndTime": NOW_SECS, "TimeRangeType": "Event"});
    let answer = server.ok("/TraceSummaries", body).await;
    assert_eq!(last(&events, "rows")["summaries"], answer["TraceSummaries"]);
    let mut progress = last(&events, "progress").clone();
    assert!(progress["elapsedMs"].as_u64().is_some());
    progress["elapsedMs"] = 0.into();
    assert_eq!(
        progress,
        json!({"matched": 2, "scanned": 2, "rangeDoneTo": nanos(-1_000),
            "rangeTotal": "1000000000000", "elapsedMs": 0, "approximate": false})
    );
    let done = last(&events, "done");
    assert_eq!(
        (&done["complete"], &done["next"], &done["limit"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    insta::assert_json_snapshot!(last(&events, "aggregates"));
}

#[tokio::test]
async fn search_sorts_and_bounds_its_rows() {
    let server = Server::start().await;
    server.put(&shop()).await;
    server.put(&[segment(-50, 9, "late")]).await;
    let (shop, worker, late) = (trace_id(-100, 1), trace_id(-98, 2), trace_id(-50, 9));
    for (sort, expected) in [
        ("newest", [&late, &worker]),
        ("oldest", [&shop, &worker]),
        ("slowest", [&shop, &late]),
        ("fastest", [&worker, &late]),
        ("longest", [&shop, &late]),
        ("shortest", [&worker, &late]),
    ] {
        let body = with(with(question(), "sort", sort), "rows", 2);
        let events = server.search(&body).await;
        assert_eq!(row_ids(&events), expected.map(String::clone), "{sort}");
        assert_eq!(last(&events, "done")["limit"], "rows", "{sort}");
    }
    let none = server.search(&with(question(), "rows", 0)).await;
    assert_eq!(row_ids(&none), [""; 0]);
    assert_eq!(last(&none, "done")["matched"], json!(3));
}

#[tokio::test]
async fn rows_go_on_after_the_cursor() {
    let server = Server::start().await;
    for number in 1..=5_u64 {
        let secs = -10 * i64::try_from(number).unwrap();
        server.put(&[segment(secs, number, "a")]).await;
    }
    let mut body = with(with(question(), "rows", 2), "aggregates", false);
    let mut seen = Vec::new();
    loop {
        let events = server.search(&body).await;
        assert!(!events.iter().any(|(name, _)| name == "aggregates"));
        seen.extend(row_ids(&events));
        let next = last(&events, "done")["next"].clone();
        if next.is_null() {
            break;
        }
        body = with(body, "after", next);
    }
    let all = (1..=5_u64).map(|number| trace_id(-10 * i64::try_from(number).unwrap(), number));
    assert_eq!(seen, all.collect::<Vec<_>>());
}

#[tokio::test]
async fn facet_clause_finds_what_it_counted() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let body = with(question(), "facets", json!(["service", "annotation.tier"]));
    let events = server.search(&body).await;
    let facets = last(&events, "aggregates")["facets"].as_array().unwrap();
    assert_eq!(facets.len(), 2);
    for facet in facets {
        for value in facet["values"].as_array().unwrap() {
            let body = with(question(), "filter", value["filter"].clone());
            let found = server.search(&body).await;
            assert_eq!(last(&found, "done")["matched"], value["count"], "{value}");
        }
    }
    assert_eq!(facets[1]["values"][0]["value"], "gold");
}

#[tokio::test]
async fn group_and_filter_hold_both() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let group = json!({"GroupName": "shops", "FilterExpression": "service(\"web\")"});
    server.ok("/CreateGroup", group).await;
    for (filter, expected) in [("", 1), ("service(\"pay\")", 1), ("service(\"worker\")", 0)] {
        let body = with(with(question(), "group", "shops"), "filter", filter);
        let events = server.search(&body).await;
        assert_eq!(
            last(&events, "done")["matched"],
            json!(expected),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn stream_is_packed_for_whom_takes_that() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let (headers, packed) = server.search_with(&question(), "gzip").await;
    assert_eq!(headers[CONTENT_ENCODING], "gzip");
    let mut text = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(row_ids(&events(&text)).len(), 2);
}

#[tokio::test]
async fn bad_filter_says_where_and_what_is_meant() {
    let server = Server::start().await;
    let body = with(question(), "filter", "ok AND fualt").to_string();
    for path in ["/api/v1/search", "/api/v1/facets"] {
        let error = server.search_refused(path, &body).await;
        assert_eq!(
            error,
            json!({"__type": "InvalidRequestException",
                "Message": "Invalid filter expression: unknown keyword `fualt`, did you mean `fault`? at position 7",
                "position": 7, "length": 5, "suggestion": "fault"})
        );
    }
}

#[tokio::test]
async fn search_refuses_bad_requests_by_name() {
    let server = Server::start().await;
    let cases = [
        ("nonsense".to_owned(), "expected a JSON object as the body"),
        ("[]".to_owned(), "expected a JSON object as the body"),
        ("{}".to_owned(), "`startUnixNanos` is required"),
        (
            json!({"startUnixNanos": 5, "endUnixNanos": "6"}).to_string(),
            "`startUnixNanos`: expected a text of nanoseconds, found `5`",
        ),
        (
            json!({"startUnixNanos": "6", "endUnixNanos": "6"}).to_string(),
            "expected `startUnixNanos` before `endUnixNanos`",
        ),
        (
            with(question(), "endUnixNanos", "1e9").to_string(),
            "`endUnixNanos`: expected a text of nanoseconds",
        ),
        (
            with(question(), "sort", "best").to_string(),
            "`sort`: expected",
        ),
        (
            with(question(), "rows", 5_001).to_string(),
            "`rows`: expected a whole number from 0 to 5000, found 5001",
        ),
        (
            with(question(), "after", "x").to_string(),
            "`after`: expected a cursor that a search answered",
        ),
        (
            with(with(question(), "after", "x"), "sort", "oldest").to_string(),
            "`after`: rows go on only with `sort` `newest`",
        ),
        (
            with(question(), "facets", json!(["service", "nothing"])).to_string(),
            "`facets[1]`: expected one of `service`",
        ),
        (
            with(question(), "facets", json!(["annotation."])).to_string(),
            "`facets[0]`: expected one of",
        ),
        (
            with(question(), "timelineBuckets", 0).to_string(),
            "`timelineBuckets`: expected a whole number from 1 to 240, found 0",
        ),
        (
            with(question(), "group", "none").to_string(),
            "`group`: no group has the name `none`",
        ),
        (
            with(question(), "timeRangeType", "Other").to_string(),
            "`timeRangeType`: expected",
        ),
    ];
    for (body, message) in cases {
        let error = server.search_refused("/api/v1/search", &body).await;
        let found = error["Message"].as_str().unwrap();
        assert!(found.starts_with(message), "{body}: {found}");
    }
}

#[tokio::test]
async fn completion_tells_keys_and_values() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let keys = server.facets(&question()).await;
    let named: Vec<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| &k["key"])
        .collect();
    assert!(named.contains(&&json!("service")) && named.contains(&&json!("annotation.tier")));
    assert!(
        !named.contains(&&json!("errorRootCause")),
        "nobody has one: {named:?}"
    );
    assert_eq!(
        (&keys["scanned"], &keys["complete"]),
        (&json!(2), &json!(true))
    );
    let ask = |key: &str, prefix: &str| with(with(question(), "key", key), "prefix", prefix);
    let names = server.facets(&ask("annotation", "T")).await;
    assert_eq!(
        names["values"],
        json!([{"value": "tier", "filter": "annotation.tier CONTAINS \"\"", "count": 1}])
    );
    let values = server.facets(&ask("service", "w")).await;
    let found: Vec<_> = values["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["value"])
        .collect();
    assert_eq!(found, ["web", "worker"]);
    let limited = server.facets(&with(ask("service", ""), "limit", 1)).await;
    assert_eq!(limited["values"].as_array().unwrap().len(), 1);
    let error = server
        .search_refused("/api/v1/facets", &ask("x", "").to_string())
        .await;
    assert!(
        error["Message"]
            .as_str()
            .unwrap()
            .starts_with("`key`: expected one of")
    );
}

/// A store whose scans never end unless they are cancelled.
#[derive(Debug)]
struct EndlessReader {
    began: mpsc::SyncSender<()>,
    stopped: mpsc::SyncSender<()>,
}

impl TraceReader for EndlessReader {
    fn documents(
        &self,
        _: &[Scope],
        _: &[TraceId],
        _: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError> {
        Ok(Vec::new())
    }

    fn facts(
        &self,
        _: &[Scope],
        _: &[TraceId],
        _: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        Ok(Vec::new())
    }

    fn scan(&self, _: &ScanRequest, control: &QueryControl) -> Result<ScanPage, StoreError> {
        self.began.send(()).unwrap();
        loop {
            if let Err(cancelled) = control.check() {
                self.stopped.send(()).unwrap();
                return Err(cancelled);
            }
            std::thread::yield_now();
        }
    }

    fn totals(&self, _: &TotalsRequest, _: &QueryControl) -> Result<Vec<EdgeRow>, StoreError> {
        Ok(Vec::new())
    }

    fn changed_minutes(&self, _: &[Scope], _: Option<ChangeMark>) -> ChangedMinutes {
        ChangedMinutes {
            minutes: None,
            mark: ChangeMark(0),
        }
    }

    fn stats(&self) -> StoreStats {
        StoreStats::default()
    }
}

#[tokio::test]
async fn closing_the_stream_stops_the_search() {
    let mut server = Server::start().await;
    let (began, has_begun) = mpsc::sync_channel(1);
    let (stopped, has_stopped) = mpsc::sync_channel(1);
    server.state.reader = Arc::new(EndlessReader { began, stopped });
    let console = routers(server.state.clone()).console;
    let request = Request::post("/api/v1/search").header(HOST, "localhost");
    let request = request.body(Body::from(question().to_string())).unwrap();
    let mut body = console.oneshot(request).await.unwrap().into_body();
    // A step that takes long: the reader hears that the search goes on.
    let frame = body.frame().await.unwrap().unwrap();
    let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
    assert!(text.starts_with("event: progress\n"), "{text}");
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    drop(body);
    has_stopped.recv_timeout(Duration::from_secs(10)).unwrap();
}
