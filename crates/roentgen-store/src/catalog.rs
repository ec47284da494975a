//! The catalog: which blocks exist, what moved away from them, which log documents are settled.
//!
//! One SQLite file, WAL mode with `synchronous=FULL` (SEAL-1: NORMAL may forget the last commits at a
//! power loss). All changes of one step are one transaction. Methods block the calling thread: SQLite
//! works on the connection's own thread, and callers wait for it without needing an async runtime, so
//! they may be called from any store thread.
//!
//! A catalog that is new, or was damaged and set aside, is not complete: the engine must rebuild it from
//! the metadata of the blocks ([`crate::block::read_block_meta`]) with [`Catalog::rebuild`] before it deletes any block
//! directory that has no row. Until then each opening reports it as [`CatalogState::Created`].

use std::collections::HashSet;
use std::path::PathBuf;

use bytes::Bytes;
use roentgen_model::{Scope, Stamp, TraceId};

use crate::block::{BlockId, BlockMeta, BlockSummary};
use crate::source::{ErrorKind, StoreError};
use crate::wal::{SettledBitmaps, SettledBits};

mod database;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

pub use database::Catalog;

/// Whether a block can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockState {
    Ok,
    /// Its files failed a check: set aside and reported, no read uses it.
    Damaged,
}

/// What the catalog knows about one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRow {
    pub id: BlockId,
    pub scope: Scope,
    /// 0: sealed; else one more than the greatest level of what it was merged from.
    pub level: u32,
    pub summary: BlockSummary,
    pub state: BlockState,
}

impl BlockRow {
    /// The row of a block that was just written, or found by a rebuild.
    #[must_use]
    pub fn new(meta: &BlockMeta, summary: BlockSummary) -> Self {
        let BlockMeta {
            id,
            scope,
            level,
            replaces: _,
            taken_over: _,
        } = meta;
        Self {
            id: *id,
            scope: scope.clone(),
            level: *level,
            summary,
            state: BlockState::Ok,
        }
    }

    /// UTC day of all its T0: days since 1970-01-01.
    #[must_use]
    pub fn day(&self) -> i64 {
        self.summary.t0.0.secs().div_euclid(86_400)
    }
}

/// A copy of a trace that was left behind in a block when its home moved elsewhere (HOME-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTrace {
    /// The old block.
    pub block: BlockId,
    pub trace_id: TraceId,
    /// The edge rows the copy had contributed, encoded by their owner; totals subtract them.
    pub edge_rows: Bytes,
}

/// What one seal or one merge changes, in one transaction (SEAL-1, COMPACT-1).
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// New blocks; their files are durable under their final names.
    pub blocks: Vec<BlockRow>,
    /// Inputs of a merge: their rows go, with their moved traces.
    pub replaced: Vec<BlockId>,
    /// Copies left behind. One whose block is gone meanwhile is left out, one listed already stays as it is.
    pub moved: Vec<MovedTrace>,
    /// Log documents that need no replay any more (LOG-4).
    pub settled: SettledBits,
    /// Stamps given out so far are not greater than this (LOG-3).
    pub last_stamp: Stamp,
}

/// Everything in the catalog.
#[derive(Clone, Debug, Default)]
pub struct CatalogContents {
    /// By scope, day and id.
    pub blocks: Vec<BlockRow>,
    /// By block and trace id.
    pub moved: Vec<MovedTrace>,
    /// Blocks that were found without their key and did not return yet (FILE-1).
    pub locked: HashSet<BlockId>,
    pub settled: SettledBitmaps,
    pub last_stamp: Stamp,
}

/// Where the catalog is. Its file is always real, also when the blocks are on a simulated disk: SQLite
/// with full sync is trusted to be atomic and durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogLocation {
    /// Usually `<data-dir>/catalog.db`; the directory exists.
    File(PathBuf),
    /// Gone when the [`Catalog`] is.
    Memory,
}

/// What [`Catalog::open`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogState {
    /// A complete catalog.
    Opened,
    /// None, or one whose rebuilding never finished: rebuild it before trusting it.
    Created,
    /// A file that is no readable catalog. It was renamed to `set_aside`, an empty one made: rebuild it.
    Damaged { set_aside: PathBuf },
}

/// Why the catalog did not do something; in every case nothing of the transaction was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// SQLite or the disk failed.
    #[error("failed to {operation} in the catalog")]
    Database {
        /// A bare verb phrase.
        operation: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// The file system failed outside SQLite, or a simulated disk has no power.
    #[error("failed to {operation} the catalog")]
    Disk {
        /// A bare verb phrase.
        operation: &'static str,
        #[source]
        source: std::io::Error,
    },
    /// A block to be replaced or marked is not there.
    #[error("block `{0}` is not in the catalog")]
    UnknownBlock(BlockId),
    /// A block of this id is there already.
    #[error("block `{0}` is in the catalog already")]
    DuplicateBlock(BlockId),
    /// A row that cannot be what was written.
    #[error("the catalog is damaged: {0}")]
    Damaged(String),
    /// A catalog of a later version of this program.
    #[error("the catalog has format version {version}, this program reads up to {supported}")]
    UnsupportedVersion { version: i64, supported: i64 },
}

impl CatalogError {
    /// What a caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Database { .. } | Self::Disk { .. } => ErrorKind::Unavailable,
            Self::UnknownBlock(_) | Self::DuplicateBlock(_) => ErrorKind::Internal,
            Self::Damaged(_) | Self::UnsupportedVersion { .. } => ErrorKind::Damaged,
        }
    }
}

impl From<CatalogError> for StoreError {
    fn from(error: CatalogError) -> Self {
        Self::caused(error.kind(), "use the catalog", error)
    }
}
