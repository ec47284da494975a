//! Where a request failed first: the exceptions that were thrown, not those that came of them.

use std::cmp::Reverse;
use std::sync::Arc;

use super::Told;
use crate::assembly::facts::{EntityKind, Parent, TraceFacts};
use crate::document::check::read_segment_id;
use crate::document::cut;
use crate::document::json::{Kind, Value};
use crate::document::read::is_reference;

/// Of one trace (our choice).
const THROWN_MAX: usize = 20;
/// Characters of a message; the whole is in the document.
const MESSAGE_CHARS_MAX: usize = 300;

/// An exception where it was thrown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// Index into [`super::Outline::rows`].
    pub row: usize,
    /// `""` where the document has none, as the message.
    pub name: Arc<str>,
    /// The first 300 characters.
    pub message: Arc<str>,
}

/// A row that failed with an exception of its own.
struct Failed<'t> {
    row: usize,
    depth: usize,
    exception: Value<'t>,
    is_remote: bool,
}

/// The exceptions of failed rows below which no other threw one; the deepest first. Those that only
/// tell what a called service answered (`remote`) count where there are no others.
pub(super) fn thrown(facts: &TraceFacts, told: &[Told<'_>]) -> Vec<Thrown> {
    let mut failed = failed(facts, told);
    if failed.iter().any(|one| !one.is_remote) {
        failed.retain(|one| !one.is_remote);
    }
    let mut is_above = vec![false; facts.entities.len()];
    for one in &failed {
        let mut next = parent_of(facts, one.row);
        // What is marked has its ancestors marked: every row is met once.
        while let Some(above) = next.filter(|above| !is_above.get(*above).is_none_or(|is| *is)) {
            if let Some(mark) = is_above.get_mut(above) {
                *mark = true;
            }
            next = parent_of(facts, above);
        }
    }
    failed.retain(|one| is_above.get(one.row) == Some(&false));
    failed.sort_by_key(|one| (Reverse(one.depth), one.row));
    failed.truncate(THROWN_MAX);
    let text = |exception: Value<'_>, name: &str| -> Arc<str> {
        let text = exception.get(name).and_then(Value::as_str);
        cut(&text.unwrap_or_default(), MESSAGE_CHARS_MAX).into()
    };
    let shown = failed.iter().map(|one| Thrown {
        row: one.row,
        name: text(one.exception, "type"),
        message: text(one.exception, "message"),
    });
    shown.collect()
}

fn failed<'t>(facts: &TraceFacts, told: &[Told<'t>]) -> Vec<Failed<'t>> {
    let mut depths: Vec<usize> = Vec::with_capacity(facts.entities.len());
    let mut told = told.iter();
    let mut failed = Vec::new();
    for (row, entity) in facts.entities.iter().enumerate() {
        let above = parent_of(facts, row).and_then(|parent| depths.get(parent));
        let depth = above.map_or(0, |depth| depth + 1);
        depths.push(depth);
        if entity.kind == EntityKind::Inferred {
            continue;
        }
        let Some(told) = told.next() else {
            break;
        };
        if entity.flags.ok() || told.entity.cause.exceptions.is_empty() {
            continue;
        }
        if let Some((exception, is_remote)) = innermost(told.object) {
            failed.push(Failed {
                row,
                depth,
                exception,
                is_remote,
            });
        }
    }
    failed
}

fn parent_of(facts: &TraceFacts, row: usize) -> Option<usize> {
    match facts.entities.get(row)?.parent {
        Parent::Entity(parent) => usize::try_from(parent).ok(),
        Parent::None | Parent::Unknown => None,
    }
}

/// The exception that the others of an entity came of, and whether all of them are remote.
fn innermost(object: Value<'_>) -> Option<(Value<'_>, bool)> {
    let all = object.get("cause")?.get("exceptions")?.elements();
    let all: Vec<Value<'_>> = all
        .filter(|one| one.kind() == Kind::Object && !is_reference(*one))
        .collect();
    let is_remote = |one: Value<'_>| one.get("remote").and_then(Value::as_bool) == Some(true);
    let Some(mut found) = all.iter().copied().find(|one| !is_remote(*one)) else {
        return all.first().map(|first| (*first, true));
    };
    // As many steps as there are exceptions: causes may go round.
    for _ in &all {
        let Some(id) = found.get("cause").and_then(read_segment_id) else {
            break;
        };
        let is_cause = |one: &Value<'_>| one.get("id").and_then(read_segment_id) == Some(id);
        match all.iter().copied().find(is_cause) {
            Some(cause) if !is_remote(cause) => found = cause,
            _ => break,
        }
    }
    Some((found, false))
}
