//! The graph made of rows: services, edges, statistics (service-graph.md 2 to 4), in domain terms.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{EdgeRow, EdgeSums, RowKind, RowTotals, SLOT_SECS, rows};
use crate::assembly::derive::is_canary_type;
use crate::assembly::facts::{CLIENT_TYPE, Class, NodeKey, TraceFacts};
use crate::histogram::Histogram;
use crate::time::{UnixNanos, nanos_to_secs_f64};

/// The type of an alias (service-graph.md 3.3).
const ALIAS_TYPE: &str = "remote";

/// Services in the order of their reference ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceGraph {
    pub services: Vec<Service>,
}

/// A node with its outgoing edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Index in [`ServiceGraph::services`]: nodes by (name, type, account), the client node of a name
    /// and type after a segment's node of the same. Not stable between graphs.
    pub reference_id: usize,
    pub key: NodeKey,
    /// `key.name` first, then the names under which callers addressed the node, sorted.
    pub names: Vec<Arc<str>>,
    /// A client node: no statistics, no histograms.
    pub is_client: bool,
    /// Receives a client edge, or is canary traffic.
    pub is_root: bool,
    pub state: ServiceState,
    /// Earliest segment start, latest segment end; of client nodes those of their edges.
    pub start: UnixNanos,
    /// `None` while nothing has ended.
    pub end: Option<UnixNanos>,
    /// By destination; a link edge after a synchronous one.
    pub edges: Vec<Edge>,
    /// `None` for client nodes: shown as an empty object.
    pub statistics: Option<Statistics>,
    pub duration_histogram: Histogram,
    pub response_time_histogram: Histogram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceState {
    /// Some real segment feeds the node.
    Active,
    Unknown,
}

impl ServiceState {
    /// As the API spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Unknown => "unknown",
        }
    }
}

/// Calls from one node to another, or links.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Reference id of the destination: the edge's own `ReferenceId` too (service-graph.md 3.2).
    pub destination: usize,
    pub edge_type: EdgeType,
    pub start: UnixNanos,
    /// `None` while no call has ended.
    pub end: Option<UnixNanos>,
    /// `None` for link edges: shown as an empty object.
    pub statistics: Option<Statistics>,
    /// Empty for link edges.
    pub response_time_histogram: Histogram,
    /// By name.
    pub aliases: Vec<Alias>,
    /// Of link edges only.
    pub received_event_age_histogram: Histogram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeType {
    /// `EdgeType` is absent.
    Synchronous,
    /// `link`.
    Link,
}

/// Another name under which the caller knew the destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    pub name: Arc<str>,
    pub names: Vec<Arc<str>>,
    pub alias_type: Arc<str>,
}

/// Counts of completed items by class (service-graph.md 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub ok_count: i64,
    /// Class error: neither throttled nor fault.
    pub error_count: i64,
    pub throttle_count: i64,
    pub fault_count: i64,
    pub response_time_sum_nanos: i64,
}

impl Statistics {
    /// Adds completed items of one class; in-progress ones (`None`) are not counted.
    pub fn add(&mut self, class: Option<Class>, sums: &EdgeSums) {
        let count = match class {
            None => return,
            Some(Class::Ok) => &mut self.ok_count,
            Some(Class::Error) => &mut self.error_count,
            Some(Class::Throttle) => &mut self.throttle_count,
            Some(Class::Fault) => &mut self.fault_count,
        };
        *count = count.saturating_add(sums.count);
        let time = &mut self.response_time_sum_nanos;
        *time = time.saturating_add(sums.response_time_sum_nanos);
    }

    /// `ErrorStatistics.TotalCount`.
    #[must_use]
    pub const fn error_total(&self) -> i64 {
        self.throttle_count.saturating_add(self.error_count)
    }

    /// `TotalCount`.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.ok_count
            .saturating_add(self.error_total())
            .saturating_add(self.fault_count)
    }

    /// `TotalResponseTime`, seconds.
    #[must_use]
    pub fn response_time_sum_secs(&self) -> f64 {
        nanos_to_secs_f64(self.response_time_sum_nanos)
    }
}

impl ServiceGraph {
    /// The graph of these rows; keys may repeat, slots do not matter. Link edges whose source is no
    /// other row's node are left out (service-graph.md 3.4).
    #[must_use]
    pub fn from_rows(rows: &[EdgeRow]) -> Self {
        let mut collected = Collected::default();
        let (links, others): (Vec<_>, Vec<_>) =
            rows.iter().partition(|row| row.key.kind == RowKind::Link);
        for row in others {
            collected.add(row);
        }
        for row in links {
            collected.add_link(row);
        }
        collected.finish()
    }
}

/// The graph of some traces (`GetTraceGraph`): rules per trace, then merged.
#[must_use]
pub fn trace_graph(traces: &[&TraceFacts]) -> ServiceGraph {
    let [_, slot_secs] = SLOT_SECS;
    let mut totals = RowTotals::default();
    for facts in traces {
        totals.add_all(rows(facts, slot_secs));
    }
    ServiceGraph::from_rows(&totals.into_rows())
}

/// A node while rows are added; a client node is never the node of a segment, whatever its type.
type NodeId<'a> = (&'a NodeKey, bool);

#[derive(Default)]
struct Collected<'a> {
    nodes: HashMap<NodeId<'a>, NodeParts<'a>>,
    edges: HashMap<(NodeId<'a>, NodeId<'a>, EdgeType), EdgeParts<'a>>,
}

#[derive(Default)]
struct NodeParts<'a> {
    span: Span,
    /// Of the edges that touch the node, for nodes without rows of their own.
    edge_span: Span,
    is_active: bool,
    is_root: bool,
    other_names: BTreeSet<&'a Arc<str>>,
    statistics: Statistics,
    durations: Histogram,
    response_times: Histogram,
}

#[derive(Default)]
struct EdgeParts<'a> {
    span: Span,
    statistics: Statistics,
    /// Ages at receipt for links.
    times: Histogram,
    aliases: BTreeSet<&'a Arc<str>>,
}

/// Earliest start and latest end.
#[derive(Clone, Copy, Default)]
struct Span {
    start: Option<UnixNanos>,
    end: Option<UnixNanos>,
}

impl Span {
    fn extend(&mut self, row: &EdgeRow) {
        let start = row.sums.earliest_start;
        self.start = Some(self.start.map_or(start, |known| known.min(start)));
        if row.key.class.is_some() {
            self.end = self.end.max(Some(row.sums.latest_end));
        }
    }
}

impl<'a> Collected<'a> {
    fn add(&mut self, row: &'a EdgeRow) {
        let destination = (&row.key.destination, false);
        let Some(source) = &row.key.source else {
            self.nodes.entry(destination).or_default().add(row);
            return;
        };
        let from_client = row.key.kind == RowKind::Client;
        let source = (source, from_client);
        self.nodes.entry(source).or_default().edge_span.extend(row);
        let node = self.nodes.entry(destination).or_default();
        node.edge_span.extend(row);
        node.is_root |= from_client;
        node.other_names.extend(&row.key.called_name);
        self.edges
            .entry((source, destination, EdgeType::Synchronous))
            .or_default()
            .add(row);
    }

    fn add_link(&mut self, row: &'a EdgeRow) {
        let Some(source) = &row.key.source else {
            return;
        };
        let (source, destination) = ((source, false), (&row.key.destination, false));
        if self.nodes.contains_key(&source) && self.nodes.contains_key(&destination) {
            self.edges
                .entry((source, destination, EdgeType::Link))
                .or_default()
                .add(row);
        }
    }

    fn finish(self) -> ServiceGraph {
        let nodes: BTreeMap<NodeId<'a>, NodeParts<'a>> = self.nodes.into_iter().collect();
        let reference_ids: HashMap<NodeId<'a>, usize> =
            nodes.keys().enumerate().map(|(at, id)| (*id, at)).collect();
        let mut services: Vec<Service> = nodes
            .into_iter()
            .enumerate()
            .map(|(at, (id, parts))| parts.finish(at, id))
            .collect();
        for ((source, destination, edge_type), parts) in self.edges {
            let ends = reference_ids
                .get(&source)
                .zip(reference_ids.get(&destination));
            let Some((&source, &destination)) = ends else {
                continue;
            };
            if let Some(service) = services.get_mut(source) {
                service.edges.push(parts.finish(destination, edge_type));
            }
        }
        for service in &mut services {
            service
                .edges
                .sort_unstable_by_key(|edge| (edge.destination, edge.edge_type));
        }
        ServiceGraph { services }
    }
}

impl NodeParts<'_> {
    fn add(&mut self, row: &EdgeRow) {
        self.span.extend(row);
        self.is_active |= row.key.kind == RowKind::RealNode;
        self.statistics.add(row.key.class, &row.sums);
        if row.key.class.is_some() {
            self.durations.add(row.key.duration_nanos, row.sums.count);
            self.response_times
                .add(row.key.response_time_nanos, row.sums.count);
        }
    }

    fn finish(self, reference_id: usize, (key, is_client): NodeId<'_>) -> Service {
        let own = if self.span.start.is_some() {
            self.span
        } else {
            self.edge_span
        };
        let mut names = vec![Arc::clone(&key.name)];
        names.extend(
            self.other_names
                .into_iter()
                .filter(|name| **name != key.name)
                .cloned(),
        );
        let is_canary = !is_client && is_canary_type(key.node_type.as_deref());
        debug_assert!(!is_client || key.node_type.as_deref() == Some(CLIENT_TYPE));
        Service {
            reference_id,
            key: key.clone(),
            names,
            is_client,
            is_root: self.is_root || is_canary,
            state: if self.is_active {
                ServiceState::Active
            } else {
                ServiceState::Unknown
            },
            start: own.start.unwrap_or_default(),
            end: own.end,
            edges: Vec::new(),
            statistics: (!is_client).then_some(self.statistics),
            duration_histogram: self.durations,
            response_time_histogram: self.response_times,
        }
    }
}

impl<'a> EdgeParts<'a> {
    fn add(&mut self, row: &'a EdgeRow) {
        self.span.extend(row);
        self.statistics.add(row.key.class, &row.sums);
        if row.key.class.is_some() {
            self.times.add(row.key.response_time_nanos, row.sums.count);
        }
        self.aliases.extend(&row.key.called_name);
    }

    fn finish(self, destination: usize, edge_type: EdgeType) -> Edge {
        let is_link = edge_type == EdgeType::Link;
        let (ages, times) = if is_link {
            (self.times, Histogram::default())
        } else {
            (Histogram::default(), self.times)
        };
        let alias = |name: &Arc<str>| Alias {
            name: Arc::clone(name),
            names: vec![Arc::clone(name)],
            alias_type: ALIAS_TYPE.into(),
        };
        Edge {
            destination,
            edge_type,
            start: self.span.start.unwrap_or_default(),
            end: self.span.end,
            statistics: (!is_link).then_some(self.statistics),
            response_time_histogram: times,
            aliases: self.aliases.into_iter().map(alias).collect(),
            received_event_age_histogram: ages,
        }
    }
}
