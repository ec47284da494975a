//! The write-ahead log: what is acknowledged is here first, and stays until it is settled.
//!
//! One record is one accept call: a header and documents, each with the stamp base + index. Records fill
//! frames of about 64 KiB, frames fill files of 64 MiB, which are preallocated and used again. The format
//! is in `docs/formats/log.md`.
//!
//! Three parts share the files: [`Log`] (one thread appends), [`LogReader`] (any thread reads documents
//! by position), [`LogFiles`] (any thread marks documents as settled and recycles files).
//!
//! - LOG-1 ([`frame`], [`replay`]): a frame counts only if its checksum, file and frame number hold. An
//!   invalid end of the newest file is a torn tail and cut; an invalid frame elsewhere is damage: set
//!   aside, skipped, reported.
//! - LOG-2 ([`Log::append_group`]): a file whose write or sync failed is never touched again.
//! - LOG-3 ([`StampSource`]): stamps strictly increase over clock steps and restarts.
//! - FILE-1 ([`frame`]): a frame belongs to one scope and names the key it is encrypted under.
//! - LOG-4 ([`SettledBitmaps`]): replay skips what is settled; a file whose bits are all set may be
//!   recycled once the engine says that no view reaches it (VIEW-1).

use std::path::PathBuf;

use bytes::Bytes;
use roentgen_model::{Scope, Stamp};

use crate::encryption::{KeyId, SealedError};
use crate::source::{ErrorKind, StoreError};

mod append;
mod files;
mod frame;
mod header;
mod read;
mod replay;
mod settled;
mod stamp;
#[cfg(test)]
mod tests;

pub(crate) use append::GroupKeys;
pub use append::Log;
pub use files::{LogFileState, LogFiles};
pub use read::LogReader;
pub use replay::{LogDamage, ReplayReport};
pub use settled::{Bitmap, SettledBitmaps, SettledBits};
pub use stamp::StampSource;

/// One document, the largest the log takes; the doors' own limits are lower (64 KiB, OTLP 1 MiB).
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;

/// What a record holds. Later kinds (logs, metrics) share the log; replay hands all of them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordKind(pub u8);

impl RecordKind {
    /// X-Ray segment documents as sent, validated.
    pub const SEGMENT_DOCUMENTS: Self = Self(1);
}

/// What all documents of a record share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    pub kind: RecordKind,
    pub scope: Scope,
    /// The stamp of the first document; document i has base + i. From [`StampSource::reserve`].
    pub base_stamp: Stamp,
}

/// One accept call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub header: RecordHeader,
    /// May be empty (then nothing is written); each at most [`DOCUMENT_BYTES_MAX`].
    pub documents: Vec<Bytes>,
}

/// Where a document lies in the log; 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentPosition {
    /// Number of the log file; greater is newer, never used twice.
    pub file: u32,
    /// Byte offset of the frame in the file.
    pub frame_offset: u32,
    /// Index among all documents of the file: the bit in its settled bitmap (LOG-4).
    pub document_index_in_file: u32,
    /// Index among the documents of the frame.
    pub index_in_frame: u16,
}

/// A frame of the log whose key is missing: not damage. Its documents stay unsettled, so its file stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedFrame {
    pub file: u32,
    /// Byte offset of the frame in the file.
    pub offset: u32,
    /// Settled ones included.
    pub documents: u32,
    pub key: KeyId,
}

/// A document met at replay that is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayedDocument {
    pub kind: RecordKind,
    pub scope: Scope,
    /// Base stamp of its record: documents of one record have it in common (`Revision` counts records).
    pub record_stamp: Stamp,
    pub stamp: Stamp,
    pub position: DocumentPosition,
    /// A slice of the decoded frame: keeping it keeps about 64 KiB.
    pub document: Bytes,
}

/// Sizes of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Size of a file, bytes, 64 KiB to 1 GiB. Greater: fewer rotations, coarser recycling.
    pub file_bytes: u64,
    /// Bytes of documents in a frame before compression, 1 KiB to 1 MiB. Greater: better compression,
    /// more to decode for one document.
    pub frame_bytes: usize,
    /// A new file is refused when less than this would stay free on the disk, so that a full disk can
    /// still seal, compact and drop (LOG-2).
    pub reserve_bytes: u64,
    /// Recycled files kept for later use; more are deleted.
    pub spare_files_max: usize,
}

impl Default for LogSettings {
    fn default() -> Self {
        // The reserve: a chunk of 64 MiB of JSON makes a block of less than that, and the catalog with
        // its own log stays below the other half.
        Self {
            file_bytes: 64 << 20,
            frame_bytes: 64 << 10,
            reserve_bytes: 128 << 20,
            spare_files_max: 4,
        }
    }
}

/// Why the log did not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The disk failed. After [`Log::append_group`]: the group is not taken, try it again.
    #[error("failed to {operation} `{}`", path.display())]
    Disk {
        /// A bare verb phrase.
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A new file would eat into the reserve.
    #[error(
        "the disk is full: expected at least {needed_bytes} bytes free for the log, found {free_bytes}"
    )]
    DiskFull { needed_bytes: u64, free_bytes: u64 },
    /// A document of the group is over [`DOCUMENT_BYTES_MAX`]; nothing of the group was taken.
    #[error("expected a document of at most {limit} bytes, found {bytes}")]
    DocumentTooLarge { bytes: usize, limit: usize },
    /// The documents are there; they can be read when their key is back.
    #[error("read an encrypted part of the log")]
    KeyMissing(#[source] SealedError),
    /// A file of a later version of this program: not damage, but not readable.
    #[error("log file `{}` has format version {version}, this program reads up to {supported}", path.display())]
    UnsupportedVersion {
        path: PathBuf,
        version: u8,
        supported: u8,
    },
    /// What stands at a position is not the document that was put there.
    #[error("log file {file} is damaged at byte {offset}: {reason}")]
    Damaged {
        file: u32,
        offset: u64,
        reason: &'static str,
    },
    /// Settings outside their range, or all file numbers used up.
    #[error("{0}")]
    Refused(&'static str),
}

impl LogError {
    /// What a caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Disk { .. } | Self::DiskFull { .. } => ErrorKind::Unavailable,
            Self::KeyMissing(_) => ErrorKind::KeyUnavailable,
            Self::Damaged { .. } | Self::UnsupportedVersion { .. } => ErrorKind::Damaged,
            Self::DocumentTooLarge { .. } | Self::Refused(_) => ErrorKind::Internal,
        }
    }

    fn disk(operation: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Disk {
            operation,
            path: path.into(),
            source,
        }
    }
}

impl From<LogError> for StoreError {
    fn from(error: LogError) -> Self {
        Self::caused(error.kind(), "use the log", error)
    }
}
