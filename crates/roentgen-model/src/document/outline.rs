//! What a timeline shows of a trace beside its facts: ids, parents that have not arrived, which panels
//! a row has something for, and where the request failed. Read from the documents, whose facts leave
//! these out.

use std::collections::HashSet;
use std::sync::Arc;

use super::compile::{inferred_segment_id, read_all};
use super::cut;
use super::facts::DocumentEntity;
use super::json::{Kind, Value};
use crate::assembly::facts::{EntityKind, TraceFacts};
use crate::assembly::resolve::{Arrival, ResolvedEntity, ResolvedParent, preorder, resolve};
use crate::assembly::{AssemblySettings, Recorded, assemble_resolved, head};
use crate::ids::SegmentId;
use crate::limits::INDEXED_CHARS_MAX;
use crate::time::Stamp;

#[cfg(test)]
mod tests;
mod thrown;

pub use self::thrown::Thrown;

/// A trace, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    pub facts: Arc<TraceFacts>,
    /// One for each of [`TraceFacts::entities`].
    pub rows: Vec<OutlineRow>,
    /// Where the trace failed, deepest first; at most 20.
    pub exceptions: Vec<Thrown>,
}

/// What the facts of an entity do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineRow {
    pub id: SegmentId,
    /// The `parent_id` that is no entity of the trace.
    pub missing_parent: Option<SegmentId>,
    /// `aws.operation`; of an inferred segment that of the call.
    pub operation: Option<Arc<str>>,
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
        let mut operations = HashSet::new();
        let told: Vec<Told<'_>> = resolved
            .entities
            .iter()
            .filter_map(|entity| {
                let (_, reading) = readings.get(entity.arrival)?;
                let object = reading.objects.get(entity.ordinal)?;
                Some(Told {
                    resolved: entity,
                    object: reading.tape.value(*object),
                    entity: entities.get(entity.arrival)?.get(entity.ordinal)?,
                })
            })
            .collect();
        let real = told.iter().map(|told| row(told, &mut operations));
        let rows = with_inferred(&facts, real);
        let exceptions = thrown::thrown(&facts, &told);
        Self {
            facts,
            rows,
            exceptions,
        }
    }
}

/// A resolved entity with what its document says.
struct Told<'t> {
    resolved: &'t ResolvedEntity,
    object: Value<'t>,
    entity: &'t DocumentEntity,
}

/// Puts in a row for each inferred segment: it follows the subsegment it was inferred from.
fn with_inferred(
    facts: &TraceFacts,
    mut real: impl Iterator<Item = OutlineRow>,
) -> Vec<OutlineRow> {
    let mut rows: Vec<OutlineRow> = Vec::with_capacity(facts.entities.len());
    for entity in &facts.entities {
        let next = match (entity.kind, rows.last()) {
            (EntityKind::Inferred, Some(call)) => OutlineRow {
                id: inferred_segment_id(facts.trace_id, call.id),
                operation: call.operation.clone(),
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
            operation: None,
            has_exceptions: false,
            has_exception_reference: false,
            has_sql: false,
            has_annotations: false,
            has_metadata: false,
            has_links: false,
        }
    }
}

fn row(told: &Told<'_>, operations: &mut HashSet<Arc<str>>) -> OutlineRow {
    let Told {
        resolved,
        object,
        entity,
    } = told;
    let mut has = [false; 3];
    let mut operation = None;
    // One pass over the members: looking for each by its name would take as many.
    for (key, value) in object.members() {
        match key.as_str().as_deref() {
            Some("sql") => has[0] = has_members(value),
            Some("annotations") => has[1] = has_members(value),
            Some("metadata") => has[2] = has_members(value),
            Some("aws") => operation = value.get("operation").and_then(Value::as_str),
            _ => {}
        }
    }
    let [has_sql, has_annotations, has_metadata] = has;
    OutlineRow {
        id: resolved.id,
        missing_parent: match resolved.parent {
            ResolvedParent::Unknown(id) => Some(id),
            ResolvedParent::None | ResolvedParent::Entity(_) => None,
        },
        operation: operation.map(|text| shared(cut(&text, INDEXED_CHARS_MAX), operations)),
        has_exceptions: !entity.cause.exceptions.is_empty(),
        has_exception_reference: entity.cause.reference.is_some(),
        has_sql,
        has_annotations,
        has_metadata,
        has_links: !entity.links.is_empty(),
    }
}

/// Operations are few and rows many: each text is kept once.
fn shared(text: &str, known: &mut HashSet<Arc<str>>) -> Arc<str> {
    if let Some(found) = known.get(text) {
        return Arc::clone(found);
    }
    let new: Arc<str> = text.into();
    known.insert(Arc::clone(&new));
    new
}

fn has_members(value: Value<'_>) -> bool {
    value.kind() == Kind::Object && value.members().next().is_some()
}
