//! What traces add to a service graph: items, minute and hour rows, and the graph made of them.

use std::sync::Arc;

use crate::assembly::facts::{Class, Membership, NodeKey};
use crate::time::UnixNanos;

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

/// The summed part of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeSums {
    /// Completed items; 0 for what is in progress.
    pub count: i64,
    /// In-progress items.
    pub in_progress: i64,
    /// Exact response times (not rounded), nanoseconds.
    pub response_time_sum_nanos: i64,
    pub earliest_start: UnixNanos,
    pub latest_end: UnixNanos,
}
