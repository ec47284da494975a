//! Works off changed traces: finds their homes, assembles them, publishes them for searches.
//!
//! ASM-3: a trace is assembled [`crate::StoreSettings::assemble_delay`] after its first change, but no
//! sooner after its last assembly than ten times what that took, else n documents would cost n².

use std::sync::Arc;
use std::sync::atomic::Ordering;

use roentgen_model::assembly::facts::LinkFacts;
use roentgen_model::graph::EdgeRow;
use roentgen_model::settings_history::SettingsHistories;
use roentgen_model::{TraceFacts, UnixNanos};

use super::{Base, Home, LiveEntry, LiveTrace, SealedHome, Text, TraceKey, document_cost};
use crate::engine::Shared;
use crate::facts::{self, Assembled, Recorded};
use crate::links::{self, Asked};
use crate::merge::Winners;
use crate::observer::Assembly;
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
    /// Links whose source was known before.
    pub(crate) links: Arc<[LinkFacts]>,
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
            links: Arc::clone(&trace.links),
        }
    }

    /// The facts of the trace; where its links begin as it was known before (LINK-1).
    ///
    /// The settings are looked up after the trace was captured: one that changed meanwhile makes the
    /// trace due again ([`publish_histories`]).
    pub(crate) fn assemble(&self, shared: &Shared) -> Assembled {
        let histories = shared.histories();
        let history = histories.of(&self.key.scope);
        let settings = shared.settings.assembly();
        let mut assembled =
            facts::assemble_winners(self.key.id, &self.winners, self.recorded, history, settings);
        links::restore(&mut assembled.facts, &self.links);
        assembled
    }
}

/// Works off what is due; returns how many traces were published.
///
/// # Errors
/// When blocks cannot be read now: their traces stay due. What could be assembled is published.
pub(crate) fn pass(shared: &Shared, due: Due) -> Result<usize, StoreError> {
    let mut publisher = shared.view.publisher();
    let now = shared.clock.now();
    let mut keys = take_due(shared, due, now);
    let linking = take_linking(shared, &keys, due, now);
    keys.extend(linking);
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
    let mut captures = Vec::with_capacity(keys.len());
    for key in &keys {
        match capture(shared, key, homes.get(key), &mut settled) {
            Captured::Gone => {}
            Captured::HomeUnknown => shared.changed.lock().push(key.clone()),
            Captured::Changed(capture) => captures.push(capture),
        }
    }
    let shown = assemble(shared, captures);
    let published = shown.len();
    let mut told = Vec::with_capacity(published);
    publisher.publish(|draft| {
        for shown in shown {
            let Capture { key, home, .. } = &shown.capture;
            let before = draft.show(key, shown.entry.clone(), home.as_ref());
            told.push((shown, before));
        }
    });
    drop(publisher);
    tell(shared, &told);
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
        // A clock that stepped back must not hold traces up.
        due == Due::All || waited < 0 || (waited >= delay && !is_hot(trace, now))
    });
    if !later.is_empty() {
        shared.changed.lock().extend(later);
    }
    due
}

fn is_hot(trace: &LiveTrace, now: UnixNanos) -> bool {
    let rested = now.0.saturating_sub(trace.assembled.0);
    (0..trace.assembly_nanos.saturating_mul(REST_FACTOR)).contains(&rested)
}

/// LINK-1: live traces with links to these, which may say something else now. Those that must rest go
/// into the queue. They count as changed, so that a seal under way does not let go of them (SEAL-2).
fn take_linking(shared: &Shared, linked: &[TraceKey], due: Due, now: UnixNanos) -> Vec<TraceKey> {
    let mut taken = Vec::new();
    for key in shared.awaited.linking(linked) {
        let mut shard = shared.live.shard(&key);
        let Some(trace) = shard.get_mut(&key) else {
            continue;
        };
        if trace.waits_since.is_some() {
            // In the queue, or taken out of it by this pass.
            continue;
        }
        trace.waits_since = Some(now);
        trace.change = shared.live.next_change();
        let rests = due == Due::ByTime && is_hot(trace, now);
        drop(shard);
        if rests {
            shared.changed.lock().push(key);
        } else {
            taken.push(key);
        }
    }
    taken
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

/// A captured trace with what searches will see of it.
struct Shown {
    capture: Capture,
    entry: LiveEntry,
    skipped_groups: Vec<Arc<str>>,
}

/// The facts of what was captured, where their links begin included.
fn assemble(shared: &Shared, captures: Vec<Capture>) -> Vec<Shown> {
    let mut assembled: Vec<_> = captures
        .into_iter()
        .map(|capture| {
            let began = shared.clock.now();
            let assembled = capture.assemble(shared);
            await_linked(shared, &capture.key, &assembled.facts);
            let ended = shared.clock.now();
            (capture, assembled, ended.nanos_since(began))
        })
        .collect();
    let linking = assembled
        .iter_mut()
        .map(|(capture, assembled, _)| (&capture.key.scope, &mut assembled.facts));
    links::fill_from_store(shared, linking, Asked::All);
    let finish = |(capture, assembled, nanos): (Capture, Assembled, i64)| {
        let Assembled {
            facts,
            skipped_groups,
        } = assembled;
        let began = shared.clock.now();
        let rows = facts::minute_rows(&facts).into();
        let ended = shared.clock.now();
        if let Some(trace) = shared.live.shard(&capture.key).get_mut(&capture.key) {
            trace.t0 = Some(facts.t0);
            trace.assembled = ended;
            trace.assembly_nanos = nanos.saturating_add(ended.nanos_since(began));
            trace.links = links::known(&facts);
        }
        let entry = LiveEntry {
            change: capture.change,
            facts: Arc::new(facts),
            rows,
        };
        Shown {
            capture,
            entry,
            skipped_groups,
        }
    };
    assembled.into_iter().map(finish).collect()
}

/// Tells what was shown, with the rows that each trace had contributed before.
fn tell(shared: &Shared, told: &[(Shown, Option<Arc<[EdgeRow]>>)]) {
    let Some(observer) = &shared.observer else {
        return;
    };
    for (shown, before) in told {
        observer.assembled(&Assembly {
            scope: &shown.capture.key.scope,
            facts: &shown.entry.facts,
            rows: &shown.entry.rows,
            before: before.as_deref(),
            skipped_groups: &shown.skipped_groups,
        });
    }
}

/// See [`crate::EmbeddedStore::publish_histories`]. The settings change before the traces are marked,
/// so that a trace captured in between is assembled by the new ones or marked after.
pub(crate) fn publish_histories(shared: &Shared, histories: Arc<SettingsHistories>) {
    let before = shared.replace_histories(histories).newest_change();
    let now = shared.clock.now();
    let mut due = Vec::new();
    shared.live.for_each(|key, trace| {
        let last = trace.arrivals.last().map(|arrival| arrival.stamp);
        // Traces that changed before the last known setting did are judged by what was known.
        if last < before {
            return;
        }
        // Of one that waits already too: a seal under way must not let go of it (SEAL-2).
        trace.change = shared.live.next_change();
        if trace.waits_since.is_none() {
            trace.waits_since = Some(now);
            due.push(key.clone());
        }
    });
    shared.changed.lock().extend(due);
    shared.signals.wake_assembler();
}

fn await_linked(shared: &Shared, key: &TraceKey, facts: &TraceFacts) {
    if let Some(trace) = shared.live.shard(key).get_mut(key) {
        trace.awaits = shared.awaited.note(key, &trace.awaits, facts);
    }
}
