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

impl RefusalCode {
    /// The code as it stands in `UnprocessedTraceSegments`.
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
