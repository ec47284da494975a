//! One segment document: parse, validate, compile, write.

pub mod facts;

/// What became of one document (segments.md 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Refused(Refusal),
}

/// Why a document is unprocessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The document's `id`, if a text could be read there (even a malformed one).
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
