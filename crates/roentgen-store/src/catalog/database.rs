//! The catalog's database and its transactions.

use std::sync::Arc;

use super::{
    BlockRow, CatalogContents, CatalogError, CatalogLocation, CatalogState, MovedTrace, Publication,
};
use crate::block::BlockId;
use crate::files::Disk;
use crate::wal::SettledBits;

/// The catalog of one store; the only process that uses the file. Shared between threads; calls wait for
/// each other.
#[derive(Debug)]
pub struct Catalog {}

impl Catalog {
    /// Opens the catalog, creating an empty one when there is none or the present one is damaged.
    /// `disk` is asked before each transaction ([`Disk::before_commit`]), nothing else.
    ///
    /// # Errors
    /// [`CatalogError::Database`] when it cannot be opened for a reason that is not damage (permissions,
    /// another process), [`CatalogError::UnsupportedVersion`].
    pub fn open(
        _location: &CatalogLocation,
        _disk: Arc<dyn Disk>,
    ) -> Result<(Self, CatalogState), CatalogError> {
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }

    /// Reads everything.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; [`CatalogError::Damaged`] for a row nobody wrote.
    pub fn load(&self) -> Result<CatalogContents, CatalogError> {
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }

    /// Publishes what a seal or a merge made (SEAL-1, COMPACT-1), in one transaction; durable on success.
    ///
    /// # Errors
    /// [`CatalogError::DuplicateBlock`], [`CatalogError::UnknownBlock`] for a replaced block that is not
    /// there, [`CatalogError::Database`]; nothing is changed then.
    pub fn publish(&self, publication: &Publication) -> Result<(), CatalogError> {
        let _ = publication;
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }

    /// Sets bits where nothing new came to a block (LOG-4), and raises the last stamp.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn settle(
        &self,
        bits: &SettledBits,
        last_stamp: roentgen_model::Stamp,
    ) -> Result<(), CatalogError> {
        let _ = (bits, last_stamp);
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }

    /// Forgets the bitmaps of log files that were recycled or are gone.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn forget_log_files(&self, files: &[u32]) -> Result<(), CatalogError> {
        let _ = files;
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }

    /// Removes blocks with their moved traces (retention). Unknown ones are no error. Delete the files
    /// afterwards.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn remove_blocks(&self, blocks: &[BlockId]) -> Result<(), CatalogError> {
        let _ = blocks;
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }

    /// Notes that the files of a block failed a check.
    ///
    /// # Errors
    /// [`CatalogError::UnknownBlock`], [`CatalogError::Database`]; nothing is changed then.
    pub fn mark_damaged(&self, block: BlockId) -> Result<(), CatalogError> {
        let _ = block;
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }

    /// Replaces all blocks and moved traces by what the blocks' metadata say, drops all bitmaps (the
    /// whole log is replayed: equal documents change nothing), and makes the catalog complete: the next
    /// opening reports [`CatalogState::Opened`]. Also the last step of starting a new, empty store.
    /// Moved traces of blocks not listed are left out.
    ///
    /// # Errors
    /// [`CatalogError::DuplicateBlock`], [`CatalogError::Database`]; nothing is changed then.
    pub fn rebuild(
        &self,
        blocks: &[BlockRow],
        moved: &[MovedTrace],
        last_stamp: roentgen_model::Stamp,
    ) -> Result<(), CatalogError> {
        let _ = (blocks, moved, last_stamp);
        Err(CatalogError::Damaged("not built yet".to_owned()))
    }
}
