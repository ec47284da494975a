//! In: segment documents of spans (otlp.md 2 to 8); pure functions.
//!
//! [`documents_from_request`] is the way in. A span gives one document, or two when it is a call that a
//! service makes at its own border (`shape`). What all spans of a resource share is written once
//! (`resource`); then each block of a document has a file: `name`, `http`, `flags`, `cause` with `stack`,
//! `aws`, `sql`, `indexed` (annotations and metadata), `link`. What a segment has no place for goes into
//! a record beside the others (`side`), which only exports show.
//!
//! The same span gives the same text at any time, so a batch that is sent again changes nothing.

use std::time::Duration;

use bytes::Bytes;
use roentgen_model::UnixNanos;

use crate::proto::{DecodeError, ExportRequest, Span};

mod aws;
mod cause;
mod document;
mod flags;
mod http;
mod indexed;
mod keys;
mod link;
mod name;
mod own_export;
mod resource;
mod settings;
mod shape;
mod side;
mod sql;
mod stack;
#[cfg(test)]
mod tests;
mod text;

pub use settings::{EpochCheck, IndexedKeys, LocalRoot, MapSettings, Profile, Window};

use resource::PreparedResource;
use side::ScopeRecord;
use text::Json;

/// The documents of a request, and what was refused while they were made.
#[derive(Debug, Default)]
pub struct SpanBatch {
    /// Slices of one buffer.
    pub documents: Vec<Bytes>,
    /// For each document the span it came of, counted through the request from 0.
    pub owners: Vec<u32>,
    /// Spans of the request, refused ones included.
    pub span_count: u32,
    pub refusals: Vec<SpanRefusal>,
    /// What was odd and taken all the same.
    pub warnings: Vec<SpanWarning>,
    /// Earliest and latest start of the spans that were read.
    starts: Option<(u64, u64)>,
}

impl SpanBatch {
    /// From the earliest to the latest start.
    #[must_use]
    pub fn starts_apart(&self) -> Duration {
        let (first, last) = self.starts.unwrap_or_default();
        Duration::from_nanos(last - first)
    }
}

/// A span that gives no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanRefusal {
    /// Which span of the request, from 0.
    pub ordinal: u32,
    /// The span's id in hex, as far as it can be read.
    pub span_id: String,
    pub reason: RefusalReason,
}

/// Why a span is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalReason {
    #[error("{0}")]
    Unreadable(DecodeError),
    #[error("the span has {bytes} bytes, at most {max} are taken")]
    TooLarge { bytes: usize, max: usize },
    #[error("`trace_id`: expected 16 bytes that are not all zero, found {0}")]
    TraceId(IdProblem),
    #[error("`span_id`: expected 8 bytes that are not all zero, found {0}")]
    SpanId(IdProblem),
    #[error("`parent_span_id`: expected 8 bytes or none, found {0}")]
    ParentId(IdProblem),
    #[error("`start_time_unix_nano`: missing")]
    NoStart,
    #[error("`{0}`: beyond the year 2262")]
    TimeRange(&'static str),
    #[error("`start_time_unix_nano`: {0}")]
    Window(&'static str),
    #[error("`trace_id`: its time part {0}")]
    Epoch(&'static str),
}

/// What is wrong with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdProblem {
    #[error("none")]
    Missing,
    #[error("zeros")]
    Zero,
    #[error("{0} bytes")]
    Length(usize),
}

/// What was odd about a span that was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanWarning {
    #[error("span {span_id}: {count} links with invalid ids left out")]
    LinksDropped { span_id: String, count: usize },
    #[error("span {span_id}: `trace_id`: its time part {problem}")]
    Epoch {
        span_id: String,
        problem: &'static str,
    },
}

/// Makes the documents of a request. `now` is the server's clock, for the time window.
#[must_use]
pub fn documents_from_request(
    request: &ExportRequest,
    settings: &MapSettings,
    now: UnixNanos,
) -> SpanBatch {
    let mut writer = Writer {
        settings,
        now,
        json: Json::default(),
        ends: Vec::new(),
        batch: SpanBatch::default(),
    };
    for resource_spans in &request.resource_spans {
        let resource = PreparedResource::new(&resource_spans.resource, settings);
        for scope_spans in &resource_spans.scope_spans {
            let scope = side::scope_record(&scope_spans.scope, &scope_spans.schema_url);
            for unread in &scope_spans.spans {
                let ordinal = writer.batch.span_count;
                writer.batch.span_count += 1;
                let bytes = unread.byte_count();
                let max = settings.span_bytes_max;
                let read = if bytes > max {
                    Err(RefusalReason::TooLarge { bytes, max })
                } else {
                    unread.read().map_err(RefusalReason::Unreadable)
                };
                match read {
                    Ok(span) => writer.span(&span, ordinal, &resource, &scope),
                    Err(reason) => writer.refuse(ordinal, String::new(), reason),
                }
            }
        }
    }
    writer.finish()
}

struct Writer<'s> {
    settings: &'s MapSettings,
    now: UnixNanos,
    json: Json,
    /// Where each document ends.
    ends: Vec<usize>,
    batch: SpanBatch,
}

impl Writer<'_> {
    fn span(
        &mut self,
        span: &Span,
        ordinal: u32,
        resource: &PreparedResource<'_>,
        scope: &ScopeRecord,
    ) {
        let ids = match shape::check(span, self.settings, self.now) {
            Ok(ids) => ids,
            Err(reason) => return self.refuse(ordinal, hex(&span.span_id), reason),
        };
        let start = span.start_time_unix_nano;
        let (first, last) = self.batch.starts.unwrap_or((start, start));
        self.batch.starts = Some((first.min(start), last.max(start)));
        if let Some(problem) = ids.epoch_problem {
            let span_id = hex(&span.span_id);
            let warning = SpanWarning::Epoch { span_id, problem };
            self.batch.warnings.push(warning);
        }
        let valid_links = link::valid(span, self.settings, self.now);
        let dropped = span.links.len() - valid_links.len();
        if dropped > 0 {
            self.batch.warnings.push(SpanWarning::LinksDropped {
                span_id: hex(&span.span_id),
                count: dropped,
            });
        }
        let source = document::Source::new(span, ids, valid_links, resource, scope, self.settings);
        for part in source.parts().iter().copied() {
            source.write(&mut self.json, part);
            self.ends.push(self.json.len());
            self.batch.owners.push(ordinal);
        }
    }

    fn refuse(&mut self, ordinal: u32, span_id: String, reason: RefusalReason) {
        self.batch.refusals.push(SpanRefusal {
            ordinal,
            span_id,
            reason,
        });
    }

    fn finish(self) -> SpanBatch {
        let mut batch = self.batch;
        let all = Bytes::from(self.json.into_string());
        let mut start = 0;
        for end in self.ends {
            batch.documents.push(all.slice(start..end));
            start = end;
        }
        batch
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    text::push_hex(&mut text, bytes);
    text
}
