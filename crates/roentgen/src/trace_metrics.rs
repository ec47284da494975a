//! What X-Ray publishes about groups and services, as metrics (groups-insights.md 2, "Metrics").
//!
//! COUNT-1: a trace counts for a group once, when it first belongs to it; a request counts when it first
//! shows in an assembled trace. Nothing is taken back: exact numbers are the API's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use roentgen_model::assembly::facts::{Class, NodeKey};
use roentgen_model::graph::{EdgeRow, RowKind};
use roentgen_model::settings_history::SettingsHistory;
use roentgen_store::observer::{Assembly, AssemblyObserver};
use tokio::sync::watch;

#[cfg(test)]
mod tests;

/// Distinct (group, service, type) that are told apart; what comes later counts as [`OTHER`].
const SERVICES_MAX: usize = 5_000;
/// Stands for services beyond [`SERVICES_MAX`].
const OTHER: &str = "(other)";
/// The group of all traces.
const DEFAULT_GROUP: &str = "Default";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GroupLabels {
    group: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    group: String,
    service: String,
    r#type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    group: String,
    service: String,
    r#type: String,
    class: &'static str,
}

/// Counters of groups and services; clones share their numbers.
#[derive(Clone, Debug)]
pub(crate) struct TraceMetrics {
    /// Names of groups by their ids.
    history: watch::Receiver<Arc<SettingsHistory>>,
    traces: Family<GroupLabels, Counter>,
    errors: Family<GroupLabels, Counter>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<ServiceLabels, Histogram>,
    known: Arc<Mutex<HashSet<ServiceLabels>>>,
}

/// Completed segments of one node, class and rounded response time in nanoseconds.
type Requests = HashMap<(NodeKey, Class, i64), i64>;

impl TraceMetrics {
    /// Counters at zero.
    pub(crate) fn new(history: watch::Receiver<Arc<SettingsHistory>>) -> Self {
        // 1 ms to 65 s, doubling.
        let buckets = || Histogram::new(exponential_buckets(0.001, 2.0, 17));
        Self {
            history,
            traces: Family::default(),
            errors: Family::default(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            known: Arc::default(),
        }
    }

    /// Makes the numbers part of `/metrics`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "xray_group_traces",
            "Traces of a group, each once",
            self.traces.clone(),
        );
        registry.register(
            "xray_group_errors",
            "Traces not judged for a group because its expression cannot be used",
            self.errors.clone(),
        );
        registry.register(
            "xray_service_requests",
            "Traced requests of a service by class (ok, error, throttle, fault), among a group's traces",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "xray_service_response",
            "Response times of a service as it saw them, among a group's traces",
            Unit::Seconds,
            self.seconds.clone(),
        );
    }

    fn count_requests(&self, group: &str, requests: &Requests) {
        for ((node, class, nanos), count) in requests {
            let Ok(count) = u64::try_from(*count) else {
                continue;
            };
            let labels = self.service_labels(group, node);
            let seconds = self.seconds.get_or_create(&labels);
            #[expect(clippy::cast_precision_loss, reason = "rounded to three digits")]
            let value = *nanos as f64 / 1e9;
            (0..count).for_each(|_| seconds.observe(value));
            drop(seconds);
            let ServiceLabels {
                group,
                service,
                r#type,
            } = labels;
            let labels = RequestLabels {
                group,
                service,
                r#type,
                class: class_name(*class),
            };
            self.requests.get_or_create(&labels).inc_by(count);
        }
    }

    /// Bounded: a client that invents names must not fill the memory.
    fn service_labels(&self, group: &str, node: &NodeKey) -> ServiceLabels {
        let labels = |service: &str, node_type: &str| ServiceLabels {
            group: group.to_owned(),
            service: service.to_owned(),
            r#type: node_type.to_owned(),
        };
        let wanted = labels(&node.name, node.node_type.as_deref().unwrap_or_default());
        let mut known = self.known.lock();
        if known.contains(&wanted) {
            return wanted;
        }
        if known.len() < SERVICES_MAX {
            known.insert(wanted.clone());
            return wanted;
        }
        labels(OTHER, "")
    }

    fn group_name(&self, id: &str) -> Option<String> {
        let history = self.history.borrow();
        history.group_name(id).map(ToString::to_string)
    }
}

fn labels_of(group: &str) -> GroupLabels {
    GroupLabels {
        group: group.to_owned(),
    }
}

impl AssemblyObserver for TraceMetrics {
    fn assembled(&self, assembly: &Assembly<'_>) {
        let Assembly {
            scope: _,
            facts,
            rows,
            before,
            skipped_groups,
        } = assembly;
        let new = requests(rows);
        let mut come = new.clone();
        for (key, count) in requests(before.unwrap_or_default()) {
            *come.entry(key).or_default() -= count;
        }
        come.retain(|_, count| *count > 0);
        if before.is_none() && facts.head.is_indexed {
            self.traces.get_or_create(&labels_of(DEFAULT_GROUP)).inc();
        }
        self.count_requests(DEFAULT_GROUP, &come);
        let was_member = |id: &Arc<str>| {
            let rows = before.unwrap_or_default();
            rows.first()
                .is_some_and(|row| row.key.memberships.iter().any(|of| of.group_id == *id))
        };
        for member in &facts.head.memberships {
            let Some(name) = self.group_name(&member.group_id) else {
                continue;
            };
            // Who joins brings along what it did before.
            if was_member(&member.group_id) {
                self.count_requests(&name, &come);
            } else {
                self.traces.get_or_create(&labels_of(&name)).inc();
                self.count_requests(&name, &new);
            }
        }
        for name in skipped_groups.iter().filter_map(|id| self.group_name(id)) {
            self.errors.get_or_create(&labels_of(&name)).inc();
        }
    }
}

fn requests(rows: &[EdgeRow]) -> Requests {
    let mut requests = Requests::new();
    for EdgeRow { key, sums } in rows {
        let is_node = matches!(key.kind, RowKind::RealNode | RowKind::InferredNode);
        if let (true, Some(class)) = (is_node, key.class) {
            let of = (key.destination.clone(), class, key.response_time_nanos);
            *requests.entry(of).or_default() += sums.count;
        }
    }
    requests
}

const fn class_name(class: Class) -> &'static str {
    match class {
        Class::Ok => "ok",
        Class::Error => "error",
        Class::Throttle => "throttle",
        Class::Fault => "fault",
    }
}
