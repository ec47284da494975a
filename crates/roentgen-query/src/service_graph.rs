//! Service graphs of a range (service-graph.md 5) and of given traces (6), in pages (PAGE-2).

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use roentgen_model::graph::{EdgeRow, RowTotals, SLOT_SECS, Service, ServiceGraph, rows};
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_store::source::{QueryControl, StoreError, TotalsRequest, TraceReader};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

/// Services of one page (limits.md, our choice).
pub const SERVICES_PER_PAGE_MAX: usize = 1_000;
/// How long a graph of several pages is held for its token (PAGE-2).
const HELD_SECS: i64 = 600;
/// Graphs held at once, and services in all of them together; the oldest goes first.
const HELD_GRAPHS_MAX: usize = 16;
const HELD_SERVICES_MAX: usize = 100_000;
/// Traces whose facts are in memory at once for a graph of given traces.
const TRACES_AT_A_TIME: usize = 64;

/// A group as it is now, by whose members something is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedGroup {
    /// The unique id at the end of its ARN.
    pub id: Arc<str>,
    pub version: u32,
}

impl CountedGroup {
    /// True if a trace of these rows is a member by an older version (groups-insights.md 2).
    #[must_use]
    pub fn has_old_versions(&self, rows: &[EdgeRow]) -> bool {
        let memberships = rows.iter().flat_map(|row| row.key.memberships.iter());
        memberships
            .into_iter()
            .any(|of| of.group_id == self.id && of.version < self.version)
    }
}

/// A whole graph, before it is cut to pages.
#[derive(Clone, Debug)]
pub struct ComputedGraph {
    pub graph: ServiceGraph,
    /// `ContainsOldGroupVersions`.
    pub has_old_versions: bool,
}

/// The graph of everything that starts in a range; by `group` the reader counts members alone, as
/// [`TotalsRequest::group_id`] says.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn service_graph(
    reader: &dyn TraceReader,
    request: &TotalsRequest,
    group: Option<&CountedGroup>,
    control: &QueryControl,
) -> Result<ComputedGraph, StoreError> {
    let rows = reader.totals(request, control)?;
    Ok(ComputedGraph {
        graph: ServiceGraph::from_rows(&rows),
        has_old_versions: group.is_some_and(|group| group.has_old_versions(&rows)),
    })
}

/// The graph of given traces; unknown ids contribute nothing, repeated ones count once.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn trace_graph(
    reader: &dyn TraceReader,
    scopes: &[Scope],
    ids: &[TraceId],
    control: &QueryControl,
) -> Result<ComputedGraph, StoreError> {
    let [_, slot_secs] = SLOT_SECS;
    let mut distinct = ids.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let mut totals = RowTotals::default();
    for some in distinct.chunks(TRACES_AT_A_TIME) {
        control.check()?;
        for facts in reader.facts(scopes, some, control)? {
            totals.add_all(rows(&facts, slot_secs));
        }
    }
    Ok(ComputedGraph {
        graph: ServiceGraph::from_rows(&totals.into_rows()),
        has_old_versions: false,
    })
}

/// Where a page of a graph begins, as its token keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphCursor {
    /// Of the list of nodes: `ReferenceId`s mean the same only while it stays.
    nodes: [u8; 16],
    from: usize,
}

/// One page: services `from` on, of a whole graph.
#[derive(Clone, Debug)]
pub struct GraphPage {
    graph: Arc<ComputedGraph>,
    from: usize,
    to: usize,
    pub next: Option<GraphCursor>,
}

impl GraphPage {
    /// The services of this page.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.graph
            .graph
            .services
            .iter()
            .take(self.to)
            .skip(self.from)
    }

    /// The whole graph.
    #[must_use]
    pub fn whole(&self) -> &ServiceGraph {
        &self.graph.graph
    }

    /// `ContainsOldGroupVersions` of the whole graph.
    #[must_use]
    pub fn has_old_versions(&self) -> bool {
        self.graph.has_old_versions
    }
}

/// The list of nodes changed since the token was given; the caller has to begin again (PAGE-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the graph has changed since `NextToken` was given; ask again without it")]
pub struct GraphChanged;

/// Graphs of several pages, held for their tokens.
#[derive(Debug, Default)]
pub struct HeldGraphs {
    held: Mutex<VecDeque<Held>>,
}

#[derive(Debug)]
struct Held {
    parameters: [u8; 32],
    nodes: [u8; 16],
    since: UnixNanos,
    graph: Arc<ComputedGraph>,
}

impl HeldGraphs {
    /// The graph that a cursor belongs to, if it is still held.
    #[must_use]
    pub fn find(
        &self,
        parameters: [u8; 32],
        cursor: GraphCursor,
        now: UnixNanos,
    ) -> Option<Arc<ComputedGraph>> {
        let mut held = self.held.lock();
        held.retain(|graph| now.secs().saturating_sub(graph.since.secs()) < HELD_SECS);
        let is_it = |graph: &&Held| graph.parameters == parameters && graph.nodes == cursor.nodes;
        held.iter().find(is_it).map(|held| held.graph.clone())
    }

    /// A page of a graph that was computed now; the graph is held if there are more.
    ///
    /// # Errors
    /// [`GraphChanged`] if the cursor was given for another list of nodes.
    pub fn page(
        &self,
        parameters: [u8; 32],
        graph: Arc<ComputedGraph>,
        cursor: Option<GraphCursor>,
        now: UnixNanos,
        services_max: usize,
    ) -> Result<GraphPage, GraphChanged> {
        let total = graph.graph.services.len();
        if cursor.is_none() && total <= services_max {
            return Ok(GraphPage {
                graph,
                from: 0,
                to: total,
                next: None,
            });
        }
        let nodes = node_list_hash(&graph.graph);
        if cursor.is_some_and(|cursor| cursor.nodes != nodes) {
            return Err(GraphChanged);
        }
        let from = cursor.map_or(0, |cursor| cursor.from.min(total));
        let to = from.saturating_add(services_max).min(total);
        let next = (to < total).then_some(GraphCursor { nodes, from: to });
        if next.is_some() {
            self.hold(Held {
                parameters,
                nodes,
                since: now,
                graph: graph.clone(),
            });
        }
        Ok(GraphPage {
            graph,
            from,
            to,
            next,
        })
    }

    fn hold(&self, new: Held) {
        let mut held = self.held.lock();
        let same =
            |held: &Held| held.parameters == new.parameters && Arc::ptr_eq(&held.graph, &new.graph);
        if held.iter().any(same) {
            return;
        }
        // A graph computed again takes the place of the older one of equal nodes.
        held.retain(|held| held.parameters != new.parameters || held.nodes != new.nodes);
        held.push_back(new);
        let services = |held: &VecDeque<Held>| -> usize {
            held.iter()
                .map(|held| held.graph.graph.services.len())
                .sum()
        };
        while held.len() > HELD_GRAPHS_MAX || services(&held) > HELD_SERVICES_MAX {
            held.pop_front();
        }
    }
}

/// A hash of the graph's nodes in order.
fn node_list_hash(graph: &ServiceGraph) -> [u8; 16] {
    let mut digest = Sha256::new();
    let mut part = |text: Option<&str>| match text {
        None => digest.update([0]),
        Some(text) => {
            digest.update([1]);
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
    };
    for service in &graph.services {
        part(Some(&service.key.name));
        part(service.key.node_type.as_deref());
        part(service.key.account_id.as_deref());
        part(service.is_client.then_some(""));
    }
    let digest: [u8; 32] = digest.finalize().into();
    let mut short = [0; 16];
    short.copy_from_slice(digest.split_at(16).0);
    short
}
