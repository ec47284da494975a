//! `ListRetrievedTraces` (api.md "Transaction Search").

use bytes::Bytes;
use roentgen_model::SegmentId;
use roentgen_query::retrieval::{
    PageBounds, RetrievalStatus, RetrievedPage, RetrievedSpan, RetrievedTrace, SpansOfDocument,
    TakeSpan, TraceCursor, retrieved_page,
};
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::numbers::Seconds;
use crate::wire::retrievals::{find_status, read_retrieval_token};

const FORMATS: [&str; 2] = ["XRAY", "OTEL"];

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListRetrievedTracesResult {
    retrieval_status: &'static str,
    trace_format: &'static str,
    traces: Vec<RetrievedTraceShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RetrievedTraceShape {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<Seconds>,
    spans: Vec<SpanShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SpanShape {
    id: String,
    document: String,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let token = read_retrieval_token(members)?;
    let format = members.optional("TraceFormat");
    let format = format.map_or(Ok(0), |format| format.choice(&FORMATS))?;
    let trace_format = FORMATS.get(format).copied().unwrap_or_default();
    let next_token = members.next_token()?;
    let scope = call.principal.scope.clone();
    let status = find_status(&call.api().retrievals, &scope, &token)?;
    let RetrievalStatus::Complete(ids) = &status else {
        return json(&ListRetrievedTracesResult {
            retrieval_status: status.as_str(),
            trace_format,
            traces: Vec::new(),
            next_token: None,
        });
    };
    let binding = Binding::new("ListRetrievedTraces")
        .with("RetrievalToken", &token)
        .with("TraceFormat", trace_format);
    let cursor: Option<TraceCursor> = call.open_token(&binding, next_token)?;
    let (ids, retrieval_status) = (ids.clone(), status.as_str());
    call.read(move |call, reader, control| {
        let spans: SpansOfDocument<'_> = match trace_format {
            "OTEL" => &|_, document, skip, take| (call.api().otel_spans)(&document, skip, take),
            _ => &segment_as_span,
        };
        let bounds = PageBounds::default();
        let RetrievedPage { traces, next } =
            retrieved_page(reader, &[scope], &ids, cursor, spans, bounds, control)?;
        json(&ListRetrievedTracesResult {
            retrieval_status,
            trace_format,
            traces: traces.into_iter().map(trace_shape).collect(),
            next_token: next.map(|next| call.seal_token(&binding, &next)),
        })
    })
    .await
}

/// Format `XRAY`: one span per entry of `BatchGetTraces`, what is nested stays nested.
fn segment_as_span(id: SegmentId, document: String, skip: usize, take: TakeSpan<'_>) {
    if skip == 0 {
        // It is the only one, so nothing is left to stop.
        let _done = take(RetrievedSpan { id, document });
    }
}

fn trace_shape(trace: RetrievedTrace) -> RetrievedTraceShape {
    let RetrievedTrace {
        trace_id,
        duration_nanos,
        spans,
    } = trace;
    let span = |RetrievedSpan { id, document }| SpanShape {
        id: id.to_string(),
        document,
    };
    RetrievedTraceShape {
        id: trace_id.to_string(),
        duration: duration_nanos.map(|nanos| Seconds { nanos }),
        spans: spans.into_iter().map(span).collect(),
    }
}
