//! The documents of a trace become its facts: which document wins, what hangs where, which segments
//! are inferred, root causes.
//!
//! [`resolve`] picks the winning entities (ASM-1), [`assemble`] turns them into [`TraceFacts`], of
//! which [`mod@derive`] makes nodes, calls and flags and [`root_cause`] the root causes.

pub mod derive;
pub mod facts;
pub mod link;
pub mod resolve;
pub mod root_cause;

use std::collections::HashSet;
use std::sync::Arc;

use self::facts::{
    EntityFacts, EntityKind, EntityOrdinal, LinkFacts, Membership, NodeKey, Parent, RootCauses,
    TraceFacts, TraceHead,
};
use self::resolve::{Arrival, Resolved, ResolvedParent};
use self::root_cause::Causes;
use crate::document::facts::DocumentEntity;
use crate::ids::TraceId;
use crate::limits::{ANNOTATIONS_PER_TRACE_MAX, LINKS_PER_SEGMENT_MAX, LINKS_PER_TRACE_MAX};

#[cfg(test)]
pub(crate) mod random;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

/// What a store knows of a trace beside its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Log records that changed the trace (ASM-1), at least 1.
    pub revision: u32,
    /// Documents were refused because the trace is over its size limit.
    pub limit_exceeded: bool,
    /// INDEX-1.
    pub is_indexed: bool,
    /// GROUP-1, sorted. Whoever judges memberships by the facts leaves this empty and fills
    /// [`TraceHead::memberships`] of the result: nothing else of the facts depends on it.
    pub memberships: Vec<Membership>,
}

impl Default for Recorded {
    /// First revision, indexed, in no group.
    fn default() -> Self {
        Self {
            revision: 1,
            limit_exceeded: false,
            is_indexed: true,
            memberships: Vec::new(),
        }
    }
}

/// Settings that shape facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssemblySettings {
    /// Traces answered faster have no response-time root cause
    /// (`response_time_root_cause_min_seconds`, api.md "Root causes"); default 0: all have one.
    pub response_time_root_cause_nanos_min: i64,
}

/// The facts of a trace. `arrivals` are its documents in any order, losers and duplicates included;
/// equal documents with equal stamps give equal facts (ASM-1, ASM-2).
///
/// [`LinkFacts::source`] is left empty for the store to fill (LINK-1: [`link::link_sources`]). Takes O(n log n).
#[must_use]
pub fn assemble(
    trace_id: TraceId,
    arrivals: &[Arrival<'_>],
    recorded: Recorded,
    settings: AssemblySettings,
) -> TraceFacts {
    assemble_resolved(
        trace_id,
        arrivals,
        &resolve::resolve(arrivals),
        recorded,
        settings,
    )
}

/// [`assemble`] for a caller that needs [`resolve::resolve`]'s result as well.
#[must_use]
pub fn assemble_resolved(
    trace_id: TraceId,
    arrivals: &[Arrival<'_>],
    resolved: &Resolved,
    recorded: Recorded,
    settings: AssemblySettings,
) -> TraceFacts {
    let sources = sources(arrivals, resolved);
    let by_arrival = by_arrival(resolved);
    let indexed_keys = indexed_keys(&sources, &by_arrival);
    let builder = Builder::build(resolved, &sources, &indexed_keys);
    let links = links(resolved, &sources, &by_arrival, &builder.ordinals);
    let head = head(arrivals, resolved, recorded);
    let Builder {
        entities, origins, ..
    } = builder;
    let mut facts = TraceFacts::new(trace_id, head, entities, links, RootCauses::default());
    let causes = Causes::new(&sources, &origins);
    facts.root_causes = root_cause::root_causes(&facts, &causes, settings);
    facts
}

/// The document's view of each resolved entity.
fn sources<'a>(arrivals: &[Arrival<'a>], resolved: &Resolved) -> Vec<&'a DocumentEntity> {
    let mut documents: Vec<Vec<&'a DocumentEntity>> = vec![Vec::new(); arrivals.len()];
    for &winner in &resolved.winners {
        if let Some(arrival) = arrivals.get(winner) {
            documents[winner] = resolve::preorder(arrival.document);
        }
    }
    let find = |e: &resolve::ResolvedEntity| documents.get(e.arrival)?.get(e.ordinal).copied();
    let found = resolved.entities.iter().map(find);
    found
        .map(|e| e.expect("resolved entities come from winning documents"))
        .collect()
}

/// Indices of the resolved entities in order of arrival: by stamp, then by place in the document.
fn by_arrival(resolved: &Resolved) -> Vec<usize> {
    let arrivals = resolved.winners.iter().max().map_or(0, |last| last + 1);
    let mut ages = vec![0; arrivals];
    for (age, &arrival) in resolved.winners.iter().enumerate() {
        ages[arrival] = age;
    }
    let keys = resolved.entities.iter().enumerate();
    let mut order: Vec<(usize, usize, usize)> = keys
        .map(|(at, entity)| (ages[entity.arrival], entity.ordinal, at))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(.., at)| at).collect()
}

/// The annotation keys that are indexed: the trace's first 50 (segments.md 2.3).
fn indexed_keys<'a>(sources: &[&'a DocumentEntity], by_arrival: &[usize]) -> HashSet<&'a str> {
    let mut keys = HashSet::new();
    let annotations = by_arrival.iter().flat_map(|&at| &sources[at].annotations);
    for (key, _) in annotations {
        if keys.len() >= ANNOTATIONS_PER_TRACE_MAX {
            break;
        }
        keys.insert(&**key);
    }
    keys
}

/// The links that are kept, in entity order: per segment the first 20, per trace the first 100 to
/// arrive (segments.md 2.8).
fn links(
    resolved: &Resolved,
    sources: &[&DocumentEntity],
    by_arrival: &[usize],
    ordinals: &[EntityOrdinal],
) -> Vec<LinkFacts> {
    let mut links = Vec::new();
    for &at in by_arrival
        .iter()
        .filter(|&&at| resolved.entities[at].is_segment)
    {
        let room = LINKS_PER_TRACE_MAX - links.len();
        let kept = sources[at]
            .links
            .iter()
            .take(LINKS_PER_SEGMENT_MAX.min(room));
        links.extend(kept.map(|link| LinkFacts {
            segment: ordinals[at],
            trace_id: link.trace_id,
            id: link.id,
            reference: link.reference,
            source: None,
        }));
    }
    links.sort_by_key(|link| link.segment);
    links
}

pub(crate) fn head(arrivals: &[Arrival<'_>], resolved: &Resolved, recorded: Recorded) -> TraceHead {
    let Recorded {
        revision,
        limit_exceeded,
        is_indexed,
        memberships,
    } = recorded;
    let winners = || resolved.winners.iter().filter_map(|&at| arrivals.get(at));
    TraceHead {
        revision,
        limit_exceeded,
        is_indexed,
        memberships,
        first_stamp: winners().map(|w| w.stamp).min().unwrap_or_default(),
        last_stamp: winners().map(|w| w.stamp).max().unwrap_or_default(),
        documents: u32::try_from(resolved.winners.len()).unwrap_or(u32::MAX),
        document_bytes: winners().map(|w| u64::from(w.document.text_bytes)).sum(),
    }
}

/// Builds the entities in the trace's pre-order, inferred segments included.
struct Builder {
    entities: Vec<EntityFacts>,
    /// Per fact entity the resolved entity it tells of; `None` for inferred segments.
    origins: Vec<Option<usize>>,
    /// Per resolved entity its ordinal among the facts.
    ordinals: Vec<EntityOrdinal>,
}

impl Builder {
    fn build(
        resolved: &Resolved,
        sources: &[&DocumentEntity],
        indexed_keys: &HashSet<&str>,
    ) -> Self {
        let capacity = resolved.entities.len();
        let mut builder = Self {
            entities: Vec::with_capacity(capacity),
            origins: Vec::with_capacity(capacity),
            ordinals: Vec::with_capacity(capacity),
        };
        for (at, source) in sources.iter().enumerate() {
            builder.add(resolved, at, source, indexed_keys);
        }
        builder
    }

    fn add(
        &mut self,
        resolved: &Resolved,
        at: usize,
        source: &DocumentEntity,
        indexed_keys: &HashSet<&str>,
    ) {
        let entity = &resolved.entities[at];
        let ordinal = self.next_ordinal();
        let parent = match entity.parent {
            ResolvedParent::None => Parent::None,
            ResolvedParent::Unknown(_) => Parent::Unknown,
            ResolvedParent::Entity(parent) => Parent::Entity(self.ordinals[parent]),
        };
        let segment = match parent {
            _ if entity.is_segment => Some(ordinal),
            Parent::Entity(parent) => self.entities[parent as usize].segment,
            Parent::None | Parent::Unknown => None,
        };
        self.entities.push(real(
            source,
            entity.is_segment,
            parent,
            segment,
            indexed_keys,
        ));
        self.origins.push(Some(at));
        self.ordinals.push(ordinal);
        if let (true, Some(callee)) = (resolved.is_inferring(at), &source.callee) {
            let inferred_ordinal = self.next_ordinal();
            self.entities
                .push(inferred(source, callee, ordinal, inferred_ordinal));
            self.origins.push(None);
        }
    }

    fn next_ordinal(&self) -> EntityOrdinal {
        u32::try_from(self.entities.len()).expect("a trace of 64 MB has fewer than 2^32 entities")
    }
}

impl Resolved {
    /// True for a subsegment that no real segment names as its parent: with a namespace it makes an
    /// inferred segment (segments.md 7).
    #[must_use]
    pub fn is_inferring(&self, at: usize) -> bool {
        self.entities.get(at).is_some_and(|entity| {
            let is_segment =
                |child: &usize| self.entities.get(*child).is_some_and(|c| c.is_segment);
            !entity.is_segment && !entity.children.iter().any(is_segment)
        })
    }
}

fn real(
    source: &DocumentEntity,
    is_segment: bool,
    parent: Parent,
    segment: Option<EntityOrdinal>,
    indexed_keys: &HashSet<&str>,
) -> EntityFacts {
    let node = is_segment.then(|| segment_node(source));
    let is_indexed = |(key, _): &&(Arc<str>, _)| indexed_keys.contains(&**key);
    EntityFacts {
        kind: if is_segment {
            EntityKind::Segment
        } else {
            EntityKind::Subsegment
        },
        parent,
        segment,
        name: Arc::clone(&source.name),
        start: source.start,
        end: source.end,
        flags: source.flags,
        namespace: if is_segment { None } else { source.namespace },
        node,
        http: source.http.clone(),
        user: source.user.clone(),
        resource_arn: source.resource_arn.clone(),
        instance_id: source.instance_id.clone(),
        availability_zone: source.availability_zone.clone(),
        annotations: source
            .annotations
            .iter()
            .filter(is_indexed)
            .cloned()
            .collect(),
    }
}

/// The node of a real segment (service-graph.md 2.1).
fn segment_node(segment: &DocumentEntity) -> NodeKey {
    NodeKey {
        name: Arc::clone(&segment.name),
        node_type: segment.origin.clone(),
        account_id: segment.account_id.clone(),
    }
}

/// The inferred segment of a call (segments.md 7).
fn inferred(
    call: &DocumentEntity,
    callee: &NodeKey,
    parent: EntityOrdinal,
    ordinal: EntityOrdinal,
) -> EntityFacts {
    EntityFacts {
        kind: EntityKind::Inferred,
        parent: Parent::Entity(parent),
        segment: Some(ordinal),
        name: Arc::clone(&call.name),
        start: call.start,
        end: call.end,
        flags: call.flags,
        namespace: None,
        node: Some(callee.clone()),
        http: call.http.clone(),
        user: None,
        resource_arn: None,
        instance_id: None,
        availability_zone: None,
        annotations: Vec::new(),
    }
}
