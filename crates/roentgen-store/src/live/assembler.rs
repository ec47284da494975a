//! Works off changed traces: finds their homes, assembles them, publishes them for searches.
//!
//! ASM-3: a trace is assembled [`crate::StoreSettings::assemble_delay`] after its first change, but no
//! sooner after its last assembly than ten times what that took, else n documents would cost n².

use std::sync::Arc;
use std::sync::atomic::Ordering;

use roentgen_model::graph;
use roentgen_model::{TraceFacts, UnixNanos};

use super::{Base, Home, LiveEntry, LiveTrace, SealedHome, Text, TraceKey, document_cost};
use crate::engine::Shared;
use crate::facts::{self, MINUTE_SECS, Recorded};
use crate::links;
use crate::merge::Winners;
use crate::reopen::{self, Found};
use crate::settings::nanos;
use crate::source::StoreError;
use crate::wal::SettledBits;

/// ASM-3: assembling takes at most one part in this many of the time.
const REST_FACTOR: i64 = 10;

/// Which traces a pass works off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Those whose time has come.
    ByTime,
    /// All that changed.
    All,
}

/// A trace as it stood at one moment, taken out under its shard's lock.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) key: TraceKey,
    pub(crate) change: u64,
    pub(crate) winners: Winners<Text>,
    pub(crate) recorded: Recorded,
    pub(crate) home: Option<SealedHome>,
}

impl Capture {
    pub(crate) fn of(key: &TraceKey, trace: &LiveTrace) -> Self {
        let home = match &trace.home {
            Home::Reopened(home) => Some(home.clone()),
            Home::Unknown | Home::Live => None,
        };
        let (winners, recorded) = (trace.winners.clone(), trace.recorded());
        Self {
            key: key.clone(),
            change: trace.change,
            winners,
            recorded,
            home,
        }
    }

    /// The facts of the trace; locks shards, reads blocks if it has links.
    pub(crate) fn assemble(&self, shared: &Shared) -> TraceFacts {
        let mut facts = facts::assemble_winners(self.key.id, &self.winners, self.recorded);
        links::fill_from_store(shared, &self.key.scope, &mut facts);
        facts
    }
}

/// Works off what is due; returns how many traces were published.
///
/// # Errors
/// When blocks cannot be read now: their traces stay due. What could be assembled is published.
pub(crate) fn pass(shared: &Shared, due: Due) -> Result<usize, StoreError> {
    let mut publisher = shared.view.publisher();
    let keys = take_due(shared, due, shared.clock.now());
    if keys.is_empty() {
        return Ok(0);
    }
    let unknown = keys
        .iter()
        .filter(|key| is_home_unknown(shared, key))
        .cloned()
        .collect();
    let found = reopen::find_homes(shared, &publisher.view(), unknown);
    let (homes, failure) = match found {
        Ok(homes) => (homes, None),
        Err(error) => (reopen::Homes::default(), Some(error)),
    };
    let mut settled = SettledBits::default();
    let mut entries = Vec::with_capacity(keys.len());
    for key in &keys {
        match capture(shared, key, homes.get(key), &mut settled) {
            Captured::Gone => {}
            Captured::HomeUnknown => shared.changed.lock().push(key.clone()),
            Captured::Changed(capture) => {
                let entry = assemble(shared, &capture);
                entries.push((key, entry, capture.home));
            }
        }
    }
    let published = entries.len();
    publisher.publish(|draft| {
        for (key, entry, home) in entries {
            draft.show(key, entry, home.as_ref());
        }
    });
    drop(publisher);
    shared.settle_later(&settled);
    failure.map_or(Ok(published), Err)
}

/// Takes the traces that are due out of the queue; the others stay in it.
fn take_due(shared: &Shared, due: Due, now: UnixNanos) -> Vec<TraceKey> {
    let delay = nanos(shared.settings.assemble_delay);
    let changed = std::mem::take(&mut *shared.changed.lock());
    let (due, later): (Vec<_>, Vec<_>) = changed.into_iter().partition(|key| {
        let shard = shared.live.shard(key);
        let Some(trace) = shard.get(key) else {
            return true;
        };
        let waited = now.0.saturating_sub(trace.waits_since.unwrap_or(now).0);
        let rested = now.0.saturating_sub(trace.assembled.0);
        let is_hot = (0..trace.assembly_nanos.saturating_mul(REST_FACTOR)).contains(&rested);
        // A clock that stepped back must not hold traces up.
        due == Due::All || waited < 0 || (waited >= delay && !is_hot)
    });
    if !later.is_empty() {
        shared.changed.lock().extend(later);
    }
    due
}

fn is_home_unknown(shared: &Shared, key: &TraceKey) -> bool {
    let shard = shared.live.shard(key);
    shard
        .get(key)
        .is_some_and(|trace| matches!(trace.home, Home::Unknown))
}

enum Captured {
    /// Sealed meanwhile, or it turned out to say nothing that its block does not say.
    Gone,
    HomeUnknown,
    Changed(Capture),
}

fn capture(
    shared: &Shared,
    key: &TraceKey,
    found: Option<&Found>,
    settled: &mut SettledBits,
) -> Captured {
    let mut shard = shared.live.shard(key);
    let Some(trace) = shard.get_mut(key) else {
        return Captured::Gone;
    };
    if matches!(trace.home, Home::Unknown) {
        match found {
            None => return Captured::HomeUnknown,
            Some(Found::Nowhere) => {
                trace.has_no_copy();
                // Notes of refusals whose trace is lost or beyond retention: there is nothing to show.
                if trace.winners.is_empty() {
                    settled.extend(trace.arrivals.iter().map(|arrival| arrival.position));
                    shared.live.add_bytes(-trace.cost);
                    shard.remove(key);
                    return Captured::Gone;
                }
            }
            Some(Found::InBlock(base)) => {
                trace.take_over(base);
                if trace.is_as_sealed(base.recorded.limit_exceeded) {
                    settled.extend(trace.arrivals.iter().map(|arrival| arrival.position));
                    shared.live.add_bytes(-trace.cost);
                    shard.remove(key);
                    return Captured::Gone;
                }
                reopened(shared, key, trace, base);
            }
        }
    }
    trace.waits_since = None;
    Captured::Changed(Capture::of(key, trace))
}

fn reopened(shared: &Shared, key: &TraceKey, trace: &mut LiveTrace, base: &Base) {
    let cost: i64 = base
        .documents
        .iter()
        .map(|(_, document)| document_cost(document))
        .sum();
    shared.live.add_bytes(cost);
    trace.cost += cost;
    trace.reopenings += shared.reopenings.lock().remove(key).unwrap_or(0);
    shared
        .counters
        .traces_reopened
        .fetch_add(1, Ordering::Relaxed);
}

fn assemble(shared: &Shared, capture: &Capture) -> LiveEntry {
    let began = shared.clock.now();
    let facts = Arc::new(capture.assemble(shared));
    let rows = graph::rows(&facts, MINUTE_SECS).into();
    let ended = shared.clock.now();
    if let Some(trace) = shared.live.shard(&capture.key).get_mut(&capture.key) {
        trace.t0 = Some(facts.t0);
        trace.assembled = ended;
        trace.assembly_nanos = ended.nanos_since(began);
    }
    LiveEntry {
        change: capture.change,
        facts,
        rows,
    }
}
