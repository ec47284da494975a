//! The graph of retrieved traces, with the links of its services (api.md GetRetrievedTracesGraph).

use std::collections::{BTreeMap, HashMap};

use roentgen_model::assembly::facts::{LinkReference, NodeKey, TraceFacts};
use roentgen_model::graph::{RowTotals, SLOT_SECS, Service, ServiceGraph, rows};
use roentgen_model::{Scope, TraceId};
use roentgen_store::source::{QueryControl, StoreError, TraceReader};

use crate::service_graph::ComputedGraph;

/// Links of one service (limits.md).
pub(super) const LINKS_PER_SERVICE_MAX: usize = 100;

/// Links from the segments that a service has in one trace to other traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphLink {
    /// What the linked segments are to the linking ones.
    pub reference: LinkReference,
    /// The trace of the segments that have the links.
    pub source: TraceId,
    /// The traces they link to, each once, in the order of the segments.
    pub destinations: Vec<TraceId>,
}

/// A graph, and the links by node.
#[derive(Clone, Debug)]
pub struct RetrievedGraph {
    pub graph: ComputedGraph,
    pub links: HashMap<NodeKey, Vec<GraphLink>>,
}

/// The graph of the traces with `ids`, as `GetTraceGraph` makes it, and their links. Ids must be
/// distinct; unknown ones contribute nothing. One trace is in memory at a time.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn retrieved_graph(
    reader: &dyn TraceReader,
    scopes: &[Scope],
    ids: &[TraceId],
    control: &QueryControl,
) -> Result<RetrievedGraph, StoreError> {
    let [_, slot_secs] = SLOT_SECS;
    let mut totals = RowTotals::default();
    let mut links = HashMap::new();
    for id in ids {
        control.check()?;
        for facts in reader.facts(scopes, std::slice::from_ref(id), control)? {
            totals.add_all(rows(&facts, slot_secs));
            add_links(&mut links, &facts);
        }
    }
    Ok(RetrievedGraph {
        graph: ComputedGraph {
            graph: ServiceGraph::from_rows(&totals.into_rows()),
            has_old_versions: false,
        },
        links,
    })
}

/// The links of a service; a client has none.
#[must_use]
pub fn links_of<'a>(
    links: &'a HashMap<NodeKey, Vec<GraphLink>>,
    service: &Service,
) -> &'a [GraphLink] {
    let links = (!service.is_client).then(|| links.get(&service.key));
    links.flatten().map(Vec::as_slice).unwrap_or_default()
}

/// Adds the links of one trace, parents first; what passes the bound of its service is left out.
fn add_links(all: &mut HashMap<NodeKey, Vec<GraphLink>>, facts: &TraceFacts) {
    let mut by_node: BTreeMap<(&NodeKey, bool), GraphLink> = BTreeMap::new();
    for link in &facts.links {
        let Some(node) = &facts.entity(link.segment).node else {
            continue;
        };
        let is_child = link.reference == LinkReference::Child;
        let of_node = by_node
            .entry((node, is_child))
            .or_insert_with(|| GraphLink {
                reference: link.reference,
                source: facts.trace_id,
                destinations: Vec::new(),
            });
        // At most 100 links a trace, so looking through them is quick.
        if !of_node.destinations.contains(&link.trace_id) {
            of_node.destinations.push(link.trace_id);
        }
    }
    for ((node, _), link) in by_node {
        let links = all.entry(node.clone()).or_default();
        if links.len() < LINKS_PER_SERVICE_MAX {
            links.push(link);
        }
    }
}
