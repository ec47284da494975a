//! The protocol's messages as far as traces need them (field numbers: opentelemetry-proto 1.x,
//! `trace/v1/trace.proto`, `common/v1/common.proto`, `resource/v1/resource.proto`).
//!
//! A request is read in two steps: the frame ([`ExportRequest`]) first, and each span alone when its
//! turn comes ([`UnreadSpan::read`]). So a span whose bytes are no span (cut off, text that is no UTF-8,
//! values nested too deep) costs that span only, its size is known before it is read, and a large
//! request is never in memory as one tree.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

mod json;
#[cfg(test)]
mod tests;

/// `ExportTraceServiceRequest`, its spans not read yet.
#[derive(Clone, Debug, Default)]
pub struct ExportRequest {
    pub resource_spans: Vec<ResourceSpans>,
}

/// `ResourceSpans`. Its schema URL says which generation of the conventions the attributes follow; the
/// mapping reads all generations, so it has no use for it.
#[derive(Clone, Debug, Default)]
pub struct ResourceSpans {
    pub resource: Resource,
    pub scope_spans: Vec<ScopeSpans>,
}

/// `ScopeSpans`.
#[derive(Clone, Debug, Default)]
pub struct ScopeSpans {
    pub scope: Scope,
    pub schema_url: String,
    pub spans: Vec<UnreadSpan>,
}

/// One span's bytes.
#[derive(Clone, Debug)]
pub enum UnreadSpan {
    Protobuf(Bytes),
    Json(Box<RawValue>),
}

/// Why bytes are not what they should be; for the sender to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("not a valid protobuf message: {0}")]
    Protobuf(String),
    #[error("not valid OTLP/JSON: {0}")]
    Json(String),
}

/// `Span`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    #[serde(deserialize_with = "json::id")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    #[serde(deserialize_with = "json::id")]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "json::or_default")]
    pub trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    #[serde(deserialize_with = "json::id")]
    pub parent_span_id: Vec<u8>,
    #[prost(fixed32, tag = "16")]
    #[serde(deserialize_with = "json::unsigned")]
    pub flags: u32,
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "json::or_default")]
    pub name: String,
    /// `SpanKind`; unknown numbers count as unspecified.
    #[prost(int32, tag = "6")]
    #[serde(deserialize_with = "json::span_kind")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    #[serde(deserialize_with = "json::unsigned")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    #[serde(deserialize_with = "json::unsigned")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    #[serde(deserialize_with = "json::or_default")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    #[serde(deserialize_with = "json::unsigned")]
    pub dropped_attributes_count: u32,
    #[prost(message, repeated, tag = "11")]
    #[serde(deserialize_with = "json::or_default")]
    pub events: Vec<Event>,
    #[prost(uint32, tag = "12")]
    #[serde(deserialize_with = "json::unsigned")]
    pub dropped_events_count: u32,
    #[prost(message, repeated, tag = "13")]
    #[serde(deserialize_with = "json::or_default")]
    pub links: Vec<Link>,
    #[prost(uint32, tag = "14")]
    #[serde(deserialize_with = "json::unsigned")]
    pub dropped_links_count: u32,
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
}

/// `Span.Event`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    #[prost(fixed64, tag = "1")]
    #[serde(deserialize_with = "json::unsigned")]
    pub time_unix_nano: u64,
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "json::or_default")]
    pub name: String,
    #[prost(message, repeated, tag = "3")]
    #[serde(deserialize_with = "json::or_default")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")]
    #[serde(deserialize_with = "json::unsigned")]
    pub dropped_attributes_count: u32,
}

/// `Span.Link`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Link {
    #[prost(bytes = "vec", tag = "1")]
    #[serde(deserialize_with = "json::id")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    #[serde(deserialize_with = "json::id")]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "json::or_default")]
    pub trace_state: String,
    #[prost(message, repeated, tag = "4")]
    #[serde(deserialize_with = "json::or_default")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "5")]
    #[serde(deserialize_with = "json::unsigned")]
    pub dropped_attributes_count: u32,
    #[prost(fixed32, tag = "6")]
    #[serde(deserialize_with = "json::unsigned")]
    pub flags: u32,
}

/// `Status`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "json::or_default")]
    pub message: String,
    /// 0 unset, 1 ok, 2 error.
    #[prost(int32, tag = "3")]
    #[serde(deserialize_with = "json::status_code")]
    pub code: i32,
}

/// `Resource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "json::or_default")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "2")]
    #[serde(deserialize_with = "json::unsigned")]
    pub dropped_attributes_count: u32,
}

/// `InstrumentationScope`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Scope {
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "json::or_default")]
    pub name: String,
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "json::or_default")]
    pub version: String,
    #[prost(message, repeated, tag = "3")]
    #[serde(deserialize_with = "json::or_default")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")]
    #[serde(deserialize_with = "json::unsigned")]
    pub dropped_attributes_count: u32,
}

/// `KeyValue`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "json::or_default")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

/// `AnyValue`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub value: Option<Value>,
}

/// The one value of an [`AnyValue`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Value {
    #[prost(string, tag = "1")]
    String(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
    #[prost(message, tag = "6")]
    Map(KeyValueList),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

/// `ArrayValue`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "json::or_default")]
    pub values: Vec<AnyValue>,
}

/// `KeyValueList`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "json::or_default")]
    pub values: Vec<KeyValue>,
}

/// The frame of a request in protobuf: a span, like every message, is a field of bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct RequestFrame {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceFrame>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceFrame {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeFrame>,
    /// Before protocol 0.15 (`InstrumentationLibrarySpans`), of the same shape.
    #[prost(message, repeated, tag = "1000")]
    library_spans: Vec<ScopeFrame>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeFrame {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    spans: Vec<Bytes>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

impl ExportRequest {
    /// Reads the frame of a protobuf request; the spans stay slices of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError::Protobuf`].
    pub fn from_protobuf(bytes: Bytes) -> Result<Self, DecodeError> {
        let frame = <RequestFrame as prost::Message>::decode(bytes)
            .map_err(|error| DecodeError::Protobuf(error.to_string()))?;
        let scope_spans = |frame: ScopeFrame| ScopeSpans {
            scope: frame.scope.unwrap_or_default(),
            schema_url: frame.schema_url,
            spans: frame.spans.into_iter().map(UnreadSpan::Protobuf).collect(),
        };
        let resource_spans = |frame: ResourceFrame| {
            let all = frame.scope_spans.into_iter().chain(frame.library_spans);
            ResourceSpans {
                resource: frame.resource.unwrap_or_default(),
                scope_spans: all.map(scope_spans).collect(),
            }
        };
        let resources = frame.resource_spans.into_iter();
        Ok(Self {
            resource_spans: resources.map(resource_spans).collect(),
        })
    }

    /// Reads the frame of an OTLP/JSON request (otlp.md 1.3).
    ///
    /// # Errors
    /// [`DecodeError::Json`], also of a text that is no UTF-8.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DecodeError> {
        json::request(bytes)
    }

    /// The spans of the request.
    #[must_use]
    pub fn span_count(&self) -> usize {
        let scopes = self.resource_spans.iter().flat_map(|r| &r.scope_spans);
        scopes.map(|scope| scope.spans.len()).sum()
    }
}

impl UnreadSpan {
    /// Bytes of the span in the request.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        match self {
            Self::Protobuf(bytes) => bytes.len(),
            Self::Json(text) => text.get().len(),
        }
    }

    /// Reads the span.
    ///
    /// # Errors
    /// [`DecodeError`]; nesting beyond 50 levels of values (40 in JSON) is one.
    pub fn read(&self) -> Result<Span, DecodeError> {
        match self {
            Self::Protobuf(bytes) => prost::Message::decode(bytes.as_ref())
                .map_err(|error: prost::DecodeError| DecodeError::Protobuf(error.to_string())),
            Self::Json(text) => json::object(text.get()),
        }
    }
}
