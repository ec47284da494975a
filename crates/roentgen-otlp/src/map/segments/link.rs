//! Links (otlp.md 5.9).

use roentgen_model::UnixNanos;

use super::settings::{EpochCheck, MapSettings};
use super::shape::{epoch_problem, id};
use super::text::Json;
use crate::proto::{Link, Span};

/// A link whose ids are ids.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValidLink<'a> {
    pub(super) link: &'a Link,
    trace_id: [u8; 16],
    span_id: [u8; 8],
}

/// The links that name a span; a bad one costs itself only (our choice, the reference refuses the span).
pub(super) fn valid<'a>(
    span: &'a Span,
    settings: &MapSettings,
    now: UnixNanos,
) -> Vec<ValidLink<'a>> {
    let rejects = settings.epoch_check == EpochCheck::Reject;
    let valid = |link: &'a Link| {
        let trace_id = id::<16>(&link.trace_id).ok()?;
        let span_id = id::<8>(&link.span_id).ok()?;
        let is_refused = rejects && epoch_problem(trace_id, now).is_some();
        (!is_refused).then_some(ValidLink {
            link,
            trace_id,
            span_id,
        })
    };
    span.links.iter().filter_map(valid).collect()
}

pub(super) fn write(json: &mut Json, links: &[ValidLink<'_>]) {
    if links.is_empty() {
        return;
    }
    json.name("links").open('[');
    for valid in links {
        json.open('{');
        json.name("trace_id").trace_id(valid.trace_id);
        json.name("id").hex(&valid.span_id);
        json.object("attributes", |json| json.members(&valid.link.attributes));
        json.close('}');
    }
    json.close(']');
}
