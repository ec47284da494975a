//! `GetInsightSummaries` (groups-insights.md 3), newest start first.

use bytes::Bytes;
use roentgen_query::insights::{InsightsCursor, InsightsRequest};
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::groups::read_required_group;
use crate::wire::insights::{InsightShape, read_token, refuse_old};
use crate::wire::members::Members;
use crate::wire::ranges::read_range;

/// Insights of one page, at most and unless asked for fewer.
const INSIGHTS_MAX: i64 = 100;
/// Our longest range with strict limits.
const STRICT_HOURS_MAX: i64 = 30 * 24;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetInsightSummariesResult<'a> {
    insight_summaries: Vec<InsightShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let strict = call.api().settings.strict_limits;
    let is_active = read_state(members)?;
    let group = read_required_group(members, &call.api().control)?;
    let range = read_range(members, strict.then_some(STRICT_HOURS_MAX))?;
    refuse_old("StartTime", range.start, call.now)?;
    let insights_max = members
        .optional("MaxResults")
        .map(|m| m.integer(1..=INSIGHTS_MAX));
    let insights_max = insights_max.transpose()?.unwrap_or(INSIGHTS_MAX);
    let binding = Binding::new("GetInsightSummaries")
        .with("Group", &group.id)
        .with("StartTime", &range.start.to_string())
        .with("EndTime", &range.end.to_string())
        .with("State", &format!("{is_active:?}"))
        .with("MaxResults", &insights_max.to_string());
    let after: Option<InsightsCursor> = call.open_token(&binding, read_token(members)?)?;
    let request = InsightsRequest {
        group_id: group.id,
        is_active,
        range,
        after,
        insights_max: usize::try_from(insights_max).unwrap_or(1),
    };
    let page = call.api().insights.list(&request, call.now);
    json(&GetInsightSummariesResult {
        insight_summaries: page
            .insights
            .iter()
            .map(|p| InsightShape::summary(p))
            .collect(),
        next_token: page.next.map(|next| call.seal_token(&binding, &next)),
    })
}

/// `States`: at most one; `None`: insights in both.
fn read_state(members: &Members<'_>) -> Result<Option<bool>, ApiError> {
    let Some(states) = members.optional("States") else {
        return Ok(None);
    };
    let states = states.list(0..=1)?;
    let state = states
        .first()
        .map(|state| state.choice(&["ACTIVE", "CLOSED"]));
    Ok(state.transpose()?.map(|state| state == 0))
}
