//! The console's API over the reference store.

use axum::body::Body;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Answer, NOW_SECS, Server, segment, shop};

impl Server {
    /// Sends a request to the console's API as a page of ours does.
    async fn console_send(&self, request: http::request::Builder, body: Body) -> Answer {
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
