//! Reads by id. They look at live first and take the view after (VIEW-1), so a trace that is sealed in
//! between is found in the one or the other.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::assembly::facts::LinkFacts;
use roentgen_model::assembly::resolve::preorder;
use roentgen_model::{Stamp, TraceFacts, UnixNanos};

use super::Shared;
use crate::facts::{self, Recorded};
use crate::links;
use crate::live::assembler::Capture;
use crate::live::{Base, Home, LiveArrival, LiveTrace, Text, TraceKey};
use crate::maintenance::Chain;
use crate::merge::Winners;
use crate::reopen;
use crate::source::{ErrorKind, QueryControl, StoreError, StoredDocument, TraceDocuments};
use crate::view::{BlockEntry, View};
use crate::wal::DocumentPosition;

#[cfg(test)]
mod tests;

/// A trace as a read by id sees it.
pub(crate) struct Sight {
    pub(crate) winners: Winners<Text>,
    pub(crate) recorded: Recorded,
    /// Links whose source was found when the trace was last assembled (LINK-1).
    links: Arc<[LinkFacts]>,
}

/// What the live traces have of a trace; `arrivals` only while its home is unknown.
pub(crate) struct LiveSight {
    sight: Sight,
    arrivals: Option<Vec<LiveArrival>>,
}

impl LiveSight {
    /// No block has more of the trace.
    pub(crate) fn is_whole(&self) -> bool {
        self.arrivals.is_none()
    }

    /// The parsed documents, oldest first.
    pub(crate) fn documents(&self) -> links::Documents {
        let winners = self.sight.winners.by_stamp().into_iter();
        winners
            .map(|winner| (winner.version.stamp, Arc::clone(&winner.document)))
            .collect()
    }

    /// HOME-2: together with what a block has, while that is not fetched.
    pub(crate) fn over(self, key: &TraceKey, base: &Base) -> Self {
        let mut trace = LiveTrace::new(UnixNanos::default());
        for arrival in self.arrivals.into_iter().flatten() {
            trace.add(arrival);
        }
        trace.take_over(base);
        let Capture {
            winners,
            recorded,
            links,
            ..
        } = Capture::of(key, &trace);
        Self {
            sight: Sight {
                winners,
                recorded,
                links,
            },
            arrivals: None,
        }
    }
}

pub(crate) fn look_at_live(shared: &Shared, key: &TraceKey) -> Option<LiveSight> {
    let shard = shared.live.shard(key);
    let trace = shard.get(key)?;
    let sight = Sight {
        winners: trace.winners.clone(),
        recorded: trace.recorded(),
        links: Arc::clone(&trace.links),
    };
    let is_unknown = matches!(trace.home, Home::Unknown);
    Some(LiveSight {
        sight,
        arrivals: is_unknown.then(|| trace.arrivals.clone()),
    })
}

/// The trace as current as can be; `None`: it is not live (nor was a moment ago).
fn live_sight(shared: &Shared, key: &TraceKey) -> Result<Option<Sight>, StoreError> {
    let mut last = None;
    for _ in 0..LOOKS_MAX {
        let Some(look) = look_at_live(shared, key) else {
            return Ok(None);
        };
        let view = shared.view.current();
        match complete(shared, key, look, &view)? {
            Completed::Whole(sight) => return Ok(Some(sight)),
            Completed::LookAgain(sight) => last = Some(sight),
        }
    }
    // A copy that moved lies in one block, and its home is gone (damaged, beyond retention).
    Ok(last)
}

enum Completed {
    Whole(Sight),
    /// The trace's home was found between the look at live and the view, or is gone.
    LookAgain(Sight),
}

/// Adds to what was live what the block has, while the trace's home is not known (HOME-2). The view
/// must have been taken after the look (VIEW-1).
fn complete(
    shared: &Shared,
    key: &TraceKey,
    look: LiveSight,
    view: &View,
) -> Result<Completed, StoreError> {
    if look.is_whole() {
        return Ok(Completed::Whole(look.sight));
    }
    Ok(match find_base(shared, view, key)? {
        Some(base) => Completed::Whole(look.over(key, &base).sight),
        None if is_away(view, key) => Completed::LookAgain(look.sight),
        None => Completed::Whole(look.sight),
    })
}

fn find_base(shared: &Shared, view: &View, key: &TraceKey) -> Result<Option<Base>, StoreError> {
    for entry in view.blocks_of(&key.scope) {
        let fetched = reopen::fetch(&shared.settings, entry, &[key.id]);
        match or_damaged(shared, entry, fetched)? {
            Some(mut bases) if !bases.is_empty() => return Ok(bases.remove(&key.id)),
            _ => {}
        }
    }
    Ok(None)
}

/// Damage is reported and left out (contract of reads), what waits for a key is left out; other errors
/// are passed on.
pub(crate) fn or_damaged<T>(
    shared: &Shared,
    entry: &BlockEntry,
    read: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read {
        Err(error) if error.kind() == ErrorKind::Damaged => {
            shared.set_aside_later(&entry.handle, &error);
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
            shared.lock_later(&entry.handle, &error);
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// How often a read looks again when a trace went from a block to live, or back, under its eyes.
const LOOKS_MAX: usize = 4;

/// The documents of one trace, unless it is unknown or beyond retention.
pub(crate) fn documents(
    shared: &Shared,
    key: &TraceKey,
    control: &QueryControl,
) -> Result<Option<TraceDocuments>, StoreError> {
    let oldest = shared.settings.oldest_kept(shared.clock.now());
    for _ in 0..LOOKS_MAX {
        control.check()?;
        // Held until the texts are read: no log file goes away under us.
        let guard = shared.log_reads.read_recursive();
        if let Some(sight) = live_sight(shared, key)? {
            if !is_surely_kept(key, &sight, oldest) && assemble(shared, key, &sight).t0 < oldest {
                return Ok(None);
            }
            let texts = match texts(shared, key, &sight.winners, control) {
                // As with blocks: reported and left out, so that other traces of the call are answered.
                Err(error) if error.kind() == ErrorKind::Damaged => {
                    tracing::error!(trace = %key.id, error = %Chain(&error), "a text is damaged");
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                    shared.encryption.tell_of(&error);
                    return Ok(None);
                }
                texts => texts?,
            };
            return Ok(Some(trace_documents(
                key,
                sight.recorded.limit_exceeded,
                texts,
            )));
        }
        drop(guard);
        let view = shared.view.current();
        for entry in homes(&view, key) {
            let found = entry.handle.reader.documents(&[key.id], control);
            let Some(found) = or_damaged(shared, entry, found)? else {
                continue;
            };
            if let Some(found) = found.into_iter().next() {
                let texts = found
                    .documents
                    .into_iter()
                    .map(|d| (d.stamp, d.text))
                    .collect();
                let kept = found.t0 >= oldest;
                return Ok(kept.then(|| trace_documents(key, found.limit_exceeded, texts)));
            }
        }
        if !is_away(&view, key) {
            break;
        }
    }
    Ok(None)
}

/// Blocks that may be the home of a trace.
fn homes<'a>(view: &'a View, key: &'a TraceKey) -> impl Iterator<Item = &'a BlockEntry> {
    view.blocks_of(&key.scope)
        .filter(|entry| !entry.away.contains_key(&key.id))
}

/// True if some block has a copy of the trace that is not its home: then it has one somewhere.
fn is_away(view: &View, key: &TraceKey) -> bool {
    view.blocks_of(&key.scope)
        .any(|entry| entry.away.contains_key(&key.id))
}

fn trace_documents(
    key: &TraceKey,
    limit_exceeded: bool,
    texts: Vec<(Stamp, Bytes)>,
) -> TraceDocuments {
    let documents = texts
        .into_iter()
        .map(|(stamp, text)| StoredDocument { stamp, text });
    TraceDocuments {
        scope: key.scope.clone(),
        trace_id: key.id,
        documents: documents.collect(),
        limit_exceeded,
    }
}

/// True where no time that a trace may count by lies before `oldest`, so that it need not be assembled
/// to know when it was: neither the time in its id nor the start of any entity.
fn is_surely_kept(key: &TraceKey, sight: &Sight, oldest: UnixNanos) -> bool {
    let id_time = UnixNanos::from_secs(i64::from(key.id.epoch_secs()));
    let mut winners = sight.winners.values().peekable();
    id_time >= oldest
        && winners.peek().is_some()
        && winners.all(|winner| {
            let entities = preorder(&winner.document);
            entities.iter().all(|entity| entity.start >= oldest)
        })
}

fn assemble(shared: &Shared, key: &TraceKey, sight: &Sight) -> TraceFacts {
    let histories = shared.histories();
    let history = histories.of(&key.scope);
    let settings = shared.settings.assembly();
    let assembled =
        facts::assemble_winners(key.id, &sight.winners, sight.recorded, history, settings);
    let mut facts = assembled.facts;
    links::restore(&mut facts, &sight.links);
    facts
}

/// The facts of one trace, unless it is unknown or beyond retention.
pub(crate) fn facts(
    shared: &Shared,
    key: &TraceKey,
    control: &QueryControl,
) -> Result<Option<Arc<TraceFacts>>, StoreError> {
    let oldest = shared.settings.oldest_kept(shared.clock.now());
    let is_kept = |facts: &Arc<TraceFacts>| facts.t0 >= oldest;
    for _ in 0..LOOKS_MAX {
        control.check()?;
        if let Some(sight) = live_sight(shared, key)? {
            return Ok(Some(Arc::new(assemble(shared, key, &sight))).filter(is_kept));
        }
        let view = shared.view.current();
        for entry in homes(&view, key) {
            let found = entry.handle.reader.facts(&[key.id], control);
            let Some(found) = or_damaged(shared, entry, found)? else {
                continue;
            };
            if let Some(facts) = found.into_iter().next() {
                return Ok(Some(facts).filter(is_kept));
            }
        }
        if !is_away(&view, key) {
            break;
        }
    }
    Ok(None)
}

/// The texts of winning documents with their stamps, oldest first. The caller holds `log_reads`, or
/// knows otherwise that none of the positions is settled.
pub(crate) fn texts(
    shared: &Shared,
    key: &TraceKey,
    winners: &Winners<Text>,
    control: &QueryControl,
) -> Result<Vec<(Stamp, Bytes)>, StoreError> {
    let winners = winners.by_stamp();
    let positions: Vec<DocumentPosition> = winners
        .iter()
        .filter_map(|winner| match winner.text {
            Text::Log(position) => Some(position),
            Text::Block(_) => None,
        })
        .collect();
    let mut from_log = shared.log_reader.read(&positions)?.into_iter();
    let mut from_block: Option<HashMap<Stamp, Bytes>> = None;
    let mut texts = Vec::with_capacity(winners.len());
    for winner in winners {
        let stamp = winner.version.stamp;
        let text = match &winner.text {
            Text::Log(_) => from_log.next(),
            Text::Block(block) => {
                if from_block.is_none() {
                    let found = block.reader.documents(&[key.id], control)?;
                    let found = found.into_iter().flat_map(|trace| trace.documents);
                    from_block = Some(found.map(|d| (d.stamp, d.text)).collect());
                }
                from_block
                    .as_ref()
                    .and_then(|found| found.get(&stamp).cloned())
            }
        };
        let missing = || {
            StoreError::new(
                ErrorKind::Damaged,
                format!("a text of `{}` is gone", key.id),
            )
        };
        texts.push((stamp, text.ok_or_else(missing)?));
    }
    Ok(texts)
}
