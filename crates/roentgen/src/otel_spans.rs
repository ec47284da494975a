//! Format `OTEL` of retrieved traces: where the API meets the mapping to spans.

use roentgen_otlp::json::json_from_span;
use roentgen_otlp::map::spans::{Conventions, spans_from_document};
use roentgen_query::retrieval::{RetrievedSpan, TakeSpan};

/// As [`roentgen_api::OtelSpans`] says.
pub(crate) fn otel_spans(document: &str, skip: usize, take: TakeSpan<'_>) {
    let conventions = Conventions::default();
    spans_from_document(document, conventions, skip, &mut |resource, span| {
        take(RetrievedSpan {
            id: span.span_id,
            document: json_from_span(resource, &span),
        })
    });
}
