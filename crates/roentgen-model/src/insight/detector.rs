//! One group's insights, minute by minute.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::component::{Component, components};
use super::node::{Change, NodeState};
use super::record::{Insight, InsightEvent, InsightId};
use super::{Counts, Minute, NodePair, PAST_MINUTES, minutes_after, minutes_between, recent_range};
use crate::assembly::facts::{NodeKey, TimeRange};
use crate::time::UnixNanos;

mod active;

pub use active::{ActiveInsight, PastIncidents};

#[cfg(test)]
mod tests;

/// Nodes judged in a group: what a map may have (limits.md). More are ignored.
pub const NODES_MAX: usize = 10_000;
/// An edge along which no fault had travelled is looked at again after so long, minutes.
const LOOK_AGAIN_MINUTES: i64 = 5;
/// Nodes that nobody asks any more are forgotten this often.
const FORGET_PERIOD_MINUTES: i64 = 60;

/// What the detector asks about the graph of the last minutes once nodes are in incidents.
pub trait Evidence {
    /// What a failed read gives.
    type Error;

    /// The calls between these nodes that ended in the range.
    ///
    /// # Errors
    /// The reader's.
    fn calls(
        &mut self,
        range: &TimeRange,
        among: &BTreeSet<&NodeKey>,
    ) -> Result<BTreeSet<NodePair>, Self::Error>;

    /// Those of these edges over which a fault travelled in the range: a call between two faulted segments.
    ///
    /// # Errors
    /// The reader's.
    fn travelled(
        &mut self,
        range: &TimeRange,
        edges: &[NodePair],
    ) -> Result<BTreeSet<NodePair>, Self::Error>;
}

/// What a minute said of one insight.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub insight: Insight,
    pub event: Option<InsightEvent>,
}

/// The state of one group. A copy is a checkpoint; after an error it must be thrown away.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// Unique id of the group, for ids of insights.
    pub group: Arc<str>,
    pub nodes: BTreeMap<NodeKey, NodeState>,
    /// Entry edges of the recent minutes, oldest first.
    pub recent_clients: VecDeque<(UnixNanos, Counts)>,
    /// Oldest first.
    pub active: Vec<ActiveInsight>,
    /// Edges between nodes in incidents.
    pub edges: BTreeMap<NodePair, EdgeLook>,
}

/// What is known of an edge between two nodes in incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeLook {
    pub looked_at: UnixNanos,
    pub travelled: bool,
}

impl Detector {
    /// A detector that has seen nothing of its group.
    #[must_use]
    pub fn new(group: Arc<str>) -> Self {
        Self {
            group,
            nodes: BTreeMap::new(),
            recent_clients: VecDeque::new(),
            active: Vec::new(),
            edges: BTreeMap::new(),
        }
    }

    /// Judges the minute that begins at `at`; minutes come in order, those without requests may be left
    /// out while nothing is active. Says which insights it opened, changed or closed, oldest first.
    ///
    /// # Errors
    /// Those of the evidence; the detector is of no use then.
    pub fn step<E: Evidence>(
        &mut self,
        at: UnixNanos,
        minute: &Minute,
        evidence: &mut E,
    ) -> Result<Vec<Outcome>, E::Error> {
        self.remember_clients(at, minute.clients);
        let anomalous = self.judge_nodes(at, minute);
        for insight in &mut self.active {
            insight.add_clients(minute.clients);
        }
        let mut closed = Vec::new();
        if !anomalous.is_empty() {
            closed = self.group_nodes(at, &anomalous, evidence)?;
        }
        let mut outcomes: Vec<Outcome> = closed
            .into_iter()
            .map(|merged| merged.closing(at, at, &self.nodes))
            .collect();
        outcomes.extend(self.report(at, &anomalous));
        outcomes.sort_by_key(|outcome| (outcome.insight.start, outcome.insight.id));
        self.forget(at);
        Ok(outcomes)
    }

    /// True if minutes without requests have to be judged too.
    #[must_use]
    pub fn is_alert(&self) -> bool {
        !self.active.is_empty()
    }

    /// Gives an active insight the id under which it was published.
    pub fn rename(&mut self, from: InsightId, to: InsightId) {
        for insight in &mut self.active {
            if insight.id == from {
                insight.id = to;
            }
        }
    }

    fn remember_clients(&mut self, at: UnixNanos, clients: Counts) {
        let since = recent_range(at).start;
        self.recent_clients.retain(|(minute, _)| *minute >= since);
        if clients.total > 0 {
            self.recent_clients.push_back((at, clients));
        }
    }

    /// Judges every node; says which ones in an incident are anomalous in this minute.
    fn judge_nodes(&mut self, at: UnixNanos, minute: &Minute) -> BTreeSet<NodeKey> {
        let mut anomalous = BTreeSet::new();
        for (key, counts) in &minute.nodes {
            if !self.nodes.contains_key(key) {
                if self.nodes.len() >= NODES_MAX {
                    continue;
                }
                self.nodes.insert(key.clone(), NodeState::new(at));
            }
            let Some(node) = self.nodes.get_mut(key) else {
                continue;
            };
            let change = node.judge(at, *counts);
            if node
                .incident
                .is_some_and(|incident| incident.last_anomalous == at)
            {
                anomalous.insert(key.clone());
            }
            leave(&mut self.active, key, change);
        }
        for (key, node) in &mut self.nodes {
            if node.incident.is_some() && !minute.nodes.contains_key(key) {
                let change = node.judge_silence(at);
                leave(&mut self.active, key, change);
            }
        }
        anomalous
    }

    /// Puts the nodes that burn into insights; returns insights that were merged into others.
    fn group_nodes<E: Evidence>(
        &mut self,
        at: UnixNanos,
        anomalous: &BTreeSet<NodeKey>,
        evidence: &mut E,
    ) -> Result<Vec<ActiveInsight>, E::Error> {
        let burning: BTreeMap<NodeKey, f64> = self.burning(at);
        let calls = if burning.len() + self.active.len() > 1 {
            let members = self
                .active
                .iter()
                .flat_map(|insight| insight.members.keys());
            let among = members.chain(burning.keys()).collect();
            evidence.calls(&recent_range(at), &among)?
        } else {
            BTreeSet::new()
        };
        let travelled = self.look_at_edges(at, &burning, &calls, evidence)?;
        let mut merged = Vec::new();
        let mut opened = Vec::new();
        let mut roots: BTreeMap<InsightId, Vec<&Component>> = BTreeMap::new();
        let found = components(&burning, &travelled);
        for component in &found {
            let owner = self.owner(component, &calls, &mut merged);
            let Some(owner) = owner else {
                opened.push(self.open(component));
                continue;
            };
            roots.entry(owner).or_default().push(component);
        }
        for insight in &mut self.active {
            if let Some(components) = roots.get(&insight.id) {
                insight.take(
                    components,
                    &burning,
                    anomalous,
                    &self.nodes,
                    &self.recent_clients,
                );
            }
        }
        self.active.extend(opened);
        self.active
            .sort_by_key(|insight| (insight.start, insight.id));
        Ok(merged)
    }

    fn burning(&self, at: UnixNanos) -> BTreeMap<NodeKey, f64> {
        let nodes = self.nodes.iter().filter(|(_, node)| node.burns(at));
        let with_excess = nodes.filter_map(|(key, node)| {
            let incident = node.incident.as_ref()?;
            Some((key.clone(), incident.excess))
        });
        with_excess.collect()
    }

    /// The edges between burning nodes along which faults travelled in this incident. What was seen once
    /// holds as long as both are in incidents.
    fn look_at_edges<E: Evidence>(
        &mut self,
        at: UnixNanos,
        burning: &BTreeMap<NodeKey, f64>,
        calls: &BTreeSet<NodePair>,
        evidence: &mut E,
    ) -> Result<BTreeSet<NodePair>, E::Error> {
        let (nodes, edges) = (&self.nodes, &mut self.edges);
        let in_incident = |key: &NodeKey| nodes.get(key).is_some_and(|n| n.incident.is_some());
        edges.retain(|(caller, called), _| in_incident(caller) && in_incident(called));
        let between = calls.iter().filter(|(caller, called)| {
            caller != called && burning.contains_key(caller) && burning.contains_key(called)
        });
        let unsure: Vec<NodePair> = between
            .filter(|edge| {
                edges.get(*edge).is_none_or(|look| {
                    let age = minutes_between(look.looked_at, at);
                    !look.travelled && age >= LOOK_AGAIN_MINUTES
                })
            })
            .cloned()
            .collect();
        if !unsure.is_empty() {
            let found = evidence.travelled(&recent_range(at), &unsure)?;
            for edge in unsure {
                let look = EdgeLook {
                    looked_at: at,
                    travelled: found.contains(&edge),
                };
                edges.insert(edge, look);
            }
        }
        let travelled = edges.iter().filter(|(_, look)| look.travelled);
        Ok(travelled.map(|(edge, _)| edge.clone()).collect())
    }

    /// The oldest active insight that a component overlaps: it shares a node, or else its root cause is one
    /// call away from one of the insight's nodes. Others that share nodes are merged into that one.
    fn owner(
        &mut self,
        component: &Component,
        calls: &BTreeSet<NodePair>,
        merged: &mut Vec<ActiveInsight>,
    ) -> Option<InsightId> {
        let shares = |insight: &ActiveInsight| {
            let mut nodes = component.nodes.iter();
            nodes.any(|node| insight.members.contains_key(node))
        };
        let root_cause = &component.root_cause;
        let is_near = |insight: &ActiveInsight| {
            let mut calls = calls.iter();
            calls.any(|(caller, called)| {
                caller == root_cause && insight.members.contains_key(called)
                    || called == root_cause && insight.members.contains_key(caller)
            })
        };
        let found = self.active.iter().position(shares);
        let Some(first) = found else {
            return self.active.iter().find(|i| is_near(i)).map(|i| i.id);
        };
        let mut position = self.active.len();
        while position > first + 1 {
            position -= 1;
            if self.active.get(position).is_some_and(shares) {
                let younger = self.active.remove(position);
                if let Some(older) = self.active.get_mut(first) {
                    older.absorb(&younger);
                }
                merged.push(younger);
            }
        }
        self.active.get(first).map(|insight| insight.id)
    }

    fn open(&self, component: &Component) -> ActiveInsight {
        let root_cause = component.root_cause.clone();
        let starts = component.nodes.iter().filter_map(|key| {
            let incident = self.nodes.get(key)?.incident.as_ref()?;
            Some(incident.start)
        });
        let start = starts.min().unwrap_or_default();
        let id = InsightId::derive(&self.group, start, &root_cause, 0);
        let clients = clients_since(&self.recent_clients, start);
        ActiveInsight::new(id, start, &component.nodes, root_cause, clients)
    }

    /// Reports what changed, closes what is over.
    fn report(&mut self, at: UnixNanos, anomalous: &BTreeSet<NodeKey>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let nodes = &self.nodes;
        self.active.retain_mut(|insight| {
            insight.settle(anomalous);
            let in_incident = |key| {
                nodes
                    .get(key)
                    .is_some_and(|n: &NodeState| n.incident.is_some())
            };
            let is_over = !insight.members.keys().any(in_incident);
            if is_over {
                let end = insight.quiet_since();
                outcomes.push(insight.closing(end, at, nodes));
            } else {
                outcomes.extend(insight.show(at, nodes));
            }
            !is_over
        });
        outcomes
    }

    /// Nodes without a request for 24 h: their baselines have forgotten everything already.
    fn forget(&mut self, at: UnixNanos) {
        if minutes_between(UnixNanos(0), at).rem_euclid(FORGET_PERIOD_MINUTES) != 0 {
            return;
        }
        let oldest = minutes_after(at, -PAST_MINUTES);
        self.nodes
            .retain(|_, node| node.incident.is_some() || node.last_request() >= oldest);
    }
}

/// A node's incident is over: its insight keeps what it was.
fn leave(active: &mut [ActiveInsight], key: &NodeKey, change: Change) {
    if let Change::Closed(incident) = change {
        for insight in active {
            if let Some(past) = insight.members.get_mut(key) {
                past.add(&incident);
            }
        }
    }
}

fn clients_since(recent: &VecDeque<(UnixNanos, Counts)>, start: UnixNanos) -> Counts {
    let since = recent.iter().filter(|(minute, _)| *minute >= start);
    since.fold(Counts::default(), |sum, (_, counts)| sum.plus(*counts))
}
