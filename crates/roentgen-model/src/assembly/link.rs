//! LINK-1: where a link into a trace begins. Facts hold no ids, so the linked trace's documents are
//! asked.

use super::facts::{LinkSource, NodeKey};
use super::resolve::{Arrival, resolve};
use super::{segment_node, sources};
use crate::ids::SegmentId;

#[cfg(test)]
mod tests;

/// The node that entity `id` of the trace with these documents stands for, and when the entity ended
/// (service-graph.md 3.4): a segment's own node; of a subsegment the node it called, real (of several
/// the earliest) or inferred. `None` for an unknown id and for a subsegment that called nobody. One
/// entry per id, in their order.
#[must_use]
pub fn link_sources(arrivals: &[Arrival<'_>], ids: &[SegmentId]) -> Vec<Option<LinkSource>> {
    let resolved = resolve(arrivals);
    let sources = sources(arrivals, &resolved);
    let find = |id: &SegmentId| {
        let at = resolved
            .entities
            .iter()
            .position(|entity| entity.id == *id)?;
        let (entity, source) = (resolved.entities.get(at)?, *sources.get(at)?);
        let is_segment = |at: &&usize| resolved.entities.get(**at).is_some_and(|e| e.is_segment);
        let called = entity
            .children
            .iter()
            .find(is_segment)
            .and_then(|at| sources.get(*at));
        let node: NodeKey = match called {
            _ if entity.is_segment => segment_node(source),
            Some(callee) => segment_node(callee),
            None => source.callee.clone()?,
        };
        Some(LinkSource {
            node,
            end: source.end,
        })
    };
    ids.iter().map(find).collect()
}
