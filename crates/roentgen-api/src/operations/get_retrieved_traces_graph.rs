//! `GetRetrievedTracesGraph` (api.md "Transaction Search"): the graph of `GetTraceGraph`, with links.

use bytes::Bytes;
use roentgen_model::assembly::facts::LinkReference;
use roentgen_query::retrieval::{GraphLink, RetrievalStatus, links_of, retrieved_graph};
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, GraphRequest, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::retrievals::{find_status, read_retrieval_token};
use crate::wire::services::ServiceShape;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetRetrievedTracesGraphResult<'a> {
    retrieval_status: &'static str,
    services: Vec<RetrievedService<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RetrievedService<'a> {
    service: ServiceShape<'a>,
    links: Vec<GraphLinkShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GraphLinkShape {
    reference_type: &'static str,
    source_trace_id: String,
    destination_trace_ids: Vec<String>,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let token = read_retrieval_token(members)?;
    let next_token = members.next_token()?;
    let scope = call.principal.scope.clone();
    let status = find_status(&call.api().retrievals, &scope, &token)?;
    let RetrievalStatus::Complete(ids) = &status else {
        return json(&GetRetrievedTracesGraphResult {
            retrieval_status: status.as_str(),
            services: Vec::new(),
            next_token: None,
        });
    };
    let request = GraphRequest {
        binding: Binding::new("GetRetrievedTracesGraph").with("RetrievalToken", &token),
        token: next_token,
    };
    let (ids, retrieval_status, scopes) = (ids.clone(), status.as_str(), [scope]);
    call.read(move |call, reader, control| {
        let compute = || retrieved_graph(reader, &scopes, &ids, control);
        let mut links = None;
        let compute_graph = || {
            let computed = compute()?;
            links = Some(computed.links);
            Ok(computed.graph)
        };
        let (page, next_token) = call.graph_page(request, compute_graph)?;
        // Of a graph held for its token the links are read again; they are found by node.
        let links = links.map_or_else(|| compute().map(|computed| computed.links), Ok)?;
        let services = page.services().map(|service| RetrievedService {
            service: ServiceShape::new(service),
            links: links_of(&links, service).iter().map(link_shape).collect(),
        });
        json(&GetRetrievedTracesGraphResult {
            retrieval_status,
            services: services.collect(),
            next_token,
        })
    })
    .await
}

fn link_shape(link: &GraphLink) -> GraphLinkShape {
    let GraphLink {
        reference,
        source,
        destinations,
    } = link;
    GraphLinkShape {
        reference_type: match reference {
            LinkReference::Parent => "parent",
            LinkReference::Child => "child",
        },
        source_trace_id: source.to_string(),
        destination_trace_ids: destinations.iter().map(ToString::to_string).collect(),
    }
}
