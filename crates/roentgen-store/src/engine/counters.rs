//! What `/metrics` shows that is counted, not looked up.

use std::sync::atomic::AtomicU64;

/// Totals since the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) damaged_blocks: AtomicU64,
    pub(crate) damaged_log_bytes: AtomicU64,
    pub(crate) documents_logged: AtomicU64,
    pub(crate) documents_without_key: AtomicU64,
    pub(crate) traces_sealed: AtomicU64,
    pub(crate) traces_reopened: AtomicU64,
    pub(crate) blocks_merged: AtomicU64,
    pub(crate) blocks_retired: AtomicU64,
}
