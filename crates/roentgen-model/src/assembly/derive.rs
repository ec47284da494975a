//! What follows from a trace's entities alone: nodes, calls, root, flags, times.

use std::collections::HashMap;
use std::sync::Arc;

use super::facts::{
    CLIENT_TYPE, Call, EntityFacts, EntityKind, EntityOrdinal, LinkFacts, Namespace, Node, NodeKey,
    NodeKind, NodeOrdinal, Parent, RootCauses, TraceFacts, TraceHead,
};
use crate::ids::TraceId;
use crate::time::UnixNanos;

#[cfg(test)]
mod tests;

/// How far a trace id's conventional time may lie from the earliest start and still be believed
/// (segments.md 3).
const ID_TIME_TOLERANCE_NANOS: u64 = 24 * 3600 * 1_000_000_000;

impl TraceFacts {
    /// The facts of a trace with these entities.
    ///
    /// `entities` must come parents first, siblings by (start, id), with every ordinal in range; what
    /// [`super`] builds and what a store read back from it does.
    #[must_use]
    pub fn new(
        trace_id: TraceId,
        head: TraceHead,
        mut entities: Vec<EntityFacts>,
        links: Vec<LinkFacts>,
        root_causes: RootCauses,
    ) -> Self {
        entities.shrink_to_fit();
        let mut graph = Graph::default();
        for ordinal in 0..ordinal(entities.len()) {
            graph.add(&entities, ordinal);
        }
        let root = find_root(&entities);
        let (mut nodes, mut calls) = graph.finish();
        nodes.shrink_to_fit();
        calls.shrink_to_fit();
        let real = |e: &&EntityFacts| e.kind != EntityKind::Inferred;
        let is_segment = |e: &&EntityFacts| e.kind == EntityKind::Segment;
        let start = (entities.iter().filter(is_segment).map(|e| e.start).min())
            .or_else(|| entities.iter().filter(real).map(|e| e.start).min())
            .unwrap_or_default();
        let end = entities.iter().filter(real).filter_map(|e| e.end).max();
        let ends = || {
            entities
                .iter()
                .filter(|e| e.node.is_some())
                .filter_map(|e| e.end)
        };
        let root_entity = root.and_then(|r| entities.get(r as usize));
        Self {
            trace_id,
            t0: trace_time(trace_id, start),
            start,
            end,
            segment_ends: ends().min().zip(ends().max()),
            duration_nanos: end.map(|end| end.nanos_since(start)),
            response_time_nanos: root_entity.and_then(EntityFacts::response_time_nanos),
            has_fault: root_entity.is_some_and(|e| e.flags.fault),
            has_error: root_entity.is_some_and(|e| e.flags.error),
            has_throttle: entities
                .iter()
                .any(|e| e.node.is_some() && e.flags.throttle),
            is_partial: entities.iter().filter(real).any(|e| e.end.is_none()),
            root,
            nodes,
            calls,
            head,
            root_causes,
            links,
            entities,
        }
    }

    /// The entity with this ordinal.
    #[must_use]
    pub fn entity(&self, ordinal: EntityOrdinal) -> &EntityFacts {
        self.entities
            .get(ordinal as usize)
            .expect("ordinals of a trace lie inside it")
    }

    /// The node with this ordinal.
    #[must_use]
    pub fn node(&self, ordinal: NodeOrdinal) -> &Node {
        self.nodes
            .get(ordinal as usize)
            .expect("ordinals of a trace lie inside it")
    }

    /// The node a segment or inferred segment belongs to; of a subsegment, its owning segment's.
    #[must_use]
    pub fn node_of(&self, ordinal: EntityOrdinal) -> Option<NodeOrdinal> {
        let segment = self.entity(ordinal).segment?;
        let key = self.entity(segment).node.as_ref()?;
        let is_it = |n: &Node| n.kind != NodeKind::Client && n.key == *key;
        self.nodes.iter().position(is_it).map(self::ordinal)
    }

    /// Latest end among a segment and its subsegments minus its start (service-graph.md 1); `None`
    /// while the segment is in progress. For many segments at once see
    /// [`Self::segment_durations_nanos`].
    #[must_use]
    pub fn segment_duration_nanos(&self, segment: EntityOrdinal) -> Option<i64> {
        let own = self.entity(segment);
        own.end?;
        let owned = self.entities.iter().filter(|e| e.segment == Some(segment));
        owned
            .filter_map(|e| e.end)
            .max()
            .map(|end| end.nanos_since(own.start))
    }

    /// [`Self::segment_duration_nanos`] of every entity, by ordinal, in one pass; `None` for
    /// subsegments.
    #[must_use]
    pub fn segment_durations_nanos(&self) -> Vec<Option<i64>> {
        let mut ends: Vec<Option<UnixNanos>> = vec![None; self.entities.len()];
        for entity in &self.entities {
            let owner = entity
                .segment
                .and_then(|owner| ends.get_mut(owner as usize));
            if let Some(latest) = owner {
                *latest = (*latest).max(entity.end);
            }
        }
        let segments = self.entities.iter().zip(ends);
        segments
            .map(|(own, latest)| {
                own.node.as_ref()?;
                own.end?;
                latest.map(|end| end.nanos_since(own.start))
            })
            .collect()
    }
}

/// T0 (segments.md 3): the id's time if it lies near the earliest start, else the earliest start.
#[must_use]
pub fn trace_time(trace_id: TraceId, earliest_start: UnixNanos) -> UnixNanos {
    let id_time = UnixNanos::from_secs(i64::from(trace_id.epoch_secs()));
    if id_time.0.abs_diff(earliest_start.0) <= ID_TIME_TOLERANCE_NANOS {
        id_time
    } else {
        earliest_start
    }
}

/// True for the entities that get a client edge when they are real segments: no parent, an unknown
/// one, or that of an orphan subsegment (service-graph.md 2.2).
fn is_top(entities: &[EntityFacts], entity: &EntityFacts) -> bool {
    match entity.parent {
        Parent::None | Parent::Unknown => true,
        Parent::Entity(parent) => entities
            .get(parent as usize)
            .is_none_or(|p| p.segment.is_none()),
    }
}

/// The root segment (segments.md 6). Siblings come by (start, id), but tops of several kinds are
/// mixed with what hangs below them, so the earliest start is looked for; ties go to the earlier
/// ordinal, which is the lower id among tops.
fn find_root(entities: &[EntityFacts]) -> Option<EntityOrdinal> {
    let earliest = |wanted: &dyn Fn(&EntityFacts) -> bool| {
        let segments = entities
            .iter()
            .enumerate()
            .filter(|(_, e)| e.kind == EntityKind::Segment);
        segments
            .filter(|(_, e)| wanted(e))
            .min_by_key(|(i, e)| (e.start, *i))
            .map(|(i, _)| i)
    };
    let found = earliest(&|e| e.parent == Parent::None)
        .or_else(|| earliest(&|e| is_top(entities, e)))
        .or_else(|| earliest(&|_| true));
    found.map(ordinal)
}

/// The type of segments written by canaries, which get no client node (service-graph.md 2.1).
pub(crate) fn is_canary_type(node_type: Option<&str>) -> bool {
    node_type.is_some_and(|t| t.eq_ignore_ascii_case("Client::Synthetic"))
}

#[derive(Default)]
struct Graph {
    nodes: Vec<Node>,
    by_key: HashMap<NodeKey, usize>,
    clients: Vec<Arc<str>>,
    client_by_name: HashMap<Arc<str>, usize>,
    calls: Vec<Call>,
    /// Calls from clients: (index into `clients`, root segment, its node).
    entries: Vec<(usize, EntityOrdinal, usize)>,
}

impl Graph {
    fn add(&mut self, entities: &[EntityFacts], ordinal: EntityOrdinal) {
        let Some(entity) = entities.get(ordinal as usize) else {
            return;
        };
        let Some(key) = &entity.node else { return };
        let inferred = entity.kind == EntityKind::Inferred;
        let node = self.node(key, inferred);
        if is_top(entities, entity) {
            if !inferred {
                self.enter(key, ordinal, node);
            }
            return;
        }
        let Parent::Entity(parent_ordinal) = entity.parent else {
            return;
        };
        let Some(parent) = entities.get(parent_ordinal as usize) else {
            return;
        };
        let Some(source_segment) = parent.segment else {
            return;
        };
        let source_key = entities
            .get(source_segment as usize)
            .and_then(|s| s.node.as_ref());
        let Some(source_key) = source_key else { return };
        let source = self.node(source_key, false);
        let by_subsegment = parent.kind == EntityKind::Subsegment;
        let renamed = by_subsegment && !inferred && parent.namespace == Some(Namespace::Remote);
        let alias = (renamed && parent.name != key.name).then(|| Arc::clone(&parent.name));
        if let (Some(alias), Some(node)) = (&alias, self.nodes.get_mut(node)) {
            node.other_names.push(Arc::clone(alias));
        }
        self.calls.push(Call {
            source: self::ordinal(source),
            destination: self::ordinal(node),
            destination_segment: ordinal,
            source_segment: Some(source_segment),
            entity: if by_subsegment {
                parent_ordinal
            } else {
                ordinal
            },
            alias,
        });
    }

    /// The node with this key; real wins over inferred (service-graph.md 2.1).
    fn node(&mut self, key: &NodeKey, inferred: bool) -> usize {
        let kind = if inferred {
            NodeKind::Inferred
        } else {
            NodeKind::Real
        };
        if let Some(&at) = self.by_key.get(key) {
            if let (false, Some(node)) = (inferred, self.nodes.get_mut(at)) {
                node.kind = NodeKind::Real;
            }
            return at;
        }
        let at = self.nodes.len();
        self.nodes.push(Node {
            key: key.clone(),
            other_names: Vec::new(),
            kind,
            is_root: false,
        });
        self.by_key.insert(key.clone(), at);
        at
    }

    fn enter(&mut self, key: &NodeKey, segment: EntityOrdinal, node: usize) {
        if let Some(root) = self.nodes.get_mut(node) {
            root.is_root = true;
        }
        // Canary traffic is its own client (service-graph.md 2.1).
        if is_canary_type(key.node_type.as_deref()) {
            return;
        }
        let next = self.clients.len();
        let client = *self
            .client_by_name
            .entry(Arc::clone(&key.name))
            .or_insert(next);
        if client == next {
            self.clients.push(Arc::clone(&key.name));
        }
        self.entries.push((client, segment, node));
    }

    fn finish(mut self) -> (Vec<Node>, Vec<Call>) {
        for node in &mut self.nodes {
            node.other_names.sort_unstable();
            node.other_names.dedup();
        }
        let first_client = self.nodes.len();
        for name in self.clients {
            let key = NodeKey {
                name,
                node_type: Some(CLIENT_TYPE.into()),
                account_id: None,
            };
            let kind = NodeKind::Client;
            self.nodes.push(Node {
                key,
                other_names: Vec::new(),
                kind,
                is_root: false,
            });
        }
        self.calls.extend(
            self.entries
                .into_iter()
                .map(|(client, segment, node)| Call {
                    source: ordinal(first_client + client),
                    destination: ordinal(node),
                    destination_segment: segment,
                    source_segment: None,
                    entity: segment,
                    alias: None,
                }),
        );
        (self.nodes, self.calls)
    }
}

fn ordinal(index: usize) -> u32 {
    u32::try_from(index).expect("a trace of at most 64 MB has fewer than 2^32 entities")
}
