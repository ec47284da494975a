//! How fast spans become documents, in this process: reading the protobuf and mapping, without the store.

use std::time::{Duration, Instant};

use prost::Message;
use roentgen_model::UnixNanos;
use roentgen_otlp::map::segments::{MapSettings, documents_from_request};
use roentgen_otlp::proto::{AnyValue, ExportRequest, KeyValue, Span, Value};

use crate::figures::as_f64;
use crate::table::Table;

/// Spans of one request, as exporters batch them.
const SPANS_PER_REQUEST: u8 = 100;
/// How long the mapping is repeated.
const LOAD: Duration = Duration::from_secs(2);
const START: u64 = 1_767_225_600_000_000_000;

/// Attributes of a call over HTTP, as instrumentations set them.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("http.request.method", "GET"),
    ("url.full", "https://inventory.shop.example/stock?sku=12345"),
    ("server.address", "inventory.shop.example"),
    ("network.protocol.version", "1.1"),
    ("user_agent.original", "shop/3.1"),
    ("peer.service", "inventory"),
    ("tenant", "acme"),
    ("thread.name", "worker-7"),
];

/// Maps one request over and over.
pub(crate) fn measure(table: &mut Table) -> anyhow::Result<()> {
    let body = bytes::Bytes::from(request());
    let (settings, now) = (MapSettings::default(), UnixNanos::from_secs(1_767_225_700));
    let (started, mut spans) = (Instant::now(), 0u64);
    while started.elapsed() < LOAD {
        let request = ExportRequest::from_protobuf(body.clone())?;
        let batch = documents_from_request(&request, &settings, now);
        spans += batch.documents.len() as u64;
    }
    let rate = as_f64(spans) / started.elapsed().as_secs_f64();
    table.add(
        "spans made documents, one core, no store",
        rate,
        "/s",
        "100,000",
    );
    Ok(())
}

fn text(key: &str, text: &str) -> KeyValue {
    let value = Some(Value::String(text.to_owned()));
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value }),
    }
}

fn request() -> Vec<u8> {
    let span = |number: u8| Span {
        trace_id: vec![number.max(1); 16],
        span_id: vec![number.max(1); 8],
        parent_span_id: vec![255; 8],
        name: "GET".to_owned(),
        kind: 3,
        start_time_unix_nano: START + u64::from(number) * 1_000_003,
        end_time_unix_nano: START + u64::from(number) * 2_000_003,
        attributes: ATTRIBUTES
            .iter()
            .map(|(key, value)| text(key, value))
            .collect(),
        ..Span::default()
    };
    let spans = (0..SPANS_PER_REQUEST).map(|number| field(2, &span(number).encode_to_vec()));
    let resource = [("service.name", "shop"), ("service.version", "1.4.2")];
    let resource = resource
        .iter()
        .map(|(key, value)| field(1, &text(key, value).encode_to_vec()));
    let resource = field(1, &resource.collect::<Vec<_>>().concat());
    field(
        1,
        &[resource, field(2, &spans.collect::<Vec<_>>().concat())].concat(),
    )
}

/// A field of bytes.
fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![tag << 3 | 2];
    prost::encoding::encode_varint(bytes.len() as u64, &mut field);
    field.extend_from_slice(bytes);
    field
}
