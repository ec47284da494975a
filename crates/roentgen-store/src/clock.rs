//! The one door to time and randomness: real in the binary, manual and seeded in tests.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use roentgen_model::UnixNanos;

#[cfg(test)]
mod tests;

/// Wall-clock time. May step backwards; what must not, goes through
/// [`crate::wal::StampSource`].
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> UnixNanos;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door that time comes through"
    )]
    fn now(&self) -> UnixNanos {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UnixNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(Mutex<UnixNanos>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn new(now: UnixNanos) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves on (or back, if `nanos` is negative).
    pub fn advance_nanos(&self, nanos: i64) {
        let mut now = self.0.lock();
        now.0 = now.0.saturating_add(nanos);
    }

    /// Moves on by whole seconds.
    pub fn advance_secs(&self, secs: i64) {
        self.advance_nanos(secs.saturating_mul(1_000_000_000));
    }

    /// Stands at `now` from here on.
    pub fn set(&self, now: UnixNanos) {
        *self.0.lock() = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixNanos {
        *self.0.lock()
    }
}

/// A source of random numbers that replays when seeded.
#[derive(Debug)]
pub struct Randomness(Mutex<StdRng>);

impl Randomness {
    /// Unpredictable numbers.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door that chance comes through"
    )]
    pub fn from_system() -> Self {
        Self(Mutex::new(StdRng::from_rng(&mut rand::rng())))
    }

    /// The same numbers for the same seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// 128 random bits.
    pub fn next_u128(&self) -> u128 {
        let mut rng = self.0.lock();
        u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())
    }
}
