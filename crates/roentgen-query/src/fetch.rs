//! Traces by id, compiled (api.md BatchGetTraces, segments.md 8).

use std::collections::BTreeMap;

use roentgen_model::document::compile::{CompiledTrace, compile};
use roentgen_model::{Scope, Stamp, TraceId};
use roentgen_store::source::{QueryControl, StoreError, TraceDocuments, TraceReader};

#[cfg(test)]
mod tests;

/// A page ends with the trace that passes so many bytes of documents (limits.md, our choice).
pub const PAGE_BYTES_MAX: usize = 8 << 20;
/// Traces asked for at a time; a page of ordinary traces needs one question.
const TRACES_AT_A_TIME: usize = 5;

/// One trace as clients get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedTrace {
    pub trace_id: TraceId,
    pub compiled: CompiledTrace,
    /// Documents were refused because the trace is over its size limit.
    pub limit_exceeded: bool,
}

/// Some of the traces asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TracePage {
    /// In the order of the request.
    pub traces: Vec<FetchedTrace>,
    /// Ids looked for on this page and not found.
    pub unknown: Vec<TraceId>,
    /// Index of the first id of the next page.
    pub next: Option<usize>,
}

/// The traces with `ids`, from index `from` on, until their documents pass `bytes_max`. A trace with
/// documents in several scopes is put together from all of them (SCOPE-1).
///
/// `ids` must be distinct.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn trace_page(
    reader: &dyn TraceReader,
    scopes: &[Scope],
    ids: &[TraceId],
    from: usize,
    bytes_max: usize,
    control: &QueryControl,
) -> Result<TracePage, StoreError> {
    let mut page = TracePage::default();
    let mut bytes: usize = 0;
    let mut at = from;
    for some in ids.get(from..).unwrap_or_default().chunks(TRACES_AT_A_TIME) {
        let mut found: BTreeMap<TraceId, Vec<TraceDocuments>> = BTreeMap::new();
        for documents in reader.documents(scopes, some, control)? {
            found.entry(documents.trace_id).or_default().push(documents);
        }
        for id in some {
            if bytes >= bytes_max {
                page.next = Some(at);
                return Ok(page);
            }
            control.check()?;
            at += 1;
            match found.remove(id) {
                None => page.unknown.push(*id),
                Some(parts) => {
                    let trace = fetched(*id, &parts);
                    let texts = trace.compiled.segments.iter().map(|(_, text)| text.len());
                    bytes = texts.fold(bytes, usize::saturating_add);
                    page.traces.push(trace);
                }
            }
        }
    }
    Ok(page)
}

fn fetched(trace_id: TraceId, parts: &[TraceDocuments]) -> FetchedTrace {
    let documents = parts.iter().flat_map(|part| &part.documents);
    // What is stored was accepted, and so is UTF-8; a damaged text is left out.
    let text = |text| std::str::from_utf8(text).ok();
    let mut texts: Vec<(Stamp, &str)> = documents
        .filter_map(|d| Some((d.stamp, text(&d.text)?)))
        .collect();
    texts.sort_by_key(|(stamp, _)| *stamp);
    FetchedTrace {
        trace_id,
        compiled: compile(trace_id, &texts),
        limit_exceeded: parts.iter().any(|part| part.limit_exceeded),
    }
}
