//! api.md "Wire protocol", and the bad input of every kind.

use std::io::Write;
use std::time::Duration;

use axum::body::{Body, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use http::{Request, StatusCode};
use roentgen_model::limits::BODY_BYTES_MAX;
use serde_json::json;

use super::Server;
use crate::Operation;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn chunks(parts: Vec<Vec<u8>>) -> Body {
    let parts = parts
        .into_iter()
        .map(|part| Ok::<_, std::io::Error>(Bytes::from(part)));
    Body::from_stream(stream::iter(parts))
}

fn coded(coding: &str, body: Vec<u8>) -> Request<Body> {
    let request = Request::post("/GetSamplingRules").header("content-encoding", coding);
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn success_has_request_id_and_json() {
    let answer = Server::start()
        .await
        .post("/EncryptionConfig", json!({}))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["x-amzn-requestid"].len(), 36);
}

#[tokio::test]
async fn error_has_its_type_in_header_and_body() {
    let answer = Server::start()
        .await
        .post("/Traces", json!({"TraceIds": []}))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.error_type(), "InvalidRequestException");
    assert_eq!(answer.headers["x-amzn-requestid"].len(), 36);
    let expected = json!({
        "Message": "`TraceIds`: expected at least 1 items, found 0",
        "__type": "InvalidRequestException",
    });
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn every_operation_is_known_and_answers_an_empty_object() {
    let server = Server::start().await;
    assert_eq!(Operation::ALL.len(), 38);
    for operation in Operation::ALL {
        let answer = server.post(operation.path(), json!({})).await;
        if answer.status != StatusCode::OK {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{operation:?}");
            assert_eq!(
                answer.error_type(),
                "InvalidRequestException",
                "{operation:?}"
            );
        }
    }
}

#[tokio::test]
async fn unknown_path_and_wrong_method_are_named_so() {
    let server = Server::start().await;
    for path in ["/", "/Nothing", "/traces", "/Traces/", "/v1/x", "/%ff"] {
        let answer = server.post(path, json!({})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.error_type(), "UnknownOperationException", "{path}");
        assert!(answer.body["message"].is_string());
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let request = Request::builder()
            .method(method)
            .uri("/Traces")
            .body(Body::empty())
            .unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.error_type(), "UnknownOperationException", "{method}");
        assert_eq!(answer.headers["allow"], "POST");
    }
}

#[tokio::test]
async fn any_or_no_content_type_and_signature_is_taken() {
    let server = Server::start().await;
    for headers in [
        vec![],
        vec![("content-type", "application/x-amz-json-1.1")],
        vec![
            ("content-type", "text/plain"),
            ("authorization", "AWS4-HMAC-SHA256 nonsense"),
        ],
        vec![
            ("x-amz-date", "never"),
            ("x-amz-security-token", "none"),
            ("host", "any.where"),
        ],
    ] {
        let mut request = Request::post("/GetSamplingRules");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = server.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{headers:?}");
    }
}

#[tokio::test]
async fn empty_null_and_unknown_members_are_as_absent() {
    let server = Server::start().await;
    for body in [
        "",
        " \n",
        "{}",
        "{\"NextToken\":null}",
        "{\"NextToken\":\"\"}",
        "{\"x\":[{}]}",
    ] {
        let answer = server.post_text("/GetSamplingRules", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{body}");
    }
    // Names are case-sensitive.
    let message = server.refused("/Traces", json!({"traceids": ["x"]})).await;
    assert_eq!(message, "`TraceIds` is required");
}

#[tokio::test]
async fn body_that_is_no_json_object_is_refused() {
    let server = Server::start().await;
    let deep = "[".repeat(200_000);
    let bodies: Vec<&[u8]> = vec![
        b"[]",
        b"nonsense",
        b"{",
        b"{\"a\":}",
        b"\"\"",
        b"{\"a\":\"\xff\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        for path in [
            "/Traces",
            "/TraceSegments",
            "/GetSamplingRules",
            "/SamplingTargets",
        ] {
            let answer = server.post_text(path, body.to_vec()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
            assert_eq!(answer.error_type(), "InvalidRequestException");
        }
    }
}

#[tokio::test]
async fn chunked_body_is_put_together() {
    let server = Server::start().await;
    let parts = vec![
        b"{\"Trace".to_vec(),
        vec![],
        b"Ids\":[]".to_vec(),
        b"}".to_vec(),
    ];
    let answer = server.post_text("/Traces", chunks(parts)).await;
    assert_eq!(
        answer.body["Message"],
        "`TraceIds`: expected at least 1 items, found 0"
    );
}

#[tokio::test]
async fn body_cut_off_is_refused() {
    let parts = [
        Ok(Bytes::from("{\"TraceIds\":")),
        Err(std::io::Error::other("gone")),
    ];
    let body = Body::from_stream(stream::iter(parts));
    let answer = Server::start().await.post_text("/Traces", body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn body_of_up_to_eight_mebibytes_is_read_and_no_more() {
    let server = Server::start().await;
    let padded = |bytes: usize| {
        let mut body = b"{}".to_vec();
        body.resize(bytes, b' ');
        body
    };
    let at = server
        .post_text("/GetSamplingRules", padded(BODY_BYTES_MAX))
        .await;
    assert_eq!(at.status, StatusCode::OK);
    let limit = format!("expected a body of at most {BODY_BYTES_MAX} bytes");
    for body in [
        Body::from(padded(BODY_BYTES_MAX + 1)),
        chunks(vec![padded(1 << 20); 9]),
    ] {
        let over = server.post_text("/GetSamplingRules", body).await;
        assert_eq!(over.status, StatusCode::BAD_REQUEST);
        assert_eq!(over.body["Message"], limit);
    }
}

#[tokio::test]
async fn body_without_end_is_answered_after_a_bounded_part() {
    let forever = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1 << 20])));
    let answer = Server::start()
        .await
        .post_text("/Traces", Body::from_stream(forever))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn body_that_never_arrives_is_answered() {
    let server =
        Server::with(|settings| settings.body_arrival_max = Duration::from_millis(5)).await;
    let answer = server
        .post_text(
            "/Traces",
            Body::from_stream(stream::pending::<std::io::Result<Bytes>>()),
        )
        .await;
    assert_eq!(answer.body["Message"], "the body did not arrive within 5ms");
}

#[tokio::test]
async fn gzip_body_is_read_up_to_the_same_limit() {
    let server = Server::start().await;
    for coding in ["gzip", "GZIP", "identity"] {
        let body = if coding == "identity" {
            b"{}".to_vec()
        } else {
            gzip(b"{}")
        };
        assert_eq!(
            server.send(coded(coding, body)).await.status,
            StatusCode::OK,
            "{coding}"
        );
    }
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    let two_members = [gzip(b"{"), gzip(b"}")].concat();
    assert_eq!(
        server.send(coded("gzip", two_members)).await.status,
        StatusCode::OK
    );
    let mut cut = gzip(b"{\"NextToken\":null}");
    cut.truncate(cut.len() - 4);
    for (coding, body) in [
        ("gzip", bomb),
        ("gzip", b"{}".to_vec()),
        ("gzip", cut),
        ("br", b"{}".to_vec()),
        ("gzip, gzip", gzip(&gzip(b"{}"))),
    ] {
        let answer = server.send(coded(coding, body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{coding}");
        assert_eq!(answer.error_type(), "InvalidRequestException");
    }
}

#[tokio::test]
async fn foreign_origin_is_refused_on_every_path() {
    let server = Server::start().await;
    for (origin, allowed) in [
        ("http://localhost:3000", true),
        ("https://traces.example", true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        for path in ["/GetSamplingRules", "/Nothing"] {
            let request = Request::post(path)
                .header("origin", origin)
                .body(Body::empty())
                .unwrap();
            let answer = server.send(request).await;
            assert_eq!(
                answer.status != StatusCode::FORBIDDEN,
                allowed,
                "{origin} {path}"
            );
            if !allowed {
                assert_eq!(answer.error_type(), "AccessDeniedException");
            }
        }
    }
}

#[tokio::test]
async fn requests_are_counted_by_operation_and_status() {
    let server = Server::start().await;
    server.post("/GetSamplingRules", json!({})).await;
    server.post("/Traces", json!({})).await;
    server.post("/whatever-a-client-says", json!({})).await;
    let mut registry = prometheus_client::registry::Registry::default();
    server.state.metrics.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "roentgen_api_requests_total{operation=\"GetSamplingRules\",status=\"200\"} 1",
        "roentgen_api_requests_total{operation=\"BatchGetTraces\",status=\"400\"} 1",
        "roentgen_api_requests_total{operation=\"Unknown\",status=\"404\"} 1",
        "roentgen_api_request_seconds_count{operation=\"BatchGetTraces\"} 1",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn panic_in_the_store_is_an_internal_failure_and_the_next_request_works() {
    let mut server = Server::start().await;
    server.state.reader = std::sync::Arc::new(super::traces::BrokenReader::Panics);
    server.router = crate::routers(server.state.clone()).api;
    let body = json!({"TraceIds": [super::trace_id(0, 1)]});
    let answer = server.post("/TraceGraph", body).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.error_type(), "InternalFailure");
    assert!(!answer.body["message"].as_str().unwrap().contains("secret"));
    assert_eq!(
        server.ok("/EncryptionConfig", json!({})).await["EncryptionConfig"]["Type"],
        "NONE"
    );
}
