//! What fault rate a node usually has, and which fault counts that lets expect (groups-insights.md 4).

use super::{Counts, PAST_MINUTES, minutes_between};
use crate::time::UnixNanos;

#[cfg(test)]
mod tests;

/// λ is a half to this power: half-life 3 h.
const DECAY_PER_MINUTE: f64 = 1.0 / 180.0;
/// The prior: half a fault in 50 requests.
const PRIOR_FAULTS: f64 = 0.5;
const PRIOR_REQUESTS: f64 = 50.0;
/// Below either a node is learning.
const LEARNED_MINUTES: u32 = 30;
const LEARNED_REQUESTS: f64 = 100.0;
/// Weight of the newest minute in the overdispersion, and the range it is held in.
const OVERDISPERSION_WEIGHT: f64 = 0.05;
const OVERDISPERSION_MIN: f64 = 1.0;
const OVERDISPERSION_MAX: f64 = 10.0;
/// Width of the band in standard deviations.
const BAND_DEVIATIONS: f64 = 3.0;
/// What an anomalous minute has at least: faults, their share, and the multiple of the usual share.
const ANOMALOUS_FAULTS_MIN: u64 = 3;
const ANOMALOUS_SHARE_MIN: f64 = 0.01;
const ANOMALOUS_RATE_FACTOR: f64 = 2.0;
/// The same while learning.
const LEARNING_FAULTS_MIN: u64 = 10;
const LEARNING_SHARE_MIN: f64 = 0.5;

/// The usual fault rate of one node: exponentially weighted sums over its normal minutes, as of the last of
/// them. A normal minute is one with requests, not anomalous, and outside the node's incidents (our reading:
/// minutes until an incident closes, and single anomalous minutes, are not normal).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// F and N of the spec.
    pub faults: f64,
    pub requests: f64,
    /// φ of the spec.
    pub overdispersion: f64,
    /// Normal minutes so far.
    pub minutes: u32,
    /// The minute the sums are as of.
    pub as_of: UnixNanos,
}

/// The fault counts to expect: `ServiceForecastStatistics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    pub fault_count_high: u64,
    pub fault_count_low: u64,
}

impl Baseline {
    /// Nothing known yet.
    #[must_use]
    pub const fn new(minute: UnixNanos) -> Self {
        Self {
            faults: 0.0,
            requests: 0.0,
            overdispersion: OVERDISPERSION_MIN,
            minutes: 0,
            as_of: minute,
        }
    }

    /// The baseline as it stands at a later minute: every minute in between weighs it down by λ, with
    /// requests or without, but for those of an incident ([`Self::skip_to`]). What is older than 24 h is
    /// forgotten.
    #[must_use]
    pub fn at(mut self, minute: UnixNanos) -> Self {
        let age = minutes_between(self.as_of, minute);
        if age > PAST_MINUTES {
            return Self::new(minute);
        }
        let weight = decay(age);
        self.faults *= weight;
        self.requests *= weight;
        self.as_of = minute;
        self
    }

    /// The minutes up to here were an incident's: they neither count nor age the baseline (our choice: else
    /// a long incident would become the usual).
    pub const fn skip_to(&mut self, minute: UnixNanos) {
        self.as_of = minute;
    }

    /// p̂: the usual share of faults.
    #[must_use]
    pub fn rate(&self) -> f64 {
        (self.faults + PRIOR_FAULTS) / (self.requests + PRIOR_REQUESTS)
    }

    /// Too little is known for a band.
    #[must_use]
    pub fn is_learning(&self) -> bool {
        self.minutes < LEARNED_MINUTES || self.requests < LEARNED_REQUESTS
    }

    /// The faults to expect of `total` requests.
    #[must_use]
    pub fn mean(&self, total: u64) -> f64 {
        float(total) * self.rate()
    }

    /// The band for a window with `total` requests.
    #[must_use]
    pub fn band(&self, total: u64) -> Band {
        let mean = self.mean(total);
        let width = BAND_DEVIATIONS * (self.binomial_variance(total) * self.overdispersion).sqrt();
        Band {
            fault_count_high: whole((mean + width + 1.0).ceil()),
            fault_count_low: whole((mean - width).floor()),
        }
    }

    /// Whether these counts of one minute are out of the ordinary.
    #[must_use]
    pub fn is_anomalous(&self, counts: Counts) -> bool {
        let Counts { total, faults, .. } = counts;
        if total == 0 {
            return false;
        }
        let share = float(faults) / float(total);
        if self.is_learning() {
            return share >= LEARNING_SHARE_MIN && faults >= LEARNING_FAULTS_MIN;
        }
        faults > self.band(total).fault_count_high
            && faults >= ANOMALOUS_FAULTS_MIN
            && share >= ANOMALOUS_RATE_FACTOR * self.rate()
            && share >= ANOMALOUS_SHARE_MIN
    }

    /// Takes a normal minute in; `self` stands at that minute already.
    pub fn add(&mut self, counts: Counts) {
        let Counts { total, faults, .. } = counts;
        let excess = float(faults) - self.mean(total);
        let surprise = excess * excess / self.binomial_variance(total).max(f64::MIN_POSITIVE);
        let kept = (1.0 - OVERDISPERSION_WEIGHT) * self.overdispersion;
        self.overdispersion = OVERDISPERSION_WEIGHT
            .mul_add(surprise, kept)
            .clamp(OVERDISPERSION_MIN, OVERDISPERSION_MAX);
        self.faults += float(faults);
        self.requests += float(total);
        self.minutes = self.minutes.saturating_add(1);
    }

    fn binomial_variance(&self, total: u64) -> f64 {
        let rate = self.rate();
        float(total) * rate * (1.0 - rate)
    }
}

fn decay(minutes: i64) -> f64 {
    let minutes = i32::try_from(minutes.max(0)).unwrap_or(i32::MAX);
    0.5_f64.powf(DECAY_PER_MINUTE * f64::from(minutes))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a minute are far below 2^53"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and the cast saturates"
)]
const fn whole(count: f64) -> u64 {
    count.max(0.0) as u64
}
