//! `GetInsightImpactGraph` (groups-insights.md 5).

use bytes::Bytes;
use roentgen_query::insights::impact::{impact_graph, span};
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, GraphRequest, json};
use crate::error::ApiError;
use crate::wire::insights::{ImpactGraphServiceShape, read_insight_id, read_token, refuse_old};
use crate::wire::members::Members;
use crate::wire::numbers::Time;
use crate::wire::ranges::read_range;

/// AWS's longest range, with strict limits only.
const STRICT_HOURS_MAX: i64 = 6;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetInsightImpactGraphResult<'a> {
    insight_id: String,
    start_time: Time,
    end_time: Time,
    service_graph_start_time: Time,
    service_graph_end_time: Time,
    services: Vec<ImpactGraphServiceShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let strict = call.api().settings.strict_limits;
    let id = read_insight_id(members)?;
    let range = read_range(members, strict.then_some(STRICT_HOURS_MAX))?;
    refuse_old("StartTime", range.start, call.now)?;
    let binding = Binding::new("GetInsightImpactGraph")
        .with("InsightId", &id.to_string())
        .with("StartTime", &range.start.to_string())
        .with("EndTime", &range.end.to_string());
    let request = GraphRequest {
        binding,
        token: read_token(members)?,
    };
    let insight = call.insight(id)?;
    let scope = call.principal.scope.clone();
    call.read(move |call, reader, control| {
        let compute = || impact_graph(reader, &scope, &insight, &range, control);
        let (page, next_token) = call.graph_page(request, compute)?;
        // Without data the range itself (our choice).
        let (start, end) = span(page.whole()).unwrap_or((range.start, range.end));
        json(&GetInsightImpactGraphResult {
            insight_id: id.to_string(),
            start_time: Time(range.start),
            end_time: Time(range.end),
            service_graph_start_time: Time(start),
            service_graph_end_time: Time(end),
            services: page.services().map(ImpactGraphServiceShape::new).collect(),
            next_token,
        })
    })
    .await
}
