//! LINK-1: a link edge belongs to the linking trace, and begins where the linked trace says.
//!
//! Linked traces are asked, live first and then the blocks in sorted batches, when the linking trace is
//! assembled and when it is sealed; for links still without a source again at compaction. Queries ask
//! nobody: they show what was found. A live trace is assembled anew when a trace that it links to
//! changes ([`Awaited`]). What was found once stays when the linked trace is gone (KEEP-1) or cannot
//! be read now.
//!
//! So the source of a link is a function of all documents known while the linking trace is live, and
//! stays so over restarts. It may differ, because a sealed trace is not written again for another's sake:
//! - the linked trace came after the linking one was sealed: no edge until the next compaction;
//! - the linked trace changed after that: the edge keeps the node and the age it was sealed with, until
//!   the linking trace is reopened;
//! - more than [`LOOKUPS_MAX`] traces to be asked for in blocks at once, or more than [`AWAITED_MAX`]
//!   awaited: the rest waits for the next of the three occasions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use roentgen_model::assembly::facts::{LinkFacts, LinkReference, LinkSource};
use roentgen_model::assembly::link::link_sources;
use roentgen_model::assembly::resolve::Arrival;
use roentgen_model::document::facts::Document;
use roentgen_model::{Scope, SegmentId, Stamp, TraceFacts, TraceId};

use crate::engine::{Shared, reads};
use crate::live::TraceKey;
use crate::maintenance::Chain;
use crate::reopen::{self, Found};

/// Linked traces that are asked for at once: their documents are in memory together.
const BATCH: usize = 128;
/// Linked traces that one pass, chunk or batch of a merge looks for in blocks (≈ 1 ms each).
const LOOKUPS_MAX: usize = 2_048;
/// Links of live traces that are waited for (≈ 150 B each).
const AWAITED_MAX: usize = 100_000;

/// The documents of a trace with their stamps.
pub(crate) type Documents = Vec<(Stamp, Arc<Document>)>;

/// Only links to what a trace consumes make edges (service-graph.md 3.4).
fn makes_edge(link: &LinkFacts) -> bool {
    link.reference == LinkReference::Parent
}

/// True for a link whose edge is still missing.
pub(crate) fn is_unresolved(link: &LinkFacts) -> bool {
    makes_edge(link) && link.source.is_none()
}

/// The links whose source is known.
pub(crate) fn known(facts: &TraceFacts) -> Arc<[LinkFacts]> {
    let links = facts.links.iter();
    links
        .filter(|link| link.source.is_some())
        .cloned()
        .collect()
}

/// Fills in what was known before.
pub(crate) fn restore(facts: &mut TraceFacts, known: &[LinkFacts]) {
    for link in facts.links.iter_mut().filter(|link| is_unresolved(link)) {
        let same = |other: &&LinkFacts| (other.trace_id, other.id) == (link.trace_id, link.id);
        link.source = known.iter().find(same).and_then(|same| same.source.clone());
    }
}

/// Fills in where the links of a trace begin; `documents` finds the linked traces.
pub(crate) fn fill(facts: &mut TraceFacts, mut documents: impl FnMut(TraceId) -> Documents) {
    let mut answers: HashMap<TraceId, Answer> = HashMap::new();
    for (id, ids) in wanted_of(facts, makes_edge) {
        answers.insert(id, answer(&documents(id), &ids));
    }
    take_answers(facts, |id| answers.get(&id));
}

/// What one linked trace says of the ids that were asked for.
type Answer = HashMap<SegmentId, Option<LinkSource>>;

fn wanted_of(
    facts: &TraceFacts,
    is_wanted: impl Fn(&LinkFacts) -> bool,
) -> BTreeMap<TraceId, BTreeSet<SegmentId>> {
    let mut wanted: BTreeMap<TraceId, BTreeSet<SegmentId>> = BTreeMap::new();
    for link in facts.links.iter().filter(|link| is_wanted(link)) {
        wanted.entry(link.trace_id).or_default().insert(link.id);
    }
    wanted
}

fn answer(documents: &Documents, ids: &BTreeSet<SegmentId>) -> Answer {
    let arrivals: Vec<Arrival<'_>> = documents
        .iter()
        .map(|(stamp, document)| Arrival {
            stamp: *stamp,
            document,
        })
        .collect();
    let ids: Vec<SegmentId> = ids.iter().copied().collect();
    let sources = link_sources(&arrivals, &ids);
    ids.into_iter().zip(sources).collect()
}

fn take_answers<'a>(facts: &mut TraceFacts, answer: impl Fn(TraceId) -> Option<&'a Answer>) {
    for link in facts.links.iter_mut().filter(|link| makes_edge(link)) {
        let said = answer(link.trace_id).and_then(|answer| answer.get(&link.id));
        if let Some(source) = said {
            link.source.clone_from(source);
        }
    }
}

/// Which links are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// All: the linked trace may say something else now.
    All,
    Unresolved,
}

/// [`fill`] from the live traces and the blocks. Links whose trace is not found stay as they are. Locks
/// shards, reads blocks.
pub(crate) fn fill_from_store<'a>(
    shared: &Shared,
    traces: impl IntoIterator<Item = (&'a Scope, &'a mut TraceFacts)>,
    asked: Asked,
) {
    let is_wanted = |link: &LinkFacts| match asked {
        Asked::All => makes_edge(link),
        Asked::Unresolved => is_unresolved(link),
    };
    let mut wanted: BTreeMap<TraceKey, Wanted> = BTreeMap::new();
    let mut linking = Vec::new();
    for (scope, facts) in traces {
        let of_trace = wanted_of(facts, is_wanted);
        if of_trace.is_empty() {
            continue;
        }
        for (id, ids) in of_trace {
            let has_news = facts
                .links
                .iter()
                .any(|link| link.trace_id == id && is_unresolved(link));
            let scope = scope.clone();
            let entry = wanted.entry(TraceKey { scope, id }).or_default();
            entry.ids.extend(ids);
            entry.is_urgent |= has_news;
        }
        linking.push((scope, facts));
    }
    let answers = look_up(shared, wanted);
    for (scope, facts) in linking {
        take_answers(facts, |id| {
            let scope = scope.clone();
            answers.get(&TraceKey { scope, id })
        });
    }
}

#[derive(Default)]
struct Wanted {
    ids: BTreeSet<SegmentId>,
    /// Somebody knows no source yet.
    is_urgent: bool,
}

/// Asks these traces in sorted batches, those first that somebody knows nothing of.
fn look_up(shared: &Shared, wanted: BTreeMap<TraceKey, Wanted>) -> HashMap<TraceKey, Answer> {
    let (urgent, others): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(_, wanted)| wanted.is_urgent);
    let mut lookups_left = LOOKUPS_MAX;
    let mut answers = HashMap::new();
    for batch in urgent.chunks(BATCH).chain(others.chunks(BATCH)) {
        let keys = batch.iter().map(|(key, _)| key);
        let mut documents = documents(shared, keys, &mut lookups_left);
        for (key, wanted) in batch {
            if let Some(documents) = documents.remove(key) {
                answers.insert(key.clone(), answer(&documents, &wanted.ids));
            }
        }
    }
    answers
}

/// The documents of those of the traces that are found; takes off `lookups_left` what was looked for
/// in blocks.
fn documents<'a>(
    shared: &Shared,
    keys: impl Iterator<Item = &'a TraceKey>,
    lookups_left: &mut usize,
) -> HashMap<TraceKey, Documents> {
    let mut found = HashMap::new();
    let mut incomplete = HashMap::new();
    for key in keys {
        match reads::look_at_live(shared, key) {
            Some(sight) if sight.is_whole() => {
                found.insert(key.clone(), sight.documents());
            }
            _ if *lookups_left == 0 => {}
            sight => {
                *lookups_left -= 1;
                incomplete.insert(key.clone(), sight);
            }
        }
    }
    if incomplete.is_empty() {
        return found;
    }
    // Taken after the look at live (VIEW-1).
    let view = shared.view.current();
    let homes = reopen::find_homes(shared, &view, incomplete.keys().cloned().collect());
    let mut homes = homes.unwrap_or_else(|error| {
        tracing::warn!(error = %Chain(&error), "linked traces could not be read");
        reopen::Homes::default()
    });
    for (key, sight) in incomplete {
        let documents = match (homes.remove(&key), sight) {
            (None, _) => None,
            (Some(Found::InBlock(base)), None) => Some(base.documents),
            (Some(Found::InBlock(base)), Some(sight)) => Some(sight.over(&key, &base).documents()),
            // Perhaps it became live, or its home was found, between the two looks.
            (Some(Found::Nowhere), sight) => reads::look_at_live(shared, &key)
                .filter(reads::LiveSight::is_whole)
                .or(sight)
                .map(|sight| sight.documents()),
        };
        found.extend(documents.map(|documents| (key, documents)));
    }
    found
}

/// Which live traces link to which traces: bounded; one that is not in it is asked for when its
/// linking trace is sealed.
#[derive(Debug, Default)]
pub(crate) struct Awaited {
    /// Scope, linked, linking.
    pairs: Mutex<BTreeSet<(Scope, TraceId, TraceId)>>,
}

impl Awaited {
    /// A live trace has these links now; returns what it is to [`Self::forget`] one day. To be called
    /// before the linked traces are asked, else one that comes in between is missed.
    pub(crate) fn note(
        &self,
        key: &TraceKey,
        before: &[TraceId],
        facts: &TraceFacts,
    ) -> Vec<TraceId> {
        let linked: Vec<TraceId> = wanted_of(facts, makes_edge).into_keys().collect();
        if before.is_empty() && linked.is_empty() {
            return linked;
        }
        self.forget(key, before);
        let mut pairs = self.pairs.lock();
        let room = AWAITED_MAX.saturating_sub(pairs.len());
        let linked: Vec<TraceId> = linked.into_iter().take(room).collect();
        pairs.extend(
            linked
                .iter()
                .map(|linked| (key.scope.clone(), *linked, key.id)),
        );
        linked
    }

    /// The trace is live no more.
    pub(crate) fn forget(&self, key: &TraceKey, linked: &[TraceId]) {
        if linked.is_empty() {
            return;
        }
        let mut pairs = self.pairs.lock();
        for linked in linked {
            pairs.remove(&(key.scope.clone(), *linked, key.id));
        }
    }

    /// Live traces that link to one of these, each once.
    pub(crate) fn linking(&self, linked: &[TraceKey]) -> BTreeSet<TraceKey> {
        let pairs = self.pairs.lock();
        let mut linking = BTreeSet::new();
        if pairs.is_empty() {
            return linking;
        }
        for TraceKey { scope, id } in linked {
            let least = TraceId::from_bytes([0; 16]);
            let greatest = TraceId::from_bytes([u8::MAX; 16]);
            let range = (scope.clone(), *id, least)..=(scope.clone(), *id, greatest);
            linking.extend(pairs.range(range).map(|(scope, _, id)| TraceKey {
                scope: scope.clone(),
                id: *id,
            }));
        }
        linking
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.pairs.lock().len()
    }
}
