//! Table `traces`: one row a trace, by (T0, trace id), with everything that prunes or answers a search
//! without the trace's entities.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt8Array, UInt32Array, UInt64Array,
};
use arrow::error::ArrowError;
use roentgen_model::assembly::facts::{
    AnnotationValue, EntityFacts, EntityKind, LinkFacts, LinkSource, NodeKey, RootCauses, TraceHead,
};
use roentgen_model::{SegmentId, Stamp, TraceFacts, TraceId, UnixNanos};

use super::codes;
use super::columns::{
    ColumnError, Ends, Interner, Rows, Texts, batch, ids, optional_times, time_at, times,
};
use super::edges::{Memberships, memberships_of};
use super::nodes::{CallsColumn, NodesColumn};
use super::root_causes;
use super::schema::{Table, item_of};
use super::spans::Annotations;

#[derive(Debug, Default)]
struct LinksColumn {
    ends: Ends,
    segments: Vec<u32>,
    trace_ids: Vec<TraceId>,
    ids: Vec<u64>,
    references: Vec<u8>,
    sources: [Texts; 3],
    source_ends: Vec<Option<UnixNanos>>,
}

impl LinksColumn {
    fn push(&mut self, links: &[LinkFacts]) {
        for LinkFacts {
            segment,
            trace_id,
            id,
            reference,
            source,
        } in links
        {
            self.segments.push(*segment);
            self.trace_ids.push(*trace_id);
            self.ids.push(id.as_u64());
            self.references.push(codes::of_link_reference(*reference));
            let node = source.as_ref().map(|s| &s.node);
            let [name, node_type, account_id] = &mut self.sources;
            name.push_option(node.map(|n| &n.name));
            node_type.push_option(node.and_then(|n| n.node_type.as_ref()));
            account_id.push_option(node.and_then(|n| n.account_id.as_ref()));
            self.source_ends.push(source.as_ref().and_then(|s| s.end));
        }
        self.ends.push(links.len());
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(self.segments)),
            ids(self.trace_ids)?,
            Arc::new(UInt64Array::from(self.ids)),
            Arc::new(UInt8Array::from(self.references)),
        ];
        columns.extend(self.sources.map(Texts::finish));
        columns.push(optional_times(self.source_ends));
        self.ends
            .finish_rows(item_of(Table::Traces, "links"), columns)
    }
}

/// A list of distinct texts per trace.
#[derive(Debug, Default)]
struct TextSets {
    ends: Ends,
    texts: Texts,
}

impl TextSets {
    fn push<'a>(&mut self, values: impl Iterator<Item = Option<&'a Arc<str>>>) {
        let mut seen = HashSet::new();
        for value in values.flatten().filter(|v| seen.insert(*v)) {
            self.texts.push(value);
        }
        self.ends.push(seen.len());
    }
}

/// Rows of `traces` in the making.
#[derive(Debug, Default)]
pub(super) struct TracesBatch {
    t0: Vec<UnixNanos>,
    trace_ids: Vec<TraceId>,
    starts: Vec<UnixNanos>,
    optional_times: [Vec<Option<UnixNanos>>; 3],
    optional_numbers: [Vec<Option<i64>>; 3],
    flags: [Vec<bool>; 8],
    root: [Texts; 6],
    counts: [Vec<u32>; 3],
    stamps: [Vec<i64>; 2],
    document_bytes: Vec<u64>,
    nodes: NodesColumn,
    calls: CallsColumn,
    annotation_ends: Ends,
    annotations: Annotations,
    sets: [TextSets; 5],
    memberships: Memberships,
    links: LinksColumn,
    root_causes: Texts,
    /// Of all rows together; their list columns grow with it.
    pub(super) entities: usize,
}

impl TracesBatch {
    pub(super) fn rows(&self) -> usize {
        self.t0.len()
    }

    pub(super) fn push(&mut self, facts: &TraceFacts) {
        self.entities += facts.entities.len();
        self.push_times(facts);
        self.push_root(facts);
        let TraceHead {
            revision,
            limit_exceeded,
            is_indexed,
            memberships,
            first_stamp,
            last_stamp,
            documents,
            document_bytes,
        } = &facts.head;
        let root_ok = facts.root.is_some_and(|r| facts.entity(r).flags.ok());
        let inferred = facts
            .entities
            .iter()
            .any(|e| e.kind == EntityKind::Inferred);
        let flags = [
            facts.has_fault,
            facts.has_error,
            facts.has_throttle,
            root_ok,
            facts.is_partial,
            inferred,
            *limit_exceeded,
            *is_indexed,
        ];
        for (column, flag) in self.flags.iter_mut().zip(flags) {
            column.push(flag);
        }
        let entities = u32::try_from(facts.entities.len()).expect("ordinals are of 32 bits");
        for (column, count) in self
            .counts
            .iter_mut()
            .zip([*revision, entities, *documents])
        {
            column.push(count);
        }
        for (column, stamp) in self.stamps.iter_mut().zip([first_stamp, last_stamp]) {
            column.push(stamp.0);
        }
        self.document_bytes.push(*document_bytes);
        self.memberships.push(memberships);
        self.nodes.push(facts);
        self.calls.push(facts);
        self.push_sets(&facts.entities);
        self.links.push(&facts.links);
        self.root_causes
            .push_option(root_causes::to_json(&facts.root_causes).as_ref());
    }

    fn push_times(&mut self, facts: &TraceFacts) {
        self.t0.push(facts.t0);
        self.trace_ids.push(facts.trace_id);
        self.starts.push(facts.start);
        let ends = facts.segment_ends;
        let times = [facts.end, ends.map(|e| e.0), ends.map(|e| e.1)];
        for (column, time) in self.optional_times.iter_mut().zip(times) {
            column.push(time);
        }
    }

    fn push_root(&mut self, facts: &TraceFacts) {
        let root = facts.root.map(|r| facts.entity(r));
        let node = root.and_then(|r| r.node.as_ref());
        let http = root.map(|r| &r.http);
        let texts = [
            node.map(|n| &n.name),
            node.and_then(|n| n.node_type.as_ref()),
            http.and_then(|h| h.method.as_ref()),
            http.and_then(|h| h.url.as_ref()),
            http.and_then(|h| h.user_agent.as_ref()),
            http.and_then(|h| h.client_ip.as_ref()),
        ];
        for (column, text) in self.root.iter_mut().zip(texts) {
            column.push_option(text);
        }
        let status = http.and_then(|h| h.status);
        let numbers = [facts.duration_nanos, facts.response_time_nanos, status];
        for (column, number) in self.optional_numbers.iter_mut().zip(numbers) {
            column.push(number);
        }
    }

    fn push_sets(&mut self, entities: &[EntityFacts]) {
        let mut seen = HashSet::new();
        for (key, value) in entities.iter().flat_map(|e| &e.annotations) {
            let (text, number) = match value {
                AnnotationValue::String(text) => (Some(text), None),
                AnnotationValue::Number(number) => (None, Some(Ok(number.to_bits()))),
                AnnotationValue::Boolean(boolean) => (None, Some(Err(*boolean))),
            };
            if seen.insert((key, text, number)) {
                self.annotations.push(key, value);
            }
        }
        self.annotation_ends.push(seen.len());
        let [users, urls, zones, instances, resources] = &mut self.sets;
        // As filters see them: of (inferred) segments only (filter-expressions.md 3).
        let segments = || entities.iter().filter(|e| e.node.is_some());
        users.push(segments().map(|e| e.user.as_ref()));
        urls.push(entities.iter().map(|e| e.http.url.as_ref()));
        zones.push(segments().map(|e| e.availability_zone.as_ref()));
        instances.push(segments().map(|e| e.instance_id.as_ref()));
        resources.push(segments().map(|e| e.resource_arn.as_ref()));
    }

    pub(super) fn finish(self) -> Result<RecordBatch, ArrowError> {
        let number = |n: Vec<Option<i64>>| -> ArrayRef { Arc::new(Int64Array::from(n)) };
        let count = |n: Vec<u32>| -> ArrayRef { Arc::new(UInt32Array::from(n)) };
        let mut columns = vec![times(self.t0), ids(self.trace_ids)?, times(self.starts)];
        let [end, least, greatest] = self.optional_times.map(optional_times);
        let [duration, response_time, status] = self.optional_numbers.map(number);
        columns.extend([end, duration, response_time, least, greatest]);
        let flags = self
            .flags
            .map(|f| -> ArrayRef { Arc::new(BooleanArray::from(f)) });
        columns.extend(flags);
        columns.extend(self.root.map(Texts::finish));
        let [revision, entities, documents] = self.counts.map(count);
        columns.extend([status, revision]);
        columns.extend(
            self.stamps
                .map(|s| -> ArrayRef { Arc::new(Int64Array::from(s)) }),
        );
        columns.extend([entities, documents]);
        columns.push(Arc::new(UInt64Array::from(self.document_bytes)));
        columns.extend([self.nodes.finish()?, self.calls.finish()?]);
        let item = item_of(Table::Traces, "annotations");
        columns.push(
            self.annotation_ends
                .finish_rows(item, self.annotations.columns())?,
        );
        let item = item_of(Table::Traces, "users");
        for TextSets { ends, texts } in self.sets {
            columns.push(ends.finish(Arc::clone(&item), texts.finish())?);
        }
        columns.extend([
            self.memberships.finish(Table::Traces)?,
            self.links.finish()?,
        ]);
        columns.push(self.root_causes.finish());
        batch(Table::Traces.schema(), columns)
    }
}

/// The columns that, with a trace's entities, give its facts back (FACTS-1).
pub(super) const HEAD_COLUMNS: &[&str] = &[
    "t0",
    "trace_id",
    "limit_exceeded",
    "is_indexed",
    "revision",
    "first_received",
    "last_received",
    "entities",
    "documents",
    "document_bytes",
    "memberships",
    "links",
    "root_causes",
];

/// What a row of `traces` adds to the entities of a trace.
#[derive(Debug)]
pub(super) struct StoredHead {
    pub(super) t0: UnixNanos,
    pub(super) trace_id: TraceId,
    pub(super) entities: u32,
    pub(super) head: TraceHead,
    pub(super) links: Vec<LinkFacts>,
    pub(super) root_causes: RootCauses,
}

/// Reads the heads of all rows (of [`HEAD_COLUMNS`]).
pub(super) fn heads(rows: &Rows, texts: &mut Interner) -> Result<Vec<StoredHead>, ColumnError> {
    let (t0, trace_ids) = (rows.times("t0")?, rows.ids("trace_id")?);
    let limit_exceeded = rows.flags("limit_exceeded")?;
    let is_indexed = rows.flags("is_indexed")?;
    let revisions: &UInt32Array = rows.column("revision")?;
    let first = rows.numbers("first_received")?;
    let last = rows.numbers("last_received")?;
    let entities: &UInt32Array = rows.column("entities")?;
    let documents: &UInt32Array = rows.column("documents")?;
    let document_bytes: &UInt64Array = rows.column("document_bytes")?;
    let memberships = rows.lists("memberships")?;
    let causes = rows.texts("root_causes")?;
    let mut out = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let head = TraceHead {
            revision: revisions.value(row),
            limit_exceeded: limit_exceeded.value(row),
            is_indexed: is_indexed.value(row),
            memberships: memberships_of(&memberships, row, texts)?,
            first_stamp: Stamp(first.value(row)),
            last_stamp: Stamp(last.value(row)),
            documents: documents.value(row),
            document_bytes: document_bytes.value(row),
        };
        let has_causes = !arrow::array::Array::is_null(causes, row);
        let json = has_causes
            .then(|| root_causes::from_json(causes.value(row)))
            .transpose();
        out.push(StoredHead {
            t0: UnixNanos(t0.value(row)),
            trace_id: trace_ids.get(row),
            entities: entities.value(row),
            head,
            links: links_of(rows, row, texts)?,
            root_causes: json
                .map_err(|_| ColumnError::new("root_causes", "is not JSON"))?
                .unwrap_or_default(),
        });
    }
    Ok(out)
}

fn links_of(rows: &Rows, row: usize, texts: &mut Interner) -> Result<Vec<LinkFacts>, ColumnError> {
    let lists = rows.lists("links")?;
    let range = lists.range(row);
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let items = &lists.items;
    let segments: &UInt32Array = items.column("segment")?;
    let trace_ids = items.ids("trace_id")?;
    let ids: &UInt64Array = items.column("id")?;
    let references: &UInt8Array = items.column("reference")?;
    let (names, types) = (items.texts("source_name")?, items.texts("source_type")?);
    let accounts = items.texts("source_account_id")?;
    let ends = items.times("source_end")?;
    let link = |at: usize| {
        let reference = codes::link_reference(references.value(at));
        let reference = reference.ok_or_else(|| ColumnError::new("links", "has no reference"))?;
        let source = texts.text_at(names, at).map(|name| LinkSource {
            node: NodeKey {
                name,
                node_type: texts.text_at(types, at),
                account_id: texts.text_at(accounts, at),
            },
            end: time_at(ends, at),
        });
        let (segment, trace_id) = (segments.value(at), trace_ids.get(at));
        Ok(LinkFacts {
            segment,
            trace_id,
            id: SegmentId::from_u64(ids.value(at)),
            reference,
            source,
        })
    };
    range.map(link).collect()
}
