//! Which traces are ready, and which of them make a chunk.

use std::cmp::Reverse;

use roentgen_model::{Scope, UnixNanos};

use super::{ByDay, day_of};
use crate::engine::Shared;
use crate::live::{Home, LiveTrace, TraceKey};
use crate::settings::{StoreSettings, nanos};

/// The live budget is that full (per mille) when traces are sealed whatever their idle time.
const PRESSED_PER_MILLE: u64 = 900;
/// From here on chunks do not wait to fill.
const TIGHT_PER_MILLE: u64 = 600;

/// Traces for one block.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) scope: Scope,
    pub(crate) day: i64,
    pub(crate) keys: Vec<TraceKey>,
}

/// How eager a choice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// What is ready, in chunks that are full or have waited long enough.
    Ready,
    /// Every trace whose home is known.
    All,
}

/// A trace that is ready.
#[derive(Debug)]
pub(crate) struct Candidate {
    key: TraceKey,
    bytes: u64,
    ready_since: UnixNanos,
}

/// What a trace is measured by.
struct Measure<'a> {
    settings: &'a StoreSettings,
    now: UnixNanos,
    fill_per_mille: u64,
    /// Number of the oldest log file, while the log is over its budget.
    pinned_file: Option<u32>,
}

/// The chunks to be sealed now.
pub(crate) fn choose(shared: &Shared, choice: Choice) -> Vec<Chunk> {
    let settings = &shared.settings;
    let fill_per_mille = shared.live.bytes().saturating_mul(1000) / settings.live_bytes_max.max(1);
    let is_over = shared.log_files.bytes() > settings.log_bytes_max;
    let oldest = || shared.log_files.states().first().map(|state| state.file);
    let pinned_file = if is_over { oldest() } else { None };
    let now = shared.clock.now();
    let measure = Measure {
        settings,
        now,
        fill_per_mille,
        pinned_file,
    };
    let mut by_day = ByDay::new();
    shared.live.for_each(|key, trace| {
        // A clock that stepped back (or a restart after it did) must not keep traces live.
        trace.opened = trace.opened.min(now);
        trace.changed = trace.changed.min(now);
        let (Some(t0), false) = (trace.t0, matches!(trace.home, Home::Unknown)) else {
            return;
        };
        let ready_since = match choice {
            Choice::All => Some(now),
            Choice::Ready => measure.ready_since(trace),
        };
        let Some(ready_since) = ready_since else {
            return;
        };
        let candidate = Candidate {
            key: key.clone(),
            bytes: trace.winners.bytes(),
            ready_since,
        };
        by_day
            .entry((key.scope.clone(), day_of(t0)))
            .or_default()
            .push(candidate);
    });
    let goes_now =
        choice == Choice::All || fill_per_mille >= TIGHT_PER_MILLE || measure.pinned_file.is_some();
    cut(by_day, &measure, goes_now)
}

impl Measure<'_> {
    /// Since when the trace is ready; `None`: it is not.
    fn ready_since(&self, trace: &LiveTrace) -> Option<UnixNanos> {
        if self.fill_per_mille >= PRESSED_PER_MILLE || self.pins_log(trace) {
            return Some(trace.opened);
        }
        let idle_from = UnixNanos(
            trace
                .changed
                .0
                .saturating_add(self.idle_nanos(trace.reopenings)),
        );
        let age_from = UnixNanos(trace.opened.0.saturating_add(nanos(self.settings.age_max)));
        let ready = idle_from.min(age_from);
        (ready <= self.now).then_some(ready)
    }

    fn pins_log(&self, trace: &LiveTrace) -> bool {
        let first = trace.arrivals.first().map(|arrival| arrival.position.file);
        self.pinned_file.is_some() && first == self.pinned_file
    }

    /// Shorter as the live budget fills, doubled at each reopening.
    fn idle_nanos(&self, reopenings: u32) -> i64 {
        let (idle, least) = (nanos(self.settings.idle), nanos(self.settings.idle_min));
        let fill = i64::try_from(self.fill_per_mille.min(1000)).unwrap_or(1000);
        let shrunk = idle - (idle - least).max(0) / 1000 * fill;
        let doubled = shrunk.saturating_mul(1i64 << reopenings.min(20));
        doubled
            .min(nanos(self.settings.idle_max))
            .max(least.min(shrunk))
    }
}

/// Cuts the ready traces of each day into chunks, those that waited longest first. What does not fill
/// a chunk waits until its oldest trace has waited long enough.
fn cut(by_day: ByDay, measure: &Measure<'_>, goes_now: bool) -> Vec<Chunk> {
    let waits = nanos(measure.settings.chunk_wait);
    let mut chunks = Vec::new();
    for ((scope, day), mut candidates) in by_day {
        candidates.sort_by_key(|candidate| Reverse(candidate.ready_since));
        while let Some(oldest) = candidates.last() {
            let waited = measure.now.0.saturating_sub(oldest.ready_since.0) >= waits;
            let (keys, is_full) = fill(&mut candidates, measure.settings.chunk_bytes_max);
            if is_full || waited || goes_now {
                chunks.push(Chunk {
                    scope: scope.clone(),
                    day,
                    keys,
                });
            }
        }
    }
    chunks
}

/// Takes traces from the end until the chunk is full.
fn fill(candidates: &mut Vec<Candidate>, bytes_max: u64) -> (Vec<TraceKey>, bool) {
    let (mut keys, mut bytes) = (Vec::new(), 0);
    while let Some(next) = candidates.pop() {
        if !keys.is_empty() && bytes + next.bytes > bytes_max {
            candidates.push(next);
            return (keys, true);
        }
        bytes += next.bytes;
        keys.push(next.key);
    }
    (keys, bytes >= bytes_max)
}
