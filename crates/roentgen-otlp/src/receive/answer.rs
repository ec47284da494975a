//! What senders are told, in both encodings (otlp.md 1.2, 1.4).

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;

use super::intake::{Encoding, Signal};

/// When a sender that was told to come back should do so.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A request that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Spans, log records or data points that were not.
    pub(super) rejected: u64,
    /// Empty if there is nothing to say.
    pub(super) message: String,
}

/// A request of which nothing was taken.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// For the sender.
    pub(super) message: String,
    /// For our log.
    pub(super) source: Option<Box<dyn Error + Send + Sync>>,
}

/// What the sender can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// Nothing: the request is no request.
    Malformed,
    /// Send less at once.
    TooLarge,
    /// Send it again later.
    Busy,
    /// Not send it from a page of this origin.
    Forbidden,
    /// Nothing: the bug is here.
    Fault,
}

/// `google.rpc.Status`, the body of errors over HTTP.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<ProtobufDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ProtobufDuration {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

/// `Export…ServiceResponse` of any signal: they have the same fields.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) partial_success: Option<PartialSuccess>,
}

/// `Export…PartialSuccess`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(super) rejected: i64,
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}

impl Answer {
    fn partial_success(&self) -> Option<PartialSuccess> {
        let is_whole = self.rejected == 0 && self.message.is_empty();
        (!is_whole).then(|| PartialSuccess {
            rejected: i64::try_from(self.rejected).unwrap_or(i64::MAX),
            error_message: self.message.clone(),
        })
    }

    /// The response in the encoding of the request; empty in protobuf if all was taken.
    pub(super) fn encode(&self, signal: Signal, encoding: Encoding) -> Bytes {
        let partial_success = self.partial_success();
        if encoding == Encoding::Protobuf {
            return ExportResponse { partial_success }.encode_to_vec().into();
        }
        let Some(PartialSuccess {
            rejected,
            error_message,
        }) = partial_success
        else {
            return Bytes::from_static(b"{}");
        };
        let member = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Logs => "rejectedLogRecords",
            Signal::Metrics => "rejectedDataPoints",
        };
        let mut members = serde_json::Map::new();
        // 64-bit integers are texts in OTLP/JSON.
        members.insert(member.to_owned(), rejected.to_string().into());
        members.insert("errorMessage".to_owned(), error_message.into());
        serde_json::json!({ "partialSuccess": members })
            .to_string()
            .into()
    }
}

impl Failure {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(super) fn malformed(message: String) -> Self {
        Self::new(FailureKind::Malformed, message)
    }

    pub(super) fn fault(source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            kind: FailureKind::Fault,
            message: "the request failed; the server's log says why".to_owned(),
            source: Some(Box::new(source)),
        }
    }

    /// gRPC's code.
    pub(super) const fn code(&self) -> tonic::Code {
        match self.kind {
            FailureKind::Malformed => tonic::Code::InvalidArgument,
            FailureKind::TooLarge => tonic::Code::ResourceExhausted,
            FailureKind::Busy => tonic::Code::Unavailable,
            FailureKind::Forbidden => tonic::Code::PermissionDenied,
            FailureKind::Fault => tonic::Code::Internal,
        }
    }

    pub(super) const fn http_status(&self) -> ::http::StatusCode {
        use ::http::StatusCode;
        match self.kind {
            FailureKind::Malformed => StatusCode::BAD_REQUEST,
            FailureKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            FailureKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            FailureKind::Forbidden => StatusCode::FORBIDDEN,
            FailureKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// With what a sender needs to come back.
    pub(super) fn status(&self) -> Status {
        let seconds = i64::try_from(RETRY_AFTER.as_secs()).unwrap_or(1);
        let retry = RetryInfo {
            retry_delay: Some(ProtobufDuration { seconds, nanos: 0 }),
        };
        let details = (self.kind == FailureKind::Busy).then(|| Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: retry.encode_to_vec(),
        });
        Status {
            code: self.code() as i32,
            message: self.message.clone(),
            details: details.into_iter().collect(),
        }
    }

    /// The body of an error over HTTP.
    pub(super) fn encode(&self, encoding: Encoding) -> Bytes {
        let status = self.status();
        match encoding {
            Encoding::Protobuf => status.encode_to_vec().into(),
            Encoding::Json => {
                let body = serde_json::json!({ "code": status.code, "message": status.message });
                body.to_string().into()
            }
        }
    }

    /// An operator's concern is told where it is handled.
    pub(super) fn report(&self, signal: Signal) {
        let signal = signal.name();
        match &self.source {
            Some(error) if self.kind == FailureKind::Fault => {
                tracing::error!(signal, %error, "an OpenTelemetry request failed");
            }
            source => {
                let error = source.as_ref().map(tracing::field::display);
                tracing::debug!(
                    signal,
                    error,
                    message = self.message,
                    "an OpenTelemetry request was refused"
                );
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
