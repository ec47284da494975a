//! The best rows so far of a search that is not newest first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::summary::TraceSummary;
use roentgen_store::source::PageKey;

use super::search::Sort;

#[cfg(test)]
mod tests;

/// At most so many rows, those that come first in the order asked for.
#[derive(Debug)]
pub(super) struct BestRows {
    sort: Sort,
    rows_max: usize,
    /// The worst on top.
    rows: BinaryHeap<Reverse<Row>>,
}

#[derive(Debug)]
struct Row {
    place: Place,
    summary: Box<TraceSummary>,
}

/// Greater comes first; among equals the newer trace.
type Place = (i64, PageKey);

impl BestRows {
    pub(super) fn new(sort: Sort, rows_max: usize) -> Self {
        Self {
            sort,
            rows_max,
            rows: BinaryHeap::new(),
        }
    }

    /// Takes a trace in if it is better than the worst. True if it did.
    pub(super) fn offer(&mut self, facts: &TraceFacts, event_range: Option<&TimeRange>) -> bool {
        let key = PageKey {
            t0: facts.t0,
            trace_id: facts.trace_id,
        };
        let place = (self.sort.score(facts), key);
        let is_full = self.rows.len() >= self.rows_max;
        let worst = self.rows.peek().map(|Reverse(row)| row.place);
        if is_full && worst.is_none_or(|worst| worst >= place) {
            return false;
        }
        if is_full {
            self.rows.pop();
        }
        let summary = Box::new(TraceSummary::new(facts, event_range));
        self.rows.push(Reverse(Row { place, summary }));
        true
    }

    /// The rows, best first.
    pub(super) fn rows(&self) -> Vec<&TraceSummary> {
        let mut rows: Vec<&Row> = self.rows.iter().map(|Reverse(row)| row).collect();
        rows.sort_by_key(|row| Reverse(row.place));
        rows.into_iter().map(|row| &*row.summary).collect()
    }
}

impl Sort {
    /// Greater is better; traces without the time asked for come last.
    fn score(self, facts: &TraceFacts) -> i64 {
        let least_first = |nanos: Option<i64>| nanos.map_or(i64::MIN, |nanos| -nanos);
        match self {
            Self::Newest => facts.t0.0,
            Self::Oldest => facts.t0.0.saturating_neg(),
            Self::Slowest => facts.response_time_nanos.unwrap_or(i64::MIN),
            Self::Fastest => least_first(facts.response_time_nanos),
            Self::Longest => facts.duration_nanos.unwrap_or(i64::MIN),
            Self::Shortest => least_first(facts.duration_nanos),
        }
    }
}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Row {}
