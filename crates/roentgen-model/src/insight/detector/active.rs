//! An insight that is not over yet.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Outcome;
use crate::assembly::facts::NodeKey;
use crate::insight::component::Component;
use crate::insight::node::{Incident, NodeState};
use crate::insight::record::{ANOMALOUS_NODES_MAX, Insight, InsightEvent, InsightId, Picture};
use crate::insight::{Counts, minutes_after};
use crate::time::UnixNanos;

/// An active insight.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveInsight {
    pub id: InsightId,
    pub start: UnixNanos,
    pub root_cause: NodeKey,
    /// Every node that ever took part, with its incidents that are over.
    pub members: BTreeMap<NodeKey, PastIncidents>,
    /// Entry edges of the group up to the last anomalous minute, and since then.
    pub clients: Counts,
    pub quiet_clients: Counts,
    /// As last shown, and as of the last event.
    pub shown: Option<Picture>,
    pub last_event: Option<Picture>,
    pub updated: UnixNanos,
}

/// Incidents of a member that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PastIncidents {
    pub counts: Counts,
    pub excess: f64,
    /// End of the last one.
    pub quiet_since: UnixNanos,
}

impl PastIncidents {
    pub(super) fn add(&mut self, incident: &Incident) {
        self.counts = self.counts.plus(incident.counts);
        self.excess += incident.excess;
        self.quiet_since = self.quiet_since.max(incident.quiet_since());
    }

    fn with(mut self, other: &Self) -> Self {
        self.counts = self.counts.plus(other.counts);
        self.excess += other.excess;
        self.quiet_since = self.quiet_since.max(other.quiet_since);
        self
    }
}

impl ActiveInsight {
    pub(super) fn new(
        id: InsightId,
        start: UnixNanos,
        nodes: &[NodeKey],
        root_cause: NodeKey,
        clients: Counts,
    ) -> Self {
        let members = nodes.iter().cloned();
        Self {
            id,
            start,
            root_cause,
            members: members
                .map(|node| (node, PastIncidents::default()))
                .collect(),
            clients,
            quiet_clients: Counts::default(),
            shown: None,
            last_event: None,
            updated: start,
        }
    }

    pub(super) fn add_clients(&mut self, clients: Counts) {
        self.quiet_clients = self.quiet_clients.plus(clients);
    }

    /// The minute belongs to the incident if a member was anomalous in it, and so does all before it.
    pub(super) fn settle(&mut self, anomalous: &BTreeSet<NodeKey>) {
        if anomalous.iter().any(|node| self.members.contains_key(node)) {
            self.clients = self.clients.plus(self.quiet_clients);
            self.quiet_clients = Counts::default();
        }
    }

    /// Takes the nodes of its components in. The root cause is that of the component with the present one;
    /// of the one with the largest excess, if that does not burn any more and others do in this minute.
    pub(super) fn take(
        &mut self,
        components: &[&Component],
        burning: &BTreeMap<NodeKey, f64>,
        anomalous: &BTreeSet<NodeKey>,
        nodes: &BTreeMap<NodeKey, NodeState>,
        recent_clients: &VecDeque<(UnixNanos, Counts)>,
    ) {
        for key in components.iter().flat_map(|component| &component.nodes) {
            let incident = nodes.get(key).and_then(|node| node.incident.as_ref());
            if let Some(incident) = incident
                && incident.start < self.start
            {
                let earlier = recent_clients
                    .iter()
                    .filter(|(minute, _)| (incident.start..self.start).contains(minute));
                let earlier = earlier.fold(Counts::default(), |sum, (_, c)| sum.plus(*c));
                self.clients = self.clients.plus(earlier);
                self.start = incident.start;
            }
            self.members.entry(key.clone()).or_default();
        }
        let burns_now = |c: &&&Component| c.nodes.iter().any(|node| anomalous.contains(node));
        let excess = |c: &Component| -> f64 {
            let of_nodes = c.nodes.iter().filter_map(|node| burning.get(node));
            of_nodes.sum()
        };
        let with_root = components
            .iter()
            .find(|c| c.nodes.contains(&self.root_cause));
        let chosen = with_root.or_else(|| {
            let burning = components.iter().filter(burns_now);
            burning.max_by(|a, b| {
                excess(a)
                    .total_cmp(&excess(b))
                    .then_with(|| b.root_cause.cmp(&a.root_cause))
            })
        });
        if let Some(chosen) = chosen.filter(|c| burns_now(c)) {
            self.root_cause = chosen.root_cause.clone();
        }
    }

    /// Takes over the nodes of an insight that began later; the counts of the group's entry edges are those
    /// of the longer window already.
    pub(super) fn absorb(&mut self, younger: &Self) {
        for (node, past) in &younger.members {
            let held = self.members.entry(node.clone()).or_default();
            *held = held.with(past);
        }
    }

    /// When the last of its nodes became quiet.
    pub(super) fn quiet_since(&self) -> UnixNanos {
        let ends = self.members.values().map(|past| past.quiet_since);
        ends.max().unwrap_or(self.start).max(self.start)
    }

    /// What it shows after a minute, if that is new; with an event if the change is notable.
    pub(super) fn show(
        &mut self,
        at: UnixNanos,
        nodes: &BTreeMap<NodeKey, NodeState>,
    ) -> Option<Outcome> {
        let clients = self.clients.plus(self.quiet_clients);
        let picture = self.picture(nodes, clients);
        if self.shown.as_ref() == Some(&picture) {
            return None;
        }
        self.updated = minutes_after(at, 1);
        let is_notable = self
            .last_event
            .as_ref()
            .is_none_or(|last| picture.differs_notably(last));
        let event = is_notable.then(|| InsightEvent {
            time: self.updated,
            summary: picture.summary(self.start, None),
            picture: picture.clone(),
        });
        if is_notable {
            self.last_event = Some(picture.clone());
        }
        self.shown = Some(picture.clone());
        let insight = Insight {
            id: self.id,
            start: self.start,
            end: None,
            picture,
            updated: self.updated,
        };
        Some(Outcome { insight, event })
    }

    /// The insight as it closes in the minute `at`, its incident over at `end`.
    pub(super) fn closing(
        &self,
        end: UnixNanos,
        at: UnixNanos,
        nodes: &BTreeMap<NodeKey, NodeState>,
    ) -> Outcome {
        let picture = self.picture(nodes, self.clients);
        let updated = minutes_after(at, 1);
        let insight = Insight {
            id: self.id,
            start: self.start,
            end: Some(end.max(self.start)),
            picture: picture.clone(),
            updated,
        };
        let summary = insight.summary();
        let event = InsightEvent {
            time: updated,
            summary,
            picture,
        };
        Outcome {
            insight,
            event: Some(event),
        }
    }

    fn picture(&self, nodes: &BTreeMap<NodeKey, NodeState>, clients: Counts) -> Picture {
        let in_incident = |key: &NodeKey| {
            let node = nodes.get(key)?;
            node.incident.as_ref()
        };
        let mut ranked: Vec<(&NodeKey, f64)> = self
            .members
            .iter()
            .map(|(key, past)| {
                let open = in_incident(key).map_or(0.0, |incident| incident.excess);
                (key, past.excess + open)
            })
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        ranked.truncate(ANOMALOUS_NODES_MAX);
        let past = self.members.get(&self.root_cause).copied();
        let open = in_incident(&self.root_cause).map(Incident::counts_so_far);
        Picture {
            root_cause: self.root_cause.clone(),
            anomalous: ranked.into_iter().map(|(key, _)| key.clone()).collect(),
            clients,
            root_cause_counts: past
                .unwrap_or_default()
                .counts
                .plus(open.unwrap_or_default()),
        }
    }
}
