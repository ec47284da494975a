//! What `BatchGetTraces` returns of a trace (segments.md 8): its documents as sent, put together.

use std::borrow::Cow;
use std::collections::HashMap;

use super::SIDE_RECORD;
use super::callee::REMOTE_TYPE;
use super::canonical::fingerprint;
use super::check::Limits;
use super::facts::DocumentEntity;
use super::json::{Kind, Value};
use super::read::{Reading, read};
use super::schema::{
    BODY, INFERRED_BODY_LEN, Place, Shape, distinct_members, hashed_id, separate, write,
    write_member,
};
use crate::assembly::resolve::{Arrival, Resolved, ResolvedParent, preorder, resolve};
use crate::ids::{SegmentId, TraceId};
use crate::limits::{INDEXED_CHARS_MAX, SUBSEGMENT_DEPTH_MAX};
use crate::time::{Stamp, UnixNanos};

#[cfg(test)]
mod tests;

/// Members that are written by name, or never.
const PLACED: &[&str] = &[
    "id",
    "name",
    "start_time",
    "end_time",
    "in_progress",
    "parent_id",
    "type",
    "inferred",
    "trace_id",
    "origin",
    "subsegments",
    SIDE_RECORD,
];

/// Annotations of Application Signals that an inferred segment takes over, from and to (otlp.md 8).
const SWAPPED_ANNOTATIONS: &[(&str, &str)] = &[
    ("aws.remote.service", "aws.local.service"),
    ("aws.remote.operation", "aws.local.operation"),
    ("aws.remote.resource.type", "aws.local.resource.type"),
    (
        "aws.remote.resource.identifier",
        "aws.local.resource.identifier",
    ),
];

/// A trace ready to be returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledTrace {
    /// Entries of `Trace.Segments` as (`Id`, `Document`): real segments, subsegments whose parent is
    /// not there, inferred segments; each kind by (start, id).
    pub segments: Vec<(SegmentId, String)>,
    /// Latest end of any (sub)segment minus earliest start of any segment (of any orphan if there is
    /// no segment), clamped at 0; `None` if nothing has ended.
    pub duration_nanos: Option<i64>,
}

/// Puts the documents of a trace together. They are taken as sent, each one object that was accepted
/// before; losers and duplicates may be among them, in any order. Texts that cannot be read, or are of
/// another trace, are passed over. The time window is not checked again.
///
/// Nested subsegments of a segment go [`SUBSEGMENT_DEPTH_MAX`] levels deep; where independent ones make
/// a longer chain, the rest follows as entries of their own like orphans (our choice: clients parse
/// JSON to a limited depth).
#[must_use]
pub fn compile(trace_id: TraceId, documents: &[(Stamp, &str)]) -> CompiledTrace {
    let readings = read_all(trace_id, documents);
    let arrivals: Vec<Arrival<'_>> = readings
        .iter()
        .map(|(stamp, reading)| Arrival {
            stamp: *stamp,
            document: &reading.document,
        })
        .collect();
    let resolved = resolve(&arrivals);
    Compiler::new(trace_id, &readings, &resolved).run()
}

/// One segment or subsegment of a trace, put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledEntity {
    /// As it stands in [`CompiledTrace`], with `parent_id` and `trace_id` also where it is nested there.
    pub document: String,
    /// False: `document` would have been too long with the subsegments in it.
    pub has_subsegments: bool,
    /// The (sub)segment it hangs below, whether that is there or not.
    pub parent_id: Option<SegmentId>,
    /// The segment it belongs to; `None` below a parent that is not there.
    pub segment_id: Option<SegmentId>,
    /// Indices of the documents that tell of it, as they were given.
    pub told_by: Vec<usize>,
    /// Its links to other traces.
    pub links: Vec<(TraceId, SegmentId)>,
}

/// The entity with this id, inferred ones included, out of documents as [`compile`] takes them. Its
/// subsegments are left out where they make it longer than `bytes_max`.
#[must_use]
pub fn compile_entity(
    trace_id: TraceId,
    documents: &[(Stamp, &str)],
    id: SegmentId,
    bytes_max: usize,
) -> Option<CompiledEntity> {
    let readings = read_all(trace_id, documents);
    let arrivals: Vec<Arrival<'_>> = readings
        .iter()
        .map(|(stamp, reading)| Arrival {
            stamp: *stamp,
            document: &reading.document,
        })
        .collect();
    let resolved = resolve(&arrivals);
    let mut compiler = Compiler::new(trace_id, &readings, &resolved);
    let (at, is_inferred) = compiler.find(id)?;
    let mut has_subsegments = true;
    let document = if is_inferred {
        compiler.inferred(at).1
    } else {
        let is_segment = resolved.entities.get(at)?.is_segment;
        let form = if is_segment {
            Form::Segment
        } else {
            Form::Orphan
        };
        let mut whole = String::new();
        compiler.write_entity(&mut whole, at, form, 0);
        if whole.len() > bytes_max {
            has_subsegments = false;
            whole.clear();
            // As deep as subsegments nest: none is written below it.
            compiler.write_entity(&mut whole, at, form, SUBSEGMENT_DEPTH_MAX);
        }
        whole
    };
    let told = compiler.source(at).entity;
    let stamps = readings.iter().filter(|(_, reading)| {
        let all = preorder(&reading.document);
        all.iter().any(|entity| entity.id == told.id)
    });
    let told_by = stamps.filter_map(|(stamp, _)| documents.iter().position(|(s, _)| s == stamp));
    let links = told.links.iter().map(|link| (link.trace_id, link.id));
    Some(CompiledEntity {
        document,
        has_subsegments,
        parent_id: if is_inferred {
            Some(told.id)
        } else {
            compiler.parent_id(at)
        },
        segment_id: if is_inferred {
            Some(id)
        } else {
            compiler.segment_id(at)
        },
        told_by: told_by.collect(),
        links: links.filter(|_| !is_inferred).collect(),
    })
}

/// The id of the inferred segment that a subsegment makes (segments.md 7, our choice): the first 16
/// hex digits of SHA-256(trace id `/` subsegment id `/inferred`).
#[must_use]
pub fn inferred_segment_id(trace_id: TraceId, subsegment_id: SegmentId) -> SegmentId {
    hashed_id(&format!("{trace_id}/{subsegment_id}/inferred"))
}

/// Reads the documents of a trace as they are stored; what cannot be read, or is of another trace, is
/// passed over.
pub(super) fn read_all<'a>(
    trace_id: TraceId,
    documents: &[(Stamp, &'a str)],
) -> Vec<(Stamp, Reading<'a>)> {
    let mut readings: Vec<(Stamp, Reading<'a>)> = documents
        .iter()
        .filter_map(|(stamp, text)| Some((*stamp, read_stored(*stamp, text)?)))
        .filter(|(_, reading)| reading.document.trace_id == trace_id)
        .collect();
    // Only documents of one id are compared, and most have one of their own.
    let mut documents_of: HashMap<SegmentId, u32> = HashMap::with_capacity(readings.len());
    for (_, reading) in &readings {
        *documents_of.entry(reading.document.entity.id).or_default() += 1;
    }
    for (_, reading) in &mut readings {
        if documents_of[&reading.document.entity.id] > 1 {
            reading.document.fingerprint = fingerprint(reading.tape.root());
        }
    }
    readings
}

/// Reads a document that was accepted when its stamp was given.
fn read_stored(stamp: Stamp, text: &str) -> Option<Reading<'_>> {
    let limits = Limits {
        now: UnixNanos(stamp.0),
        bytes_max: usize::MAX,
        start_min: UnixNanos(i64::MIN),
        check_start_ahead: false,
        check_trace_id_time: false,
        chars_max: INDEXED_CHARS_MAX,
        with_fingerprint: false,
    };
    super::json::is_json(text)
        .then(|| read(text, &limits).ok())
        .flatten()
}

/// One resolved entity with its object.
#[derive(Clone, Copy)]
struct Source<'r> {
    object: Value<'r>,
    entity: &'r DocumentEntity,
}

struct Compiler<'r> {
    trace_id: TraceId,
    resolved: &'r Resolved,
    /// One per resolved entity.
    sources: Vec<Source<'r>>,
    /// Subsegments that nest too deep to be written in place.
    detached: Vec<usize>,
}

/// How an entity is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Segment,
    /// A subsegment as an entry of its own.
    Orphan,
    Nested,
}

impl<'r> Compiler<'r> {
    fn new(
        trace_id: TraceId,
        readings: &'r [(Stamp, Reading<'_>)],
        resolved: &'r Resolved,
    ) -> Self {
        let entities: Vec<Vec<&DocumentEntity>> = readings
            .iter()
            .map(|(_, reading)| preorder(&reading.document))
            .collect();
        let source = |arrival: usize, ordinal: usize| {
            let reading = &readings.get(arrival)?.1;
            let object = reading.tape.value(*reading.objects.get(ordinal)?);
            Some(Source {
                object,
                entity: *entities.get(arrival)?.get(ordinal)?,
            })
        };
        let sources = resolved.entities.iter().map(|e| {
            source(e.arrival, e.ordinal).expect("resolved entities lie in the documents resolved")
        });
        Self {
            trace_id,
            resolved,
            sources: sources.collect(),
            detached: Vec::new(),
        }
    }

    fn run(mut self) -> CompiledTrace {
        let duration_nanos = self.duration_nanos();
        let all = 0..self.resolved.entities.len();
        let (mut segments, mut orphans, mut inferring) = (Vec::new(), Vec::new(), Vec::new());
        for at in all {
            let Some(entity) = self.resolved.entities.get(at) else {
                continue;
            };
            if entity.is_segment {
                segments.push(at);
            } else if !matches!(entity.parent, ResolvedParent::Entity(_)) {
                orphans.push(at);
            }
            if self.resolved.is_inferring(at) && self.source(at).entity.callee.is_some() {
                inferring.push(at);
            }
        }
        let mut written = Vec::with_capacity(segments.len() + orphans.len() + inferring.len());
        let by_start = |compiler: &Self, list: &mut Vec<usize>| {
            let key = |at: &usize| {
                (
                    compiler.source(*at).entity.start,
                    compiler.source(*at).entity.id,
                )
            };
            list.sort_by_key(key);
        };
        by_start(&self, &mut segments);
        for at in segments {
            written.push(self.entry(at, Form::Segment));
        }
        while !orphans.is_empty() {
            by_start(&self, &mut orphans);
            for at in std::mem::take(&mut orphans) {
                written.push(self.entry(at, Form::Orphan));
            }
            orphans = std::mem::take(&mut self.detached);
        }
        by_start(&self, &mut inferring);
        written.extend(inferring.into_iter().map(|at| self.inferred(at)));
        CompiledTrace {
            segments: written,
            duration_nanos,
        }
    }

    fn source(&self, at: usize) -> Source<'r> {
        *self
            .sources
            .get(at)
            .expect("one source per resolved entity")
    }

    fn duration_nanos(&self) -> Option<i64> {
        let starts = |segments_only: bool| {
            let pairs = self.resolved.entities.iter().zip(&self.sources);
            let wanted = pairs.filter(move |(e, _)| e.is_segment || !segments_only);
            wanted.map(|(_, source)| source.entity.start).min()
        };
        let start = starts(true).or_else(|| starts(false))?;
        let end = self
            .sources
            .iter()
            .filter_map(|source| source.entity.end)
            .max()?;
        Some(end.nanos_since(start))
    }

    /// The entity with this id, and whether the id is that of the segment inferred from it.
    fn find(&self, id: SegmentId) -> Option<(usize, bool)> {
        let mut all = self.resolved.entities.iter();
        if let Some(at) = all.position(|entity| entity.id == id) {
            return Some((at, false));
        }
        let mut inferring = (0..self.resolved.entities.len()).filter(|at| {
            self.resolved.is_inferring(*at) && self.source(*at).entity.callee.is_some()
        });
        let is_it =
            |at: &usize| inferred_segment_id(self.trace_id, self.source(*at).entity.id) == id;
        inferring.find(is_it).map(|at| (at, true))
    }

    /// The segment that an entity belongs to.
    fn segment_id(&self, at: usize) -> Option<SegmentId> {
        let mut entity = self.resolved.entities.get(at)?;
        while !entity.is_segment {
            let ResolvedParent::Entity(parent) = entity.parent else {
                return None;
            };
            entity = self.resolved.entities.get(parent)?;
        }
        Some(entity.id)
    }

    fn entry(&mut self, at: usize, form: Form) -> (SegmentId, String) {
        let mut out = String::new();
        self.write_entity(&mut out, at, form, 0);
        (self.source(at).entity.id, out)
    }

    /// Recurses with what is nested, at most [`SUBSEGMENT_DEPTH_MAX`] levels.
    fn write_entity(&mut self, out: &mut String, at: usize, form: Form, depth: usize) {
        let Source { object, entity } = self.source(at);
        let place = Place {
            trace_id: self.trace_id,
            entity_id: entity.id,
        };
        let members = distinct_members(object);
        out.push('{');
        write_head(out, entity.id, &members, entity, place);
        if form != Form::Nested {
            if let Some(parent) = self.parent_id(at) {
                write_text(out, "parent_id", &parent.to_string());
            }
            if form == Form::Orphan {
                write_text(out, "type", "subsegment");
            }
        }
        write_body(out, &members, BODY, place);
        if form != Form::Nested {
            write_text(out, "trace_id", &self.trace_id.to_string());
        }
        write_body(out, &members, &[("origin", Shape::String)], place);
        write_unknown(out, &members, place);
        self.write_children(out, at, depth);
        out.push('}');
    }

    fn write_children(&mut self, out: &mut String, at: usize, depth: usize) {
        let Some(entity) = self.resolved.entities.get(at) else {
            return;
        };
        let is_subsegment = |child: &&usize| {
            self.resolved
                .entities
                .get(**child)
                .is_some_and(|c| !c.is_segment)
        };
        let children: Vec<usize> = entity
            .children
            .iter()
            .filter(is_subsegment)
            .copied()
            .collect();
        if children.is_empty() {
            return;
        }
        if depth == SUBSEGMENT_DEPTH_MAX {
            self.detached.extend(children);
            return;
        }
        separate(out);
        out.push_str("\"subsegments\":[");
        for child in children {
            separate(out);
            self.write_entity(out, child, Form::Nested, depth + 1);
        }
        out.push(']');
    }

    fn parent_id(&self, at: usize) -> Option<SegmentId> {
        match self.resolved.entities.get(at)?.parent {
            ResolvedParent::None => None,
            ResolvedParent::Unknown(id) => Some(id),
            ResolvedParent::Entity(parent) => Some(self.resolved.entities.get(parent)?.id),
        }
    }

    /// The inferred segment of the call that this subsegment is (segments.md 7).
    fn inferred(&self, at: usize) -> (SegmentId, String) {
        let Source { object, entity } = self.source(at);
        let id = inferred_segment_id(self.trace_id, entity.id);
        let place = Place {
            trace_id: self.trace_id,
            entity_id: id,
        };
        let members = distinct_members(object);
        let mut out = String::from("{");
        write_head(&mut out, id, &members, entity, place);
        write_text(&mut out, "parent_id", &entity.id.to_string());
        out.push_str(",\"inferred\":true");
        write_body(
            &mut out,
            &members,
            BODY.get(..INFERRED_BODY_LEN).unwrap_or_default(),
            place,
        );
        write_swapped_annotations(&mut out, &members, place);
        write_text(&mut out, "trace_id", &self.trace_id.to_string());
        let node_type = entity
            .callee
            .as_ref()
            .and_then(|callee| callee.node_type.as_deref());
        if let Some(origin) = node_type.filter(|node_type| *node_type != REMOTE_TYPE) {
            write_text(&mut out, "origin", origin);
        }
        out.push('}');
        (id, out)
    }
}

type Members<'t> = [(Cow<'t, str>, Value<'t>, Value<'t>)];

fn find<'t>(members: &Members<'t>, name: &str) -> Option<Value<'t>> {
    members
        .iter()
        .find(|(key, ..)| key == name)
        .map(|(.., value)| *value)
}

/// `id`, `name`, `start_time`, and `end_time` or `in_progress`; numbers as sent.
fn write_head(
    out: &mut String,
    id: SegmentId,
    members: &Members<'_>,
    entity: &DocumentEntity,
    place: Place,
) {
    write_text(out, "id", &id.to_string());
    let known = [
        ("name", Shape::String),
        ("start_time", Shape::Number),
        ("end_time", Shape::Number),
    ];
    // An end that is no time counts as absent.
    let count = if entity.end.is_some() { 3 } else { 2 };
    write_body(out, members, known.get(..count).unwrap_or_default(), place);
    if entity.end.is_none() {
        out.push_str(",\"in_progress\":true");
    }
}

fn write_body(out: &mut String, members: &Members<'_>, known: &[(&str, Shape)], place: Place) {
    for (name, shape) in known {
        if let Some(value) = find(members, name) {
            write_member(out, &format!("\"{name}\""), value, *shape, place);
        }
    }
}

/// Members we do not know are kept, in order not to lose data from newer SDKs.
fn write_unknown(out: &mut String, members: &Members<'_>, place: Place) {
    for (name, key, value) in members {
        let is_body = || BODY.iter().any(|(known, _)| known == name);
        if !PLACED.contains(&&**name) && !is_body() {
            write_member(out, key.raw(), *value, Shape::Any, place);
        }
    }
}

fn write_swapped_annotations(out: &mut String, members: &Members<'_>, place: Place) {
    let Some(annotations) = find(members, "annotations") else {
        return;
    };
    let before = out.len();
    out.push_str(",\"annotations\":{");
    let empty = out.len();
    for (from, to) in SWAPPED_ANNOTATIONS {
        let value = annotations.get(from);
        if let Some(value) = value.filter(|v| !matches!(v.kind(), Kind::Array | Kind::Object)) {
            separate(out);
            out.push_str(&format!("\"{to}\":"));
            write(out, value, Shape::Any, place);
        }
    }
    if out.len() == empty {
        out.truncate(before);
    } else {
        out.push('}');
    }
}

/// Appends a string member with its separator.
fn write_text(out: &mut String, name: &str, text: &str) {
    separate(out);
    out.push_str(&format!("\"{name}\":"));
    out.push_str(&serde_json::Value::from(text).to_string());
}
