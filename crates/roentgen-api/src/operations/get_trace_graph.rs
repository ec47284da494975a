//! `GetTraceGraph` (service-graph.md 6).

use bytes::Bytes;
use roentgen_query::service_graph::trace_graph;
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, GraphRequest, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::services::ServiceShape;
use crate::wire::trace_ids::read_trace_ids;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetTraceGraphResult<'a> {
    services: Vec<ServiceShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let ids = read_trace_ids(members, call.api().settings.strict_limits)?;
    let binding = ids
        .iter()
        .fold(Binding::new("GetTraceGraph"), |binding, id| {
            binding.with("TraceId", &id.to_string())
        });
    let request = GraphRequest {
        binding,
        token: members.next_token()?,
    };
    let scopes = vec![call.principal.scope.clone()];
    call.read(move |call, reader, control| {
        let compute = || trace_graph(reader, &scopes, &ids, control);
        let (page, next_token) = call.graph_page(request, compute)?;
        json(&GetTraceGraphResult {
            services: page.services().map(ServiceShape::new).collect(),
            next_token,
        })
    })
    .await
}
