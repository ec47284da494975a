//! What clients report and what they are answered (spec sampling.md 4, 5, 7): in memory, written down
//! at most once in ten seconds (SAMP-1).

use std::collections::{BTreeMap, HashMap};

use roentgen_model::UnixNanos;
use roentgen_model::sampling::quota::{QUOTA_TTL_SECS, REPORT_INTERVAL_SECS, Reservoir};

use crate::sampling_rules::SamplingRuleRecord;

/// Length of a statistics window.
pub const WINDOW_SECS: i64 = 10;
/// How far back statistics windows are kept (sampling.md 7, our choice).
pub const WINDOWS_KEPT_SECS: i64 = 600;
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

/// The answer to one report.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingTarget {
    pub rule_name: String,
    pub fixed_rate: f64,
    /// Traces per second.
    pub reservoir_quota: u32,
    pub reservoir_quota_ttl: UnixNanos,
    pub interval_secs: i64,
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

/// Reservoirs and windows of one scope.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    pub(crate) reservoirs: HashMap<String, Reservoir>,
    /// By (window start in epoch seconds, rule).
    pub(crate) windows: BTreeMap<(i64, String), Counts>,
    pub(crate) changed: bool,
}

impl Targets {
    /// Answers a batch; two reports of one (rule, client) count together and get one answer.
    pub(crate) fn answer(
        &mut self,
        rules: &[SamplingRuleRecord],
        reports: Vec<StatisticsReport>,
        now: UnixNanos,
    ) -> SamplingTargets {
        let mut answer = SamplingTargets::default();
        for report in joined(reports) {
            let rule = rules.iter().find(|r| r.rule.name == report.rule_name);
            let skew = (report.timestamp.secs() - now.secs()).abs();
            let refusal = match rule {
                None => Some(("404", "no such sampling rule".to_owned())),
                Some(_) if skew > CLOCK_SKEW_SECS_MAX => Some((
                    "400",
                    format!(
                        "Timestamp is {skew} s off the server's clock, more than {CLOCK_SKEW_SECS_MAX} s"
                    ),
                )),
                Some(_) => None,
            };
            if let Some((error_code, message)) = refusal {
                let rule_name = report.rule_name;
                answer.unprocessed.push(UnprocessedReport {
                    rule_name,
                    error_code,
                    message,
                });
                continue;
            }
            let Some(rule) = rule else { continue };
            answer.targets.push(self.target(rule, report, now));
        }
        self.forget_old_windows(now);
        answer
    }

    fn target(
        &mut self,
        record: &SamplingRuleRecord,
        report: StatisticsReport,
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
        SamplingTarget {
            reservoir_quota: reservoir.report(
                &rule_name,
                size,
                &client_id,
                report.request_count,
                now,
            ),
            rule_name,
            fixed_rate: record.rule.fixed_rate,
            reservoir_quota_ttl: UnixNanos::from_secs(now.secs() + QUOTA_TTL_SECS),
            interval_secs: REPORT_INTERVAL_SECS,
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
