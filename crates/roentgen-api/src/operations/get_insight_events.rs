//! `GetInsightEvents` (groups-insights.md 5), newest first.

use bytes::Bytes;
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::insights::{InsightEventShape, read_insight_id, read_token};
use crate::wire::members::Members;

/// Events of one page, at most and unless asked for fewer.
const EVENTS_MAX: i64 = 50;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetInsightEventsResult<'a> {
    insight_events: Vec<InsightEventShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let id = read_insight_id(members)?;
    let events_max = members
        .optional("MaxResults")
        .map(|m| m.integer(1..=EVENTS_MAX));
    let events_max = usize::try_from(events_max.transpose()?.unwrap_or(EVENTS_MAX)).unwrap_or(1);
    let binding = Binding::new("GetInsightEvents")
        .with("InsightId", &id.to_string())
        .with("MaxResults", &events_max.to_string());
    // The time of the last event of the page before: events that came since are not seen.
    let before: Option<i64> = call.open_token(&binding, read_token(members)?)?;
    let published = call.insight(id)?;
    let older = published.events.iter().rev();
    let mut older = older.filter(|event| before.is_none_or(|before| event.time.0 < before));
    let page: Vec<_> = older.by_ref().take(events_max).collect();
    let last = page.last().filter(|_| older.next().is_some());
    json(&GetInsightEventsResult {
        next_token: last.map(|last| call.seal_token(&binding, &last.time.0)),
        insight_events: page.into_iter().map(InsightEventShape::new).collect(),
    })
}
