//! `BatchGetTraces` (api.md "Traces and graphs", segments.md 8).

use bytes::Bytes;
use roentgen_query::fetch::{FetchedTrace, PAGE_BYTES_MAX, trace_page};
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::numbers::Seconds;
use crate::wire::trace_ids::read_trace_ids;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BatchGetTracesResult {
    traces: Vec<Trace>,
    unprocessed_trace_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Trace {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<Seconds>,
    limit_exceeded: bool,
    segments: Vec<Segment>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Segment {
    id: String,
    document: String,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let ids = read_trace_ids(members, call.api().settings.strict_limits)?;
    let binding = ids
        .iter()
        .fold(Binding::new("BatchGetTraces"), |binding, id| {
            binding.with("TraceId", &id.to_string())
        });
    let from: Option<usize> = call.open_token(&binding, members.next_token()?)?;
    let scopes = vec![call.principal.scope.clone()];
    let from = from.unwrap_or(0);
    call.read(move |call, reader, control| {
        let page = trace_page(reader, &scopes, &ids, from, PAGE_BYTES_MAX, control)?;
        json(&BatchGetTracesResult {
            traces: page.traces.into_iter().map(trace).collect(),
            unprocessed_trace_ids: page.unknown.iter().map(ToString::to_string).collect(),
            next_token: page.next.map(|next| call.seal_token(&binding, &next)),
        })
    })
    .await
}

pub(crate) fn trace(trace: FetchedTrace) -> Trace {
    let FetchedTrace {
        trace_id,
        compiled,
        limit_exceeded,
    } = trace;
    let segment = |(id, document): (roentgen_model::SegmentId, String)| Segment {
        id: id.to_string(),
        document,
    };
    Trace {
        id: trace_id.to_string(),
        duration: compiled.duration_nanos.map(|nanos| Seconds { nanos }),
        limit_exceeded,
        segments: compiled.segments.into_iter().map(segment).collect(),
    }
}
