//! `GetSamplingTargets` (sampling.md 5, 6; sdk.md 3.5): clients report counts and get their quotas.
//!
//! What breaks the model's constraints fails the call; a well-formed report that cannot be used fails
//! alone.

use bytes::Bytes;
use roentgen_control::sampling_targets::{
    BoostReport, SamplingTarget, StatisticsReport, UnprocessedReport,
};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    sampling_boost: Option<SamplingBoostShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SamplingBoostShape {
    boost_rate: f64,
    #[serde(rename = "BoostRateTTL")]
    boost_rate_ttl: Time,
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
    let anomalies = boosts.iter().map(read_boost_report);
    let anomalies = anomalies.collect::<Result<_, _>>()?;
    let control = &call.api().control;
    let answer = control.sampling_targets(reports, anomalies, call.now);
    let unprocessed_boosts = answer.unprocessed_boosts.into_iter();
    json(&GetSamplingTargetsResult {
        sampling_target_documents: answer.targets.into_iter().map(target).collect(),
        last_rule_modification: Time(answer.last_rule_modification),
        unprocessed_statistics: answer.unprocessed.into_iter().map(unprocessed).collect(),
        unprocessed_boost_statistics: unprocessed_boosts.map(unprocessed).collect(),
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

fn read_boost_report(item: &Member<'_>) -> Result<BoostReport, ApiError> {
    let item = item.object()?;
    item.required("ServiceName")?.text(0..=64)?;
    count(&item.required("TotalCount")?)?;
    Ok(BoostReport {
        rule_name: item.required("RuleName")?.text(1..=32)?,
        timestamp: item.required("Timestamp")?.time_or_millis()?,
        anomaly_count: count(&item.required("AnomalyCount")?)?,
        sampled_anomaly_count: count(&item.required("SampledAnomalyCount")?)?,
    })
}

fn target(target: SamplingTarget) -> SamplingTargetDocument {
    let SamplingTarget {
        rule_name,
        fixed_rate,
        reservoir_quota,
        reservoir_quota_ttl,
        interval_secs,
        boost,
    } = target;
    SamplingTargetDocument {
        rule_name,
        fixed_rate,
        reservoir_quota,
        reservoir_quota_ttl: Time(reservoir_quota_ttl),
        interval: interval_secs,
        sampling_boost: boost.map(|boost| SamplingBoostShape {
            boost_rate: boost.rate,
            boost_rate_ttl: Time(boost.end()),
        }),
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
