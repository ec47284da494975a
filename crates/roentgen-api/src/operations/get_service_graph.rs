//! `GetServiceGraph` (service-graph.md 5).

use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::graph::RowTime;
use roentgen_query::service_graph::service_graph;
use roentgen_query::token::Binding;
use roentgen_store::source::{RowGrain, RowSelector, TotalsRequest};
use serde::Serialize;

use super::{Call, GraphRequest, json};
use crate::error::ApiError;
use crate::wire::groups::{counted, read_group};
use crate::wire::members::Members;
use crate::wire::numbers::Time;
use crate::wire::ranges::read_range;
use crate::wire::services::ServiceShape;

/// AWS's longest range, with strict limits only.
const STRICT_HOURS_MAX: i64 = 6;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetServiceGraphResult<'a> {
    start_time: Time,
    end_time: Time,
    services: Vec<ServiceShape<'a>>,
    contains_old_group_versions: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let strict = call.api().settings.strict_limits;
    let range = read_range(members, strict.then_some(STRICT_HOURS_MAX))?;
    let group = read_group(members, &call.api().control)?;
    let binding = Binding::new("GetServiceGraph")
        .with("StartTime", &range.start.to_string())
        .with("EndTime", &range.end.to_string())
        .with_optional("Group", group.as_ref().map(|group| &*group.id));
    let group = group.and_then(counted);
    let request = GraphRequest {
        binding,
        token: members.next_token()?,
    };
    let totals = TotalsRequest {
        scopes: vec![call.principal.scope.clone()],
        range: range.clone(),
        time: RowTime::Start,
        group_id: group.as_ref().map(|group| Arc::clone(&group.id)),
        selector: RowSelector::All,
        grain: RowGrain::Exact,
    };
    call.read(move |call, reader, control| {
        let compute = || service_graph(reader, &totals, group.as_ref(), control);
        let (page, next_token) = call.graph_page(request, compute)?;
        json(&GetServiceGraphResult {
            start_time: Time(range.start),
            end_time: Time(range.end),
            services: page.services().map(ServiceShape::new).collect(),
            contains_old_group_versions: page.has_old_versions(),
            next_token,
        })
    })
    .await
}
