//! ASM-1 for whole documents: which version of a document wins, and which log records changed a trace.
//!
//! Per (trace, document id, kind) the greatest (complete, stamp) wins, and an equal document changes
//! nothing. Everybody who adds documents to a trace (accept, replay, reopening, the reference store)
//! does it here and in order of stamps, so that all come to one result.

use std::collections::BTreeMap;
use std::sync::Arc;

use roentgen_model::document::facts::Document;
use roentgen_model::{SegmentId, Stamp};

#[cfg(test)]
mod tests;

/// What versions of one document share.
///
/// A segment and a subsegment that claim one id are two documents here; assembly decides between them
/// (segments.md 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DocumentKey {
    pub(crate) id: SegmentId,
    pub(crate) is_subsegment: bool,
}

impl DocumentKey {
    pub(crate) fn of(document: &Document) -> Self {
        Self {
            id: document.entity.id,
            is_subsegment: document.is_subsegment,
        }
    }

    /// The key of the other kind with this id.
    pub(crate) fn rival(self) -> Self {
        Self {
            is_subsegment: !self.is_subsegment,
            ..self
        }
    }
}

/// What decides between versions of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) stamp: Stamp,
    pub(crate) is_complete: bool,
    pub(crate) fingerprint: u128,
}

/// What an arriving version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is the winner now.
    Changes,
    /// It says what the winner says.
    Equal,
    /// The winner is complete where this one is not, or came later.
    Beaten,
}

impl Version {
    pub(crate) fn of(stamp: Stamp, document: &Document) -> Self {
        Self {
            stamp,
            is_complete: document.entity.end.is_some(),
            fingerprint: document.fingerprint,
        }
    }

    /// What this version does where `winner` is.
    pub(crate) fn effect_on(&self, winner: Option<&Self>) -> Effect {
        let Some(winner) = winner else {
            return Effect::Changes;
        };
        if self.fingerprint == winner.fingerprint {
            return Effect::Equal;
        }
        if (self.is_complete, self.stamp) > (winner.is_complete, winner.stamp) {
            Effect::Changes
        } else {
            Effect::Beaten
        }
    }
}

/// A winning document and where its text is (`T`).
#[derive(Clone, Debug)]
pub(crate) struct Winner<T> {
    pub(crate) version: Version,
    pub(crate) document: Arc<Document>,
    pub(crate) text: T,
}

/// The winning documents of one trace.
#[derive(Clone, Debug)]
pub(crate) struct Winners<T> {
    by_key: BTreeMap<DocumentKey, Winner<T>>,
    bytes: u64,
}

impl<T> Default for Winners<T> {
    fn default() -> Self {
        Self {
            by_key: BTreeMap::new(),
            bytes: 0,
        }
    }
}

impl<T> Winners<T> {
    /// Adds a version; versions must come in order of their stamps.
    pub(crate) fn add(&mut self, stamp: Stamp, document: Arc<Document>, text: T) -> Effect {
        let key = DocumentKey::of(&document);
        let version = Version::of(stamp, &document);
        let effect = version.effect_on(self.version(key));
        if effect == Effect::Changes {
            self.bytes += u64::from(document.text_bytes);
            if let Some(old) = self.by_key.insert(
                key,
                Winner {
                    version,
                    document,
                    text,
                },
            ) {
                self.bytes -= u64::from(old.document.text_bytes);
            }
        }
        effect
    }

    pub(crate) fn version(&self, key: DocumentKey) -> Option<&Version> {
        self.by_key.get(&key).map(|winner| &winner.version)
    }

    pub(crate) fn get(&self, key: DocumentKey) -> Option<&Winner<T>> {
        self.by_key.get(&key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Bytes of the winners' texts.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// In order of stamps, the order in which documents are returned and stored.
    pub(crate) fn by_stamp(&self) -> Vec<&Winner<T>> {
        let mut all: Vec<_> = self.by_key.values().collect();
        all.sort_by_key(|winner| winner.version.stamp);
        all
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Winner<T>> {
        self.by_key.values()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Winner<T>> {
        self.by_key.values_mut()
    }
}
