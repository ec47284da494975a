//! Response-time histograms (service-graph.md 4.1).

use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Rounds a time as histograms show it: to 1 ms below 1 s, to 3 significant digits from 1 s up.
/// Nanoseconds in, nanoseconds out; negative counts as 0.
#[must_use]
pub fn round_nanos(nanos: i64) -> i64 {
    let millis = crate::time::round_to_millis(nanos.max(0));
    let mut unit = 1;
    while millis / unit >= 1000 {
        unit *= 10;
    }
    (millis + unit / 2) / unit * unit * 1_000_000
}

/// Rounded times with how often each occurred; at most 1,000 values and 900 more per power of ten
/// from 1 s up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<i64, i64>);

impl Histogram {
    /// Counts a time `count` times; it is rounded here. A negative count takes away.
    pub fn add(&mut self, nanos: i64, count: i64) {
        if count != 0 {
            let total = self.0.entry(round_nanos(nanos)).or_default();
            *total = total.saturating_add(count);
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (nanos, count) in other.entries() {
            self.add(nanos, count);
        }
    }

    /// (Rounded nanoseconds, count), ascending by time; only values that occurred.
    pub fn entries(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let counted = self.0.iter().filter(|(_, count)| **count > 0);
        counted.map(|(nanos, count)| (*nanos, *count))
    }

    /// Sum of the counts.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.entries()
            .fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// No entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().next().is_none()
    }
}
