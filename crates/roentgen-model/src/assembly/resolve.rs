//! ASM-1: which document and which entity wins, and what hangs where.
//!
//! 1. *Documents.* Per document id and kind the arrivals are taken in order of their stamps: the
//!    greatest (complete, stamp) wins, and an equal document changes nothing, not even the winner's
//!    stamp. Of a segment and a subsegment with one id the one whose winner is older stays. So losers
//!    can be forgotten as they lose: the winners alone resolve to the same trace.
//! 2. *Entities.* The winners' entities claim their ids by the same rule: an independent subsegment
//!    competes with an embedded copy of itself, and with nothing else. What hung below the copy that
//!    lost hangs below the one that won.
//! 3. *Parents* are looked up by id, cycles are cut, siblings sorted.

use std::collections::{HashMap, HashSet};

use crate::document::facts::{Document, DocumentEntity};
use crate::ids::SegmentId;
use crate::time::{Stamp, UnixNanos};

#[cfg(test)]
mod tests;

/// A document with its order of arrival.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub stamp: Stamp,
    pub document: &'a Document,
}

/// The winning entities of a trace as a forest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Parents before children, siblings (and tops) by (start, id): the trace's pre-order.
    pub entities: Vec<ResolvedEntity>,
    /// Entities ignored because a segment and a subsegment claim one id.
    pub conflicts: u32,
    /// Indices of the arrivals that win at document level, oldest stamp first: the documents a store
    /// keeps. One may win here and have its own entity beaten by an embedded copy.
    pub winners: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedEntity {
    pub id: SegmentId,
    /// Index of the winning arrival.
    pub arrival: usize,
    /// Pre-order ordinal inside that document.
    pub ordinal: usize,
    pub is_segment: bool,
    pub parent: ResolvedParent,
    /// Indices into [`Resolved::entities`], by (start, id).
    pub children: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolvedParent {
    None,
    Entity(usize),
    /// No entity of the trace, or cut out of a cycle.
    Unknown(SegmentId),
}

/// The winning entities of one trace's documents. The order of `arrivals` does not matter, their
/// stamps do; nothing here recurses, so chains of any depth are fine. Takes O(n log n).
#[must_use]
pub fn resolve(arrivals: &[Arrival<'_>]) -> Resolved {
    let (winners, document_conflicts) = winning_documents(arrivals);
    let mut claims = Claims::default();
    for &winner in &winners {
        if let Some(arrival) = arrivals.get(winner) {
            claims.take(winner, arrival.document);
        }
    }
    let conflicts = document_conflicts.saturating_add(claims.conflicts);
    let parents = claims.parents();
    Resolved {
        entities: forest(&claims.claims, &parents),
        conflicts,
        winners,
    }
}

/// The entities of a document in pre-order: the index is the ordinal.
#[must_use]
pub fn preorder(document: &Document) -> Vec<&DocumentEntity> {
    let mut entities = Vec::new();
    let mut pending = vec![&document.entity];
    while let Some(entity) = pending.pop() {
        entities.push(entity);
        pending.extend(entity.subsegments.iter().rev());
    }
    entities
}

/// Indices of the winning documents, oldest stamp first, and how many were ignored for a conflict.
fn winning_documents(arrivals: &[Arrival<'_>]) -> (Vec<usize>, u32) {
    let mut by_age: Vec<usize> = (0..arrivals.len()).collect();
    // Stamps are unique in one store; the rest of the key keeps the result independent of the order
    // of `arrivals` where they come from several (SCOPE-1).
    by_age.sort_by_key(|&at| {
        let Arrival { stamp, document } = arrivals[at];
        let complete = document.entity.end.is_some();
        (
            stamp,
            document.entity.id,
            document.is_subsegment,
            complete,
            document.fingerprint,
        )
    });
    let mut winner_of: HashMap<(SegmentId, bool), usize> = HashMap::with_capacity(arrivals.len());
    for &at in &by_age {
        let document = arrivals[at].document;
        let holder = winner_of
            .entry((document.entity.id, document.is_subsegment))
            .or_insert(at);
        if replaces(document, arrivals[*holder].document) {
            *holder = at;
        }
    }
    let key = |at: usize| {
        (
            arrivals[at].document.entity.id,
            arrivals[at].document.is_subsegment,
        )
    };
    by_age.retain(|&at| winner_of.get(&key(at)) == Some(&at));
    let mut taken: HashSet<SegmentId> = HashSet::with_capacity(by_age.len());
    let winners = by_age.len();
    by_age.retain(|&at| taken.insert(key(at).0));
    let conflicts = u32::try_from(winners - by_age.len()).unwrap_or(u32::MAX);
    (by_age, conflicts)
}

/// True if a document replaces an older one of its id and kind (segments.md 5).
fn replaces(newer: &Document, older: &Document) -> bool {
    newer.fingerprint != older.fingerprint
        && newer.entity.end.is_some() >= older.entity.end.is_some()
}

/// An entity of a winning document that wants its id.
struct Claim {
    id: SegmentId,
    start: UnixNanos,
    complete: bool,
    arrival: usize,
    ordinal: usize,
    is_segment: bool,
    parent_id: Option<SegmentId>,
}

#[derive(Default)]
struct Claims {
    claims: Vec<Claim>,
    by_id: HashMap<SegmentId, usize>,
    conflicts: u32,
}

impl Claims {
    /// Enters the entities of a document that is newer than all before it.
    fn take(&mut self, arrival: usize, document: &Document) {
        let mut pending = vec![(&document.entity, document.parent_id, true)];
        let mut ordinal = 0;
        while let Some((entity, parent_id, wanted)) = pending.pop() {
            let is_segment = ordinal == 0 && !document.is_subsegment;
            let claim = Claim {
                id: entity.id,
                start: entity.start,
                complete: entity.end.is_some(),
                arrival,
                ordinal,
                is_segment,
                parent_id,
            };
            let kept = wanted && self.enter(claim);
            ordinal += 1;
            let children = entity.subsegments.iter().rev();
            pending.extend(children.map(|child| (child, Some(entity.id), kept)));
        }
    }

    /// False if the entity is ignored together with its subtree.
    fn enter(&mut self, claim: Claim) -> bool {
        let Some(&at) = self.by_id.get(&claim.id) else {
            self.by_id.insert(claim.id, self.claims.len());
            self.claims.push(claim);
            return true;
        };
        let Some(holder) = self.claims.get_mut(at) else {
            return false;
        };
        if holder.is_segment != claim.is_segment {
            self.conflicts = self.conflicts.saturating_add(1);
            return false;
        }
        if holder.arrival == claim.arrival {
            // Twice in one document: the first stays (segments.md 5).
            return false;
        }
        if claim.complete >= holder.complete {
            *holder = claim;
        }
        true
    }

    /// The parent of each claim as an index, cycles cut at their earliest member.
    fn parents(&self) -> Vec<Option<usize>> {
        let find = |claim: &Claim| claim.parent_id.and_then(|id| self.by_id.get(&id).copied());
        let mut parents: Vec<Option<usize>> = self.claims.iter().map(find).collect();
        // Each walk up marks what it meets with its own number; meeting the own number again closes
        // a cycle, meeting an older one ends the walk.
        let mut walked_by = vec![usize::MAX; parents.len()];
        for walk in 0..parents.len() {
            let mut next = Some(walk);
            while let Some(at) = next {
                if walked_by[at] == walk {
                    let first = self.earliest_of_cycle(&parents, at);
                    parents[first] = None;
                    break;
                }
                if walked_by[at] != usize::MAX {
                    break;
                }
                walked_by[at] = walk;
                next = parents[at];
            }
        }
        parents
    }

    fn earliest_of_cycle(&self, parents: &[Option<usize>], member: usize) -> usize {
        let key = |at: usize| (self.claims[at].start, self.claims[at].id);
        let mut earliest = member;
        let mut next = parents[member];
        while let Some(at) = next.filter(|at| *at != member) {
            if key(at) < key(earliest) {
                earliest = at;
            }
            next = parents[at];
        }
        earliest
    }
}

/// The claims in pre-order with their family ties.
fn forest(claims: &[Claim], parents: &[Option<usize>]) -> Vec<ResolvedEntity> {
    // With the keys beside the indices: looking them up in each comparison takes twice as long.
    let keys = claims.iter().enumerate();
    let mut by_start: Vec<(UnixNanos, SegmentId, usize)> = keys
        .map(|(at, claim)| (claim.start, claim.id, at))
        .collect();
    by_start.sort_unstable();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); claims.len()];
    let mut pending = Vec::new();
    for &(.., at) in &by_start {
        match parents[at] {
            Some(parent) => children[parent].push(at),
            None => pending.push((at, None)),
        }
    }
    pending.reverse();
    let mut entities: Vec<ResolvedEntity> = Vec::with_capacity(claims.len());
    while let Some((at, parent)) = pending.pop() {
        let claim = &claims[at];
        let index = entities.len();
        if let Some(parent) = parent.and_then(|parent: usize| entities.get_mut(parent)) {
            parent.children.push(index);
        }
        entities.push(ResolvedEntity {
            id: claim.id,
            arrival: claim.arrival,
            ordinal: claim.ordinal,
            is_segment: claim.is_segment,
            parent: match (parent, claim.parent_id) {
                (Some(parent), _) => ResolvedParent::Entity(parent),
                (None, Some(id)) => ResolvedParent::Unknown(id),
                (None, None) => ResolvedParent::None,
            },
            children: Vec::with_capacity(children[at].len()),
        });
        pending.extend(children[at].iter().rev().map(|&child| (child, Some(index))));
    }
    entities
}
