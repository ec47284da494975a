//! The last records that agents sent about themselves, for the console's daemon page; in memory only.

use std::collections::VecDeque;

use parking_lot::Mutex;
use roentgen_model::UnixNanos;

/// Records kept; the oldest arrival goes first. A day of one agent is 1,440.
const RECORDS_MAX: usize = 4_096;

/// One agent's counts since its last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryRecord {
    pub timestamp: UnixNanos,
    pub instance_id: Option<String>,
    pub hostname: Option<String>,
    pub resource_arn: Option<String>,
    pub segments_received: i64,
    pub segments_sent: i64,
    pub segments_spilled: i64,
    pub segments_rejected: i64,
    pub connection_errors: BackendConnectionErrors,
}

/// How uploads of an agent failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendConnectionErrors {
    pub timeout: i64,
    pub connection_refused: i64,
    pub http_4xx: i64,
    pub http_5xx: i64,
    pub unknown_host: i64,
    pub other: i64,
}

/// The bounded list of records.
#[derive(Debug, Default)]
pub struct TelemetryRecords {
    records: Mutex<VecDeque<TelemetryRecord>>,
}

impl TelemetryRecords {
    /// Adds records in their order of arrival.
    pub(crate) fn add(&self, new: Vec<TelemetryRecord>) {
        let mut records = self.records.lock();
        records.extend(new);
        let over = records.len().saturating_sub(RECORDS_MAX);
        records.drain(..over);
    }

    /// All records kept, oldest arrival first.
    #[must_use]
    pub fn all(&self) -> Vec<TelemetryRecord> {
        self.records.lock().iter().cloned().collect()
    }
}
