//! What the receivers count.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::intake::Signal;

/// Counters of the receivers; clones share their numbers.
#[derive(Clone, Debug)]
pub struct OtlpMetrics {
    requests: Family<RequestLabels, Counter>,
    spans: Family<OutcomeLabel, Counter>,
    declined: Family<SignalLabel, Counter>,
    store_seconds: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    transport: &'static str,
    signal: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignalLabel {
    signal: &'static str,
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Grpc,
    Http,
    Datagram,
}

impl Transport {
    const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
            Self::Datagram => "udp",
        }
    }
}

impl Default for OtlpMetrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            spans: Family::default(),
            declined: Family::default(),
            // 0.25 ms to 8 s, doubling.
            store_seconds: Histogram::new(exponential_buckets(0.00025, 2.0, 16)),
        }
    }
}

impl OtlpMetrics {
    /// Makes the numbers part of `/metrics`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "roentgen_otlp_requests",
            "OpenTelemetry's requests, by transport, signal and what became of them",
            self.requests.clone(),
        );
        registry.register(
            "roentgen_otlp_spans",
            "Spans received, by what became of them",
            self.spans.clone(),
        );
        registry.register(
            "roentgen_otlp_declined",
            "Log records and metric points that are not stored yet, and datagrams' unsampled spans",
            self.declined.clone(),
        );
        registry.register_with_unit(
            "roentgen_otlp_store",
            "Time from a batch of spans to the store's answer",
            Unit::Seconds,
            self.store_seconds.clone(),
        );
    }

    pub(super) fn request(&self, transport: Transport, signal: Signal, outcome: &'static str) {
        let labels = RequestLabels {
            transport: transport.name(),
            signal: signal.name(),
            outcome,
        };
        self.requests.get_or_create(&labels).inc();
    }

    pub(super) fn took_in(&self, spans: u32, rejected: u64, elapsed: Duration) {
        self.spans_refused(rejected);
        let outcome = OutcomeLabel {
            outcome: "accepted",
        };
        let accepted = u64::from(spans).saturating_sub(rejected);
        self.spans.get_or_create(&outcome).inc_by(accepted);
        self.store_seconds.observe(elapsed.as_secs_f64());
    }

    pub(super) fn spans_refused(&self, count: u64) {
        let outcome = OutcomeLabel { outcome: "refused" };
        self.spans.get_or_create(&outcome).inc_by(count);
    }

    pub(super) fn declined(&self, signal: Signal, count: u64) {
        let signal = signal.name();
        self.declined
            .get_or_create(&SignalLabel { signal })
            .inc_by(count);
    }

    pub(super) fn unsampled(&self, count: u64) {
        let signal = "unsampled_spans";
        self.declined
            .get_or_create(&SignalLabel { signal })
            .inc_by(count);
    }
}
