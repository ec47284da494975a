//! Writes a block: four tables side by side, each streamed in its own order.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use roentgen_model::graph::EdgeRow;
use roentgen_model::{TraceFacts, TraceId, UnixNanos};

use crate::block::{BlockDocument, BlockMeta, BlockSummary, Disk};
use crate::source::{ErrorKind, StoreError};

/// A trace to be sealed: its facts and winning documents (at least one, any order).
#[derive(Clone, Debug)]
pub struct SealedTrace {
    pub facts: Arc<TraceFacts>,
    pub documents: Vec<BlockDocument>,
}

/// Writes one block: at least one trace, all of one UTC day of T0. See [`BlockWriter`], which streams.
///
/// `edges` are the minute rows of all these traces, summed, in any order.
///
/// # Errors
/// As [`BlockWriter`].
pub fn write_block(
    disk: &dyn Disk,
    dir: &Path,
    meta: BlockMeta,
    mut traces: Vec<SealedTrace>,
    mut edges: Vec<EdgeRow>,
) -> Result<BlockSummary, StoreError> {
    let mut writer = BlockWriter::create(disk, dir, meta)?;
    traces.sort_unstable_by_key(|t| (t.facts.t0, t.facts.trace_id));
    for trace in &traces {
        writer.trace(&trace.facts)?;
    }
    traces.sort_unstable_by_key(|t| t.facts.trace_id);
    for trace in &mut traces {
        trace.documents.sort_unstable_by_key(|d| d.stamp);
        for document in &trace.documents {
            let facts = &trace.facts;
            writer.document(
                facts.trace_id,
                facts.t0,
                facts.head.limit_exceeded,
                document,
            )?;
        }
    }
    edges.sort_unstable_by(|a, b| edge_order(a, b));
    for row in &edges {
        writer.edge(crate::block::MINUTE_SLOT_SECS, row)?;
    }
    writer.finish()
}

/// Writes one block from three streams that may be pushed interleaved: traces by (T0, trace id),
/// documents by (trace id, stamp), edge rows by [`edge_order`] within ascending slot lengths.
///
/// Memory is bounded by one row group of each table (some tens of MB), whatever the block's size. The
/// directory must exist, empty; [`Self::finish`] syncs every file, the caller syncs the directory and
/// renames it (SEAL-1). Dropped before that, the files are an incomplete block that no reader opens.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when the disk fails; nothing can be written after it (LOG-2).
/// [`ErrorKind::Internal`] for rows out of order, traces of several days, a block without traces, and
/// traces without documents or documents without traces.
pub struct BlockWriter {}

impl BlockWriter {
    /// Creates the files of the block in `dir`.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn create(disk: &dyn Disk, dir: &Path, meta: BlockMeta) -> Result<Self, StoreError> {
        let _ = (disk, dir, meta);
        Err(StoreError::new(
            ErrorKind::Internal,
            "blocks are not written yet",
        ))
    }

    /// Adds a trace: its row of `traces` and its entities.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn trace(&mut self, facts: &TraceFacts) -> Result<(), StoreError> {
        let _ = facts;
        Ok(())
    }

    /// Adds a document of a trace; `t0` and `limit_exceeded` are the trace's.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn document(
        &mut self,
        trace_id: TraceId,
        t0: UnixNanos,
        limit_exceeded: bool,
        document: &BlockDocument,
    ) -> Result<(), StoreError> {
        let _ = (trace_id, t0, limit_exceeded, document);
        Ok(())
    }

    /// Adds an edge row of a slot length ([`crate::block::MINUTE_SLOT_SECS`] or
    /// [`crate::block::HOUR_SLOT_SECS`]). Rows of equal keys may come; counts add up.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn edge(&mut self, slot_secs: u32, row: &EdgeRow) -> Result<(), StoreError> {
        let _ = (slot_secs, row);
        Ok(())
    }

    /// Writes what is buffered, the metadata and the checksums, and syncs every file.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn finish(self) -> Result<BlockSummary, StoreError> {
        Err(StoreError::new(
            ErrorKind::Internal,
            "blocks are not written yet",
        ))
    }
}

impl fmt::Debug for BlockWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockWriter").finish_non_exhaustive()
    }
}

/// The order of rows in `edges` within one slot length: kind, destination, source, slots, then the
/// rest of the key.
#[must_use]
pub fn edge_order(a: &EdgeRow, b: &EdgeRow) -> std::cmp::Ordering {
    let (a, b) = (&a.key, &b.key);
    (a.kind.cmp(&b.kind))
        .then_with(|| a.destination.cmp(&b.destination))
        .then_with(|| a.source.cmp(&b.source))
        .then_with(|| (a.start_slot, a.end_slot).cmp(&(b.start_slot, b.end_slot)))
        .then_with(|| a.cmp(b))
}
