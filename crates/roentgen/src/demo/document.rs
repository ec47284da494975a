//! Ids, times and the shape of documents, as an SDK would write them.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use roentgen_model::{TraceId, UnixNanos};
use serde_json::{Map, Value, json};

/// A document and when its service sends it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sent {
    pub(crate) at: UnixNanos,
    pub(crate) text: String,
}

/// A span of time; milliseconds are relative to the journey's start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: UnixNanos,
    pub(crate) end: UnixNanos,
}

impl Span {
    /// The part that begins `from_ms` after the start and ends `until_end_ms` before the end.
    pub(crate) fn inner(self, from_ms: i64, until_end_ms: i64) -> Self {
        let start = UnixNanos(self.start.0 + from_ms * 1_000_000);
        let end = UnixNanos((self.end.0 - until_end_ms * 1_000_000).max(start.0));
        Self { start, end }
    }
}

pub(crate) fn trace_id(random: &mut StdRng, at: UnixNanos) -> TraceId {
    let mut bytes: [u8; 16] = random.random();
    let secs = u32::try_from(at.secs()).unwrap_or(0).to_be_bytes();
    bytes
        .iter_mut()
        .zip(secs)
        .for_each(|(byte, of_time)| *byte = of_time);
    TraceId::from_bytes(bytes)
}

pub(crate) fn id(random: &mut StdRng) -> String {
    format!("{:016x}", random.next_u64())
}

/// A number of epoch seconds with all its digits.
pub(crate) fn secs(at: UnixNanos) -> Value {
    // Documents carry microseconds, as the Python and Go SDKs write them.
    json!(UnixNanos(at.0 / 1000 * 1000).as_secs_f64())
}

/// The members every (sub)segment has, with `more` added.
pub(crate) fn entity(name: &str, id: &str, span: Span, more: Value) -> Value {
    let mut members = Map::new();
    members.insert("name".into(), name.into());
    members.insert("id".into(), id.into());
    members.insert("start_time".into(), secs(span.start));
    members.insert("end_time".into(), secs(span.end));
    merge(&mut members, more);
    Value::Object(members)
}

/// Adds the members of `more` to `value`.
pub(crate) fn with(mut value: Value, more: Value) -> Value {
    if let Value::Object(members) = &mut value {
        merge(members, more);
    }
    value
}

fn merge(members: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        members.extend(more);
    }
}

/// `http` of a request with its answer.
pub(crate) fn http(method: &str, url: &str, status: u16) -> Value {
    json!({"request": {"method": method, "url": url}, "response": {"status": status, "content_length": 512}})
}

/// The flags an SDK sets for a status, and nothing for 2xx and 3xx.
pub(crate) fn flags(status: u16) -> Value {
    match status {
        429 => json!({"error": true, "throttle": true}),
        400..=499 => json!({"error": true}),
        500..=599 => json!({"fault": true}),
        _ => json!({}),
    }
}

/// `cause` with one exception and a stack of the shop's own code.
pub(crate) fn exception(random: &mut StdRng, kind: &str, message: &str, remote: bool) -> Value {
    json!({"cause": {
        "working_directory": "/srv/shop",
        "paths": ["/srv/shop/lib"],
        "exceptions": [{
            "id": id(random), "type": kind, "message": message, "remote": remote, "truncated": 0,
            "stack": [
                {"path": "shop/gateway.py", "line": 118, "label": "call"},
                {"path": "shop/checkout.py", "line": 64, "label": "place_order"},
                {"path": "shop/web.py", "line": 31, "label": "handle"},
            ],
        }],
    }})
}

/// `aws.xray` and `service` as an SDK writes them.
pub(crate) fn sdk(name: &str, runtime: &str, version: &str) -> (Value, Value) {
    let xray = json!({"sdk": format!("X-Ray for {name}"), "sdk_version": "2.15.0", "sampling_rule_name": "Default"});
    (
        xray,
        json!({"version": version, "runtime": runtime, "runtime_version": "3.11.7"}),
    )
}

/// True with this probability.
pub(crate) fn chance(random: &mut StdRng, probability: f64) -> bool {
    random.random_bool(probability)
}

/// Milliseconds with a long tail: mostly near `typical`, now and then several times that.
pub(crate) fn latency_ms(random: &mut StdRng, typical: i64) -> i64 {
    let uniform: f64 = random.random_range(0.0..1.0);
    // A log-normal shape by its quantiles, cheap and bounded: e^(-0.5) to e^(2) times the typical.
    let factor = (2.5 * uniform.powi(4) - 0.5).exp();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "small numbers"
    )]
    let ms = (typical as f64 * factor) as i64;
    ms.max(1)
}
