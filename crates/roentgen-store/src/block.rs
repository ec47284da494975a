//! Blocks: immutable sets of Parquet files, one scope and one UTC day of T0 each, written once.
//!
//! A block is a directory that holds the tables `docs`, `traces`, `spans` and `edges` and a list of
//! checksums (`docs/formats/block-v1.md`). [`BlockWriter`] takes rows in the order of each table and
//! streams them out; [`BlockReader`] finds documents and facts by id, scans in page order and returns
//! edge rows. Neither knows the catalog: which blocks exist, and which of their traces moved (HOME-1),
//! is said by the caller; all that a lost catalog would need is in the files (SEAL-1).
//!
//! Every byte read is checked against its checksum before it is decoded: damage is an error of kind
//! [`ErrorKind::Damaged`] that names the file, never a wrong answer.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use roentgen_model::{Scope, SegmentId, Stamp, TraceId, UnixNanos};

pub(crate) use self::v1::CHECKSUMS_NAME;
pub use self::v1::reader::{BlockDocuments, BlockReader, read_block_meta};
pub use self::v1::scan::{BlockScan, ScanBounds, ScanChunk, ScanMatch};
pub use self::v1::writer::{BlockWriter, SealedTrace, edge_order, write_block};

#[cfg(doc)]
use crate::source::ErrorKind;

#[cfg(test)]
mod tests;
mod v1;

/// Names a block; unique per store and never used again. Prints as 16 hex digits, which is the name of
/// its directory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u64);

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not a [`BlockId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a block id of 16 lower-case hex digits")]
pub struct BlockIdError;

impl FromStr for BlockId {
    type Err = BlockIdError;

    fn from_str(text: &str) -> Result<Self, BlockIdError> {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 16 || !text.bytes().all(digit) {
            return Err(BlockIdError);
        }
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| BlockIdError)
    }
}

/// What the caller says about a block; with the [`BlockSummary`] it is the block's catalog row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockMeta {
    pub id: BlockId,
    pub scope: Scope,
    /// 0: sealed; else one more than the greatest level of what it was merged from (COMPACT-1).
    pub level: u32,
    /// The blocks this one takes the place of (COMPACT-1); empty for a sealed block.
    pub replaces: Vec<BlockId>,
    /// Traces whose copy in another block became *moved* when this block was published (HOME-1).
    pub taken_over: Vec<TakenOver>,
}

/// A trace that had its home in another block before (HOME-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TakenOver {
    pub from: BlockId,
    pub trace_id: TraceId,
}

/// What a finished block holds: bounds for pruning (TIME-1) and counts. All bounds are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockSummary {
    /// Least and greatest T0; both on one UTC day.
    pub t0: (UnixNanos, UnixNanos),
    /// Earliest start and latest end (of a trace in which nothing ended: its start).
    pub event: (UnixNanos, UnixNanos),
    /// Least and greatest end of a segment; `None` if none has ended.
    pub segment_ends: Option<(UnixNanos, UnixNanos)>,
    pub trace_ids: (TraceId, TraceId),
    /// Least and greatest stamp of the documents.
    pub stamps: (Stamp, Stamp),
    /// Least and greatest start slot of minute rows; `None` without any.
    pub edge_slots: Option<(UnixNanos, UnixNanos)>,
    pub traces: u64,
    pub documents: u64,
    /// Segments, subsegments and inferred segments: rows of `spans`.
    pub entities: u64,
    /// Rows of `edges`, all slot lengths.
    pub edge_rows: u64,
    /// Bytes of the documents' text as sent.
    pub document_bytes: u64,
    /// Bytes of the block's files.
    pub file_bytes: u64,
}

/// One winning document of a sealed trace (ASM-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockDocument {
    /// Id of the document's own segment or subsegment.
    pub segment_id: SegmentId,
    /// Its `start_time`.
    pub start: UnixNanos,
    pub stamp: Stamp,
    /// As sent.
    pub text: Bytes,
}

/// Lengths of edge slots: minutes, and the hours that compaction adds.
pub const MINUTE_SLOT_SECS: u32 = 60;
/// See [`MINUTE_SLOT_SECS`].
pub const HOUR_SLOT_SECS: u32 = 3600;

/// The UTC day of a T0 as `2026-11-20`, the name of the directory that holds the day's blocks.
#[must_use]
pub fn day_name(t0: UnixNanos) -> String {
    // Civil date from days since the epoch, by eras of 400 years that start on March 1st.
    let days = t0.secs().div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 {
        month_shifted + 3
    } else {
        month_shifted - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
