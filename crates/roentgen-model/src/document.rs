//! One segment document: parse, validate, compile, write (spec segments.md).
//!
//! [`parse`] takes what a client sent in one string and says of each document in it what it tells
//! ([`facts::Document`]) or why it is refused. Bad documents are verdicts, not errors of the call.
//! Nothing here panics or recurses without bound on any input.

use std::fmt;

use crate::limits::{
    DOCUMENT_BYTES_MAX, DOCUMENTS_PER_REQUEST_MAX, INDEXED_CHARS_MAX, STRICT_CHARS_MAX,
};
use crate::time::UnixNanos;

pub mod compile;
pub mod facts;
pub mod json;
pub mod outline;

mod callee;
mod canonical;
mod check;
mod name;
mod read;
mod schema;

#[cfg(test)]
mod tests;

pub use callee::REMOTE_TYPE;
pub use facts::Document;
pub use name::cleaned_name;

/// A member of stored documents that were made of something else: what that had and a segment has no
/// place for. It is kept, and no answer shows it.
pub const SIDE_RECORD: &str = "roentgen_otlp";

/// Characters of a malformed id that a refusal repeats (our choice).
const REFUSED_ID_CHARS_MAX: usize = 250;
/// Default retention: 30 days (segments.md 4).
const RETENTION_SECS_DEFAULT: i64 = 30 * 24 * 3600;

/// What became of one document (segments.md 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Refused(Refusal),
}

/// Why a document is unprocessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The document's `id`, if a text could be read there (even a malformed one, cut to 250
    /// characters).
    pub id: Option<String>,
    pub code: RefusalCode,
    /// The `Message` of the entry in `UnprocessedTraceSegments`.
    pub message: String,
}

/// `ErrorCode` of an unprocessed document, spelt as the service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    ParseError,
    InvalidSegment,
    MissingId,
    InvalidId,
    MissingTraceId,
    InvalidTraceId,
    MissingName,
    InvalidName,
    MissingStartTime,
    InvalidStartTime,
    MissingEndTime,
    InvalidEndTime,
    MissingParentId,
    InvalidParentId,
    InvalidType,
    InternalFailure,
}

/// The settings that decide how documents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentSettings {
    /// Index the first 250 characters of a string, AWS's published maximum, instead of 2,048.
    /// The document itself is kept whole either way.
    pub strict_schema: bool,
    /// A document that starts longer ago is refused; seconds, default 30 days.
    pub retention_secs: i64,
    /// Longer documents are refused; bytes, default 65,536.
    pub bytes_max: usize,
    /// Also refuse trace ids whose time part is older than the retention. Default off: ids made by
    /// OpenTelemetry are random there.
    pub validate_trace_id_time: bool,
}

/// One document found in a text, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    /// The one document as sent.
    pub text: &'a [u8],
    pub outcome: Result<Document, Refusal>,
}

/// Reads one string of `TraceSegmentDocuments`, or the document part of a datagram.
///
/// The text may hold one object or (our choice, segments.md 1) an array of at most 1,000 objects, each
/// its own document; a longer array is refused as one. So the result is never empty and never longer
/// than 1,000, but a caller with several texts must bound the sum itself. Checks come in the order of
/// segments.md 10, except those that need the trace's other documents (its size, ids taken by another
/// kind). `now` is the server's clock, for the time window.
#[must_use]
pub fn parse<'a>(text: &'a [u8], now: UnixNanos, settings: &DocumentSettings) -> Vec<Parsed<'a>> {
    let refuse = |code| {
        let outcome = Err(Refusal::new(None, code, false));
        vec![Parsed { text, outcome }]
    };
    let valid = std::str::from_utf8(text)
        .ok()
        .filter(|text| json::is_json(text));
    let Some(valid) = valid else {
        return refuse(RefusalCode::ParseError);
    };
    let limits = settings.limits(now);
    let read = |text: &'a str| Parsed {
        text: text.as_bytes(),
        outcome: read::read(text, &limits).map(|reading| reading.document),
    };
    if !is_array(text) {
        return vec![read(valid)];
    }
    let elements: Vec<&str> = elements(valid).collect();
    match elements.len() {
        // Observed: the service says so of `[]`.
        0 => refuse(RefusalCode::MissingId),
        1..=DOCUMENTS_PER_REQUEST_MAX => elements.into_iter().map(read).collect(),
        _ => refuse(RefusalCode::InvalidSegment),
    }
}

/// How many documents [`parse`] finds in this text, without reading them: for a caller that bounds the
/// documents of several texts together.
#[must_use]
pub fn count(text: &[u8]) -> usize {
    if !is_array(text) {
        return 1;
    }
    let valid = std::str::from_utf8(text)
        .ok()
        .filter(|text| json::is_json(text));
    match valid.map_or(0, |valid| elements(valid).count()) {
        several @ 1..=DOCUMENTS_PER_REQUEST_MAX => several,
        _ => 1,
    }
}

/// True of a JSON array, by its first character.
fn is_array(text: &[u8]) -> bool {
    let first = text.iter().find(|byte| !b" \t\n\r".contains(byte));
    first == Some(&b'[')
}

/// The elements of a JSON array, at most one more than a text may have.
fn elements(array: &str) -> impl Iterator<Item = &str> {
    json::top_parts(array).take(DOCUMENTS_PER_REQUEST_MAX + 1)
}

impl DocumentSettings {
    fn limits(&self, now: UnixNanos) -> check::Limits {
        let retention_nanos = UnixNanos::from_secs(self.retention_secs).0;
        check::Limits {
            now,
            start_min: UnixNanos(now.0.saturating_sub(retention_nanos)),
            check_start_ahead: true,
            bytes_max: self.bytes_max,
            check_trace_id_time: self.validate_trace_id_time,
            with_fingerprint: true,
            chars_max: if self.strict_schema {
                STRICT_CHARS_MAX
            } else {
                INDEXED_CHARS_MAX
            },
        }
    }
}

impl Default for DocumentSettings {
    fn default() -> Self {
        Self {
            strict_schema: false,
            retention_secs: RETENTION_SECS_DEFAULT,
            bytes_max: DOCUMENT_BYTES_MAX,
            validate_trace_id_time: false,
        }
    }
}

impl Refusal {
    /// A refusal with the service's message for that code (segments.md 10).
    #[must_use]
    pub fn new(id: Option<&str>, code: RefusalCode, is_subsegment: bool) -> Self {
        let message = if is_subsegment {
            format!("Invalid subsegment. ErrorCode: {code}, Cause: null")
        } else {
            format!("Invalid segment. ErrorCode: {code}")
        };
        Self {
            id: id.map(|id| cut(id, REFUSED_ID_CHARS_MAX).to_owned()),
            code,
            message,
        }
    }

    /// The refusal of a document whose trace is full (segments.md 9 and 10, check 14).
    #[must_use]
    pub fn trace_size_exceeded(id: crate::SegmentId) -> Self {
        let message = "Trace Size Exceeded. Reduce the number of segments per trace and the size \
                       of your segment documents.";
        Self {
            id: Some(id.to_string()),
            code: RefusalCode::InvalidSegment,
            message: message.to_owned(),
        }
    }
}

impl RefusalCode {
    /// The code as the service spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParseError => "ParseError",
            Self::InvalidSegment => "InvalidSegment",
            Self::MissingId => "MissingId",
            Self::InvalidId => "InvalidId",
            Self::MissingTraceId => "MissingTraceId",
            Self::InvalidTraceId => "InvalidTraceId",
            Self::MissingName => "MissingName",
            Self::InvalidName => "InvalidName",
            Self::MissingStartTime => "MissingStartTime",
            Self::InvalidStartTime => "InvalidStartTime",
            Self::MissingEndTime => "MissingEndTime",
            Self::InvalidEndTime => "InvalidEndTime",
            Self::MissingParentId => "MissingParentId",
            Self::InvalidParentId => "InvalidParentId",
            Self::InvalidType => "InvalidType",
            Self::InternalFailure => "InternalFailure",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first `chars_max` characters.
fn cut(text: &str, chars_max: usize) -> &str {
    if text.len() <= chars_max {
        return text;
    }
    let end = text
        .char_indices()
        .nth(chars_max)
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}
