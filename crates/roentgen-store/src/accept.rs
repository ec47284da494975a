//! The only way in: a call's documents are parsed and validated one by one, and judged against what
//! their traces hold.
//!
//! What is judged here (size of the trace, one id for two kinds, news or not) decides what is logged;
//! a document that changes nothing is acknowledged without being logged, because what it says is
//! durable already.

use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::document::facts::Document;
use roentgen_model::document::{Refusal, RefusalCode, Verdict};
use roentgen_model::{Scope, Stamp, UnixNanos};

use crate::merge::{DocumentKey, Effect, Version};
use crate::settings::StoreSettings;

pub(crate) mod parse;
#[cfg(test)]
mod tests;
pub(crate) mod writer;

/// A call of [`crate::source::TraceWriter::accept`] after parsing.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) scope: Scope,
    /// One per document; refusals of parsing are in place, the others are `Accepted` so far.
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) documents: Vec<ParsedDocument>,
    /// Stamps are not earlier: what was valid then must be valid when it is parsed again by its stamp,
    /// also if the clock steps back while it waits.
    pub(crate) parsed_at: UnixNanos,
}

/// A valid document of a call.
#[derive(Clone, Debug)]
pub(crate) struct ParsedDocument {
    /// Its place in [`Call::verdicts`].
    pub(crate) verdict: usize,
    pub(crate) text: Bytes,
    pub(crate) document: Arc<Document>,
}

impl Call {
    /// Parses and validates every document of a call (segments.md 10), each at most so long.
    pub(crate) fn parse(
        scope: &Scope,
        documents: Vec<Bytes>,
        bytes_max: usize,
        settings: &StoreSettings,
        now: UnixNanos,
    ) -> Self {
        let mut call = Self {
            scope: scope.clone(),
            verdicts: Vec::new(),
            documents: Vec::new(),
            parsed_at: now,
        };
        for parsed in parse::parse_all(documents, bytes_max, settings, now) {
            match parsed {
                Ok((text, document)) => {
                    let verdict = call.verdicts.len();
                    call.documents.push(ParsedDocument {
                        verdict,
                        text,
                        document,
                    });
                    call.verdicts.push(Verdict::Accepted);
                }
                Err(refusal) => call.verdicts.push(Verdict::Refused(refusal)),
            }
        }
        call
    }

    pub(crate) fn refuse(&mut self, verdict: usize, refusal: Refusal) {
        if let Some(place) = self.verdicts.get_mut(verdict) {
            *place = Verdict::Refused(refusal);
        }
    }

    /// Bytes of the texts that wait to be logged.
    pub(crate) fn bytes(&self) -> usize {
        self.documents.iter().map(|parsed| parsed.text.len()).sum()
    }
}

/// What a trace holds, as far as a judgement needs it.
pub(crate) trait Holdings {
    /// The winning version of a document and the bytes of its text.
    fn holding(&self, key: DocumentKey) -> Option<(Version, u32)>;

    /// Bytes of all winners' texts.
    fn bytes(&self) -> u64;
}

/// What is done with a valid document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// To be logged: it changes the trace.
    Take,
    /// Acknowledged; nothing new in it.
    NothingNew,
    /// Another kind of entity has the id (segments.md 5).
    RefuseId,
    /// The trace is full (segments.md 9).
    RefuseSize,
}

/// Judges a document that would get `stamp`.
pub(crate) fn judge(
    holdings: &impl Holdings,
    document: &Document,
    stamp: Stamp,
    trace_bytes_max: u64,
) -> Judgement {
    let key = DocumentKey::of(document);
    if holdings.holding(key.rival()).is_some() {
        return Judgement::RefuseId;
    }
    let current = holdings.holding(key);
    let version = Version::of(stamp, document);
    if version.effect_on(current.as_ref().map(|(version, _)| version)) != Effect::Changes {
        return Judgement::NothingNew;
    }
    let replaced = current.map_or(0, |(_, bytes)| u64::from(bytes));
    let after = (holdings.bytes() + u64::from(document.text_bytes)).saturating_sub(replaced);
    if after > trace_bytes_max {
        return Judgement::RefuseSize;
    }
    Judgement::Take
}

/// The refusal of a document whose id belongs to an entity of the other kind.
pub(crate) fn id_refusal(document: &Document) -> Refusal {
    let id = document.entity.id.to_string();
    Refusal::new(Some(&id), RefusalCode::InvalidId, document.is_subsegment)
}

/// The refusal of a document whose trace is full.
pub(crate) fn size_refusal(document: &Document) -> Refusal {
    Refusal::trace_size_exceeded(document.entity.id)
}
