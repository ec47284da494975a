//! Reads a block: by id, as streams for compaction, and (see `scan`) in page order.

use std::path::Path;
use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::graph::EdgeRow;
use roentgen_model::{TraceFacts, TraceId, UnixNanos};

use super::scan::{BlockScan, ScanBounds};
use crate::block::{BlockDocument, BlockMeta, BlockSummary, Disk};
use crate::plan::Plan;
use crate::source::{ErrorKind, PageKey, QueryControl, StoreError};

/// The documents of one trace in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockDocuments {
    pub trace_id: TraceId,
    /// T0 of the trace.
    pub t0: UnixNanos,
    /// Documents were refused because the trace is over its size limit.
    pub limit_exceeded: bool,
    /// Oldest stamp first; never empty.
    pub documents: Vec<BlockDocument>,
}

/// An open block. Cheap to open (one small file and one footer); footers are read at first use and
/// kept. Does not know which of its traces moved: the caller leaves them out (HOME-1).
///
/// Files are opened at each use, so an idle block holds no file handle.
///
/// # Errors
/// Of every method: [`ErrorKind::Damaged`] with the file's name when a file is missing, has the wrong
/// size or fails its checksums; [`ErrorKind::Unavailable`] when reading fails; and what the
/// [`QueryControl`] says.
#[derive(Debug)]
pub struct BlockReader {}

/// Reads only what a catalog needs to know of the block in `dir` (SEAL-1): to rebuild a lost catalog.
///
/// # Errors
/// See [`BlockReader`].
pub fn read_block_meta(
    disk: &dyn Disk,
    dir: &Path,
) -> Result<(BlockMeta, BlockSummary), StoreError> {
    let _ = (disk, dir);
    Err(not_yet())
}

fn not_yet() -> StoreError {
    StoreError::new(ErrorKind::Internal, "blocks are not read yet")
}

impl BlockReader {
    /// Opens the block in `dir`.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, StoreError> {
        let _ = (disk, dir);
        Err(not_yet())
    }

    /// What the writer was told.
    #[must_use]
    pub fn meta(&self) -> &BlockMeta {
        unreachable!("blocks are not opened yet")
    }

    /// What the block holds, moved traces included.
    #[must_use]
    pub fn summary(&self) -> &BlockSummary {
        unreachable!("blocks are not opened yet")
    }

    /// Reads every byte of every file and checks it.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn verify(&self, control: &QueryControl) -> Result<(), StoreError> {
        let _ = control;
        Err(not_yet())
    }

    /// False: the trace is certainly not in the block (id range, then bloom filter; ID-1).
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn might_contain(&self, id: TraceId) -> Result<bool, StoreError> {
        let _ = id;
        Err(not_yet())
    }

    /// Which of these traces are in the block, exactly, by ascending id; duplicates once.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn locate(
        &self,
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<PageKey>, StoreError> {
        let _ = (ids, control);
        Err(not_yet())
    }

    /// The documents of those of these traces that are in the block, by ascending id; duplicates once.
    ///
    /// # Errors
    /// See [`BlockReader`]; [`ErrorKind::OverBound`] when the texts pass the control's memory bound.
    pub fn documents(
        &self,
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<BlockDocuments>, StoreError> {
        let _ = (ids, control);
        Err(not_yet())
    }

    /// The facts of those of these traces that are in the block, by ascending (T0, id); duplicates once.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn facts(
        &self,
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        let _ = (ids, control);
        Err(not_yet())
    }

    /// Starts a scan in page order; nothing is read before the first [`BlockScan::next_chunk`].
    #[must_use]
    pub fn scan(self: &Arc<Self>, bounds: ScanBounds, plan: Arc<Plan>) -> BlockScan {
        BlockScan::new(Arc::clone(self), bounds, plan)
    }

    /// Rows of `edges` of one slot length whose `start_slot` lies in the half-open range, in the
    /// table's order.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn edge_rows(
        &self,
        range: &TimeRange,
        slot_secs: u32,
        control: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        let _ = (range, slot_secs, control);
        Err(not_yet())
    }

    /// All traces as (T0, id), ascending.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn trace_ids(
        &self,
    ) -> Result<impl Iterator<Item = Result<PageKey, StoreError>> + Send + use<>, StoreError> {
        Err::<std::iter::Empty<_>, _>(not_yet())
    }

    /// All facts by ascending (T0, id): what compaction merges.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn all_facts(
        self: &Arc<Self>,
    ) -> Result<impl Iterator<Item = Result<Arc<TraceFacts>, StoreError>> + Send + use<>, StoreError>
    {
        Err::<std::iter::Empty<_>, _>(not_yet())
    }

    /// All documents by ascending trace id: what compaction merges.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn all_documents(
        &self,
    ) -> Result<impl Iterator<Item = Result<BlockDocuments, StoreError>> + Send + use<>, StoreError>
    {
        Err::<std::iter::Empty<_>, _>(not_yet())
    }

    /// All edge rows with their slot length, in the table's order: what compaction adds up.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn all_edges(
        &self,
    ) -> Result<impl Iterator<Item = Result<(u32, EdgeRow), StoreError>> + Send + use<>, StoreError>
    {
        Err::<std::iter::Empty<_>, _>(not_yet())
    }
}
