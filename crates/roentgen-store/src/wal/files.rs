//! The files of the log: what is settled (LOG-4), what may be recycled.

use super::{LogError, SettledBits};

/// Settles and recycles; may be cloned and used from any thread, also while the log is written.
#[derive(Clone, Debug)]
pub struct LogFiles {}

/// One file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFileState {
    pub file: u32,
    /// Bytes in use.
    pub bytes: u64,
    pub documents: u32,
    /// How many of them are settled or lost to damage.
    pub settled: u32,
    /// The newest file; it is never recycled.
    pub is_newest: bool,
}

impl LogFiles {
    /// Marks documents as settled. Call it after the catalog transaction with the same bits is durable.
    /// Unknown files are ignored.
    pub fn mark_settled(&self, _bits: &SettledBits) {}

    /// All files, oldest first.
    #[must_use]
    pub fn states(&self) -> Vec<LogFileState> {
        Vec::new()
    }

    /// Files whose documents are all settled and that are not the newest, oldest first.
    #[must_use]
    pub fn recyclable(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Takes a file of [`Self::recyclable`] out of the log, for later use under a new number. Call it
    /// when no view can reach its documents any more (VIEW-1), then forget it in the catalog
    /// (`Catalog::forget_log_files`).
    ///
    /// # Errors
    /// [`LogError::Refused`] when it is not recyclable, [`LogError::Disk`]; then it stays in the log.
    pub fn recycle(&self, _file: u32) -> Result<(), LogError> {
        Err(LogError::Refused("not built yet"))
    }

    /// Bytes in use over all files, what is settled included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        0
    }
}
