//! Raising a rule's rate for a minute when anomalies are seen and too few are sampled (spec sampling.md
//! 6, "Computation", our method).

use std::collections::VecDeque;

use crate::time::UnixNanos;

#[cfg(test)]
mod tests;

/// Reports of so long decide (sampling.md 6).
const WINDOW_SECS: i64 = 20;
/// How long a boost lasts (documented: up to one minute).
pub const BOOST_SECS: i64 = 60;

/// Traces with anomalies since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anomalies {
    pub seen: u64,
    pub sampled: u64,
}

/// A higher rate than the rule's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingBoost {
    /// Above the rule's rate, up to 1.
    pub rate: f64,
    pub start: UnixNanos,
}

/// What a boost has to keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoostLimits {
    /// The rule's own rate.
    pub fixed_rate: f64,
    pub max_rate: f64,
    /// From the start of a boost to the earliest start of the next.
    pub cooldown_window_minutes: u32,
    /// Traces with anomalies that should be sampled.
    pub anomalies_per_minute: f64,
}

/// What is known of one rule's anomalies and boosts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boosts {
    /// By second of arrival, oldest first, no more than [`WINDOW_SECS`] of them: reports of clients
    /// whose clocks are off count alike.
    reports: VecDeque<(i64, Anomalies)>,
    last: Option<SamplingBoost>,
}

impl SamplingBoost {
    /// Until when it is valid.
    #[must_use]
    pub const fn end(&self) -> UnixNanos {
        UnixNanos(self.start.0.saturating_add(BOOST_SECS * 1_000_000_000))
    }
}

impl Boosts {
    /// Takes a report of one service.
    pub fn report(&mut self, anomalies: Anomalies, now: UnixNanos) {
        let second = now.secs();
        self.forget(second);
        let Anomalies { seen, sampled } = anomalies;
        if let Some((_, known)) = self.reports.back_mut().filter(|(at, _)| *at >= second) {
            known.seen = known.seen.saturating_add(seen);
            known.sampled = known.sampled.saturating_add(sampled);
        } else {
            self.reports.push_back((second, anomalies));
        }
    }

    /// The boost to answer now: the one that is on, or one that begins now if too few anomalies are
    /// sampled and the last began long enough ago. `MaxRate` at or below the rule's rate ends it.
    pub fn boost(&mut self, limits: &BoostLimits, now: UnixNanos) -> Option<SamplingBoost> {
        let BoostLimits {
            fixed_rate,
            max_rate,
            cooldown_window_minutes,
            anomalies_per_minute,
        } = *limits;
        if max_rate <= fixed_rate {
            return None;
        }
        if let Some(last) = self.last {
            if now < last.end() {
                return Some(last);
            }
            let cooldown_secs = i64::from(cooldown_window_minutes) * 60;
            if now.nanos_since(last.start) < cooldown_secs * 1_000_000_000 {
                return None;
            }
        }
        self.forget(now.secs());
        let Anomalies { seen, sampled } = self.sum();
        let target = anomalies_per_minute * WINDOW_SECS as f64 / 60.0;
        if seen == 0 || sampled as f64 >= target {
            return None;
        }
        let rate = (target / seen as f64).max(fixed_rate).min(max_rate);
        if rate <= fixed_rate {
            return None;
        }
        let boost = SamplingBoost { rate, start: now };
        self.last = Some(boost);
        Some(boost)
    }

    /// The latest boost, on or over, for writing down (SAMP-1).
    #[must_use]
    pub const fn last(&self) -> Option<SamplingBoost> {
        self.last
    }

    /// Takes back what was written down, so that its cooldown goes on (SAMP-1).
    pub fn restore(&mut self, last: SamplingBoost) {
        self.last = Some(last);
    }

    fn sum(&self) -> Anomalies {
        let add = |sum: Anomalies, (_, one): &(i64, Anomalies)| Anomalies {
            seen: sum.seen.saturating_add(one.seen),
            sampled: sum.sampled.saturating_add(one.sampled),
        };
        self.reports.iter().fold(Anomalies::default(), add)
    }

    fn forget(&mut self, second: i64) {
        self.reports.retain(|(at, _)| *at > second - WINDOW_SECS);
    }
}
