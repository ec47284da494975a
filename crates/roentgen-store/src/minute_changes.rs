//! Which minutes of series time changed when, so that insights judge again only what may have become
//! something else (INS-1). In memory: after a restart every minute counts as changed.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use roentgen_model::{Scope, UnixNanos};

use crate::source::{ChangeMark, ChangedMinutes};

#[cfg(test)]
mod tests;

/// Minutes remembered per scope, the newest: 30 days and what is ahead.
const MINUTES_MAX: usize = 50_000;

/// The last change of each minute.
#[derive(Debug, Default)]
pub(crate) struct MinuteChanges {
    changes: Mutex<Changes>,
}

#[derive(Debug, Default)]
struct Changes {
    last: u64,
    scopes: BTreeMap<Scope, BTreeMap<UnixNanos, u64>>,
}

impl MinuteChanges {
    /// Notes one change of all these minutes.
    pub(crate) fn note(&self, minutes: Vec<(Scope, UnixNanos)>) {
        if minutes.is_empty() {
            return;
        }
        let mut changes = self.changes.lock();
        changes.last += 1;
        let change = changes.last;
        for (scope, minute) in minutes {
            let minutes = changes.scopes.entry(scope).or_default();
            minutes.insert(minute, change);
            if minutes.len() > MINUTES_MAX {
                minutes.pop_first();
            }
        }
    }

    /// See [`crate::source::TraceReader::changed_minutes`].
    pub(crate) fn since(&self, scopes: &[Scope], after: Option<ChangeMark>) -> ChangedMinutes {
        let changes = self.changes.lock();
        let minutes = after.map(|ChangeMark(after)| {
            let of_scopes = scopes.iter().filter_map(|scope| changes.scopes.get(scope));
            let changed = of_scopes.flat_map(|minutes| {
                let later = minutes.iter().filter(move |(_, change)| **change > after);
                later.map(|(minute, _)| *minute)
            });
            let distinct: BTreeSet<UnixNanos> = changed.collect();
            distinct.into_iter().collect()
        });
        ChangedMinutes {
            minutes,
            mark: ChangeMark(changes.last),
        }
    }
}
