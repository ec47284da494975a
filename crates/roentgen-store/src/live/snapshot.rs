//! What searches see of the live traces: immutable, cheap to copy and change in places.

use std::collections::BTreeMap;
use std::sync::Arc;

use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceFacts, UnixNanos};

use super::TraceKey;
use crate::source::PageKey;

/// An assembled live trace.
#[derive(Clone, Debug)]
pub(crate) struct LiveEntry {
    /// The state of the trace that was assembled ([`super::LiveTraces::next_change`]).
    pub(crate) change: u64,
    pub(crate) facts: Arc<TraceFacts>,
    /// Its minute rows.
    pub(crate) rows: Arc<[EdgeRow]>,
}

type Bucket = BTreeMap<PageKey, LiveEntry>;

/// All assembled live traces, by scope and page order.
///
/// Copying it copies one pointer for each second of T0; changing it copies the seconds it touches.
/// New traces share the latest seconds, so a publication costs little more than what changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    scopes: BTreeMap<Scope, BTreeMap<i64, Arc<Bucket>>>,
}

impl Snapshot {
    /// Shows this state of a trace.
    pub(crate) fn insert(&mut self, key: &TraceKey, entry: LiveEntry) {
        let at = PageKey {
            t0: entry.facts.t0,
            trace_id: key.id,
        };
        let seconds = self.scopes.entry(key.scope.clone()).or_default();
        let bucket = seconds.entry(at.t0.secs()).or_default();
        Arc::make_mut(bucket).insert(at, entry);
    }

    /// Shows a trace no more that is shown at this T0.
    pub(crate) fn remove(&mut self, key: &TraceKey, t0: UnixNanos) {
        let Some(seconds) = self.scopes.get_mut(&key.scope) else {
            return;
        };
        let Some(bucket) = seconds.get_mut(&t0.secs()) else {
            return;
        };
        let left = Arc::make_mut(bucket);
        left.remove(&PageKey {
            t0,
            trace_id: key.id,
        });
        if left.is_empty() {
            seconds.remove(&t0.secs());
        }
    }

    /// The state shown at this T0.
    pub(crate) fn get(&self, key: &TraceKey, t0: UnixNanos) -> Option<&LiveEntry> {
        let bucket = self.scopes.get(&key.scope)?.get(&t0.secs())?;
        bucket.get(&PageKey {
            t0,
            trace_id: key.id,
        })
    }

    /// The least and the greatest T0 shown, of each scope that shows any.
    pub(crate) fn t0_bounds(&self) -> impl Iterator<Item = (UnixNanos, UnixNanos)> + '_ {
        self.scopes.values().filter_map(|seconds| {
            let (oldest, _) = seconds.values().next()?.first_key_value()?;
            let (newest, _) = seconds.values().next_back()?.last_key_value()?;
            Some((oldest.t0, newest.t0))
        })
    }

    /// Every trace shown of a scope, newest first, from below `after`.
    pub(crate) fn newest_first(
        &self,
        scope: &Scope,
        after: Option<PageKey>,
    ) -> impl Iterator<Item = (&PageKey, &LiveEntry)> {
        let last_second = after.map_or(i64::MAX, |after| after.t0.secs());
        let seconds = self.scopes.get(scope).into_iter();
        let buckets = seconds.flat_map(move |seconds| seconds.range(..=last_second).rev());
        let entries = buckets.flat_map(|(_, bucket)| bucket.iter().rev());
        entries.skip_while(move |(key, _)| after.is_some_and(|after| **key >= after))
    }
}
