//! Out: spans of X-Ray's segment documents (otlp.md 10); pure functions.
//!
//! [`spans_from_document`] is the whole of it. What has no attribute there goes into
//! `aws.xray.<path>` (our choice), so no member of a document is lost.

use std::ops::ControlFlow;

use roentgen_model::document::json::{Tape, Value, is_json};
use roentgen_model::{SegmentId, TraceId, UnixNanos};

mod attribute;
mod event;
mod link;
mod original;
mod resource;
mod span;
mod status;
#[cfg(test)]
mod tests;

pub use attribute::{AnyValue, Attributes};
pub use original::Original;
pub use span::span_from_segment;

/// Which generation of the semantic conventions attributes are named by (otlp.md 10.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conventions {
    #[default]
    Stable,
    Old,
    Both,
}

/// `SpanKind`, with the numbers of the protocol. Only those that segments map to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    Internal = 1,
    Server = 2,
    Client = 3,
}

/// `Status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `STATUS_CODE_ERROR`, else unset.
    pub is_error: bool,
    pub message: Option<String>,
}

/// A span event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `None`: unset.
    pub time: Option<UnixNanos>,
    pub name: &'static str,
    pub attributes: Attributes,
}

/// A span link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub trace_id: TraceId,
    pub span_id: SegmentId,
    pub attributes: Attributes,
}

/// One span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub trace_id: TraceId,
    pub span_id: SegmentId,
    pub parent_span_id: Option<SegmentId>,
    pub name: String,
    pub kind: SpanKind,
    pub start: UnixNanos,
    /// `None` while in progress.
    pub end: Option<UnixNanos>,
    pub attributes: Attributes,
    pub events: Vec<Event>,
    pub links: Vec<Link>,
    pub status: Status,
    /// Of a document that was made of a span: what it had beside.
    pub original: Option<Original>,
}

/// What all spans of a document share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    pub attributes: Attributes,
}

/// A (sub)segment of a document.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'t> {
    pub object: Value<'t>,
    pub trace_id: TraceId,
    /// The enclosing (sub)segment, else `parent_id`.
    pub parent_id: Option<SegmentId>,
    /// The document itself, not embedded: what describes the resource is not repeated on the span.
    pub is_outer: bool,
}

/// Makes spans of one compiled segment document: of the segment and all subsegments embedded in it, in
/// pre-order. The first `skip` are passed over; then `take` gets one at a time until it breaks, so a
/// large document costs what is taken of it.
///
/// Nothing comes of a text that is no document (`name`, `id`, `start_time` or `trace_id` missing), nor of
/// an inferred segment: nobody sent it, and its call is a span already (our choice). Embedded
/// subsegments that lack one of these are left out with what they hold.
pub fn spans_from_document(
    document: &str,
    conventions: Conventions,
    skip: usize,
    take: &mut dyn FnMut(&Resource, Span) -> ControlFlow<()>,
) {
    // Compiled by us, so its depth is bounded; and the tape does not recurse.
    let tape = is_json(document).then(|| Tape::new(document, usize::MAX).ok());
    let Some(tape) = tape.flatten() else {
        return;
    };
    let object = tape.root();
    let trace_id = object.get("trace_id").and_then(Value::as_str);
    let Some(trace_id) = trace_id.and_then(|text| TraceId::parse_any(&text).ok()) else {
        return;
    };
    if object.get("inferred").and_then(Value::as_bool) == Some(true) {
        return;
    }
    let resource = resource::resource_from_segment(object);
    let mut left = vec![Segment {
        object,
        trace_id,
        parent_id: id_member(object, "parent_id"),
        is_outer: true,
    }];
    let mut skipped = 0;
    while let Some(segment) = left.pop() {
        let Some(id) = span::complete_id(segment.object) else {
            continue;
        };
        if skipped < skip {
            skipped += 1;
        } else if let Some(span) = span_from_segment(segment, conventions)
            && take(&resource, span).is_break()
        {
            return;
        }
        let first_child = left.len();
        left.extend(subsegments(segment.object).map(|object| Segment {
            object,
            trace_id,
            parent_id: Some(id),
            is_outer: false,
        }));
        if let Some(children) = left.get_mut(first_child..) {
            children.reverse();
        }
    }
}

fn subsegments(object: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let list = object.get("subsegments").into_iter();
    list.flat_map(Value::elements)
}

fn id_member(object: Value<'_>, name: &str) -> Option<SegmentId> {
    object.get(name)?.as_str()?.parse().ok()
}

fn time_member(object: Value<'_>, name: &str) -> Option<UnixNanos> {
    UnixNanos::from_decimal_secs(object.get(name)?.as_number()?)
}
