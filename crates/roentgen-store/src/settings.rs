//! What an operator may set about the store, and what tests shrink.

use std::time::Duration;

use roentgen_model::UnixNanos;
use roentgen_model::assembly::AssemblySettings;

/// Settings of a store. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// Traces whose T0 is older are gone for every read (KEEP-1), and documents that start earlier are
    /// refused (segments.md 4). Default 30 days.
    pub retention: Duration,
    /// Bytes of documents one trace may hold; what comes over it is refused (segments.md 9). Default
    /// 64 MB, with strict limits 500 kB.
    pub trace_bytes_max: u64,
    /// `strict_schema`: indexed strings end at 250 characters.
    pub strict_schema: bool,
    /// Refuse documents whose id names a time before retention. Default off.
    pub validate_trace_id_time: bool,
    /// With strict limits: refuse documents that come more than 7 days after their start.
    pub strict_limits: bool,
    /// Traces answered faster have no response-time root cause; counts for what is assembled from now
    /// on. Default 0: all have one (api.md "Root causes").
    pub response_time_root_cause_min: Duration,

    /// Estimated memory of live traces; when it is full, intake refuses (LOAD-1). Default 512 MB.
    pub live_bytes_max: u64,
    /// Documents that wait to be logged; when they are that many, intake refuses. Default 20,000.
    pub queue_documents_max: usize,
    /// Bytes that wait to be logged; when they are that many, intake refuses. Default 64 MB.
    pub queue_bytes_max: usize,
    /// A changed trace is assembled this long after its first change. Default 100 ms.
    pub assemble_delay: Duration,

    /// A trace without news for this long is sealed; shorter as the live budget fills, longer after
    /// each reopening. Default 30 s.
    pub idle: Duration,
    /// Bounds of the idle time. Defaults 5 s and 10 min.
    pub idle_min: Duration,
    pub idle_max: Duration,
    /// A trace that has been live this long is sealed. Default 10 min.
    pub age_max: Duration,
    /// JSON in one block when sealing. Default 64 MB.
    pub chunk_bytes_max: u64,
    /// How long the oldest ready trace waits for a chunk to fill. Default 5 min.
    pub chunk_wait: Duration,
    /// When the log is larger, traces that pin its oldest file are sealed. Default 1 GB.
    pub log_bytes_max: u64,
    /// Size of one log file. Default 64 MB.
    pub log_file_bytes: u64,
    /// Bytes of disk that the log leaves free, so that a full disk can still seal, merge and drop
    /// (LOG-2). Default 128 MB.
    pub log_reserve_bytes: u64,

    /// Blocks of one scope and day are merged when there are this many small ones. Default 8.
    pub merge_blocks_min: usize,
    /// Documents' JSON in a merged block, about; larger blocks are left alone. Default 1 GB.
    pub merge_bytes_max: u64,

    /// Whether threads assemble and maintain. Without them everything happens in
    /// `EmbeddedStore::assemble_now` and `EmbeddedStore::maintain`, for tests on a manual clock.
    pub is_background: bool,
    /// Seed of block ids; `None`: unpredictable.
    pub seed: Option<u64>,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            retention: Duration::from_secs(30 * 24 * 3600),
            trace_bytes_max: 64 << 20,
            strict_schema: false,
            validate_trace_id_time: false,
            strict_limits: false,
            response_time_root_cause_min: Duration::ZERO,
            live_bytes_max: 512 << 20,
            queue_documents_max: 20_000,
            queue_bytes_max: 64 << 20,
            assemble_delay: Duration::from_millis(100),
            idle: Duration::from_secs(30),
            idle_min: Duration::from_secs(5),
            idle_max: Duration::from_secs(600),
            age_max: Duration::from_secs(600),
            chunk_bytes_max: 64 << 20,
            chunk_wait: Duration::from_secs(300),
            log_bytes_max: 1 << 30,
            log_file_bytes: 64 << 20,
            log_reserve_bytes: 128 << 20,
            merge_blocks_min: 8,
            merge_bytes_max: 1 << 30,
            is_background: true,
            seed: None,
        }
    }
}

impl StoreSettings {
    /// What of these shapes facts.
    #[must_use]
    pub fn assembly(&self) -> AssemblySettings {
        AssemblySettings {
            response_time_root_cause_nanos_min: nanos(self.response_time_root_cause_min),
        }
    }

    /// The least T0 that is not beyond retention (KEEP-1).
    #[must_use]
    pub fn oldest_kept(&self, now: UnixNanos) -> UnixNanos {
        UnixNanos(now.0.saturating_sub(nanos(self.retention)))
    }
}

/// A duration as nanoseconds, saturating.
pub(crate) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
