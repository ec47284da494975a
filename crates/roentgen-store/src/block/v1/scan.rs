//! Scans a block in page order, newest first, stopping as early as the caller does.

use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::{TraceFacts, TraceId};

use super::reader::BlockReader;
use crate::plan::Plan;
use crate::source::{ErrorKind, PageKey, QueryControl, StoreError, TimeBasis};

/// Which rows a scan looks at.
#[derive(Clone, Debug)]
pub struct ScanBounds {
    pub basis: TimeBasis,
    /// Half-open.
    pub range: TimeRange,
    /// Only traces with a lesser (T0, id) than this (PAGE-1).
    pub after: Option<PageKey>,
}

/// A stretch of a scan: what was examined in it, and which of that matches.
#[derive(Clone, Debug, Default)]
pub struct ScanChunk {
    /// Every trace examined, newest first: those in range, indexed (INDEX-1) and not skipped,
    /// whether pruned or evaluated. `TracesProcessedCount` counts them down to the page's end.
    pub examined: Vec<PageKey>,
    /// Those that match, newest first.
    pub matches: Vec<ScanMatch>,
}

/// A trace that matches.
#[derive(Clone, Debug)]
pub struct ScanMatch {
    /// Index of the trace in [`ScanChunk::examined`].
    pub at: usize,
    pub facts: Arc<TraceFacts>,
}

/// A scan of one block, pulled chunk by chunk, so that the scans of several blocks can be merged in
/// page order and left off when a page is full.
#[derive(Debug)]
pub struct BlockScan {
    block: Arc<BlockReader>,
    bounds: ScanBounds,
    plan: Arc<Plan>,
}

impl BlockScan {
    pub(super) fn new(block: Arc<BlockReader>, bounds: ScanBounds, plan: Arc<Plan>) -> Self {
        Self {
            block,
            bounds,
            plan,
        }
    }

    /// The next stretch in page order: ends at the latest with the `matches_max`-th match (at least
    /// 1), and at the latest with a row group; may be empty. `None` when the block is exhausted.
    /// Traces for which `skip` says true (moved, beyond retention) are neither examined nor matched.
    ///
    /// # Errors
    /// See [`BlockReader`]; after an error the scan is over.
    pub fn next_chunk(
        &mut self,
        matches_max: usize,
        skip: &dyn Fn(&TraceId) -> bool,
        control: &QueryControl,
    ) -> Result<Option<ScanChunk>, StoreError> {
        let _ = (
            matches_max,
            skip,
            control,
            &self.block,
            &self.bounds,
            &self.plan,
        );
        Err(StoreError::new(
            ErrorKind::Internal,
            "blocks are not scanned yet",
        ))
    }
}
