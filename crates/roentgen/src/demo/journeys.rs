//! One request's way through the shop, and which way the n-th request takes.

use rand::RngExt;
use rand::rngs::StdRng;
use roentgen_model::{TraceId, UnixNanos};
use serde_json::{Value, json};

use super::document::{self, Sent, Span};
use super::incident::Incident;
use super::{orders, storefront};

/// Requests of a minute: how often a state machine runs.
const WORKFLOW_EVERY: i64 = 480;

/// A request on its way: where its documents gather.
#[derive(Debug)]
pub(crate) struct Journey {
    pub(crate) random: StdRng,
    pub(crate) trace: TraceId,
    pub(crate) at: UnixNanos,
    pub(crate) incident: Incident,
    documents: Vec<Sent>,
}

impl Journey {
    pub(crate) fn new(mut random: StdRng, incident: Incident, at: UnixNanos) -> Self {
        let trace = document::trace_id(&mut random, at);
        Self {
            random,
            trace,
            at,
            incident,
            documents: Vec::new(),
        }
    }

    /// A span that begins `from_ms` after the request and takes `ms`.
    pub(crate) fn span(&self, from_ms: i64, ms: i64) -> Span {
        let start = UnixNanos(self.at.0 + from_ms * 1_000_000);
        Span {
            start,
            end: UnixNanos(start.0 + ms * 1_000_000),
        }
    }

    pub(crate) fn id(&mut self) -> String {
        document::id(&mut self.random)
    }

    pub(crate) fn latency_ms(&mut self, typical: i64) -> i64 {
        document::latency_ms(&mut self.random, typical)
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        document::chance(&mut self.random, probability)
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.random.random_range(0..choices.len());
        *choices.get(index).expect("the index lies in the range")
    }

    /// Sends a document of this trace when its span ends.
    pub(crate) fn send(&mut self, entity: Value, span: Span) {
        self.send_for(self.trace, entity, span.end);
    }

    /// Sends a segment as begun; its complete version comes later.
    pub(crate) fn send_in_progress(&mut self, name: &str, id: &str, span: Span, more: Value) {
        let begun = json!({"name": name, "id": id, "start_time": document::secs(span.start), "in_progress": true});
        self.send_for(self.trace, document::with(begun, more), span.start);
    }

    /// Sends a document of any trace.
    pub(crate) fn send_for(&mut self, trace: TraceId, entity: Value, at: UnixNanos) {
        let text = document::with(entity, json!({"trace_id": trace.to_string()})).to_string();
        self.documents.push(Sent { at, text });
    }

    pub(crate) fn into_documents(self) -> Vec<Sent> {
        self.documents
    }
}

/// Walks the way of request number `number`.
pub(crate) fn walk(journey: &mut Journey, number: i64) {
    if number % WORKFLOW_EVERY == 0 {
        return orders::fulfil_order(journey);
    }
    // The first requests take every way once; then the mix of a shop.
    let way = if number <= 8 {
        number
    } else {
        i64::from(journey.random.random_range(0..20_u8))
    };
    match way {
        1 | 9..=11 => orders::place_order(journey),
        2 => storefront::graph_query(journey),
        3 | 12 => storefront::checkout(journey),
        4 => storefront::home_page(journey),
        _ => storefront::browse_cart(journey),
    }
}
