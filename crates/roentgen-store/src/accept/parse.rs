//! Texts to documents, each with a text of its own.

use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::document::facts::Document;
use roentgen_model::document::{self, DocumentSettings, Refusal, RefusalCode};
use roentgen_model::{Stamp, UnixNanos};

use crate::settings::StoreSettings;

/// Days after its start that a document is taken with strict limits (segments.md 4).
const STRICT_DAYS_MAX: i64 = 7;
const DAY_SECS: i64 = 24 * 3600;

/// Every document of these texts in order: its own text and facts, or why it is refused.
pub(crate) fn parse_all(
    texts: Vec<Bytes>,
    bytes_max: usize,
    settings: &StoreSettings,
    now: UnixNanos,
) -> Vec<Result<(Bytes, Arc<Document>), Refusal>> {
    let settings = document_settings(settings, bytes_max);
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        for parsed in document::parse(&text, now, &settings) {
            let own_text = text.slice_ref(parsed.text);
            all.push(
                parsed
                    .outcome
                    .map(|document| (own_text, Arc::new(document))),
            );
        }
    }
    all
}

fn document_settings(settings: &StoreSettings, bytes_max: usize) -> DocumentSettings {
    let retention_secs = i64::try_from(settings.retention.as_secs()).unwrap_or(i64::MAX);
    let strict = STRICT_DAYS_MAX * DAY_SECS;
    DocumentSettings {
        strict_schema: settings.strict_schema || settings.strict_limits,
        retention_secs: if settings.strict_limits {
            retention_secs.min(strict)
        } else {
            retention_secs
        },
        bytes_max,
        validate_trace_id_time: settings.validate_trace_id_time,
    }
}

/// A document that was accepted at `stamp`; it is as old as it was then, so no time can refuse it.
pub(crate) fn parse_stored(
    text: &Bytes,
    stamp: Stamp,
    settings: &StoreSettings,
) -> Result<Arc<Document>, Refusal> {
    let settings = DocumentSettings {
        retention_secs: i64::MAX,
        validate_trace_id_time: false,
        ..document_settings(settings, usize::MAX)
    };
    let mut parsed = document::parse(text, UnixNanos(stamp.0), &settings);
    let only = parsed.pop().filter(|_| parsed.is_empty());
    let none = || Err(Refusal::new(None, RefusalCode::ParseError, false));
    only.map_or_else(none, |parsed| parsed.outcome.map(Arc::new))
}
