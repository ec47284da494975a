//! `PutTelemetryRecords`, and what the console shows of it.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{NOW_SECS, Server};

/// What the console is told.
async fn daemons(server: &Server) -> Value {
    let console = server.console.clone();
    let request = Request::get("/api/v1/daemons").header(HOST, "127.0.0.1:2001");
    let response = console.oneshot(request.body(Body::empty()).unwrap()).await;
    let (head, body) = response.unwrap().into_parts();
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.headers[CONTENT_TYPE], "application/json");
    serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn telemetry_records_are_shown_by_agent() {
    let server = Server::start().await;
    let body = json!({"Hostname": "h", "EC2InstanceId": "i-1", "ResourceARN": "", "TelemetryRecords": [
        {"Timestamp": NOW_SECS, "SegmentsReceivedCount": 7, "SegmentsSentCount": 4,
            "SegmentsSpilloverCount": 2, "SegmentsRejectedCount": 1,
            "BackendConnectionErrors": {"TimeoutCount": 1, "ConnectionRefusedCount": 2,
                "HTTPCode4XXCount": 3, "HTTPCode5XXCount": 4, "UnknownHostCount": 5,
                "OtherCount": 6}},
        {"Timestamp": NOW_SECS - 86_400, "SegmentsReceivedCount": 1, "SegmentsSentCount": -5},
        {"Timestamp": NOW_SECS - 86_401, "SegmentsReceivedCount": 1_000},
    ]});
    assert_eq!(server.ok("/TelemetryRecords", body).await, json!({}));
    server.clock.advance_secs(1);
    let other = json!({"TelemetryRecords": [{"Timestamp": NOW_SECS}]});
    server.ok("/TelemetryRecords", other).await;
    insta::assert_json_snapshot!(daemons(&server).await);
}

#[tokio::test]
async fn telemetry_is_counted_over_all_agents() {
    let server = Server::start().await;
    for hostname in ["a", "b"] {
        let record = json!({"Timestamp": NOW_SECS, "SegmentsReceivedCount": 7,
            "SegmentsSpilloverCount": 2, "BackendConnectionErrors": {"HTTPCode5XXCount": 3}});
        let old = json!({"Timestamp": NOW_SECS - 86_401, "SegmentsReceivedCount": 1_000});
        let body = json!({"Hostname": hostname, "TelemetryRecords": [record, old]});
        server.ok("/TelemetryRecords", body).await;
    }
    let (mut registry, mut text) = (Registry::default(), String::new());
    server.state.metrics.register(&mut registry);
    encode(&mut text, &registry).unwrap();
    for line in [
        "roentgen_api_telemetry_records_total 2",
        "roentgen_agent_segments_total{outcome=\"received\"} 14",
        "roentgen_agent_segments_total{outcome=\"sent\"} 0",
        "roentgen_agent_segments_total{outcome=\"spilled\"} 4",
        "roentgen_agent_connection_errors_total{kind=\"http_5xx\"} 6",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[tokio::test]
async fn console_is_closed_to_foreign_origins_and_hosts() {
    let server = Server::start().await;
    let cases = [
        ("127.0.0.1:2001", None, StatusCode::OK),
        (
            "127.0.0.1:2001",
            Some("http://localhost:2001"),
            StatusCode::OK,
        ),
        (
            "traces.example",
            Some("https://traces.example"),
            StatusCode::OK,
        ),
        (
            "127.0.0.1:2001",
            Some("https://evil.example"),
            StatusCode::FORBIDDEN,
        ),
        ("evil.example", None, StatusCode::FORBIDDEN),
    ];
    for (host, origin, status) in cases {
        for method in [Method::GET, Method::POST] {
            let mut request = Request::builder().method(method).uri("/api/v1/daemons");
            request = request.header(HOST, host);
            if let Some(origin) = origin {
                request = request.header(ORIGIN, origin);
            }
            let request = request.body(Body::empty()).unwrap();
            let answer = server.console.clone().oneshot(request).await;
            assert_eq!(answer.unwrap().status(), status, "{host} {origin:?}");
        }
    }
}

#[tokio::test]
async fn put_telemetry_records_refuses_broken_constraints() {
    let server = Server::start().await;
    let cases = [
        (json!({}), "`TelemetryRecords` is required"),
        (
            json!({"TelemetryRecords": [{}]}),
            "`TelemetryRecords[0].Timestamp` is required",
        ),
        (
            json!({"TelemetryRecords": [], "EC2InstanceId": "i".repeat(21)}),
            "`EC2InstanceId`: expected 0 to 20 characters, found 21",
        ),
        (
            json!({"TelemetryRecords": [], "Hostname": "h".repeat(256)}),
            "`Hostname`: expected 0 to 255 characters, found 256",
        ),
        (
            json!({"TelemetryRecords": [], "ResourceARN": "h".repeat(501)}),
            "`ResourceARN`: expected 0 to 500 characters, found 501",
        ),
        (
            json!({"TelemetryRecords": [{"Timestamp": 1, "SegmentsSentCount": "7"}]}),
            "`TelemetryRecords[0].SegmentsSentCount`: expected a whole number, found `\"7\"`",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/TelemetryRecords", body).await, message);
    }
}
