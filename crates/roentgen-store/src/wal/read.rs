//! Reading documents by position.

use bytes::Bytes;

use super::{DocumentPosition, LogError};

/// Reads documents; may be cloned and used from any thread, also while the log is written.
#[derive(Clone, Debug)]
pub struct LogReader {}

impl LogReader {
    /// The documents at these positions, in their order. Each frame is read and decoded once a call,
    /// whatever the order; the bytes share the decoded frame where most of it was asked for.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when a frame fails its check or the file was recycled meanwhile (VIEW-1 is
    /// the caller's), [`LogError::Disk`]. Read one by one to find the good ones.
    pub fn read(&self, _positions: &[DocumentPosition]) -> Result<Vec<Bytes>, LogError> {
        Err(LogError::Refused("not built yet"))
    }
}
