//! Root causes (api.md "Root causes", our algorithm): which chain of entities a failure or slowness
//! of a trace comes down to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::AssemblySettings;
use super::facts::{
    EntityFacts, EntityKind, EntityOrdinal, Flags, NodeKey, NodeKind, Parent, RootCause,
    RootCauseEntity, RootCauseException, RootCauseService, RootCauses, TraceFacts,
};
use crate::document::facts::{DocumentEntity, Exception};
use crate::ids::SegmentId;
use crate::limits::ROOT_CAUSES_PER_KIND_MAX;

#[cfg(test)]
mod tests;

/// The `cause` members of a trace's documents, which facts do not keep.
pub(super) struct Causes<'a> {
    sources: &'a [&'a DocumentEntity],
    /// Per fact entity its place in `sources`.
    origins: &'a [Option<usize>],
    by_id: HashMap<SegmentId, &'a Exception>,
}

impl<'a> Causes<'a> {
    pub(super) fn new(sources: &'a [&'a DocumentEntity], origins: &'a [Option<usize>]) -> Self {
        let mut by_id = HashMap::new();
        for exception in sources.iter().flat_map(|source| &source.cause.exceptions) {
            if let Some(id) = exception.id {
                by_id.entry(id).or_insert(exception);
            }
        }
        Self {
            sources,
            origins,
            by_id,
        }
    }

    /// Exceptions told at the entity, or the one it refers to; inferred segments have none.
    fn of(&self, ordinal: EntityOrdinal) -> Vec<RootCauseException> {
        let origin = self.origins.get(ordinal as usize).copied().flatten();
        let Some(source) = origin.and_then(|at| self.sources.get(at)) else {
            return Vec::new();
        };
        let referred = || {
            source
                .cause
                .reference
                .and_then(|id| self.by_id.get(&id))
                .copied()
        };
        let told = source.cause.exceptions.iter();
        let found: Vec<&Exception> = match told.len() {
            0 => referred().into_iter().collect(),
            _ => told.collect(),
        };
        let text = |text: &Option<Arc<str>>| text.clone().unwrap_or_default();
        let shown = found.into_iter();
        shown
            .map(|e| RootCauseException {
                name: text(&e.name),
                message: text(&e.message),
            })
            .collect()
    }
}

/// All root causes of a trace whose other facts are complete.
pub(super) fn root_causes(
    facts: &TraceFacts,
    causes: &Causes<'_>,
    settings: AssemblySettings,
) -> RootCauses {
    let tree = Tree::new(facts);
    RootCauses {
        fault: failures(&tree, causes, |flags| flags.fault),
        error: failures(&tree, causes, |flags| flags.error),
        response_time: slowness(&tree, settings).into_iter().collect(),
    }
}

/// The entity tree below the root segment.
struct Tree<'a> {
    facts: &'a TraceFacts,
    root: Option<EntityOrdinal>,
    /// Per entity: it hangs below the root segment, or is it.
    inside: Vec<bool>,
    nodes: HashMap<&'a NodeKey, (NodeKind, &'a [Arc<str>])>,
}

impl<'a> Tree<'a> {
    fn new(facts: &'a TraceFacts) -> Self {
        let mut inside = vec![false; facts.entities.len()];
        for (at, entity) in facts.entities.iter().enumerate() {
            let is_root = facts.root.is_some_and(|root| root as usize == at);
            // Parents come first.
            let below = parent_of(entity).is_some_and(|p| inside.get(p as usize) == Some(&true));
            inside[at] = is_root || below;
        }
        let real_nodes = facts.nodes.iter().filter(|n| n.kind != NodeKind::Client);
        let nodes = real_nodes
            .map(|n| (&n.key, (n.kind, n.other_names.as_slice())))
            .collect();
        Self {
            facts,
            root: facts.root,
            inside,
            nodes,
        }
    }

    fn entities(&self) -> impl Iterator<Item = (EntityOrdinal, &'a EntityFacts)> {
        let inside = self.inside.iter();
        let entities = (0..).zip(&self.facts.entities).zip(inside);
        entities
            .filter(|(_, inside)| **inside)
            .map(|(entity, _)| entity)
    }

    /// The path split by owning segment (step 4).
    fn cause(
        &self,
        path: &[EntityOrdinal],
        is_client_impacting: bool,
        mut entity_of: impl FnMut(usize, &EntityFacts) -> (Vec<RootCauseException>, Option<f64>),
    ) -> RootCause {
        let mut services: Vec<RootCauseService> = Vec::new();
        let mut segment = None;
        for (step, &ordinal) in path.iter().enumerate() {
            let entity = self.facts.entity(ordinal);
            if entity.segment != segment || services.is_empty() {
                segment = entity.segment;
                services.extend(segment.and_then(|segment| self.service(segment)));
            }
            let (exceptions, coverage) = entity_of(step, entity);
            if let Some(service) = services.last_mut() {
                service.entity_path.push(RootCauseEntity {
                    name: Arc::clone(shown_name(entity)),
                    remote: entity.namespace.is_some(),
                    exceptions,
                    coverage,
                });
            }
        }
        services.shrink_to_fit();
        for service in &mut services {
            service.entity_path.shrink_to_fit();
        }
        RootCause {
            services,
            client_impacting: is_client_impacting,
        }
    }

    fn service(&self, segment: EntityOrdinal) -> Option<RootCauseService> {
        let key = self.facts.entity(segment).node.as_ref()?;
        let (kind, other_names) = self.nodes.get(key).copied()?;
        let mut names = vec![Arc::clone(&key.name)];
        names.extend(other_names.iter().cloned());
        let inferred = kind == NodeKind::Inferred;
        Some(RootCauseService {
            node: key.clone(),
            names,
            inferred,
            entity_path: Vec::new(),
        })
    }
}

fn parent_of(entity: &EntityFacts) -> Option<EntityOrdinal> {
    match entity.parent {
        Parent::Entity(parent) => Some(parent),
        Parent::None | Parent::Unknown => None,
    }
}

/// A segment is shown by its service's name, which an inferred one's own is not.
fn shown_name(entity: &EntityFacts) -> &Arc<str> {
    entity.node.as_ref().map_or(&entity.name, |node| &node.name)
}

/// What makes two paths equal, step by step: names, types, exceptions, and where segments begin.
#[derive(PartialEq, Eq, Hash)]
struct Step<'a> {
    /// The equal beginning of the path, as its number.
    before: Option<usize>,
    name: &'a str,
    node: Option<&'a NodeKey>,
    remote: bool,
    exceptions: Vec<RootCauseException>,
}

/// Gives equal beginnings of paths equal numbers, so that comparing two paths costs nothing however
/// long they are.
#[derive(Default)]
struct Steps<'a>(HashMap<Step<'a>, usize>);

impl<'a> Steps<'a> {
    fn number(
        &mut self,
        before: Option<usize>,
        entity: &'a EntityFacts,
        exceptions: Vec<RootCauseException>,
    ) -> usize {
        let next = self.0.len();
        let node = entity.node.as_ref();
        let remote = entity.namespace.is_some();
        let step = Step {
            before,
            name: &entity.name,
            node,
            remote,
            exceptions,
        };
        *self.0.entry(step).or_insert(next)
    }
}

/// Fault or error causes, in entity order of their leaves.
fn failures(
    tree: &Tree<'_>,
    causes: &Causes<'_>,
    is_set: impl Fn(Flags) -> bool,
) -> Vec<RootCause> {
    let flagged = |ordinal: EntityOrdinal| is_set(tree.facts.entity(ordinal).flags);
    let mut has_flagged_child = HashSet::new();
    let mut steps = Steps::default();
    let mut numbers: HashMap<EntityOrdinal, usize> = HashMap::new();
    for (ordinal, entity) in tree.entities().filter(|(ordinal, _)| flagged(*ordinal)) {
        let parent = parent_of(entity).filter(|_| Some(ordinal) != tree.root);
        let before = match parent.filter(|parent| flagged(*parent)) {
            Some(parent) => {
                has_flagged_child.insert(parent);
                numbers.get(&parent).copied()
            }
            None if entity.kind == EntityKind::Subsegment => entity
                .segment
                .map(|segment| steps.number(None, tree.facts.entity(segment), causes.of(segment))),
            None => None,
        };
        numbers.insert(ordinal, steps.number(before, entity, causes.of(ordinal)));
    }
    let mut seen = HashSet::new();
    let leaves = tree.entities().map(|(ordinal, _)| ordinal);
    let leaves = leaves.filter(|leaf| flagged(*leaf) && !has_flagged_child.contains(leaf));
    let distinct = leaves.filter(|leaf| seen.insert(numbers.get(leaf).copied()));
    let kept = distinct.take(ROOT_CAUSES_PER_KIND_MAX);
    kept.map(|leaf| failure(tree, causes, leaf, &flagged))
        .collect()
}

/// The cause that ends at this leaf (steps 2 to 6).
fn failure(
    tree: &Tree<'_>,
    causes: &Causes<'_>,
    leaf: EntityOrdinal,
    flagged: &impl Fn(EntityOrdinal) -> bool,
) -> RootCause {
    let mut path = vec![leaf];
    let mut head = leaf;
    while Some(head) != tree.root {
        let parent = parent_of(tree.facts.entity(head)).filter(|parent| flagged(*parent));
        let Some(parent) = parent else { break };
        path.push(parent);
        head = parent;
    }
    let head_entity = tree.facts.entity(head);
    if head_entity.kind == EntityKind::Subsegment {
        path.extend(head_entity.segment);
    }
    path.reverse();
    let is_client_impacting = Some(head) == tree.root;
    tree.cause(&path, is_client_impacting, |step, _| {
        (
            path.get(step)
                .map(|ordinal| causes.of(*ordinal))
                .unwrap_or_default(),
            None,
        )
    })
}

/// The response-time cause.
fn slowness(tree: &Tree<'_>, settings: AssemblySettings) -> Option<RootCause> {
    let root = tree.root?;
    let total = tree.facts.entity(root).response_time_nanos()?;
    if total <= 0 || total < settings.response_time_root_cause_nanos_min {
        return None;
    }
    let mut longest: HashMap<EntityOrdinal, (EntityOrdinal, i64)> = HashMap::new();
    for (ordinal, entity) in tree.entities().filter(|(ordinal, _)| *ordinal != root) {
        if let (Some(parent), Some(nanos)) = (parent_of(entity), entity.response_time_nanos()) {
            let best = longest.entry(parent).or_insert((ordinal, nanos));
            if nanos > best.1 {
                *best = (ordinal, nanos);
            }
        }
    }
    let mut path = vec![root];
    let mut times = vec![total];
    let mut here = (root, total);
    while let Some(&next) = longest.get(&here.0) {
        // At least half, without halving an odd number.
        if next.1 < here.1 - next.1 {
            break;
        }
        path.push(next.0);
        times.push(next.1);
        here = next;
    }
    if path.len() < 2 {
        return None;
    }
    for step in (0..times.len() - 1).rev() {
        times[step] = times[step].max(times[step + 1]);
    }
    Some(tree.cause(&path, true, |step, _| {
        (
            Vec::new(),
            times.get(step).map(|nanos| coverage(*nanos, total)),
        )
    }))
}

/// `nanos / total`, capped at 1, rounded to 3 decimals.
fn coverage(nanos: i64, total: i64) -> f64 {
    let (nanos, total) = (i128::from(nanos), i128::from(total));
    let thousandths = ((nanos * 2000 + total) / (total * 2)).clamp(0, 1000);
    f64::from(i32::try_from(thousandths).unwrap_or(1000)) / 1000.0
}
