//! What a timeline shows of a trace beside its facts: ids, parents that have not arrived, and which
//! panels a row has something for. Read from the documents, whose facts leave these out.

use std::sync::Arc;

use super::compile::{inferred_segment_id, read_all};
use super::facts::DocumentEntity;
use super::json::{Kind, Value};
use super::read::Reading;
use crate::assembly::facts::{EntityKind, TraceFacts};
use crate::assembly::resolve::{Arrival, ResolvedEntity, ResolvedParent, preorder, resolve};
use crate::assembly::{AssemblySettings, Recorded, assemble_resolved, head};
use crate::ids::SegmentId;
use crate::time::Stamp;

#[cfg(test)]
mod tests;

/// A trace, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    pub facts: Arc<TraceFacts>,
    /// One for each of [`TraceFacts::entities`].
    pub rows: Vec<OutlineRow>,
}

/// What the facts of an entity do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlineRow {
    pub id: SegmentId,
    /// The `parent_id` that is no entity of the trace.
    pub missing_parent: Option<SegmentId>,
    pub has_exceptions: bool,
    /// The cause only names an exception told elsewhere in the trace.
    pub has_exception_reference: bool,
    pub has_sql: bool,
    pub has_annotations: bool,
    pub has_metadata: bool,
    pub has_links: bool,
}

impl Outline {
    /// The outline of a trace with these documents, taken as [`super::compile::compile`] takes them.
    ///
    /// `facts` are those of the same documents, or of a moment before or after: then they are
    /// assembled again, with the same head but for what documents say.
    #[must_use]
    pub fn new(documents: &[(Stamp, &str)], facts: Arc<TraceFacts>) -> Self {
        let readings = read_all(facts.trace_id, documents);
        let arrivals: Vec<Arrival<'_>> = readings
            .iter()
            .map(|(stamp, reading)| Arrival {
                stamp: *stamp,
                document: &reading.document,
            })
            .collect();
        let resolved = resolve(&arrivals);
        let recorded = Recorded {
            revision: facts.head.revision,
            limit_exceeded: facts.head.limit_exceeded,
            is_indexed: facts.head.is_indexed,
            memberships: facts.head.memberships.clone(),
        };
        let facts = if head(&arrivals, &resolved, recorded.clone()) == facts.head {
            facts
        } else {
            let settings = AssemblySettings::default();
            let trace_id = facts.trace_id;
            Arc::new(assemble_resolved(
                trace_id, &arrivals, &resolved, recorded, settings,
            ))
        };
        let entities: Vec<Vec<&DocumentEntity>> = readings
            .iter()
            .map(|(_, reading)| preorder(&reading.document))
            .collect();
        let real: Vec<OutlineRow> = resolved
            .entities
            .iter()
            .filter_map(|entity| {
                let (_, reading) = readings.get(entity.arrival)?;
                let told = entities.get(entity.arrival)?.get(entity.ordinal)?;
                Some(row(entity, reading, told))
            })
            .collect();
        let rows = with_inferred(&facts, real);
        Self { facts, rows }
    }
}

/// Puts in a row for each inferred segment: it follows the subsegment it was inferred from.
fn with_inferred(facts: &TraceFacts, real: Vec<OutlineRow>) -> Vec<OutlineRow> {
    let mut real = real.into_iter();
    let mut rows: Vec<OutlineRow> = Vec::with_capacity(facts.entities.len());
    for entity in &facts.entities {
        let next = match (entity.kind, rows.last()) {
            (EntityKind::Inferred, Some(call)) => OutlineRow {
                id: inferred_segment_id(facts.trace_id, call.id),
                ..OutlineRow::bare(call.id)
            },
            _ => real
                .next()
                .unwrap_or(OutlineRow::bare(SegmentId::from_u64(0))),
        };
        rows.push(next);
    }
    rows
}

impl OutlineRow {
    fn bare(id: SegmentId) -> Self {
        Self {
            id,
            missing_parent: None,
            has_exceptions: false,
            has_exception_reference: false,
            has_sql: false,
            has_annotations: false,
            has_metadata: false,
            has_links: false,
        }
    }
}

fn row(entity: &ResolvedEntity, reading: &Reading<'_>, told: &DocumentEntity) -> OutlineRow {
    let object = reading.objects.get(entity.ordinal);
    let object = object.map(|object| reading.tape.value(*object));
    let has = |name: &str| {
        let value = object.and_then(|object| object.get(name));
        value.is_some_and(has_members)
    };
    OutlineRow {
        id: entity.id,
        missing_parent: match entity.parent {
            ResolvedParent::Unknown(id) => Some(id),
            ResolvedParent::None | ResolvedParent::Entity(_) => None,
        },
        has_exceptions: !told.cause.exceptions.is_empty(),
        has_exception_reference: told.cause.reference.is_some(),
        has_sql: has("sql"),
        has_annotations: has("annotations"),
        has_metadata: has("metadata"),
        has_links: !told.links.is_empty(),
    }
}

fn has_members(value: Value<'_>) -> bool {
    value.kind() == Kind::Object && value.members().next().is_some()
}
