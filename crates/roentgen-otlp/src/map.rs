//! The two mappings between OpenTelemetry's spans and X-Ray's segment documents; pure functions.
//!
//! [`segments`]: what comes in, otlp.md 2 to 8. [`spans`]: what goes out, otlp.md 10.

pub mod segments;
pub mod spans;
