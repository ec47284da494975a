//! Rows summed by key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{EdgeKey, EdgeRow, EdgeSums};

/// Sums of rows by key: what traces add, minus what moved ones had added (HOME-1, COMPACT-1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowTotals {
    sums: HashMap<EdgeKey, EdgeSums>,
}

impl RowTotals {
    /// Adds a row. Keys that come to nothing are forgotten.
    pub fn add(&mut self, row: EdgeRow) {
        match self.sums.entry(row.key) {
            Entry::Occupied(mut held) => {
                let sums = held.get().plus(row.sums);
                if sums.is_nothing() {
                    held.remove();
                } else {
                    held.insert(sums);
                }
            }
            Entry::Vacant(free) => {
                if !row.sums.is_nothing() {
                    free.insert(row.sums);
                }
            }
        }
    }

    /// Takes away a row that was, or will be, added. A key may count below 0 in between.
    pub fn subtract(&mut self, row: EdgeRow) {
        let EdgeSums {
            count,
            in_progress,
            response_time_sum_nanos,
            earliest_start,
            latest_end,
        } = row.sums;
        match self.sums.entry(row.key) {
            Entry::Occupied(mut held) => {
                let sums = held.get().minus(row.sums);
                if sums.is_nothing() {
                    held.remove();
                } else {
                    held.insert(sums);
                }
            }
            Entry::Vacant(_) if row.sums.is_nothing() => {}
            Entry::Vacant(free) => {
                free.insert(EdgeSums {
                    count: count.saturating_neg(),
                    in_progress: in_progress.saturating_neg(),
                    response_time_sum_nanos: response_time_sum_nanos.saturating_neg(),
                    earliest_start,
                    latest_end,
                });
            }
        }
    }

    /// Adds all rows.
    pub fn add_all(&mut self, rows: impl IntoIterator<Item = EdgeRow>) {
        rows.into_iter().for_each(|row| self.add(row));
    }

    /// Takes all rows away.
    pub fn subtract_all(&mut self, rows: impl IntoIterator<Item = EdgeRow>) {
        rows.into_iter().for_each(|row| self.subtract(row));
    }

    /// Distinct keys held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// The rows held, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&EdgeKey, &EdgeSums)> {
        self.sums.iter()
    }

    /// The rows, one per key, sorted by key.
    #[must_use]
    pub fn into_rows(self) -> Vec<EdgeRow> {
        let mut rows: Vec<EdgeRow> = self
            .sums
            .into_iter()
            .map(|(key, sums)| EdgeRow { key, sums })
            .collect();
        rows.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        rows
    }
}

/// One row per key, sorted by key; rows that come to nothing are left out.
#[must_use]
pub fn merge_rows(rows: impl IntoIterator<Item = EdgeRow>) -> Vec<EdgeRow> {
    let mut totals = RowTotals::default();
    totals.add_all(rows);
    totals.into_rows()
}
