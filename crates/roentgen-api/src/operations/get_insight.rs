//! `GetInsight` (groups-insights.md 3).

use bytes::Bytes;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::insights::{InsightShape, read_insight_id};
use crate::wire::members::Members;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetInsightResult<'a> {
    insight: InsightShape<'a>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let published = call.insight(read_insight_id(members)?)?;
    json(&GetInsightResult {
        insight: InsightShape::new(&published),
    })
}
