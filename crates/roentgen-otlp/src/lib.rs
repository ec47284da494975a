//! OpenTelemetry's protocol (spec otlp.md). The only crate that knows OpenTelemetry's nouns.
//!
//! So far the way out: [`map`] makes spans of segment documents (otlp.md 10), [`json`] prints them as
//! OTLP/JSON. Receivers and the mapping from spans to segments come with a later issue.

pub mod json;
pub mod map;
