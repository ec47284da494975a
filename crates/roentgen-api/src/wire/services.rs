//! Service graphs on the wire (service-graph.md 2.3, 3.2, 4).

use std::sync::Arc;

use roentgen_model::graph::{Alias, Edge, EdgeType, Service, Statistics};
use roentgen_model::histogram::Histogram;
use serde::Serialize;

use super::numbers::{Millis, Seconds, Time};

/// `Service`. What a node does not have is `null` where AWS's samples have it so, else absent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ServiceShape<'a> {
    reference_id: usize,
    name: &'a str,
    names: &'a [Arc<str>],
    #[serde(skip_serializing_if = "is_false")]
    root: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    r#type: Option<&'a str>,
    state: &'static str,
    start_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Time>,
    edges: Vec<EdgeShape<'a>>,
    summary_statistics: StatisticsShape,
    duration_histogram: Vec<HistogramEntry>,
    response_time_histogram: Vec<HistogramEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EdgeShape<'a> {
    /// Of the destination.
    reference_id: usize,
    start_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Time>,
    summary_statistics: StatisticsShape,
    response_time_histogram: Vec<HistogramEntry>,
    aliases: Vec<AliasShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_event_age_histogram: Option<Vec<HistogramEntry>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasShape<'a> {
    name: &'a str,
    names: &'a [Arc<str>],
    r#type: &'a str,
}

/// `ServiceStatistics` and `EdgeStatistics`; of clients and link edges `{}`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum StatisticsShape {
    #[serde(rename_all = "PascalCase")]
    Counted {
        ok_count: i64,
        error_statistics: ErrorStatistics,
        fault_statistics: FaultStatistics,
        total_count: i64,
        total_response_time: Seconds,
    },
    Empty {},
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ErrorStatistics {
    throttle_count: i64,
    other_count: i64,
    total_count: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FaultStatistics {
    other_count: i64,
    total_count: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HistogramEntry {
    value: Millis,
    count: i64,
}

impl<'a> ServiceShape<'a> {
    pub(crate) fn new(service: &'a Service) -> Self {
        let Service {
            reference_id,
            key,
            names,
            is_client: _,
            is_root,
            state,
            start,
            end,
            edges,
            statistics,
            duration_histogram,
            response_time_histogram,
        } = service;
        Self {
            reference_id: *reference_id,
            name: &key.name,
            names,
            root: *is_root,
            account_id: key.account_id.as_deref(),
            r#type: key.node_type.as_deref(),
            state: state.as_str(),
            start_time: Time(*start),
            end_time: end.map(Time),
            edges: edges.iter().map(edge).collect(),
            summary_statistics: StatisticsShape::new(statistics.as_ref()),
            duration_histogram: histogram(duration_histogram),
            response_time_histogram: histogram(response_time_histogram),
        }
    }
}

impl StatisticsShape {
    pub(crate) fn new(statistics: Option<&Statistics>) -> Self {
        let Some(statistics) = statistics else {
            return Self::Empty {};
        };
        Self::Counted {
            ok_count: statistics.ok_count,
            error_statistics: ErrorStatistics {
                throttle_count: statistics.throttle_count,
                other_count: statistics.error_count,
                total_count: statistics.error_total(),
            },
            fault_statistics: FaultStatistics {
                other_count: statistics.fault_count,
                total_count: statistics.fault_count,
            },
            total_count: statistics.total(),
            total_response_time: Seconds {
                nanos: statistics.response_time_sum_nanos,
            },
        }
    }
}

fn edge(edge: &Edge) -> EdgeShape<'_> {
    let Edge {
        destination,
        edge_type,
        start,
        end,
        statistics,
        response_time_histogram,
        aliases,
        received_event_age_histogram,
    } = edge;
    let is_link = *edge_type == EdgeType::Link;
    EdgeShape {
        reference_id: *destination,
        start_time: Time(*start),
        end_time: end.map(Time),
        summary_statistics: StatisticsShape::new(statistics.as_ref()),
        response_time_histogram: histogram(response_time_histogram),
        aliases: aliases.iter().map(alias).collect(),
        edge_type: is_link.then_some("link"),
        received_event_age_histogram: is_link.then(|| histogram(received_event_age_histogram)),
    }
}

fn alias(alias: &Alias) -> AliasShape<'_> {
    let Alias {
        name,
        names,
        alias_type,
    } = alias;
    AliasShape {
        name,
        names,
        r#type: alias_type,
    }
}

pub(crate) fn histogram(histogram: &Histogram) -> Vec<HistogramEntry> {
    let entry = |(nanos, count)| HistogramEntry {
        value: Millis { nanos },
        count,
    };
    histogram.entries().map(entry).collect()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
