//! A trace's summary in domain terms, computed from its facts (api.md GetTraceSummaries, "Members of a
//! summary").

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::assembly::facts::{
    AnnotationValue, HttpFacts, NodeKey, NodeKind, NodeOrdinal, RootCauses, TimeRange, TraceFacts,
};
use crate::ids::TraceId;
use crate::time::{UnixNanos, round_to_millis};

#[cfg(test)]
mod tests;

/// What `GetTraceSummaries` says of one trace.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    pub trace_id: TraceId,
    /// Earliest segment start.
    pub start: UnixNanos,
    /// Rounded to whole milliseconds; `None` while unknown.
    pub duration_millis: Option<i64>,
    /// Of the root segment, rounded to whole milliseconds; `None` while unknown.
    pub response_time_millis: Option<i64>,
    pub has_fault: bool,
    pub has_error: bool,
    pub has_throttle: bool,
    pub is_partial: bool,
    /// Of the root segment; empty without one.
    pub http: HttpFacts,
    /// Per key the distinct values, in the order of the trace's entities.
    pub annotations: BTreeMap<Arc<str>, Vec<AnnotatedServices>>,
    /// Distinct users, in the order of the trace's entities.
    pub users: Vec<UserServices>,
    /// Every node: real, inferred, client.
    pub services: Vec<ServiceId>,
    pub resource_arns: Vec<Arc<str>>,
    pub instance_ids: Vec<Arc<str>>,
    pub availability_zones: Vec<Arc<str>>,
    /// The root segment's node.
    pub entry_point: Option<ServiceId>,
    pub root_causes: RootCauses,
    pub revision: u32,
    /// Latest activity inside the range of a search by event time; else `None`.
    pub matched_event_time: Option<UnixNanos>,
}

/// A node as summaries name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceId {
    /// `node_type: None` is sent as null.
    pub key: NodeKey,
    /// `key.name` first.
    pub names: Vec<Arc<str>>,
}

/// A value of an annotation and the nodes whose (sub)segments carry it.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotatedServices {
    pub value: AnnotationValue,
    /// Empty for what only orphans carry.
    pub services: Vec<ServiceId>,
}

/// A user and the nodes whose segments name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserServices {
    pub user: Arc<str>,
    pub services: Vec<ServiceId>,
}

impl TraceSummary {
    /// The summary of a trace. `event_range` is the range of a search by
    /// `TimeRangeType=Event`.
    #[must_use]
    pub fn new(facts: &TraceFacts, event_range: Option<&TimeRange>) -> Self {
        let root = facts.root.map(|root| facts.entity(root));
        let nodes = Nodes::new(facts);
        let entities = || facts.entities.iter();
        let entry_point = root.and_then(|root| nodes.of_key(root.node.as_ref()?));
        Self {
            trace_id: facts.trace_id,
            start: facts.start,
            duration_millis: facts.duration_nanos.map(round_to_millis),
            response_time_millis: facts.response_time_nanos.map(round_to_millis),
            has_fault: facts.has_fault,
            has_error: facts.has_error,
            has_throttle: facts.has_throttle,
            is_partial: facts.is_partial,
            http: root.map(|root| root.http.clone()).unwrap_or_default(),
            annotations: annotations(facts, &nodes),
            users: users(facts, &nodes),
            services: (0..)
                .zip(&facts.nodes)
                .map(|(at, _)| nodes.service_id(at))
                .collect(),
            resource_arns: distinct(entities().filter_map(|e| e.resource_arn.as_ref())),
            instance_ids: distinct(entities().filter_map(|e| e.instance_id.as_ref())),
            availability_zones: distinct(entities().filter_map(|e| e.availability_zone.as_ref())),
            entry_point: entry_point.map(|node| nodes.service_id(node)),
            root_causes: facts.root_causes.clone(),
            revision: facts.head.revision,
            matched_event_time: event_range.and_then(|range| matched_event_time(facts, range)),
        }
    }
}

/// Latest moment inside the range at which the trace was active; `None` if it was not. A trace that
/// goes on beyond the range was active up to the range's last nanosecond (our choice).
#[must_use]
pub fn matched_event_time(facts: &TraceFacts, range: &TimeRange) -> Option<UnixNanos> {
    let end = facts.end.unwrap_or(facts.start).max(facts.start);
    let last = UnixNanos(range.end.0.saturating_sub(1)).min(end);
    (facts.start < range.end && last >= range.start).then_some(last)
}

/// The nodes of segments, found by key.
struct Nodes<'a> {
    facts: &'a TraceFacts,
    by_key: HashMap<&'a NodeKey, NodeOrdinal>,
}

impl<'a> Nodes<'a> {
    fn new(facts: &'a TraceFacts) -> Self {
        let nodes = (0..)
            .zip(&facts.nodes)
            .filter(|(_, n)| n.kind != NodeKind::Client);
        Self {
            facts,
            by_key: nodes.map(|(at, node)| (&node.key, at)).collect(),
        }
    }

    fn of_key(&self, key: &NodeKey) -> Option<NodeOrdinal> {
        self.by_key.get(key).copied()
    }

    /// The node of the segment that owns this entity.
    fn of_owner(&self, segment: Option<u32>) -> Option<NodeOrdinal> {
        self.of_key(self.facts.entity(segment?).node.as_ref()?)
    }

    fn service_id(&self, node: NodeOrdinal) -> ServiceId {
        let node = self.facts.node(node);
        let names = std::iter::once(&node.key.name).chain(&node.other_names);
        ServiceId {
            key: node.key.clone(),
            names: names.cloned().collect(),
        }
    }

    fn service_ids(&self, nodes: BTreeSet<NodeOrdinal>) -> Vec<ServiceId> {
        nodes
            .into_iter()
            .map(|node| self.service_id(node))
            .collect()
    }
}

/// An annotation value that can be looked up; numbers by their bits, the zeros being one.
#[derive(PartialEq, Eq, Hash)]
enum ValueKey<'a> {
    Text(&'a str),
    Number(u64),
    Boolean(bool),
}

impl<'a> ValueKey<'a> {
    fn new(value: &'a AnnotationValue) -> Self {
        match value {
            AnnotationValue::String(text) => Self::Text(text),
            AnnotationValue::Number(number) => Self::Number((number + 0.0).to_bits()),
            AnnotationValue::Boolean(value) => Self::Boolean(*value),
        }
    }
}

fn annotations(
    facts: &TraceFacts,
    nodes: &Nodes<'_>,
) -> BTreeMap<Arc<str>, Vec<AnnotatedServices>> {
    type Found<'a> = (&'a Arc<str>, &'a AnnotationValue, BTreeSet<NodeOrdinal>);
    let mut places: HashMap<(&str, ValueKey<'_>), usize> = HashMap::new();
    let mut found: Vec<Found<'_>> = Vec::new();
    for entity in &facts.entities {
        for (key, value) in &entity.annotations {
            let next = found.len();
            let place = *places.entry((key, ValueKey::new(value))).or_insert(next);
            if place == next {
                found.push((key, value, BTreeSet::new()));
            }
            if let Some((_, _, carriers)) = found.get_mut(place) {
                carriers.extend(nodes.of_owner(entity.segment));
            }
        }
    }
    let mut by_key: BTreeMap<Arc<str>, Vec<AnnotatedServices>> = BTreeMap::new();
    for (key, value, carriers) in found {
        let services = nodes.service_ids(carriers);
        let value = AnnotatedServices {
            value: value.clone(),
            services,
        };
        by_key.entry(Arc::clone(key)).or_default().push(value);
    }
    by_key
}

fn users(facts: &TraceFacts, nodes: &Nodes<'_>) -> Vec<UserServices> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<(&Arc<str>, BTreeSet<NodeOrdinal>)> = Vec::new();
    for entity in &facts.entities {
        let Some(user) = &entity.user else { continue };
        let next = found.len();
        let place = *places.entry(user).or_insert(next);
        if place == next {
            found.push((user, BTreeSet::new()));
        }
        if let Some((_, carriers)) = found.get_mut(place) {
            carriers.extend(nodes.of_owner(entity.segment));
        }
    }
    let services = found.into_iter();
    services
        .map(|(user, carriers)| UserServices {
            user: Arc::clone(user),
            services: nodes.service_ids(carriers),
        })
        .collect()
}

/// Distinct texts, sorted.
fn distinct<'a>(texts: impl Iterator<Item = &'a Arc<str>>) -> Vec<Arc<str>> {
    let set: BTreeSet<&Arc<str>> = texts.collect();
    set.into_iter().cloned().collect()
}
