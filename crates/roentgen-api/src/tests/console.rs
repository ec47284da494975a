//! The console's API over the reference store.

use axum::body::Body;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use roentgen_model::SegmentId;
use roentgen_query::retrieval::RetrievedSpan;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Answer, NOW_SECS, Server, id, segment, shop, trace_id};
use crate::routers;

impl Server {
    /// Sends a request to the console's API as a page of ours does.
    pub(super) async fn console_send(&self, request: http::request::Builder, body: Body) -> Answer {
        let request = request.header(HOST, "127.0.0.1:2001").body(body).unwrap();
        let response = self.console.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }

    async fn console_get(&self, path: &str) -> Answer {
        self.console_send(Request::get(path), Body::empty()).await
    }
}

fn nanos(secs: i64) -> String {
    format!("{secs}000000000")
}

#[tokio::test]
async fn server_tells_what_a_page_has_to_know() {
    let server = Server::start().await;
    let empty = server.console_get("/api/v1/server").await;
    assert_eq!(empty.status, StatusCode::OK);
    assert_eq!(empty.headers[CONTENT_TYPE], "application/json");
    assert_eq!(empty.body["storage"]["hasTraces"], json!(false));
    assert_eq!(empty.body["storage"]["newestTraceUnixNanos"], Value::Null);
    server.put(&shop()).await;
    server.put(&[segment(-5, 9, "late")]).await;
    let answer = server.console_get("/api/v1/server").await;
    let storage = &answer.body["storage"];
    assert_eq!(storage["oldestTraceUnixNanos"], nanos(NOW_SECS - 100));
    assert_eq!(storage["newestTraceUnixNanos"], nanos(NOW_SECS - 5));
    insta::assert_json_snapshot!(answer.body);
}

#[tokio::test]
async fn unknown_path_is_refused_in_the_form_of_the_api() {
    let server = Server::start().await;
    let answer = server.console_get("/api/v1/none").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.error_type(), "UnknownOperationException");
}

#[tokio::test]
async fn short_answer_is_not_packed() {
    let server = Server::start().await;
    let request = Request::get("/api/v1/server").header(ACCEPT_ENCODING, "gzip");
    let answer = server.console_send(request, Body::empty()).await;
    assert_eq!(answer.headers.get(CONTENT_ENCODING), None);
    assert_eq!(answer.body["version"], "1.2.3");
}

#[tokio::test]
async fn trace_comes_in_columns() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let path = format!("/api/v1/traces/{}", trace_id(-100, 1));
    let answer = server.console_get(&path).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    insta::assert_snapshot!(rows_as_table(&answer.body));
    let w3c = trace_id(-100, 1).replacen("1-", "", 1).replace('-', "");
    let same = server.console_get(&format!("/api/v1/traces/{w3c}")).await;
    assert_eq!(same.body, answer.body);
}

/// A row of text for each row, after the members that are none of a row.
fn rows_as_table(trace: &Value) -> String {
    let count = usize::try_from(trace["count"].as_u64().unwrap()).unwrap();
    let strings = trace["strings"].as_array().unwrap();
    let lists = ["strings", "exceptions"];
    let mut out = String::new();
    for (name, member) in trace.as_object().unwrap() {
        match member {
            Value::Array(list) if name == "exceptions" => {
                for one in list {
                    out.push_str(&format!("exception: {one}\n"));
                }
            }
            Value::Array(_) => {}
            plain => out.push_str(&format!("{name}: {plain}\n")),
        }
    }
    for row in 0..count {
        for (name, member) in trace.as_object().unwrap() {
            let Some(column) = member.as_array().filter(|_| !lists.contains(&&**name)) else {
                continue;
            };
            assert_eq!(column.len(), count, "{name}");
            let value = &column[row];
            let texts = [
                "missingParent",
                "name",
                "service",
                "origin",
                "namespace",
                "method",
                "operation",
                "url",
            ];
            let shown = if texts.contains(&name.as_str()) {
                &strings[usize::try_from(value.as_u64().unwrap()).unwrap()]
            } else {
                value
            };
            out.push_str(&format!("{name}={shown} "));
        }
        out.push('\n');
    }
    out
}

#[tokio::test]
async fn trace_rows_show_what_is_missing_and_in_progress() {
    let server = Server::start().await;
    let trace = trace_id(-10, 1);
    let start = NOW_SECS - 10;
    server
        .put(&[
            json!({"trace_id": trace, "id": id(1), "name": "web & @ 1", "in_progress": true,
                "start_time": start}),
            json!({"trace_id": trace, "id": id(2), "parent_id": id(7), "type": "subsegment",
                "name": "lost", "start_time": start - 1, "end_time": start, "metadata": {"a": 1}}),
        ])
        .await;
    let answer = server.console_get(&format!("/api/v1/traces/{trace}")).await;
    insta::assert_snapshot!(rows_as_table(&answer.body));
}

#[tokio::test]
async fn segment_comes_as_merged_and_as_stored() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let trace = trace_id(-100, 1);
    let path = |id: &str| format!("/api/v1/traces/{trace}/segments/{id}");
    let call = server.console_get(&path(&id(0xa2))).await;
    assert_eq!(call.status, StatusCode::OK, "{:?}", call.body);
    insta::assert_json_snapshot!("segment_call", call.body);
    let worker = format!("/api/v1/traces/{}/segments/{}", trace_id(-98, 2), id(0xc1));
    let worker = server.console_get(&worker).await.body;
    assert_eq!(
        worker["links"]["out"],
        json!([{"traceId": trace, "segmentId": id(0xa3)}])
    );
}

#[tokio::test]
async fn downloads_are_files_with_the_whole_trace() {
    let mut server = Server::start().await;
    server.state.otel_spans = |document, skip, take| {
        let document: Value = serde_json::from_str(document).unwrap();
        let span = |number| RetrievedSpan {
            id: SegmentId::from_u64(number),
            document: json!({"resource": {"of": document["name"]}, "scope": {}, "name": number})
                .to_string(),
        };
        assert_eq!(skip, 0);
        assert!((1..3).all(|number| take(span(number)).is_continue()));
    };
    server.console = routers(server.state.clone()).console;
    server.put(&shop()).await;
    let trace = trace_id(-100, 1);
    let documents = format!("/api/v1/traces/{trace}/documents.json");
    let documents = server.console_get(&documents).await;
    let name = &documents.headers["content-disposition"];
    let expected = format!("attachment; filename=\"{trace}.documents.json\"");
    assert_eq!(name.to_str().unwrap(), expected);
    let batch = server.ok("/Traces", json!({"TraceIds": [trace]})).await;
    assert_eq!(documents.body, batch["Traces"][0]);
    let otlp = format!("/api/v1/traces/{trace}/otlp.json");
    let otlp = server.console_get(&otlp).await;
    assert_eq!(otlp.status, StatusCode::OK, "{:?}", otlp.body);
    let group = |name| {
        json!({"resource": {"of": name},
            "scopeSpans": [{"scope": {}, "spans": [{"name": 1}, {"name": 2}]}]})
    };
    assert_eq!(
        otlp.body,
        json!({"resourceSpans": [group("web"), group("pay"), group("SQS")]})
    );
}

#[tokio::test]
async fn unknown_and_malformed_traces_are_told_apart() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let (known, none) = (trace_id(-100, 1), trace_id(-1, 9));
    for (path, status, message) in [
        (format!("traces/{none}"), 404, format!("no trace `{none}`")),
        (
            format!("traces/{none}/documents.json"),
            404,
            format!("no trace `{none}`"),
        ),
        (
            format!("traces/{none}/otlp.json"),
            404,
            format!("no trace `{none}`"),
        ),
        (
            format!("traces/{known}/segments/{}", id(0x99)),
            404,
            format!("trace `{known}` has no segment `{}`", id(0x99)),
        ),
        (
            "traces/1-2".to_owned(),
            400,
            "`id`: expected a trace id of the form `1-<8 hex>-<24 hex>`".to_owned(),
        ),
        (
            format!("traces/{known}/segments/xyz"),
            400,
            "`segmentId`: expected an id of 16 hex digits".to_owned(),
        ),
    ] {
        let answer = server.console_get(&format!("/api/v1/{path}")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.body["Message"], message, "{path}");
    }
}

#[tokio::test]
async fn sample_trace_is_there_to_be_looked_at() {
    let server = Server::start().await;
    let post = || server.console_send(Request::post("/api/v1/sample-trace"), Body::empty());
    let (one, other) = (post().await, post().await);
    let trace = one.body["traceId"].as_str().unwrap();
    assert_ne!(one.body, other.body);
    let rows = server.console_get(&format!("/api/v1/traces/{trace}")).await;
    assert_eq!(rows.body["count"], json!(9));
    assert_eq!(rows.body["inProgress"], json!(false));
    assert_eq!(rows.body["skew"], json!(0));
    let get = server.console_get("/api/v1/sample-trace").await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
}
