//! Random traces for property tests.

use proptest::collection::vec;
use proptest::prelude::*;

use super::facts::LinkReference;
use super::resolve::Arrival;
use super::sample::{Sample, TRACE_ID, document, sample};
use crate::document::facts::{Document, DocumentEntity};
use crate::ids::SegmentId;
use crate::time::Stamp;

/// How one entity of a random trace looks; numbers are reduced to what fits.
#[derive(Clone, Debug)]
struct Recipe {
    is_segment: bool,
    /// Embedded in an earlier entity, if that allows it; else a document of its own.
    is_embedded: bool,
    parent: Option<u8>,
    start: i64,
    length: i64,
    in_progress: bool,
    kind: u8,
    flags: u8,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let shape = (
        any::<bool>(),
        any::<bool>(),
        proptest::option::weighted(0.8, 0u8..14),
    );
    let time = (0i64..200_000, -5i64..3_000, proptest::bool::weighted(0.15));
    (shape, time, 0u8..12, 0u8..16).prop_map(|(shape, time, kind, flags)| {
        let (is_segment, is_embedded, parent) = shape;
        let (start, length, in_progress) = time;
        Recipe {
            is_segment,
            is_embedded,
            parent,
            start,
            length,
            in_progress,
            kind,
            flags,
        }
    })
}

fn entity(id: u64, recipe: &Recipe) -> Sample {
    let name = format!("n{}", recipe.kind % 4);
    let start = 10_000 + recipe.start;
    let mut made = sample(&name, id, start..start + recipe.length);
    made = match recipe.kind {
        0..=2 if !recipe.is_segment => made.remote(),
        3..=5 if !recipe.is_segment => made.aws("table", "AWS::DynamoDB::Table"),
        0..=5 => made.origin("AWS::EC2::Instance"),
        6 => made.text("key", "value").text(&format!("k{id}"), "x"),
        7 if recipe.is_segment => made.link(TRACE_ID, id, LinkReference::Parent),
        _ => made,
    };
    made = match recipe.flags {
        0 | 1 => made.fault().exception(Some(id), "Boom", "it broke"),
        2 => made.error(),
        3 => made.throttle().cause(id % 7),
        _ => made,
    };
    if recipe.in_progress {
        made.in_progress()
    } else {
        made
    }
}

/// Documents of one trace with distinct ids: embedded and independent subsegments, segments with
/// known, unknown and cyclic parents.
pub(crate) fn documents() -> impl Strategy<Value = Vec<Document>> {
    vec(recipe(), 1..12).prop_map(|recipes| {
        let mut open: Vec<Option<Node>> = Vec::new();
        for (at, recipe) in recipes.iter().enumerate() {
            let parent = recipe.parent.map(usize::from);
            let holder = parent.filter(|parent| recipe.is_embedded && *parent < at);
            let is_segment = recipe.is_segment && holder.is_none();
            let recipe = Recipe {
                is_segment,
                ..recipe.clone()
            };
            let parent_id = match (holder, parent) {
                (None, Some(parent)) => Some(id_of(parent)),
                (None, None) if !is_segment => Some(id_of(99)),
                _ => None,
            };
            let made = entity(id_of(at), &recipe).0;
            open.push(Some(Node {
                entity: made,
                holder,
                parent_id,
                is_segment,
            }));
        }
        assemble_nodes(open)
    })
}

fn id_of(index: usize) -> u64 {
    // Not ascending, so that ids and order of appearance differ.
    (index as u64 * 7_919) % 1_009 + 1
}

struct Node {
    entity: DocumentEntity,
    holder: Option<usize>,
    parent_id: Option<u64>,
    is_segment: bool,
}

/// Puts embedded entities into their holders, last first.
fn assemble_nodes(mut open: Vec<Option<Node>>) -> Vec<Document> {
    let mut documents = Vec::new();
    for at in (0..open.len()).rev() {
        let Some(node) = open[at].take() else {
            continue;
        };
        let mut made = node.entity;
        made.subsegments.reverse();
        match node.holder {
            Some(holder) => open[holder].as_mut().unwrap().entity.subsegments.push(made),
            None => {
                let parent_id = node.parent_id.map(SegmentId::from_u64);
                documents.push(document(made, parent_id, !node.is_segment));
            }
        }
    }
    documents
}

/// A document and all its embedded subsegments as documents of their own, in pre-order.
pub(crate) fn split(whole: &Document) -> Vec<Document> {
    let mut parts = Vec::new();
    let mut pending = vec![(whole.entity.clone(), whole.parent_id, whole.is_subsegment)];
    while let Some((mut entity, parent_id, is_subsegment)) = pending.pop() {
        let id = entity.id;
        let children = std::mem::take(&mut entity.subsegments);
        pending.extend(
            children
                .into_iter()
                .rev()
                .map(|child| (child, Some(id), true)),
        );
        parts.push(document(entity, parent_id, is_subsegment));
    }
    parts
}

/// Arrivals with stamps 1,000 apart, so that others fit between.
pub(crate) fn spaced(documents: &[Document]) -> Vec<Arrival<'_>> {
    let stamps = (1..).map(|n| Stamp(n * 1_000));
    stamps
        .zip(documents)
        .map(|(stamp, document)| Arrival { stamp, document })
        .collect()
}
