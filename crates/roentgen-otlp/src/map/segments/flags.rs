//! `error`, `fault` and `throttle` (otlp.md 5.2). All three are always written, as the reference does:
//! a flag that is there is not derived from the HTTP status again.

use super::document::Source;
use super::keys::Key;
use super::own_export;
use super::text::Json;

/// `STATUS_CODE_ERROR`.
const STATUS_ERROR: i32 = 2;
/// gRPC's `RESOURCE_EXHAUSTED`.
const GRPC_RESOURCE_EXHAUSTED: i64 = 8;
const TOO_MANY_REQUESTS: i64 = 429;

/// True of a span whose status is an error.
pub(super) fn has_failed(source: &Source<'_>) -> bool {
    let status = source.span.status.as_ref();
    status.is_some_and(|status| status.code == STATUS_ERROR)
}

pub(super) fn write(json: &mut Json, source: &Source<'_>) {
    let attributes = &source.attributes;
    let code = attributes
        .peek_integer(Key::HttpStatusCode)
        .or_else(|| attributes.peek_integer(Key::HttpResponseStatusCode));
    let grpc = || attributes.peek_integer(Key::RpcGrpcStatusCode);
    let (error, fault, throttle) = match code {
        Some(TOO_MANY_REQUESTS) => (true, false, true),
        Some(400..=499) => (true, false, false),
        Some(500..=599) => (false, true, false),
        _ if source.settings.grpc_throttle && grpc() == Some(GRPC_RESOURCE_EXHAUSTED) => {
            (true, false, true)
        }
        _ => (false, has_failed(source), false),
    };
    let exported = |name| own_export::flag(attributes, name);
    let is_exported = ["error", "fault", "throttle"]
        .iter()
        .any(|name| exported(name).is_some());
    // A status says no more than the flags it came of.
    let fault = fault && (code.is_some() || !is_exported);
    json.name("error").bool(exported("error").unwrap_or(error));
    json.name("fault").bool(exported("fault").unwrap_or(fault));
    json.name("throttle")
        .bool(exported("throttle").unwrap_or(throttle));
}
