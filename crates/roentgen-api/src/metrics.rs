//! What the API counts.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::telemetry::{AgentCounts, BackendConnectionErrors, TelemetryRecord};

/// Counters of the API; clones share their numbers.
#[derive(Clone, Debug)]
pub struct ApiMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Family<OperationLabels, Histogram>,
    panics: Counter,
    telemetry_records: Counter,
    agent_segments: Family<OutcomeLabel, Counter>,
    agent_connection_errors: Family<KindLabel, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

impl Default for ApiMetrics {
    fn default() -> Self {
        // 0.25 ms to 8 s, doubling.
        let buckets = || Histogram::new(exponential_buckets(0.00025, 2.0, 16));
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            panics: Counter::default(),
            telemetry_records: Counter::default(),
            agent_segments: Family::default(),
            agent_connection_errors: Family::default(),
        }
    }
}

impl ApiMetrics {
    /// Makes the numbers part of `/metrics`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "roentgen_api_requests",
            "Requests answered, by operation and HTTP status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "roentgen_api_request",
            "Time from a request's head to its answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register(
            "roentgen_api_panics",
            "Requests that ended in a panic, which is a bug",
            self.panics.clone(),
        );
        registry.register(
            "roentgen_api_telemetry_records",
            "Telemetry records of agents taken in",
            self.telemetry_records.clone(),
        );
        registry.register(
            "roentgen_agent_segments",
            "Segments as agents count them in their telemetry records, all agents together",
            self.agent_segments.clone(),
        );
        registry.register(
            "roentgen_agent_connection_errors",
            "Uploads of agents that failed, by their telemetry records, all agents together",
            self.agent_connection_errors.clone(),
        );
    }

    /// `operation` is a name of the service or `Unknown`, never text of the client's.
    pub(crate) fn answered(&self, operation: &'static str, status: u16, took: Duration) {
        self.requests
            .get_or_create(&RequestLabels { operation, status })
            .inc();
        let seconds = self.seconds.get_or_create(&OperationLabels { operation });
        seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    /// Adds up over all agents: a label for each would have no bound.
    pub(crate) fn telemetry_taken(&self, records: &[TelemetryRecord]) {
        self.telemetry_records.inc_by(records.len() as u64);
        for record in records {
            self.agent_counted(record.counts);
        }
    }

    fn agent_counted(&self, counts: AgentCounts) {
        let AgentCounts {
            segments_received,
            segments_sent,
            segments_spilled,
            segments_rejected,
            connection_errors,
        } = counts;
        for (outcome, count) in [
            ("received", segments_received),
            ("sent", segments_sent),
            ("spilled", segments_spilled),
            ("rejected", segments_rejected),
        ] {
            let label = OutcomeLabel { outcome };
            self.agent_segments.get_or_create(&label).inc_by(count);
        }
        let BackendConnectionErrors {
            timeout,
            connection_refused,
            http_4xx,
            http_5xx,
            unknown_host,
            other,
        } = connection_errors;
        for (kind, count) in [
            ("timeout", timeout),
            ("connection_refused", connection_refused),
            ("http_4xx", http_4xx),
            ("http_5xx", http_5xx),
            ("unknown_host", unknown_host),
            ("other", other),
        ] {
            let label = KindLabel { kind };
            self.agent_connection_errors
                .get_or_create(&label)
                .inc_by(count);
        }
    }
}
