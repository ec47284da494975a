//! LOG-3: stamps, the order of arrival.

use std::sync::atomic::{AtomicI64, Ordering};

use roentgen_model::{Stamp, UnixNanos};

/// Gives out stamps: the clock's nanoseconds, but always greater than every stamp given before, also
/// when the clock steps back and (raised to the last stamps of log and catalog) after a restart.
#[derive(Debug)]
pub struct StampSource {
    last: AtomicI64,
}

impl StampSource {
    /// A source whose stamps are all greater than `last`: the greater of `ReplayReport::last_stamp`
    /// and the catalog's last stamp.
    #[must_use]
    pub fn after(last: Stamp) -> Self {
        Self {
            last: AtomicI64::new(last.0),
        }
    }

    /// Takes `count` stamps in a row and returns the first; `count` 0 counts as 1.
    ///
    /// Saturates at the end of the range (the year 2262), where stamps would no longer increase.
    #[must_use]
    pub fn reserve(&self, now: UnixNanos, count: usize) -> Stamp {
        let more = i64::try_from(count.max(1) - 1).unwrap_or(i64::MAX);
        let first = |last: i64| now.0.max(last.saturating_add(1));
        let update = |last: i64| Some(first(last).saturating_add(more));
        match self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, update)
        {
            Ok(last) | Err(last) => Stamp(first(last)),
        }
    }

    /// Makes all later stamps greater than `stamp`.
    pub fn raise(&self, stamp: Stamp) {
        self.last.fetch_max(stamp.0, Ordering::Relaxed);
    }

    /// The last stamp given.
    #[must_use]
    pub fn last(&self) -> Stamp {
        Stamp(self.last.load(Ordering::Relaxed))
    }
}
