//! Replay at start (LOG-1).

use roentgen_model::Stamp;

/// What opening the log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayReport {
    pub files: usize,
    pub documents_replayed: u64,
    /// Settled ones.
    pub documents_skipped: u64,
    /// Frames whose documents were all settled: not read.
    pub frames_skipped: u64,
    /// Bytes of an unfinished, never acknowledged end of the newest file that were cut.
    pub torn_tail_bytes: u64,
    /// Damage, oldest file first; each also logged.
    pub damage: Vec<LogDamage>,
    /// The greatest stamp seen; for [`super::StampSource::after`].
    pub last_stamp: Stamp,
}

/// A stretch of the log that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDamage {
    pub file: u32,
    pub offset: u64,
    /// Bytes skipped.
    pub bytes: u64,
    /// Documents that were in it, as far as neighbours tell; settled ones count too.
    pub documents: u32,
    pub reason: &'static str,
}
