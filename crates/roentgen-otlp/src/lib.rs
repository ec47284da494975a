//! OpenTelemetry's protocol (spec otlp.md). The only crate that knows OpenTelemetry's nouns.
//!
//! [`proto`] has the protocol's messages, read from protobuf or OTLP/JSON; [`map`] the two mappings:
//! `map::segments` makes segment documents of spans (in), `map::spans` makes spans of segment documents
//! (out), which [`json`] prints as OTLP/JSON.

pub mod json;
pub mod map;
pub mod proto;
pub mod receive;
