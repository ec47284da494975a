//! Over the framing of gRPC; real clients speak to the real binary in the black-box tests.

use std::io::Write;

use super::*;
use crate::receive::grpc_routes;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A message with its five bytes of framing.
fn framed(message: &[u8], is_packed: bool) -> Vec<u8> {
    let mut frame = vec![u8::from(is_packed)];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

/// gRPC status, its message, and the message of the answer.
async fn call(
    router: Router,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (i32, String, Vec<u8>) {
    let mut all = vec![("content-type", "application/grpc"), ("te", "trailers")];
    all.extend(headers);
    let response = router.oneshot(post(path, &all, body)).await.unwrap();
    assert_eq!(response.status(), 200);
    let (head, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let of = |name: &str| head.headers.get(name).or(trailers.get(name)).cloned();
    let status = of("grpc-status")
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let message = of("grpc-message").map(|m| m.to_str().unwrap().to_owned());
    let body = collected.to_bytes();
    (
        status,
        message.unwrap_or_default(),
        body.get(5..).unwrap_or_default().to_vec(),
    )
}

#[tokio::test]
async fn spans_are_stored_plain_and_packed() {
    let body = protobuf(&[span(1), span(2)]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&body).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(body.as_slice(), 1).unwrap();
    for (headers, body) in [
        (&[][..], framed(&body, false)),
        (&[("grpc-encoding", "gzip")], framed(&gzip, true)),
        (&[("grpc-encoding", "zstd")], framed(&zstd, true)),
    ] {
        let door = Door::new(IntakeSettings::default());
        let answer = call(grpc_routes(&door.intake), EXPORT, headers, body).await;
        assert_eq!(answer, (0, String::new(), Vec::new()));
        assert_eq!(door.documents().len(), 2);
    }
}

#[tokio::test]
async fn refused_spans_are_a_partial_success() {
    let door = Door::new(IntakeSettings::default());
    let mut bad = span(2);
    bad.span_id.clear();
    let body = framed(&protobuf(&[span(1), bad]), false);
    let (status, _, body) = call(grpc_routes(&door.intake), EXPORT, &[], body).await;
    assert_eq!((status, &body[2..4]), (0, &[8, 1][..]));
}

#[tokio::test]
async fn failures_have_their_codes() {
    let settings = || IntakeSettings {
        grpc_bytes_max: 1_000,
        ..IntakeSettings::default()
    };
    let router = || grpc_routes(&Door::new(settings()).intake);
    let (status, message, _) = call(router(), EXPORT, &[], framed(&[0x0a, 0x7f], false)).await;
    assert_eq!(status, 3);
    assert!(
        message.starts_with("not%20a%20valid%20protobuf"),
        "{message}"
    );
    let large = framed(&vec![0; 1_001], false);
    assert_eq!(call(router(), EXPORT, &[], large).await.0, 8);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&vec![0; 1 << 20]).unwrap();
    let bomb = framed(&gzip.finish().unwrap(), true);
    let (status, ..) = call(router(), EXPORT, &[("grpc-encoding", "gzip")], bomb).await;
    assert_eq!(status, 8);
    let (status, ..) = call(
        router(),
        EXPORT,
        &[("grpc-encoding", "snappy")],
        framed(b"", true),
    )
    .await;
    assert_eq!(status, 12);
    assert_eq!(
        call(router(), "/x.Y/Z", &[], framed(b"", false)).await.0,
        12
    );
    let foreign = call(
        router(),
        EXPORT,
        &[("origin", "https://evil.example")],
        framed(b"", false),
    );
    assert_eq!(foreign.await.0, 7);
    let body = framed(&protobuf(&[span(1)]), false);
    let busy = call(
        grpc_routes(&refusing(ErrorKind::Busy)),
        EXPORT,
        &[],
        body.clone(),
    );
    assert_eq!(busy.await.0, 14);
    let fault = call(
        grpc_routes(&refusing(ErrorKind::Internal)),
        EXPORT,
        &[],
        body,
    );
    assert_eq!(fault.await.0, 13);
}

#[tokio::test]
async fn logs_and_metrics_are_declined() {
    for service in ["logs.v1.LogsService", "metrics.v1.MetricsService"] {
        let path = format!("/opentelemetry.proto.collector.{service}/Export");
        let door = Door::new(IntakeSettings::default());
        let gauge = field(5, &field(1, b""));
        let body = framed(&field(1, &field(2, &field(2, &gauge))), false);
        let (status, _, body) = call(grpc_routes(&door.intake), &path, &[], body).await;
        assert_eq!((status, &body[2..4]), (0, &[8, 1][..]), "{service}");
    }
}
