//! Response times counted in buckets of whole milliseconds, each at most 2 % wide: one by one up to 50 ms.
//!
//! Whole milliseconds are what filters compare (filter-expressions.md 4.2), so a bucket holds exactly the
//! traces that a filter with its bounds selects.

use std::sync::LazyLock;

#[cfg(test)]
mod tests;

/// Up to 11 days; what is longer counts into the last bucket.
const MILLIS_MAX: i64 = 1_000_000_000;

/// Where buckets begin, ascending; the last is the end of the last bucket.
static BOUNDS: LazyLock<Vec<i64>> = LazyLock::new(|| {
    let mut bounds = vec![0];
    let mut bound = 0;
    while bound < MILLIS_MAX {
        bound += (bound / 50).max(1);
        bounds.push(bound);
    }
    bounds
});

/// Counts of response times. About a thousand buckets, made as times ask for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseTimes {
    buckets: Vec<u64>,
    count: u64,
    bounds: Option<(i64, i64)>,
}

/// Response times from `from_millis` on, up to and without `to_millis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeBucket {
    pub from_millis: i64,
    pub to_millis: i64,
    pub count: u64,
}

impl ResponseTimes {
    /// Counts a time; negative counts as 0.
    pub fn add(&mut self, millis: i64) {
        let millis = millis.max(0);
        let place = place(millis);
        if self.buckets.len() <= place {
            self.buckets.resize(place + 1, 0);
        }
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket += 1;
        }
        self.count += 1;
        let (least, greatest) = self.bounds.unwrap_or((millis, millis));
        self.bounds = Some((least.min(millis), greatest.max(millis)));
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The least and the greatest, exactly.
    #[must_use]
    pub fn bounds_millis(&self) -> Option<(i64, i64)> {
        self.bounds
    }

    /// The time that this many of a thousand do not exceed: exact up to 50 ms, else within 1 %.
    #[must_use]
    pub fn permille(&self, permille: u64) -> Option<i64> {
        let (least, greatest) = self.bounds?;
        let rank = (self.count.saturating_mul(permille)).div_ceil(1000).max(1);
        let mut seen = 0;
        let place = self.buckets.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        let (from, to) = bucket(place);
        Some(((from + to - 1) / 2).clamp(least, greatest))
    }

    /// At most `buckets_max` adjacent buckets from the least time to the greatest, empty ones included.
    #[must_use]
    pub fn buckets(&self, buckets_max: usize) -> Vec<TimeBucket> {
        let Some(first) = self.buckets.iter().position(|count| *count > 0) else {
            return Vec::new();
        };
        let counts = self.buckets.get(first..).unwrap_or_default();
        let width = counts.len().div_ceil(buckets_max.max(1));
        let groups = counts.chunks(width).enumerate();
        let joined = groups.map(|(group, counts)| {
            let from = first + group * width;
            TimeBucket {
                from_millis: bucket(from).0,
                to_millis: bucket(from + counts.len() - 1).1,
                count: counts.iter().sum(),
            }
        });
        joined.collect()
    }
}

/// The bucket that holds a time.
fn place(millis: i64) -> usize {
    let after = BOUNDS.partition_point(|bound| *bound <= millis);
    after.saturating_sub(1).min(BOUNDS.len() - 2)
}

/// Begin and end of a bucket. The last one has none; what it shows as its end is that of its bound.
fn bucket(place: usize) -> (i64, i64) {
    let bound = |at: usize| BOUNDS.get(at).copied().unwrap_or(i64::MAX);
    (bound(place), bound(place + 1))
}
