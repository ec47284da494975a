//! Traces that are still open to news: their documents' facts and where the texts lie.
//!
//! ```text
//!   log writer ──insert──► LiveTraces ◄──capture── assembler ──publish──► Snapshot (in the view)
//!                              ▲  ◄──capture── seal ──release──┘
//!                              └── reads by id
//! ```
//!
//! A trace that may have a copy in a block starts with its home [`Home::Unknown`]; the assembler looks
//! the home up (ID-1), takes the block's documents in (HOME-2) and only then shows the trace to
//! searches. Nobody holds a shard's lock while reading files or assembling.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use roentgen_model::{Scope, TraceId};

pub(crate) mod assembler;
mod snapshot;
mod trace;

pub(crate) use snapshot::{LiveEntry, Snapshot};
pub(crate) use trace::{Base, Home, LiveArrival, LiveTrace, SealedHome, Text, document_cost};

/// Shards of the live traces; a power of two, more than there are threads that insert and read.
const SHARDS: usize = 64;

/// Names a live trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TraceKey {
    pub(crate) scope: Scope,
    pub(crate) id: TraceId,
}

pub(crate) type Shard = HashMap<TraceKey, LiveTrace>;

/// All live traces.
#[derive(Debug)]
pub(crate) struct LiveTraces {
    shards: Vec<Mutex<Shard>>,
    /// Estimated memory, bytes.
    bytes: AtomicI64,
    changes: AtomicU64,
}

impl LiveTraces {
    pub(crate) fn new() -> Self {
        let shards = std::iter::repeat_with(Mutex::default)
            .take(SHARDS)
            .collect();
        Self {
            shards,
            bytes: AtomicI64::new(0),
            changes: AtomicU64::new(0),
        }
    }

    /// The shard of a trace, locked. Hold it briefly: inserts wait for it.
    pub(crate) fn shard(&self, key: &TraceKey) -> MutexGuard<'_, Shard> {
        let mut hasher = DefaultHasher::new();
        key.id.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or(0);
        self.shards
            .get(at)
            .expect("the remainder is less than the number of shards")
            .lock()
    }

    /// Looks at every trace, shard by shard.
    pub(crate) fn for_each(&self, mut look: impl FnMut(&TraceKey, &mut LiveTrace)) {
        for shard in &self.shards {
            for (key, trace) in shard.lock().iter_mut() {
                look(key, trace);
            }
        }
    }

    /// A number for a change of a trace, never given twice: equal numbers mean nothing changed, even
    /// if the trace was sealed and opened again in between.
    pub(crate) fn next_change(&self) -> u64 {
        self.changes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts memory in (or out, when negative).
    pub(crate) fn add_bytes(&self, bytes: i64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Estimated memory of all live traces.
    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.bytes.load(Ordering::Relaxed)).unwrap_or(0)
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}
