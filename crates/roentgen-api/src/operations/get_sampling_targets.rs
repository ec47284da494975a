//! `GetSamplingTargets` (sampling.md 5, 6; sdk.md 3.5): clients report counts and get their quotas.
//!
//! What breaks the model's constraints fails the call; a well-formed report that cannot be used fails
//! alone. Boosts are not given yet: reports of anomalies are checked and have no effect.

use bytes::Bytes;
use roentgen_control::sampling_targets::{SamplingTarget, StatisticsReport, UnprocessedReport};
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::{Member, Members};
use crate::wire::numbers::Time;

/// Reports of one call, each kind (limits.md).
const REPORTS_MAX: usize = 25;
/// The model's integers have 32 bits.
const INTEGER_MAX: i64 = i32::MAX as i64;

/// All members are always there: several SDKs fail without (sdk.md 3.5).
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetSamplingTargetsResult {
    sampling_target_documents: Vec<SamplingTargetDocument>,
    last_rule_modification: Time,
    unprocessed_statistics: Vec<UnprocessedStatistics>,
    unprocessed_boost_statistics: Vec<UnprocessedStatistics>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SamplingTargetDocument {
    rule_name: String,
    fixed_rate: f64,
    reservoir_quota: u32,
    #[serde(rename = "ReservoirQuotaTTL")]
    reservoir_quota_ttl: Time,
    interval: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnprocessedStatistics {
    rule_name: String,
    error_code: &'static str,
    message: String,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let list = members
        .required("SamplingStatisticsDocuments")?
        .list(0..=REPORTS_MAX)?;
    let reports = list.iter().map(read_report).collect::<Result<_, _>>()?;
    let boosts = match members.optional("SamplingBoostStatisticsDocuments") {
        Some(member) => member.list(0..=REPORTS_MAX)?,
        None => Vec::new(),
    };
    let boosted = boosts
        .iter()
        .map(read_boost_report)
        .collect::<Result<Vec<_>, _>>()?;
    let unprocessed_boosts = boosted
        .into_iter()
        .filter_map(|rule| refuse_boost(call, rule));
    let unprocessed_boost_statistics = unprocessed_boosts.collect();
    let answer = call.api().control.sampling_targets(reports, call.now);
    json(&GetSamplingTargetsResult {
        sampling_target_documents: answer.targets.into_iter().map(target).collect(),
        last_rule_modification: Time(answer.last_rule_modification),
        unprocessed_statistics: answer.unprocessed.into_iter().map(unprocessed).collect(),
        unprocessed_boost_statistics,
    })
}

fn read_report(item: &Member<'_>) -> Result<StatisticsReport, ApiError> {
    let item = item.object()?;
    // `SampleCount` stands for it in reports of a client that misspells it (sampling.md 4).
    let sampled = item
        .optional("SampledCount")
        .or_else(|| item.optional("SampleCount"));
    Ok(StatisticsReport {
        rule_name: item.required("RuleName")?.text(1..=32)?,
        client_id: item.required("ClientID")?.text(24..=24)?,
        timestamp: item.required("Timestamp")?.time_or_millis()?,
        request_count: count(&item.required("RequestCount")?)?,
        sampled_count: sampled.map_or(Ok(0), |m| count(&m))?,
        borrow_count: item.optional("BorrowCount").map_or(Ok(0), |m| count(&m))?,
    })
}

/// The name of the rule, once the report is found well-formed.
fn read_boost_report(item: &Member<'_>) -> Result<String, ApiError> {
    let item = item.object()?;
    item.required("ServiceName")?.text(0..=64)?;
    item.required("Timestamp")?.time()?;
    for name in ["AnomalyCount", "TotalCount", "SampledAnomalyCount"] {
        count(&item.required(name)?)?;
    }
    item.required("RuleName")?.text(1..=32)
}

fn refuse_boost(call: &Call, rule_name: String) -> Option<UnprocessedStatistics> {
    let rules = call.api().control.sampling_rules();
    let (error_code, message) = match rules.iter().find(|r| r.rule.name == rule_name) {
        None => ("404", "no such sampling rule"),
        Some(record) if record.rule.boost.is_none() => ("400", "the rule has no SamplingRateBoost"),
        Some(_) => return None,
    };
    Some(UnprocessedStatistics {
        rule_name,
        error_code,
        message: message.to_owned(),
    })
}

fn target(target: SamplingTarget) -> SamplingTargetDocument {
    let SamplingTarget {
        rule_name,
        fixed_rate,
        reservoir_quota,
        reservoir_quota_ttl,
        interval_secs,
    } = target;
    SamplingTargetDocument {
        rule_name,
        fixed_rate,
        reservoir_quota,
        reservoir_quota_ttl: Time(reservoir_quota_ttl),
        interval: interval_secs,
    }
}

fn unprocessed(report: UnprocessedReport) -> UnprocessedStatistics {
    let UnprocessedReport {
        rule_name,
        error_code,
        message,
    } = report;
    UnprocessedStatistics {
        rule_name,
        error_code,
        message,
    }
}

fn count(member: &Member<'_>) -> Result<u64, ApiError> {
    let value = member.integer(0..=INTEGER_MAX)?;
    Ok(u64::try_from(value).expect("the range above is positive"))
}
