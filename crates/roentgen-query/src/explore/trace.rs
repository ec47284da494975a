//! One trace in rows, and single entities of it (docs/console-api.md).

use bytes::Bytes;
use roentgen_model::assembly::facts::{EntityFacts, EntityKind, Parent, TraceFacts};
use roentgen_model::document::compile::{CompiledEntity, compile_entity};
use roentgen_model::document::outline::Outline;
use roentgen_model::{Scope, SegmentId, Stamp, TraceId};
use roentgen_store::source::{QueryControl, StoreError, StoredDocument, TraceReader};

#[cfg(test)]
mod tests;

/// Times of clocks that agree so far are not called skewed (console.md, our choice).
const SKEW_NANOS_MIN: i64 = 5_000_000;

/// The rows of one trace; `None` if it is unknown. Documents and facts are of one moment.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn outline(
    reader: &dyn TraceReader,
    scope: &Scope,
    id: TraceId,
    control: &QueryControl,
) -> Result<Option<Outline>, StoreError> {
    let documents = documents(reader, scope, id, control)?;
    let facts = reader.facts(std::slice::from_ref(scope), &[id], control)?;
    let Some(facts) = facts.into_iter().next() else {
        return Ok(None);
    };
    control.check()?;
    Ok(Some(Outline::new(&texts(&documents), facts)))
}

/// How many entities begin or end more than 5 ms outside their parents: a sign of clocks that disagree.
#[must_use]
pub fn skewed_entities(facts: &TraceFacts) -> usize {
    let is_skewed = |entity: &&EntityFacts| {
        let Parent::Entity(parent) = entity.parent else {
            return false;
        };
        let parent = facts.entity(parent);
        let before = parent.start.0.saturating_sub(entity.start.0);
        let after = |end: i64| {
            let parent_end = parent.end.map_or(i64::MAX, |end| end.0);
            end.saturating_sub(parent_end)
        };
        before > SKEW_NANOS_MIN || entity.end.is_some_and(|end| after(end.0) > SKEW_NANOS_MIN)
    };
    let real = facts.entities.iter();
    let real = real.filter(|entity| entity.kind != EntityKind::Inferred);
    real.filter(is_skewed).count()
}

/// One entity as merged, and the documents that tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntity {
    pub compiled: CompiledEntity,
    /// In order of arrival.
    pub documents: Vec<StoredDocument>,
}

/// The (sub)segment with this id, inferred segments included; `None` if there is none. Its subsegments
/// are left out where they make it longer than `bytes_max`.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn entity(
    reader: &dyn TraceReader,
    scope: &Scope,
    trace_id: TraceId,
    id: SegmentId,
    bytes_max: usize,
    control: &QueryControl,
) -> Result<Option<TraceEntity>, StoreError> {
    let documents = documents(reader, scope, trace_id, control)?;
    let compiled = compile_entity(trace_id, &texts(&documents), id, bytes_max);
    Ok(compiled.map(|compiled| {
        let told = compiled.told_by.iter();
        TraceEntity {
            documents: told.filter_map(|at| documents.get(*at).cloned()).collect(),
            compiled,
        }
    }))
}

fn documents(
    reader: &dyn TraceReader,
    scope: &Scope,
    id: TraceId,
    control: &QueryControl,
) -> Result<Vec<StoredDocument>, StoreError> {
    let found = reader.documents(std::slice::from_ref(scope), &[id], control)?;
    let documents = found.into_iter().flat_map(|trace| trace.documents);
    // What is stored was accepted, and so is UTF-8; a damaged text is left out.
    let is_text = |document: &StoredDocument| std::str::from_utf8(&document.text).is_ok();
    Ok(documents.filter(is_text).collect())
}

fn texts(documents: &[StoredDocument]) -> Vec<(Stamp, &str)> {
    fn text(text: &Bytes) -> &str {
        std::str::from_utf8(text).unwrap_or_default()
    }
    let pairs = documents.iter().map(|d| (d.stamp, text(&d.text)));
    pairs.collect()
}
