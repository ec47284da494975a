//! Which nodes fail together, and whose fault it is (groups-insights.md 4, "Grouping and root cause").

use std::collections::{BTreeMap, BTreeSet};

use super::NodePair;
use crate::assembly::facts::NodeKey;

#[cfg(test)]
mod tests;

/// Larger components that are one ring have every node as candidate: finding their last ring would cost
/// the square.
const RING_NODES_MAX: usize = 256;

/// Nodes connected by edges along which faults travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Sorted.
    pub nodes: Vec<NodeKey>,
    /// The node without an anomalous successor in the component; of several the one with the largest
    /// excess, of equals the first by name. If faults go round in a ring, the nodes of a ring that
    /// nothing leaves are the candidates (our choice).
    pub root_cause: NodeKey,
}

/// The components of these nodes, each a node and its excess, in order of their first nodes.
#[must_use]
pub fn components(
    nodes: &BTreeMap<NodeKey, f64>,
    travelled: &BTreeSet<NodePair>,
) -> Vec<Component> {
    let mut successors: BTreeMap<&NodeKey, Vec<&NodeKey>> = BTreeMap::new();
    let mut neighbours: BTreeMap<&NodeKey, Vec<&NodeKey>> = BTreeMap::new();
    for (caller, called) in travelled {
        let inside = nodes.contains_key(caller) && nodes.contains_key(called);
        if inside && caller != called {
            successors.entry(caller).or_default().push(called);
            neighbours.entry(caller).or_default().push(called);
            neighbours.entry(called).or_default().push(caller);
        }
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for node in nodes.keys() {
        if seen.contains(node) {
            continue;
        }
        let members = reachable(node, &neighbours);
        seen.extend(members.iter().copied());
        let root_cause = root_cause(&members, nodes, &successors).clone();
        let nodes = members.into_iter().cloned().collect();
        found.push(Component { nodes, root_cause });
    }
    found
}

fn root_cause<'a>(
    members: &BTreeSet<&'a NodeKey>,
    excess: &BTreeMap<NodeKey, f64>,
    successors: &BTreeMap<&'a NodeKey, Vec<&'a NodeKey>>,
) -> &'a NodeKey {
    let ends = |node: &&NodeKey| !successors.contains_key(*node);
    let mut candidates: Vec<&NodeKey> = members.iter().copied().filter(ends).collect();
    if candidates.is_empty() && members.len() <= RING_NODES_MAX {
        let nothing_leaves = |node: &&NodeKey| {
            let mut after = reachable(node, successors).into_iter();
            after.all(|next| reachable(next, successors).contains(*node))
        };
        candidates = members.iter().copied().filter(nothing_leaves).collect();
    }
    if candidates.is_empty() {
        candidates = members.iter().copied().collect();
    }
    let of = |node: &NodeKey| excess.get(node).copied().unwrap_or_default();
    let worst = candidates
        .into_iter()
        .min_by(|a, b| of(b).total_cmp(&of(a)).then_with(|| a.cmp(b)));
    worst.expect("a component has at least the node it was found by")
}

fn reachable<'a>(
    from: &'a NodeKey,
    edges: &BTreeMap<&'a NodeKey, Vec<&'a NodeKey>>,
) -> BTreeSet<&'a NodeKey> {
    let mut found = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        for next in edges.get(node).into_iter().flatten().copied() {
            if found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}
