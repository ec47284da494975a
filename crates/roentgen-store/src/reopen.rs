//! HOME-2 and ID-1: a document for a trace at home in a block makes it live again.
//!
//! Whether a trace has a home is asked off the acknowledgement path, in sorted batches. What the block
//! has (documents and what is recorded beside them) becomes the base on which what arrived is added.
//! Until then reads by id merge both and searches show the block's copy.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::document::facts::Document;
use roentgen_model::{Scope, Stamp, TraceFacts, TraceId};

use crate::accept::parse;
use crate::block::BlockDocuments;
use crate::engine::Shared;
use crate::facts::{Recorded, minute_rows};
use crate::links;
use crate::live::{Base, SealedHome, TraceKey};
use crate::settings::StoreSettings;
use crate::source::{ErrorKind, QueryControl, StoreError};
use crate::view::{BlockEntry, View};

/// Where a trace is beside the live traces.
#[derive(Debug)]
pub(crate) enum Found {
    Nowhere,
    InBlock(Box<Base>),
}

/// The answer for a batch of traces; what is absent could not be found out now.
pub(crate) type Homes = HashMap<TraceKey, Found>;

/// Looks up these traces in the blocks of a view and fetches what is there.
///
/// # Errors
/// When a block cannot be read for another reason than damage; try again later.
pub(crate) fn find_homes(
    shared: &Shared,
    view: &View,
    keys: Vec<TraceKey>,
) -> Result<Homes, StoreError> {
    let mut by_scope: BTreeMap<Scope, Vec<TraceId>> = BTreeMap::new();
    for key in keys {
        by_scope.entry(key.scope).or_default().push(key.id);
    }
    let mut homes = Homes::new();
    for (scope, mut ids) in by_scope {
        ids.sort_unstable();
        ids.dedup();
        for entry in view.blocks_of(&scope) {
            let bases = match fetch_in_parts(&shared.settings, entry, &ids) {
                Err(error) if error.kind() == ErrorKind::Damaged => {
                    shared.set_aside_later(&entry.handle, &error);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                    // Asked again once it is known for good that the block is locked.
                    shared.lock_later(&entry.handle, &error);
                    let (least, greatest) = entry.handle.reader.summary().trace_ids;
                    ids.retain(|id| !(least..=greatest).contains(id));
                    continue;
                }
                fetched => fetched?,
            };
            ids.retain(|id| !bases.contains_key(id));
            let found = bases.into_iter().map(|(id, base)| {
                (
                    TraceKey {
                        scope: scope.clone(),
                        id,
                    },
                    Found::InBlock(Box::new(base)),
                )
            });
            homes.extend(found);
        }
        let nowhere = ids.into_iter().map(|id| {
            (
                TraceKey {
                    scope: scope.clone(),
                    id,
                },
                Found::Nowhere,
            )
        });
        homes.extend(nowhere);
    }
    Ok(homes)
}

/// [`fetch`] for any number of traces of any size: what is too much for one read is read in parts.
fn fetch_in_parts(
    settings: &StoreSettings,
    entry: &BlockEntry,
    ids: &[TraceId],
) -> Result<HashMap<TraceId, Base>, StoreError> {
    match fetch(settings, entry, ids) {
        Err(error) if error.kind() == ErrorKind::OverBound && ids.len() > 1 => {
            let (first, second) = ids.split_at(ids.len() / 2);
            let mut bases = fetch_in_parts(settings, entry, first)?;
            bases.extend(fetch_in_parts(settings, entry, second)?);
            Ok(bases)
        }
        fetched => fetched,
    }
}

/// What one block has of these traces, as far as it is their home.
pub(crate) fn fetch(
    settings: &StoreSettings,
    entry: &BlockEntry,
    ids: &[TraceId],
) -> Result<HashMap<TraceId, Base>, StoreError> {
    // One trace is as large as it is.
    let control = match ids {
        [_] => QueryControl::new(usize::MAX),
        _ => QueryControl::default(),
    };
    let reader = &entry.handle.reader;
    let located = reader.locate(ids, &control)?;
    let at_home = located.into_iter().map(|key| key.trace_id);
    let at_home: Vec<_> = at_home.filter(|id| !entry.away.contains_key(id)).collect();
    if at_home.is_empty() {
        return Ok(HashMap::new());
    }
    let facts = reader.facts(&at_home, &control)?;
    let facts: HashMap<_, _> = facts
        .into_iter()
        .map(|facts| (facts.trace_id, facts))
        .collect();
    let mut bases = HashMap::new();
    for documents in reader.documents(&at_home, &control)? {
        if let Some(facts) = facts.get(&documents.trace_id) {
            bases.insert(documents.trace_id, base(settings, entry, facts, documents));
        }
    }
    Ok(bases)
}

fn base(
    settings: &StoreSettings,
    entry: &BlockEntry,
    facts: &TraceFacts,
    found: BlockDocuments,
) -> Base {
    let documents = found.documents.into_iter();
    let parsed =
        documents.filter_map(|d| Some((d.stamp, parse_stored(&d.text, d.stamp, settings)?)));
    Base {
        home: SealedHome {
            block: Arc::clone(&entry.handle),
            rows: minute_rows(facts).into(),
        },
        recorded: Recorded {
            revision: facts.head.revision,
            limit_exceeded: facts.head.limit_exceeded,
        },
        links: links::known(facts),
        documents: parsed.collect(),
    }
}

/// Parses a document that was accepted at `stamp`. `None` is reported: only a change of the rules for
/// documents can make it happen.
pub(crate) fn parse_stored(
    text: &Bytes,
    stamp: Stamp,
    settings: &StoreSettings,
) -> Option<Arc<Document>> {
    match parse::parse_stored(text, stamp, settings) {
        Ok(document) => Some(document),
        Err(refusal) => {
            let message = &refusal.message;
            tracing::error!(
                ?stamp,
                id = refusal.id,
                message,
                "a stored document is not valid any more"
            );
            None
        }
    }
}
