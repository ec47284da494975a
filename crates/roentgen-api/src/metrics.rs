//! What the API counts.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Counters of the API; clones share their numbers.
#[derive(Clone, Debug)]
pub struct ApiMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Family<OperationLabels, Histogram>,
    panics: Counter,
    telemetry_records: Counter,
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

    pub(crate) fn telemetry_taken(&self, records: usize) {
        self.telemetry_records.inc_by(records as u64);
    }
}
