//! What traces add to a service graph: items, minute and hour rows, and the graph made of them.
//!
//! A trace's facts become *items* (segments of nodes, calls, entry edges, links), items of equal
//! [`EdgeKey`] are summed to [`EdgeRow`]s ([`rows`], [`rows_in_range`]), rows of many traces add up in
//! [`RowTotals`], and [`ServiceGraph`] makes services and edges of them. A row depends on its trace
//! alone, so rows of adjacent ranges add up exactly and a moved trace can be subtracted (COMPACT-1).

use std::sync::Arc;

use crate::assembly::facts::{Class, Membership, NodeKey};
use crate::time::UnixNanos;

mod items;
mod services;
mod totals;

pub use items::{rows, rows_in_range};
pub use services::{
    Alias, Edge, EdgeType, Service, ServiceGraph, ServiceState, Statistics, trace_graph,
};
pub use totals::{RowTotals, merge_rows};

#[cfg(test)]
mod tests;

/// The two slot lengths of stored rows, seconds (design: table `edges`).
pub const SLOT_SECS: [i64; 2] = [60, 3_600];

/// What a row counts (design: table `edges`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// Segments of a real node.
    RealNode,
    /// Inferred segments of a node.
    InferredNode,
    /// Calls from node to node.
    Call,
    /// Entry edges: client to root.
    Client,
    /// Link edges; `response_time_nanos` is the age at receipt.
    Link,
}

/// Which time of an item decides whether it is in a range (TIME-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowTime {
    /// Of graphs: a segment's start; of a call and the inferred segment made of it the calling segment's.
    Start,
    /// Of series: a segment's and a call's end (the start while in progress), an entry edge's start.
    Series,
}

impl EdgeKey {
    /// The slot that lies in a range when the row's items do.
    #[must_use]
    pub const fn slot(&self, time: RowTime) -> UnixNanos {
        match time {
            RowTime::Start => self.start_slot,
            RowTime::Series => self.end_slot,
        }
    }
}

/// What rows are summed by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeKey {
    pub kind: RowKind,
    /// The node that calls; `None` in node rows.
    pub source: Option<NodeKey>,
    /// The node itself, or the node that is called.
    pub destination: NodeKey,
    /// Alias under which the caller knew the destination (service-graph.md 3.3).
    pub called_name: Option<Arc<str>>,
    /// Groups the trace belongs to, sorted; the empty list is the plain row.
    pub memberships: Arc<[Membership]>,
    /// `None`: in progress, counts 0, makes the node appear.
    pub class: Option<Class>,
    /// Rounded as histograms show it (service-graph.md 4.1); 0 while in progress.
    pub response_time_nanos: i64,
    /// Of node rows; else 0.
    pub duration_nanos: i64,
    /// Slot (start of a minute or hour) of the start that decides about graphs (TIME-1).
    pub start_slot: UnixNanos,
    /// Slot of the time that decides about series (TIME-1); equals `start_slot` while in progress.
    pub end_slot: UnixNanos,
}

/// One row of `edges`: a key and what is summed. Rows of equal keys add up; subtracting what a moved
/// trace had contributed gives the rows without it (HOME-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeRow {
    pub key: EdgeKey,
    pub sums: EdgeSums,
}

/// The summed part of a row. Sums saturate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeSums {
    /// Completed items; 0 for what is in progress.
    pub count: i64,
    /// In-progress items.
    pub in_progress: i64,
    /// Exact response times (not rounded), nanoseconds.
    pub response_time_sum_nanos: i64,
    pub earliest_start: UnixNanos,
    /// Of items in progress their latest start.
    pub latest_end: UnixNanos,
}

impl EdgeSums {
    /// The sums of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let response_times = self.response_time_sum_nanos;
        Self {
            count: self.count.saturating_add(other.count),
            in_progress: self.in_progress.saturating_add(other.in_progress),
            response_time_sum_nanos: response_times.saturating_add(other.response_time_sum_nanos),
            earliest_start: self.earliest_start.min(other.earliest_start),
            latest_end: self.latest_end.max(other.latest_end),
        }
    }

    /// The sums without what `other` had added. Earliest start and latest end stay as they are: what
    /// they were before cannot be known (our choice).
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let response_times = self.response_time_sum_nanos;
        Self {
            count: self.count.saturating_sub(other.count),
            in_progress: self.in_progress.saturating_sub(other.in_progress),
            response_time_sum_nanos: response_times.saturating_sub(other.response_time_sum_nanos),
            ..self
        }
    }

    /// Nothing is counted any more.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.count == 0 && self.in_progress == 0
    }
}
