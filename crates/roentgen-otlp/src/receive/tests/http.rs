use std::io::Write;

use prost::Message;

use super::*;
use crate::map::segments::MapSettings;
use crate::receive::answer::{ExportResponse, Status};

/// Bodies in every coding that is understood.
fn packed(body: &[u8]) -> [(Option<&'static str>, Vec<u8>); 5] {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(body).unwrap();
    [
        (None, body.to_vec()),
        (Some("identity"), body.to_vec()),
        (Some("gzip"), gzip.finish().unwrap()),
        (Some("deflate"), zlib.finish().unwrap()),
        (Some("zstd"), zstd::encode_all(body, 1).unwrap()),
    ]
}

#[tokio::test]
async fn both_encodings_in_every_coding_are_stored_alike() {
    let mut expected = None;
    for (encoding, body) in [
        (PROTOBUF, protobuf(&[span(1), span(2)])),
        (JSON, json_text(&[1, 2])),
    ] {
        for (coding, body) in packed(&body) {
            let door = Door::new(IntakeSettings::default());
            let mut headers = vec![encoding];
            headers.extend(coding.map(|coding| ("content-encoding", coding)));
            let request = post("/v1/traces", &headers, body);
            let (status, headers, body) = answer(door.http(), request).await;
            assert_eq!(status, 200, "{coding:?}");
            let (media_type, empty) = match encoding {
                JSON => ("application/json", &b"{}"[..]),
                _ => ("application/x-protobuf", &b""[..]),
            };
            assert_eq!(
                (&headers["content-type"], &body[..]),
                (&media_type.parse().unwrap(), empty)
            );
            let documents = door.documents();
            assert_eq!(documents.len(), 2);
            assert_eq!(*expected.get_or_insert(documents.clone()), documents);
        }
    }
}

#[tokio::test]
async fn refused_spans_are_counted_and_named_and_their_neighbours_stored() {
    let mut bad = span(2);
    bad.trace_id = vec![0; 16];
    let mut old = span(3);
    old.start_time_unix_nano = 1;
    let door = Door::new(IntakeSettings::default());
    let body = protobuf(&[span(1), bad, old, span(4)]);
    let (status, _, body) = answer(door.http(), post("/v1/traces/", &[PROTOBUF], body)).await;
    assert_eq!(status, 200);
    let partial = ExportResponse::decode(body)
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!(partial.rejected, 2);
    assert_eq!(
        partial.error_message,
        "2 of 4 spans refused; span 0000000000000002: `trace_id`: expected 16 bytes that are not all \
         zero, found zeros; span 0000000000000003: Invalid segment. ErrorCode: InvalidTraceId"
    );
    assert_eq!(door.documents().len(), 2);
    let json = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"spanId": "01"}]}]}]});
    let request = post("/v1/traces", &[JSON], json.to_string());
    let (status, _, body) = answer(door.http(), request).await;
    assert_eq!(status, 200);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["partialSuccess"]["rejectedSpans"], "1");
}

#[tokio::test]
async fn a_warning_alone_rejects_nothing() {
    let mut linked = span(1);
    linked.links.push(crate::proto::Link::default());
    let door = Door::new(IntakeSettings::default());
    let (_, _, body) = answer(
        door.http(),
        post("/v1/traces", &[PROTOBUF], protobuf(&[linked])),
    )
    .await;
    let shown = String::from_utf8_lossy(&body);
    assert!(
        shown.contains("1 links with invalid ids left out"),
        "{shown}"
    );
    assert_eq!(door.documents().len(), 1);
    // The message is the first field: the number of rejected spans is 0.
    assert_eq!(body[2], 2 << 3 | 2);
}

#[tokio::test]
async fn what_is_no_request_gets_the_right_status() {
    let door = || Door::new(IntakeSettings::default()).http();
    let (status, headers, _) = answer(
        door(),
        Request::get("/v1/traces").body(Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(
        (status, &headers["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
    for headers in [&[][..], &[("content-type", "text/plain")]] {
        let (status, headers, _) = answer(door(), post("/v1/traces", headers, "x")).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(
            headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/plain")
        );
    }
    for (path, signal) in [
        ("/v1/traces", PROTOBUF),
        ("/v1/logs", PROTOBUF),
        ("/v1/metrics", PROTOBUF),
    ] {
        let (status, headers, body) = answer(door(), post(path, &[signal], vec![0x0a, 0x7f])).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (
                StatusCode::BAD_REQUEST,
                &"application/x-protobuf".parse().unwrap()
            )
        );
        let status = Status::decode(body).unwrap();
        assert_eq!(status.code, 3);
        assert!(
            status.message.starts_with("not a valid protobuf message"),
            "{}",
            status.message
        );
    }
    let (status, _, body) = answer(door(), post("/v1/traces", &[JSON], "{")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["code"], 3);
    for coding in ["snappy", "gzip, gzip"] {
        let request = post("/v1/traces", &[JSON, ("content-encoding", coding)], "{}");
        assert_eq!(answer(door(), request).await.0, StatusCode::BAD_REQUEST);
    }
    let damaged = post("/v1/traces", &[JSON, ("content-encoding", "gzip")], "{}");
    assert_eq!(answer(door(), damaged).await.0, StatusCode::BAD_REQUEST);
    let unknown = post("/v1development/profiles", &[JSON], "{}");
    assert_eq!(answer(door(), unknown).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sizes_and_numbers_are_bounded() {
    let settings = || IntakeSettings {
        http_bytes_max: 100_000,
        spans_max: 3,
        map: MapSettings {
            span_bytes_max: 1_000,
            ..MapSettings::default()
        },
        ..IntakeSettings::default()
    };
    let door = Door::new(settings());
    let (status, ..) = answer(
        door.http(),
        post("/v1/traces", &[JSON], vec![b' '; 100_001]),
    )
    .await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    // Small when packed.
    for (coding, body) in packed(&vec![b' '; 50 << 20]) {
        let Some(coding) = coding.filter(|coding| *coding != "identity") else {
            continue;
        };
        let request = post("/v1/traces", &[JSON, ("content-encoding", coding)], body);
        let (status, _, body) = answer(door.http(), request).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{coding}");
        assert!(String::from_utf8_lossy(&body).contains("at most 100000 bytes"));
    }
    let (status, _, body) = answer(
        door.http(),
        post("/v1/traces", &[JSON], json_text(&[1, 2, 3, 4])),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&body).contains("the request has 4 spans, at most 3"));
    assert_eq!(door.documents().len(), 0);
    let mut large = span(1);
    large.attributes.push(text("text", &"x".repeat(1_000)));
    let request = post("/v1/traces", &[PROTOBUF], protobuf(&[large, span(2)]));
    let (status, _, body) = answer(door.http(), request).await;
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&body).contains("at most 1000 are taken"));
    assert_eq!(door.documents().len(), 1);
}

#[tokio::test]
async fn a_span_of_a_megabyte_is_taken() {
    let door = Door::new(IntakeSettings::default());
    let mut large = span(1);
    large
        .attributes
        .push(text("text", &"\u{1}".repeat(1_000_000)));
    let request = post("/v1/traces", &[PROTOBUF], protobuf(&[large]));
    let (status, _, body) = answer(door.http(), request).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    let documents = door.documents();
    assert_eq!(
        documents[0]["metadata"]["default"]["text"]
            .as_str()
            .unwrap()
            .len(),
        1_000_000
    );
}

#[tokio::test]
async fn a_store_that_is_busy_asks_for_another_try() {
    for kind in [
        ErrorKind::Busy,
        ErrorKind::Unavailable,
        ErrorKind::KeyUnavailable,
    ] {
        let router = http_router(&refusing(kind));
        let request = post("/v1/traces", &[PROTOBUF], protobuf(&[span(1)]));
        let (status, headers, body) = answer(router, request).await;
        assert_eq!(
            (status, &headers["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
        );
        let status = Status::decode(body).unwrap();
        assert_eq!(status.code, 14);
        assert!(!status.message.contains("secret"));
        assert_eq!(
            status.details[0].type_url,
            "type.googleapis.com/google.rpc.RetryInfo"
        );
    }
    let router = http_router(&refusing(ErrorKind::Internal));
    let request = post("/v1/traces", &[PROTOBUF], protobuf(&[span(1)]));
    let (status, _, body) = answer(router, request).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!String::from_utf8_lossy(&body).contains("secret"));
}

#[tokio::test]
async fn a_request_without_spans_asks_nothing_of_the_store() {
    let router = http_router(&refusing(ErrorKind::Busy));
    let (status, ..) = answer(router, post("/v1/traces", &[JSON], "{}")).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn logs_and_metrics_are_declined_by_number() {
    let door = Door::new(IntakeSettings::default());
    let logs =
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{}, {}]}, {"logRecords": [{}]}]}]});
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "a", "gauge": {"dataPoints": [{}, {}]}},
        {"sum": {"dataPoints": [{}]}}, {"histogram": {"dataPoints": [{}]}},
        {"exponentialHistogram": {"dataPoints": [{}]}}, {"summary": {"dataPoints": [{}]}}, {},
    ]}]}]});
    let ask = async |path: &str, body: &Value| {
        let (status, _, body) = answer(door.http(), post(path, &[JSON], body.to_string())).await;
        assert_eq!(status, 200);
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    let declined = ask("/v1/logs", &logs).await;
    assert_eq!(
        declined,
        json!({"partialSuccess": {"rejectedLogRecords": "3", "errorMessage": "logs are not stored yet"}})
    );
    let declined = ask("/v1/metrics", &metrics).await;
    assert_eq!(
        declined,
        json!({"partialSuccess": {"rejectedDataPoints": "6", "errorMessage": "metrics are not stored yet"}})
    );
    assert_eq!(ask("/v1/logs", &json!({})).await, json!({}));
    // In protobuf: two log records; one metric of a gauge with two points.
    let logs = field(1, &field(2, &[field(2, b""), field(2, b"")].concat()));
    let (_, _, body) = answer(door.http(), post("/v1/logs", &[PROTOBUF], logs)).await;
    assert_eq!(&body[2..4], &[8, 2]);
    let gauge = field(5, &[field(1, b""), field(1, b"")].concat());
    let metrics = field(1, &field(2, &field(2, &gauge)));
    let (_, _, body) = answer(door.http(), post("/v1/metrics", &[PROTOBUF], metrics)).await;
    assert_eq!(&body[2..4], &[8, 2]);
}

#[tokio::test]
async fn a_request_sent_again_changes_nothing() {
    let door = Door::new(IntakeSettings::default());
    let body = protobuf(&[span(1), span(2)]);
    for _ in 0..2 {
        answer(door.http(), post("/v1/traces", &[PROTOBUF], body.clone())).await;
    }
    assert_eq!(door.documents().len(), 2);
    let facts = door.store.facts(
        &[scope()],
        &[TraceId::from_bytes(TRACE)],
        &QueryControl::default(),
    );
    assert_eq!(facts.unwrap()[0].head.revision, 1);
}

#[tokio::test]
async fn spans_far_apart_are_refused_with_strict_limits_only() {
    let mut late = span(2);
    late.start_time_unix_nano -= 25 * 3_600_000_000_000;
    let body = protobuf(&[span(1), late]);
    let strict = IntakeSettings {
        spread_max: Some(std::time::Duration::from_secs(24 * 3600)),
        ..IntakeSettings::default()
    };
    for (settings, expected) in [(IntakeSettings::default(), 200), (strict, 400)] {
        let door = Door::new(settings);
        let (status, ..) = answer(door.http(), post("/v1/traces", &[PROTOBUF], body.clone())).await;
        assert_eq!(status, expected);
    }
}
