//! `GetSamplingStatisticSummaries` (sampling.md 7): counts of the last ten minutes, newest first.

use bytes::Bytes;
use roentgen_control::sampling_targets::StatisticsWindow;
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::numbers::Time;

/// Items of one page (our choice).
const PAGE_MAX: usize = 1_000;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetSamplingStatisticSummariesResult {
    sampling_statistic_summaries: Vec<SamplingStatisticSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SamplingStatisticSummary {
    rule_name: String,
    timestamp: Time,
    request_count: u64,
    borrow_count: u64,
    sampled_count: u64,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let binding = Binding::new("GetSamplingStatisticSummaries");
    // The last item of the page before: newer windows that came since are not seen.
    let after: Option<(i64, String)> = call.open_token(&binding, members.next_token()?)?;
    let mut windows = call.api().control.statistics_windows(call.now);
    windows.sort_by(|a, b| {
        b.start
            .cmp(&a.start)
            .then_with(|| a.rule_name.cmp(&b.rule_name))
    });
    if let Some((start, rule_name)) = &after {
        windows.retain(|w| w.start.0 < *start || (w.start.0 == *start && w.rule_name > *rule_name));
    }
    let more = windows.len() > PAGE_MAX;
    windows.truncate(PAGE_MAX);
    let last = windows
        .last()
        .filter(|_| more)
        .map(|w| (w.start.0, w.rule_name.clone()));
    json(&GetSamplingStatisticSummariesResult {
        sampling_statistic_summaries: windows.into_iter().map(summary).collect(),
        next_token: last.map(|last| call.seal_token(&binding, &last)),
    })
}

fn summary(window: StatisticsWindow) -> SamplingStatisticSummary {
    let StatisticsWindow {
        rule_name,
        start,
        request_count,
        sampled_count,
        borrow_count,
    } = window;
    SamplingStatisticSummary {
        rule_name,
        timestamp: Time(start),
        request_count,
        borrow_count,
        sampled_count,
    }
}
