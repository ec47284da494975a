//! What the detector asks about the graph: calls from the counts, faults that travelled from the facts of a
//! bounded number of traces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roentgen_model::assembly::facts::{NodeKey, TimeRange, TraceFacts};
use roentgen_model::filter::{Filter, NoGroups};
use roentgen_model::insight::{Evidence, NodePair, minutes_after};
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::plan::Plan;
use roentgen_store::source::{QueryControl, ScanRequest, StoreError, TimeBasis, TraceReader};

use super::counts::{GroupId, MinuteCounts};
use crate::plan::compile;

/// Edges looked at in one minute; of more the first by name.
const EDGES_MAX: usize = 256;
/// Per edge: pages of matches, and traces examined for a page.
const PAGES_MAX: usize = 8;
const MATCHES_MAX: usize = 64;
const EXAMINED_MAX: u64 = 50_000;

/// What was found out, so that judging again asks only about minutes that changed.
#[derive(Debug, Default)]
pub(crate) struct TravelCache {
    /// By group and start of the range: what was asked, and what of it travelled.
    found: BTreeMap<(UnixNanos, GroupId), (Vec<NodePair>, BTreeSet<NodePair>)>,
}

impl TravelCache {
    /// A minute changed: ranges that hold it are asked about again.
    pub(crate) fn forget_around(&mut self, minute: UnixNanos) {
        let reach = roentgen_model::insight::RECENT_MINUTES;
        let since = minutes_after(minute, 1 - reach);
        self.found
            .retain(|(start, _), _| *start < since || *start > minute);
    }

    pub(crate) fn forget_before(&mut self, minute: UnixNanos) {
        self.found.retain(|(start, _), _| *start >= minute);
    }
}

#[derive(Debug)]
pub(crate) struct StoreEvidence<'a> {
    pub(crate) reader: &'a dyn TraceReader,
    pub(crate) scope: &'a Scope,
    pub(crate) group: &'a GroupId,
    /// All traces, members or not.
    pub(crate) is_default: bool,
    pub(crate) counts: &'a MinuteCounts,
    pub(crate) travels: &'a mut TravelCache,
    pub(crate) control: &'a QueryControl,
}

impl Evidence for StoreEvidence<'_> {
    type Error = StoreError;

    fn calls(
        &mut self,
        range: &TimeRange,
        among: &BTreeSet<&NodeKey>,
    ) -> Result<BTreeSet<NodePair>, StoreError> {
        let mut calls = BTreeSet::new();
        let mut at = range.start;
        while at < range.end {
            let minute = self.counts.minute(self.group, at).unwrap_or_default();
            let between = minute.calls.into_iter();
            calls.extend(between.filter(|(a, b)| among.contains(a) && among.contains(b)));
            at = minutes_after(at, 1);
        }
        Ok(calls)
    }

    fn travelled(
        &mut self,
        range: &TimeRange,
        edges: &[NodePair],
    ) -> Result<BTreeSet<NodePair>, StoreError> {
        let key = (range.start, Arc::clone(self.group));
        if let Some((asked, found)) = self.travels.found.get(&key)
            && asked == edges
        {
            return Ok(found.clone());
        }
        let mut found = BTreeSet::new();
        for edge in edges.iter().take(EDGES_MAX) {
            if self.carried_a_fault(range, edge)? {
                found.insert(edge.clone());
            }
        }
        self.travels
            .found
            .insert(key, (edges.to_vec(), found.clone()));
        Ok(found)
    }
}

impl StoreEvidence<'_> {
    fn carried_a_fault(&self, range: &TimeRange, edge: &NodePair) -> Result<bool, StoreError> {
        let (caller, called) = edge;
        let text = format!(
            "{} {{ fault }} AND {} {{ fault }}",
            selector(caller),
            selector(called)
        );
        // Without a filter, as for names too long for one, every trace is looked at, within the bounds.
        let filter = Filter::parse(&text, &NoGroups).ok().map(Arc::new);
        let plan = filter.map_or_else(Plan::default, |f| compile(&f, TimeBasis::Service));
        let mut request = ScanRequest {
            scopes: vec![self.scope.clone()],
            basis: TimeBasis::Service,
            range: range.clone(),
            plan: Arc::new(plan),
            after: None,
            matches_max: MATCHES_MAX,
            examined_max: EXAMINED_MAX,
        };
        for _ in 0..PAGES_MAX {
            let page = self.reader.scan(&request, self.control)?;
            let carried = |facts: &Arc<TraceFacts>| self.is_member(facts) && carries(facts, edge);
            if page.matches.iter().any(carried) {
                return Ok(true);
            }
            let Some(next) = page.next else {
                return Ok(false);
            };
            request.after = Some(next);
        }
        Ok(false)
    }

    fn is_member(&self, facts: &TraceFacts) -> bool {
        let mut members = facts.head.memberships.iter();
        self.is_default || members.any(|member| member.group_id == *self.group)
    }
}

/// A filter's selector for a node; without a type it selects those with one too.
pub(crate) fn selector(node: &NodeKey) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    match &node.node_type {
        None => format!("service(id(name: {}))", text(&node.name)),
        Some(node_type) => format!(
            "service(id(name: {}, type: {}))",
            text(&node.name),
            text(node_type)
        ),
    }
}

/// Some call on the edge between two faulted segments.
fn carries(facts: &TraceFacts, (caller, called): &NodePair) -> bool {
    let faulted = |ordinal| facts.entity(ordinal).flags.fault;
    facts.calls.iter().any(|call| {
        facts.node(call.source).key == *caller
            && facts.node(call.destination).key == *called
            && call.source_segment.is_some_and(faulted)
            && faulted(call.destination_segment)
    })
}
