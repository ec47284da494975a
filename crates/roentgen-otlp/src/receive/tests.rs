//! otlp.md 1, through the routers, with a real store behind.

mod cors;
mod datagrams;
mod grpc;
mod http;

use std::sync::Arc;

use ::http::{HeaderMap, Request, StatusCode};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_store::clock::ManualClock;
use roentgen_store::naive::NaiveStore;
use roentgen_store::settings::StoreSettings;
use roentgen_store::source::{
    AcceptFuture, ErrorKind, QueryControl, StoreError, TraceReader, TraceWriter,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Intake, IntakeSettings, OtlpMetrics, http_router};
use crate::proto::{AnyValue, KeyValue, Span, Value as AttributeValue};

/// A moment after the spans of the tests.
const NOW: UnixNanos = UnixNanos::from_secs(1_767_225_700);
const START: u64 = 1_767_225_600_000_000_000;
const TRACE: [u8; 16] = [0x69, 0x55, 0xb9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1").unwrap()
}

/// An intake with its store.
struct Door {
    intake: Intake,
    store: Arc<NaiveStore>,
}

impl Door {
    fn new(settings: IntakeSettings) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let store = Arc::new(NaiveStore::new(
            StoreSettings::default(),
            Arc::clone(&clock) as _,
        ));
        let writer = Arc::clone(&store) as _;
        let intake = Intake::new(writer, clock, scope(), settings, OtlpMetrics::default());
        Self { intake, store }
    }

    /// Texts of the stored documents of the usual trace.
    fn documents(&self) -> Vec<Value> {
        let ids = [TraceId::from_bytes(TRACE)];
        let found = self
            .store
            .documents(&[scope()], &ids, &QueryControl::default());
        let documents = found.unwrap().into_iter().flat_map(|trace| trace.documents);
        documents
            .map(|document| serde_json::from_slice(&document.text).unwrap())
            .collect()
    }

    fn http(&self) -> Router {
        http_router(&self.intake)
    }
}

/// A writer that can take nothing now, or never could.
#[derive(Debug)]
struct Refusing(ErrorKind);

impl TraceWriter for Refusing {
    fn accept_up_to(&self, _: usize, _: &Scope, _: Vec<Bytes>) -> AcceptFuture<'_> {
        let error = StoreError::new(self.0, "the secret reason");
        Box::pin(std::future::ready(Err(error)))
    }
}

fn refusing(kind: ErrorKind) -> Intake {
    let clock = Arc::new(ManualClock::new(NOW));
    let metrics = OtlpMetrics::default();
    Intake::new(
        Arc::new(Refusing(kind)),
        clock,
        scope(),
        IntakeSettings::default(),
        metrics,
    )
}

fn span(id: u8) -> Span {
    Span {
        trace_id: TRACE.to_vec(),
        span_id: vec![0, 0, 0, 0, 0, 0, 0, id],
        name: "work".to_owned(),
        start_time_unix_nano: START,
        end_time_unix_nano: START + 1_000_000,
        ..Span::default()
    }
}

fn text(key: &str, text: &str) -> KeyValue {
    let value = Some(AttributeValue::String(text.to_owned()));
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value }),
    }
}

fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![tag << 3 | 2];
    prost::encoding::encode_varint(bytes.len() as u64, &mut field);
    field.extend_from_slice(bytes);
    field
}

/// A request with these spans, in protobuf.
fn protobuf(spans: &[Span]) -> Vec<u8> {
    let spans = spans
        .iter()
        .map(|span| field(2, &prost::Message::encode_to_vec(span)));
    field(1, &field(2, &spans.collect::<Vec<_>>().concat()))
}

/// The same in JSON, as far as the tests need it.
fn json_text(ids: &[u8]) -> Vec<u8> {
    let trace_id = TraceId::from_bytes(TRACE).w3c();
    let span = |id: &u8| {
        json!({"traceId": trace_id, "spanId": format!("00000000000000{id:02x}"),
            "name": "work", "startTimeUnixNano": START.to_string(),
            "endTimeUnixNano": (START + 1_000_000).to_string()})
    };
    let spans: Vec<Value> = ids.iter().map(span).collect();
    let request = json!({"resourceSpans": [{"scopeSpans": [{ "spans": spans }]}]});
    request.to_string().into_bytes()
}

/// Status, headers and body of an answer.
async fn answer(router: Router, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
    let (head, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap();
    (head.status, head.headers, body.to_bytes())
}

fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf; charset=x");
