//! Retrieved traces in pages, a large one over several (api.md ListRetrievedTraces).

use std::ops::ControlFlow;

use roentgen_model::{Scope, SegmentId, TraceId};
use roentgen_store::source::{QueryControl, StoreError, TraceReader};
use serde::{Deserialize, Serialize};

use crate::fetch::{FetchedTrace, PAGE_BYTES_MAX, trace_page};

/// Bounds of a page. A page ends with the span that reaches one of them; at least one is given.
#[derive(Clone, Copy, Debug)]
pub struct PageBounds {
    pub traces_max: usize,
    pub spans_per_trace_max: usize,
    /// Of documents (our choice, as of `BatchGetTraces`).
    pub bytes_max: usize,
}

impl Default for PageBounds {
    /// Those of the model (limits.md).
    fn default() -> Self {
        Self {
            traces_max: 5,
            spans_per_trace_max: 100,
            bytes_max: PAGE_BYTES_MAX,
        }
    }
}

/// One document of a retrieved trace, in the format asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrievedSpan {
    pub id: SegmentId,
    pub document: String,
}

/// A retrieved trace, or the part of it that fits on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrievedTrace {
    pub trace_id: TraceId,
    /// Of the whole trace; `None` if nothing has ended.
    pub duration_nanos: Option<i64>,
    pub spans: Vec<RetrievedSpan>,
}

/// Where a page ended, as its token keeps it: no copy of the trace, so what changes meanwhile is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceCursor {
    /// Index of the trace to go on with.
    trace: usize,
    /// The document of it that the last span was of; `None`: nothing of the trace was given.
    document: Option<u64>,
    /// Where that document stood: if it has gone, what has moved there is next.
    at: usize,
    /// Spans of it that were given.
    spans: usize,
}

/// Some of the retrieved traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetrievedPage {
    pub traces: Vec<RetrievedTrace>,
    pub next: Option<TraceCursor>,
}

/// What takes the spans of a document, one at a time, until it breaks.
pub type TakeSpan<'a> = &'a mut dyn FnMut(RetrievedSpan) -> ControlFlow<()>;

/// Makes spans of one entry of a compiled trace, by id and text: passes over so many, and hands out the
/// rest while they are taken. Spans of one entry keep their order while the entry does not change.
pub type SpansOfDocument<'a> = &'a dyn Fn(SegmentId, String, usize, TakeSpan<'_>);

/// The page of the traces with `ids` after `cursor`, or the first. Traces that are not there any more,
/// and those without a span, are left out.
///
/// One trace is in memory at a time beside the page; each page of a large one reads it again.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn retrieved_page(
    reader: &dyn TraceReader,
    scopes: &[Scope],
    ids: &[TraceId],
    cursor: Option<TraceCursor>,
    spans: SpansOfDocument<'_>,
    bounds: PageBounds,
    control: &QueryControl,
) -> Result<RetrievedPage, StoreError> {
    let mut page = RetrievedPage::default();
    let mut bytes: usize = 0;
    let cursor = cursor.unwrap_or_default();
    for (at, id) in ids.iter().enumerate().skip(cursor.trace) {
        let begin = TraceCursor {
            trace: at,
            ..TraceCursor::default()
        };
        if page.traces.len() >= bounds.traces_max || bytes >= bounds.bytes_max {
            page.next = Some(begin);
            return Ok(page);
        }
        control.check()?;
        let one = std::slice::from_ref(id);
        let found = trace_page(reader, scopes, one, 0, usize::MAX, control)?;
        let Some(trace) = found.traces.into_iter().next() else {
            continue;
        };
        let duration_nanos = trace.compiled.duration_nanos;
        let from = if at == cursor.trace { cursor } else { begin };
        let part = trace_part(trace, from, spans, bounds, bytes);
        bytes = part.bytes;
        if !part.spans.is_empty() {
            page.traces.push(RetrievedTrace {
                trace_id: *id,
                duration_nanos,
                spans: part.spans,
            });
        }
        page.next = part.next;
        if page.next.is_some() {
            return Ok(page);
        }
    }
    Ok(page)
}

/// What of one trace fits on a page.
struct TracePart {
    spans: Vec<RetrievedSpan>,
    /// Of the page so far.
    bytes: usize,
    next: Option<TraceCursor>,
}

fn trace_part(
    trace: FetchedTrace,
    from: TraceCursor,
    spans: SpansOfDocument<'_>,
    bounds: PageBounds,
    bytes: usize,
) -> TracePart {
    let documents = trace.compiled.segments;
    let last = documents
        .iter()
        .position(|(id, _)| Some(id.as_u64()) == from.document);
    let mut part = TracePart {
        spans: Vec::new(),
        bytes,
        next: None,
    };
    let mut end = from;
    let first = last.unwrap_or(from.at);
    for (at, (id, document)) in documents.into_iter().enumerate().skip(first) {
        let skip = if last == Some(at) { from.spans } else { 0 };
        let mut given = skip;
        spans(id, document, skip, &mut |span| {
            let is_full =
                part.spans.len() >= bounds.spans_per_trace_max || part.bytes >= bounds.bytes_max;
            if is_full && !part.spans.is_empty() {
                part.next = Some(end);
                return ControlFlow::Break(());
            }
            part.bytes = part.bytes.saturating_add(span.document.len());
            part.spans.push(span);
            given += 1;
            end = TraceCursor {
                trace: from.trace,
                document: Some(id.as_u64()),
                at,
                spans: given,
            };
            ControlFlow::Continue(())
        });
        if part.next.is_some() {
            break;
        }
    }
    part
}
