//! The impact graph: where faults of an incident passed (groups-insights.md 5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roentgen_control::groups::DEFAULT_GROUP_NAME;
use roentgen_model::assembly::facts::{NodeKey, TimeRange};
use roentgen_model::filter::{Filter, NoGroups};
use roentgen_model::graph::{RowTotals, SLOT_SECS, Service, ServiceGraph, rows};
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::plan::Plan;
use roentgen_store::source::{QueryControl, ScanRequest, StoreError, TimeBasis, TraceReader};

use super::published::PublishedInsight;
use crate::plan::compile;
use crate::service_graph::ComputedGraph;

/// Traces with faults that are looked at, newest first, and traces examined to find them.
const TRACES_MAX: usize = 10_000;
const EXAMINED_MAX: u64 = 1_000_000;
const PAGE_TRACES: usize = 500;

/// Structure only: the nodes on any path between a client and the root cause in traces of the incident, as
/// far as it lies in the range, in which some node faulted; and the anomalous services.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn impact_graph(
    reader: &dyn TraceReader,
    scope: &Scope,
    insight: &PublishedInsight,
    range: &TimeRange,
    control: &QueryControl,
) -> Result<ComputedGraph, StoreError> {
    let record = &insight.record;
    let start = range.start.max(record.insight.start);
    let end = record
        .insight
        .end
        .map_or(range.end, |end| range.end.min(end));
    let group = (*record.group_id != *DEFAULT_GROUP_NAME).then_some(&record.group_id);
    let mut graph = ServiceGraph::default();
    if start < end {
        graph = faulted(reader, scope, group, start..end, control)?;
    }
    let picture = &record.insight.picture;
    let kept = affected(&graph, &picture.root_cause, &picture.anomalous);
    Ok(ComputedGraph {
        graph: only(graph, &kept),
        has_old_versions: false,
    })
}

/// The graph of the range's traces in which some segment faulted.
fn faulted(
    reader: &dyn TraceReader,
    scope: &Scope,
    group: Option<&Arc<str>>,
    range: TimeRange,
    control: &QueryControl,
) -> Result<ServiceGraph, StoreError> {
    let filter = Filter::parse("service() { fault }", &NoGroups).map(Arc::new);
    let plan = filter.map_or_else(|_| Plan::default(), |f| compile(&f, TimeBasis::Service));
    let mut request = ScanRequest {
        scopes: vec![scope.clone()],
        basis: TimeBasis::Service,
        range,
        plan: Arc::new(plan),
        after: None,
        matches_max: PAGE_TRACES,
        examined_max: EXAMINED_MAX,
    };
    let [_, slot_secs] = SLOT_SECS;
    let mut totals = RowTotals::default();
    let (mut found, mut examined) = (0, 0);
    while found < TRACES_MAX && examined < EXAMINED_MAX {
        control.check()?;
        let page = reader.scan(&request, control)?;
        for facts in &page.matches {
            let mut members = facts.head.memberships.iter();
            if group.is_none_or(|group| members.any(|member| member.group_id == *group)) {
                totals.add_all(rows(facts, slot_secs));
            }
        }
        found += page.matches.len();
        examined = examined.saturating_add(page.examined);
        request.after = page.next;
        if page.next.is_none() {
            break;
        }
    }
    Ok(ServiceGraph::from_rows(&totals.into_rows()))
}

/// Indices of the services to show.
fn affected(graph: &ServiceGraph, root_cause: &NodeKey, anomalous: &[NodeKey]) -> BTreeSet<usize> {
    let services = || graph.services.iter().enumerate();
    let indices = |is_it: &dyn Fn(&Service) -> bool| -> Vec<usize> {
        let found = services().filter(|(_, service)| is_it(service));
        found.map(|(index, _)| index).collect()
    };
    let mut callees: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut callers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (caller, service) in services() {
        for edge in &service.edges {
            callees.entry(caller).or_default().push(edge.destination);
            callers.entry(edge.destination).or_default().push(caller);
        }
    }
    let from_clients = reached(indices(&|service| service.is_client), &callees);
    let is_root = |service: &Service| !service.is_client && service.key == *root_cause;
    let to_root = reached(indices(&is_root), &callers);
    let is_anomalous = |s: &Service| !s.is_client && anomalous.contains(&s.key);
    let mut kept: BTreeSet<usize> = from_clients.intersection(&to_root).copied().collect();
    kept.extend(indices(&is_anomalous));
    kept
}

fn reached(from: Vec<usize>, edges: &BTreeMap<usize, Vec<usize>>) -> BTreeSet<usize> {
    let mut found: BTreeSet<usize> = from.iter().copied().collect();
    let mut open = from;
    while let Some(node) = open.pop() {
        for next in edges.get(&node).into_iter().flatten() {
            if found.insert(*next) {
                open.push(*next);
            }
        }
    }
    found
}

/// The graph without the other services, its reference ids counted anew.
fn only(graph: ServiceGraph, kept: &BTreeSet<usize>) -> ServiceGraph {
    let numbers: BTreeMap<usize, usize> = kept.iter().copied().zip(0..).collect();
    let services = graph.services.into_iter().filter_map(|mut service| {
        service.reference_id = *numbers.get(&service.reference_id)?;
        service
            .edges
            .retain_mut(|edge| match numbers.get(&edge.destination) {
                Some(number) => {
                    edge.destination = *number;
                    true
                }
                None => false,
            });
        Some(service)
    });
    ServiceGraph {
        services: services.collect(),
    }
}

/// From the earliest start to the latest end of what a graph shows; `None`: nothing.
#[must_use]
pub fn span(graph: &ServiceGraph) -> Option<(UnixNanos, UnixNanos)> {
    let starts = graph.services.iter().map(|service| service.start);
    let ends = graph.services.iter().map(|s| s.end.unwrap_or(s.start));
    starts.min().zip(ends.max())
}
