//! Appending: one thread owns the [`Log`].

use std::path::Path;
use std::sync::Arc;

use super::{
    DocumentPosition, LogError, LogFiles, LogReader, LogSettings, Record, ReplayReport,
    ReplayedDocument, SettledBitmaps,
};
use crate::files::Disk;

/// The writing end of the log.
#[derive(Debug)]
pub struct Log {}

impl Log {
    /// Opens the log in `dir` (created when missing), hands every document that is not in `settled` to
    /// `replay`, oldest first, and cuts a torn tail (LOG-1). Bitmaps of files that are gone are ignored.
    /// Appending goes on in a new file. `settled` must come from the catalog of the same store, or be
    /// empty when that was lost: then everything is replayed.
    ///
    /// # Errors
    /// [`LogError::Disk`], [`LogError::UnsupportedVersion`], [`LogError::Refused`] for bad settings.
    /// Damage is no error: it is in the report.
    pub fn open(
        _disk: Arc<dyn Disk>,
        _dir: &Path,
        _settings: LogSettings,
        _settled: SettledBitmaps,
        _replay: &mut dyn FnMut(ReplayedDocument),
    ) -> Result<(Self, ReplayReport), LogError> {
        Err(LogError::Refused("not built yet"))
    }

    /// Writes the records of one group and syncs once. On success all of it is durable; the positions
    /// stand in the order of records and documents. The whole group lies in one file, so a group should
    /// be small against a file (a few MiB).
    ///
    /// # Errors
    /// Nothing is taken; [`LogError::Disk`] and [`LogError::DiskFull`] may be tried again: the file that
    /// failed is closed for ever, each try begins a new one (LOG-2).
    pub fn append_group(
        &mut self,
        _records: &[Record],
    ) -> Result<Vec<Vec<DocumentPosition>>, LogError> {
        Err(LogError::Refused("not built yet"))
    }

    /// A reader by position; clone it freely.
    #[must_use]
    pub fn reader(&self) -> LogReader {
        LogReader {}
    }

    /// The files, for settling and recycling; clone it freely.
    #[must_use]
    pub fn files(&self) -> LogFiles {
        LogFiles {}
    }
}
