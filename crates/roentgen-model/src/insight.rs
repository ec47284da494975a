//! Insight mathematics: from the requests and faults of each minute to insights (groups-insights.md 3 to 5).
//!
//! A [`Detector`] holds what one group's minutes so far say; [`Detector::step`] judges the next one. It is
//! pure and deterministic: equal minutes in order give equal insights, whenever they are judged (INS-1). A
//! copy of it is a checkpoint.
//!
//! A node's [`baseline`] says which fault counts are expected; [`node`] says when it is in an incident; the
//! nodes in an incident fall into [`component`]s along which faults travelled; [`detector`] makes one insight
//! of each and writes its events.

use std::collections::BTreeMap;

use crate::assembly::facts::{Class, NodeKey, TimeRange};
use crate::graph::{EdgeRow, RowKind};
use crate::time::UnixNanos;

pub mod baseline;
pub mod component;
pub mod detector;
pub mod node;
pub mod record;

pub use baseline::{Band, Baseline};
pub use detector::{Detector, Evidence, Outcome};
pub use record::{Insight, InsightEvent, InsightId, Picture};

#[cfg(test)]
mod tests;

/// Length of a judged slot.
pub const MINUTE_NANOS: i64 = 60 * 1_000_000_000;
/// The past that baselines look at and in which changed minutes are judged again (INS-1), minutes.
pub const PAST_MINUTES: i64 = 24 * 60;
/// An incident opens when enough of so many last minutes are anomalous; the graph that groups incidents is
/// of these minutes too (groups-insights.md 4).
pub const RECENT_MINUTES: i64 = 5;

/// Completed requests of a node, or of a group's entry edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: u64,
    pub faults: u64,
    /// Without fault, error or throttle.
    pub ok: u64,
}

/// A directed edge of the graph: who calls, who is called.
pub type NodePair = (NodeKey, NodeKey);

/// What one minute of a group held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// By end of the segments (TIME-1); real and inferred alike, never clients; `total` > 0.
    pub nodes: BTreeMap<NodeKey, Counts>,
    /// Entry edges, by their start.
    pub clients: Counts,
    /// Calls that ended, in order, each once.
    pub calls: Vec<NodePair>,
}

impl Counts {
    /// Adds completed items of one class.
    pub fn add(&mut self, class: Class, count: u64) {
        self.total = self.total.saturating_add(count);
        match class {
            Class::Fault => self.faults = self.faults.saturating_add(count),
            Class::Ok => self.ok = self.ok.saturating_add(count),
            Class::Error | Class::Throttle => {}
        }
    }

    /// The sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            total: self.total.saturating_add(other.total),
            faults: self.faults.saturating_add(other.faults),
            ok: self.ok.saturating_add(other.ok),
        }
    }
}

impl Minute {
    /// The minutes of series time that rows of one group tell of, by their start. In-progress items and
    /// links do not count.
    #[must_use]
    pub fn of_rows<'a>(rows: impl IntoIterator<Item = &'a EdgeRow>) -> BTreeMap<UnixNanos, Self> {
        let mut minutes: BTreeMap<UnixNanos, Self> = BTreeMap::new();
        for row in rows {
            let count = u64::try_from(row.sums.count).unwrap_or(0);
            let Some(class) = row.key.class.filter(|_| count > 0) else {
                continue;
            };
            let minute = minutes.entry(minute_of(row.key.end_slot)).or_default();
            minute.add(row, class, count);
        }
        for minute in minutes.values_mut() {
            minute.calls.sort_unstable();
            minute.calls.dedup();
        }
        minutes
    }

    fn add(&mut self, row: &EdgeRow, class: Class, count: u64) {
        let called = &row.key.destination;
        match row.key.kind {
            RowKind::RealNode | RowKind::InferredNode => match self.nodes.get_mut(called) {
                Some(counts) => counts.add(class, count),
                None => {
                    let mut counts = Counts::default();
                    counts.add(class, count);
                    self.nodes.insert(called.clone(), counts);
                }
            },
            RowKind::Client => self.clients.add(class, count),
            RowKind::Call => {
                let pair = row
                    .key
                    .source
                    .clone()
                    .map(|caller| (caller, called.clone()));
                // Rows come sorted, so most repetitions are neighbours.
                if self.calls.last() != pair.as_ref() {
                    self.calls.extend(pair);
                }
            }
            RowKind::Link => {}
        }
    }
}

/// Start of the minute that a time lies in.
#[must_use]
pub const fn minute_of(time: UnixNanos) -> UnixNanos {
    UnixNanos(time.0.saturating_sub(time.0.rem_euclid(MINUTE_NANOS)))
}

/// The start of the minute so many minutes later (earlier, if negative).
#[must_use]
pub const fn minutes_after(minute: UnixNanos, minutes: i64) -> UnixNanos {
    UnixNanos(
        minute
            .0
            .saturating_add(minutes.saturating_mul(MINUTE_NANOS)),
    )
}

/// Minutes from `earlier` to `later`, both starts of minutes; negative if they are the other way round.
#[must_use]
pub const fn minutes_between(earlier: UnixNanos, later: UnixNanos) -> i64 {
    later.0.saturating_sub(earlier.0).div_euclid(MINUTE_NANOS)
}

/// The last [`RECENT_MINUTES`] up to the end of this minute.
#[must_use]
pub const fn recent_range(minute: UnixNanos) -> TimeRange {
    minutes_after(minute, 1 - RECENT_MINUTES)..minutes_after(minute, 1)
}
