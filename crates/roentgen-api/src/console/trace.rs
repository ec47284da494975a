//! `/api/v1/traces/…`: one trace for the timeline, what the panel of a row shows, and downloads.

use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use roentgen_model::{Scope, SegmentId, TraceId};
use roentgen_query::explore::trace::{TraceEntity, entity, outline};
use roentgen_query::fetch::{FetchedTrace, trace_page};
use roentgen_store::source::{QueryControl, TraceReader};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Ask;
use super::answer::Answer;
use crate::error::{ApiError, ErrorCode};
use crate::operations::batch_get_traces;

mod columns;
mod otlp;

/// A segment with more in it is shown without its subsegments, which the rows tell of anyway.
const MERGED_BYTES_MAX: usize = 200_000;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SegmentResult<'a> {
    merged: &'a RawValue,
    has_subsegments: bool,
    parent_id: Option<String>,
    segment_id: Option<String>,
    documents: Vec<DocumentShape<'a>>,
    links: LinksShape,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentShape<'a> {
    received_unix_nanos: String,
    bytes: usize,
    document: &'a RawValue,
}

/// Not from their other end: nothing indexes links by what they lead to.
#[derive(Debug, Serialize)]
struct LinksShape {
    out: Vec<LinkShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkShape {
    trace_id: String,
    segment_id: String,
}

/// `/traces/{id}`: the rows as columns.
pub(super) async fn rows(mut ask: Ask) -> Result<Answer, ApiError> {
    let (id, gzip) = (ask.trace_id().await?, ask.accepts_gzip());
    let read = ask.call.read(move |call, reader, control| {
        let outline = outline(reader, &call.principal.scope, id, control)?;
        let outline = outline.ok_or_else(|| no_trace(id))?;
        Ok(Answer::json_text(
            columns::print(&outline).into_bytes(),
            gzip,
        ))
    });
    read.await
}

/// `/traces/{id}/segments/{segment}`: one segment or subsegment.
pub(super) async fn segment(mut ask: Ask) -> Result<Answer, ApiError> {
    let (id, gzip) = (ask.trace_id().await?, ask.accepts_gzip());
    let segment = ask.path_part("segment").await?;
    let segment: SegmentId = segment
        .parse()
        .map_err(|error| ApiError::invalid(format!("`segmentId`: {error}")))?;
    let read = ask.call.read(move |call, reader, control| {
        let scope = &call.principal.scope;
        let found = entity(reader, scope, id, segment, MERGED_BYTES_MAX, control)?;
        let found = found.ok_or_else(|| {
            let message = format!("trace `{id}` has no segment `{segment}`");
            ApiError::new(ErrorCode::ResourceNotFound, message)
        })?;
        Answer::json(&segment_result(&found)?, gzip)
    });
    read.await
}

fn segment_result(found: &TraceEntity) -> Result<SegmentResult<'_>, ApiError> {
    let TraceEntity {
        compiled,
        documents,
    } = found;
    let mut shapes = Vec::with_capacity(documents.len());
    for stored in documents {
        let text = std::str::from_utf8(&stored.text).map_err(ApiError::fault)?;
        shapes.push(DocumentShape {
            received_unix_nanos: stored.stamp.0.to_string(),
            bytes: text.len(),
            document: serde_json::from_str(text).map_err(ApiError::fault)?,
        });
    }
    let link = |(trace_id, segment_id): &(TraceId, SegmentId)| LinkShape {
        trace_id: trace_id.to_string(),
        segment_id: segment_id.to_string(),
    };
    Ok(SegmentResult {
        merged: serde_json::from_str(&compiled.document).map_err(ApiError::fault)?,
        has_subsegments: compiled.has_subsegments,
        parent_id: compiled.parent_id.map(|id| id.to_string()),
        segment_id: compiled.segment_id.map(|id| id.to_string()),
        documents: shapes,
        links: LinksShape {
            out: compiled.links.iter().map(link).collect(),
        },
    })
}

/// `/traces/{id}/documents.json`: what `BatchGetTraces` answers for the trace, as a file.
pub(super) async fn documents(mut ask: Ask) -> Result<Answer, ApiError> {
    let (id, gzip) = (ask.trace_id().await?, ask.accepts_gzip());
    let read = ask.call.read(move |call, reader, control| {
        let trace = fetch(call.principal.scope.clone(), id, reader, control)?;
        Answer::json(&batch_get_traces::trace(trace), gzip)
    });
    Ok(download(read.await?, id, "documents"))
}

/// `/traces/{id}/otlp.json`: the spans that retrieval answers, as one OTLP/JSON message.
pub(super) async fn otlp(mut ask: Ask) -> Result<Answer, ApiError> {
    let (id, gzip) = (ask.trace_id().await?, ask.accepts_gzip());
    let read = ask.call.read(move |call, reader, control| {
        let trace = fetch(call.principal.scope.clone(), id, reader, control)?;
        let segments = trace
            .compiled
            .segments
            .iter()
            .map(|(_, text)| text.as_str());
        Answer::json(&otlp::message(segments, call.api().otel_spans)?, gzip)
    });
    Ok(download(read.await?, id, "otlp"))
}

fn fetch(
    scope: Scope,
    id: TraceId,
    reader: &dyn TraceReader,
    control: &QueryControl,
) -> Result<FetchedTrace, ApiError> {
    let page = trace_page(reader, &[scope], &[id], 0, usize::MAX, control)?;
    page.traces.into_iter().next().ok_or_else(|| no_trace(id))
}

fn no_trace(id: TraceId) -> ApiError {
    ApiError::new(ErrorCode::ResourceNotFound, format!("no trace `{id}`"))
}

fn download(answer: Answer, id: TraceId, what: &str) -> Answer {
    let value = format!("attachment; filename=\"{id}.{what}.json\"");
    let value = HeaderValue::try_from(value).expect("an id is visible ASCII");
    answer.with(CONTENT_DISPOSITION, value)
}
