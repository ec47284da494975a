//! The edge rows of a moved copy, as the catalog keeps them (HOME-1).
//!
//! JSON, because rows are few, small and read once at a start, and because a person who repairs a
//! catalog can read them. Of a scope whose data is encrypted nothing is kept but that the copy moved: the
//! rows name services, and a start computes them again from the block (FACTS-1, FILE-1).

use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::assembly::facts::{Class, Membership, NodeKey};
use roentgen_model::graph::{EdgeKey, EdgeRow, EdgeSums, RowKind};
use roentgen_model::{TraceId, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::block::BlockId;
use crate::catalog::MovedTrace;
use crate::live::SealedHome;

#[cfg(test)]
mod tests;

/// The catalog's row for a copy left behind; `is_hidden`: without its rows.
pub(crate) fn row(home: &SealedHome, trace_id: TraceId, is_hidden: bool) -> MovedTrace {
    row_of(home.block.id(), trace_id, &home.rows, is_hidden)
}

/// The catalog's row for the copy of a trace in a block that contributes these minute rows.
pub(crate) fn row_of(
    block: BlockId,
    trace_id: TraceId,
    rows: &[EdgeRow],
    is_hidden: bool,
) -> MovedTrace {
    MovedTrace {
        block,
        trace_id,
        edge_rows: if is_hidden { HIDDEN } else { encode(rows) },
    }
}

/// What stands for rows that are hidden.
const HIDDEN: Bytes = Bytes::new();

/// Whether a row of the catalog hides its rows.
pub(crate) fn is_hidden(moved: &MovedTrace) -> bool {
    moved.edge_rows.is_empty()
}

#[derive(Serialize, Deserialize)]
struct StoredNode {
    name: Arc<str>,
    #[serde(rename = "type")]
    node_type: Option<Arc<str>>,
    account_id: Option<Arc<str>>,
}

#[derive(Serialize, Deserialize)]
struct StoredRow {
    kind: u8,
    source: Option<StoredNode>,
    destination: StoredNode,
    called_name: Option<Arc<str>>,
    memberships: Vec<(Arc<str>, u32)>,
    class: Option<u8>,
    response_time_nanos: i64,
    duration_nanos: i64,
    start_slot: i64,
    end_slot: i64,
    count: i64,
    in_progress: i64,
    response_time_sum_nanos: i64,
    earliest_start: i64,
    latest_end: i64,
}

const KINDS: [RowKind; 5] = [
    RowKind::RealNode,
    RowKind::InferredNode,
    RowKind::Call,
    RowKind::Client,
    RowKind::Link,
];
const CLASSES: [Class; 4] = [Class::Ok, Class::Error, Class::Throttle, Class::Fault];

fn encode(rows: &[EdgeRow]) -> Bytes {
    let stored: Vec<StoredRow> = rows.iter().map(stored).collect();
    serde_json::to_vec(&stored)
        .expect("rows have no maps and no foreign types")
        .into()
}

/// Reads what [`row`] wrote; `None`: it is something else.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<EdgeRow>> {
    let rows: Vec<StoredRow> = serde_json::from_slice(bytes).ok()?;
    rows.into_iter().map(loaded).collect()
}

fn stored_node(node: &NodeKey) -> StoredNode {
    let NodeKey {
        name,
        node_type,
        account_id,
    } = node.clone();
    StoredNode {
        name,
        node_type,
        account_id,
    }
}

fn loaded_node(node: StoredNode) -> NodeKey {
    let StoredNode {
        name,
        node_type,
        account_id,
    } = node;
    NodeKey {
        name,
        node_type,
        account_id,
    }
}

fn place<T: PartialEq>(all: &[T], wanted: &T) -> u8 {
    let at = all.iter().position(|one| one == wanted);
    at.and_then(|at| u8::try_from(at).ok())
        .expect("the list names every variant")
}

fn stored(row: &EdgeRow) -> StoredRow {
    let EdgeRow { key, sums } = row.clone();
    let EdgeKey {
        kind,
        source,
        destination,
        called_name,
        memberships,
        class,
        response_time_nanos,
        duration_nanos,
        start_slot,
        end_slot,
    } = key;
    let EdgeSums {
        count,
        in_progress,
        response_time_sum_nanos,
        earliest_start,
        latest_end,
    } = sums;
    let memberships = memberships
        .iter()
        .map(|m| (Arc::clone(&m.group_id), m.version));
    StoredRow {
        kind: place(&KINDS, &kind),
        source: source.as_ref().map(stored_node),
        destination: stored_node(&destination),
        called_name,
        memberships: memberships.collect(),
        class: class.map(|class| place(&CLASSES, &class)),
        response_time_nanos,
        duration_nanos,
        start_slot: start_slot.0,
        end_slot: end_slot.0,
        count,
        in_progress,
        response_time_sum_nanos,
        earliest_start: earliest_start.0,
        latest_end: latest_end.0,
    }
}

fn loaded(row: StoredRow) -> Option<EdgeRow> {
    let class = match row.class {
        None => None,
        Some(place) => Some(*CLASSES.get(usize::from(place))?),
    };
    let memberships = row.memberships.into_iter();
    let memberships = memberships.map(|(group_id, version)| Membership { group_id, version });
    let key = EdgeKey {
        kind: *KINDS.get(usize::from(row.kind))?,
        source: row.source.map(loaded_node),
        destination: loaded_node(row.destination),
        called_name: row.called_name,
        memberships: memberships.collect(),
        class,
        response_time_nanos: row.response_time_nanos,
        duration_nanos: row.duration_nanos,
        start_slot: UnixNanos(row.start_slot),
        end_slot: UnixNanos(row.end_slot),
    };
    let sums = EdgeSums {
        count: row.count,
        in_progress: row.in_progress,
        response_time_sum_nanos: row.response_time_sum_nanos,
        earliest_start: UnixNanos(row.earliest_start),
        latest_end: UnixNanos(row.latest_end),
    };
    Some(EdgeRow { key, sums })
}
