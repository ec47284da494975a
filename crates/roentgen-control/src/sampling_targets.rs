//! What clients report and what they are answered (spec sampling.md 4, 5, 7): in memory, written down
//! at most once in ten seconds (SAMP-1).

use std::collections::{BTreeMap, HashMap};

use roentgen_model::UnixNanos;
use roentgen_model::sampling::boost::{Anomalies, BoostLimits, Boosts, SamplingBoost};
use roentgen_model::sampling::quota::{QUOTA_TTL_SECS, Reservoir};

use crate::sampling_rules::SamplingRuleRecord;
use crate::{Control, ControlError};

mod stored;
#[cfg(test)]
mod tests;

pub(crate) use stored::load;

/// Length of a statistics window.
pub const WINDOW_SECS: i64 = 10;
/// How far back statistics windows are kept (sampling.md 7, our choice).
pub const WINDOWS_KEPT_SECS: i64 = 600;
/// Traces of anomalies a minute that a boost aims at unless configured (sampling.md 6, our choice).
pub const BOOST_ANOMALIES_PER_MINUTE: f64 = 10.0;
/// How far a report's clock may be off (sampling.md 5, our choice).
const CLOCK_SKEW_SECS_MAX: i64 = 300;

/// One rule's counts since a client's last report.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsReport {
    pub rule_name: String,
    pub client_id: String,
    pub timestamp: UnixNanos,
    pub request_count: u64,
    pub sampled_count: u64,
    pub borrow_count: u64,
}

/// What one service has seen of anomalies under a rule since its last report.
#[derive(Clone, Debug, PartialEq)]
pub struct BoostReport {
    pub rule_name: String,
    pub timestamp: UnixNanos,
    pub anomaly_count: u64,
    pub sampled_anomaly_count: u64,
}

/// The answer to one report.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingTarget {
    pub rule_name: String,
    pub fixed_rate: f64,
    /// Traces per second.
    pub reservoir_quota: u32,
    pub reservoir_quota_ttl: UnixNanos,
    pub interval_secs: i64,
    /// A higher rate for a while, if the rule is boosted.
    pub boost: Option<SamplingBoost>,
}

/// A report that cannot be used; the code is HTTP-like because clients look at its first digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnprocessedReport {
    pub rule_name: String,
    pub error_code: &'static str,
    pub message: String,
}

/// The answer to a batch of reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SamplingTargets {
    pub targets: Vec<SamplingTarget>,
    pub unprocessed: Vec<UnprocessedReport>,
    pub unprocessed_boosts: Vec<UnprocessedReport>,
    /// Latest creation, update or deletion of any rule.
    pub last_rule_modification: UnixNanos,
}

/// Counts of one rule in one 10-second window, all clients together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatisticsWindow {
    pub rule_name: String,
    pub start: UnixNanos,
    pub request_count: u64,
    pub sampled_count: u64,
    pub borrow_count: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) sampled: u64,
    pub(crate) borrowed: u64,
}

/// Reservoirs, boosts and windows of one scope.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    pub(crate) reservoirs: HashMap<String, Reservoir>,
    pub(crate) boosts: HashMap<String, Boosts>,
    /// By (window start in epoch seconds, rule).
    pub(crate) windows: BTreeMap<(i64, String), Counts>,
    pub(crate) changed: bool,
}

impl Targets {
    /// Answers a batch; two reports of one (rule, client) count together and get one answer. Reports of
    /// anomalies come first, so that a boost they cause is in the answer.
    pub(crate) fn answer(
        &mut self,
        rules: &[SamplingRuleRecord],
        reports: Vec<StatisticsReport>,
        anomalies: Vec<BoostReport>,
        boost_anomalies_per_minute: f64,
        now: UnixNanos,
    ) -> SamplingTargets {
        let mut answer = SamplingTargets::default();
        for report in anomalies {
            match rule_of(rules, &report.rule_name, report.timestamp, now).and_then(boostable) {
                Ok(_) => self.take_anomalies(report, now),
                Err(refusal) => {
                    let refusal = refusal.of(report.rule_name);
                    answer.unprocessed_boosts.push(refusal);
                }
            }
        }
        for report in joined(reports) {
            match rule_of(rules, &report.rule_name, report.timestamp, now) {
                Ok(rule) => {
                    let boost = self.boost(rule, boost_anomalies_per_minute, now);
                    let target = self.target(rule, report, boost, now);
                    answer.targets.push(target);
                }
                Err(refusal) => answer.unprocessed.push(refusal.of(report.rule_name)),
            }
        }
        self.forget_old_windows(now);
        answer
    }

    fn take_anomalies(&mut self, report: BoostReport, now: UnixNanos) {
        let BoostReport {
            rule_name,
            timestamp: _,
            anomaly_count,
            sampled_anomaly_count,
        } = report;
        let anomalies = Anomalies {
            seen: anomaly_count,
            sampled: sampled_anomaly_count,
        };
        self.boosts
            .entry(rule_name)
            .or_default()
            .report(anomalies, now);
    }

    fn boost(
        &mut self,
        record: &SamplingRuleRecord,
        anomalies_per_minute: f64,
        now: UnixNanos,
    ) -> Option<SamplingBoost> {
        let configured = record.rule.boost?;
        let boosts = self.boosts.get_mut(&record.rule.name)?;
        let limits = BoostLimits {
            fixed_rate: record.rule.fixed_rate,
            max_rate: configured.max_rate,
            cooldown_window_minutes: configured.cooldown_window_minutes,
            anomalies_per_minute,
        };
        let boost = boosts.boost(&limits, now);
        self.changed |= boost.is_some();
        boost
    }

    /// What a rule's clients were told is void once it is deleted.
    pub(crate) fn forget_rule(&mut self, name: &str) {
        self.reservoirs.remove(name);
        self.boosts.remove(name);
        self.changed = true;
    }

    fn target(
        &mut self,
        record: &SamplingRuleRecord,
        report: StatisticsReport,
        boost: Option<SamplingBoost>,
        now: UnixNanos,
    ) -> SamplingTarget {
        let StatisticsReport {
            rule_name,
            client_id,
            timestamp,
            ..
        } = report;
        let start = timestamp.secs().div_euclid(WINDOW_SECS) * WINDOW_SECS;
        let counts = self.windows.entry((start, rule_name.clone())).or_default();
        counts.requests += report.request_count;
        counts.sampled += report.sampled_count;
        counts.borrowed += report.borrow_count;
        self.changed = true;
        let size = record.rule.reservoir_size;
        let reservoir = self.reservoirs.entry(rule_name.clone()).or_default();
        let quota = reservoir.report(&rule_name, size, &client_id, report.request_count, now);
        SamplingTarget {
            reservoir_quota: quota,
            rule_name,
            fixed_rate: record.rule.fixed_rate,
            reservoir_quota_ttl: UnixNanos::from_secs(now.secs() + QUOTA_TTL_SECS),
            interval_secs: reservoir.interval_secs(),
            boost,
        }
    }

    /// The windows of the last ten minutes, newest first, rules by name.
    pub(crate) fn windows(&self, now: UnixNanos) -> Vec<StatisticsWindow> {
        let oldest = now.secs() - WINDOWS_KEPT_SECS;
        let mut windows: Vec<_> = (self.windows.iter())
            .filter(|((start, _), _)| *start >= oldest)
            .map(|((start, rule), counts)| StatisticsWindow {
                rule_name: rule.clone(),
                start: UnixNanos::from_secs(*start),
                request_count: counts.requests,
                sampled_count: counts.sampled,
                borrow_count: counts.borrowed,
            })
            .collect();
        windows.sort_by(|a, b| {
            b.start
                .cmp(&a.start)
                .then_with(|| a.rule_name.cmp(&b.rule_name))
        });
        windows
    }

    fn forget_old_windows(&mut self, now: UnixNanos) {
        let oldest = now.secs() - WINDOWS_KEPT_SECS - CLOCK_SKEW_SECS_MAX;
        self.windows.retain(|(start, _), _| *start >= oldest);
    }
}

/// Why a report cannot be used: an HTTP-like code and a message.
struct Refusal(&'static str, String);

impl Refusal {
    fn of(self, rule_name: String) -> UnprocessedReport {
        let Self(error_code, message) = self;
        UnprocessedReport {
            rule_name,
            error_code,
            message,
        }
    }
}

/// The rule that a report is about, if the report can be used.
fn rule_of<'r>(
    rules: &'r [SamplingRuleRecord],
    name: &str,
    timestamp: UnixNanos,
    now: UnixNanos,
) -> Result<&'r SamplingRuleRecord, Refusal> {
    let found = rules.iter().find(|record| record.rule.name == name);
    let record = found.ok_or_else(|| Refusal("404", "no such sampling rule".to_owned()))?;
    let skew = timestamp.secs().saturating_sub(now.secs()).saturating_abs();
    if skew > CLOCK_SKEW_SECS_MAX {
        return Err(Refusal(
            "400",
            format!(
                "Timestamp is {skew} s off the server's clock, more than {CLOCK_SKEW_SECS_MAX} s"
            ),
        ));
    }
    Ok(record)
}

fn boostable(record: &SamplingRuleRecord) -> Result<&SamplingRuleRecord, Refusal> {
    if record.rule.boost.is_some() {
        return Ok(record);
    }
    Err(Refusal(
        "400",
        "the rule has no SamplingRateBoost".to_owned(),
    ))
}

fn joined(reports: Vec<StatisticsReport>) -> Vec<StatisticsReport> {
    let mut joined: Vec<StatisticsReport> = Vec::with_capacity(reports.len());
    for report in reports {
        let same = |r: &&mut StatisticsReport| {
            r.rule_name == report.rule_name && r.client_id == report.client_id
        };
        match joined.iter_mut().find(same) {
            Some(known) => {
                known.request_count = known.request_count.saturating_add(report.request_count);
                known.sampled_count = known.sampled_count.saturating_add(report.sampled_count);
                known.borrow_count = known.borrow_count.saturating_add(report.borrow_count);
                known.timestamp = known.timestamp.max(report.timestamp);
            }
            None => joined.push(report),
        }
    }
    joined
}

impl Control {
    /// Takes clients' reports and answers their targets (sampling.md 5 and 6).
    #[must_use]
    pub fn sampling_targets(
        &self,
        reports: Vec<StatisticsReport>,
        anomalies: Vec<BoostReport>,
        now: UnixNanos,
    ) -> SamplingTargets {
        let rules = self.rules.read().clone();
        let aim = self.settings.boost_anomalies_per_minute;
        let mut targets = self.targets.lock();
        let answer = targets.answer(&rules.records, reports, anomalies, aim, now);
        SamplingTargets {
            last_rule_modification: rules.last_modification,
            ..answer
        }
    }

    /// Statistics of the last ten minutes, newest first (sampling.md 7).
    #[must_use]
    pub fn statistics_windows(&self, now: UnixNanos) -> Vec<StatisticsWindow> {
        self.targets.lock().windows(now)
    }

    /// Writes quotas, boosts and statistics if they changed; to be called every ten seconds and at the
    /// end (SAMP-1).
    ///
    /// # Errors
    /// [`ControlError::Storage`]; nothing is lost from memory, the next call tries again.
    pub async fn write_statistics(&self) -> Result<(), ControlError> {
        let changed = {
            let mut targets = self.targets.lock();
            std::mem::take(&mut targets.changed).then(|| stored::Rows::of(&targets))
        };
        let Some(rows) = changed else {
            return Ok(());
        };
        let written = stored::write(&self.pool, self.scope(), rows).await;
        if written.is_err() {
            self.targets.lock().changed = true;
        }
        written
    }
}
