//! Writes a block: four tables side by side, each streamed in its own order.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use roentgen_model::graph::{EdgeKey, EdgeRow};
use roentgen_model::{Stamp, TraceFacts, TraceId, UnixNanos};

use super::checked::{ChecksumsWriter, FileSums, SummingWriter};
use super::docs::DocsBatch;
use super::edges::EdgesBatch;
use super::meta;
use super::properties::properties;
use super::schema::Table;
use super::spans::{SpansBatch, ordinals_are_sound};
use super::traces::TracesBatch;
use crate::block::{BlockDocument, BlockMeta, BlockSummary, HOUR_SLOT_SECS, MINUTE_SLOT_SECS};
use crate::files::Disk;
use crate::source::{ErrorKind, StoreError};

/// Rows of a row group. `traces` are evaluated a row group at a time, so theirs are small.
const TRACES_GROUP_ROWS: usize = 16 << 10;
pub(super) const GROUP_ROWS: usize = 128 << 10;
/// Encoded bytes after which a row group ends whatever its rows: bounds memory.
const GROUP_BYTES: usize = 16 << 20;
/// Rows gathered before they are encoded.
const BATCH_ROWS: usize = 1 << 10;
/// Entities of traces gathered before these are encoded.
const BATCH_ENTITIES: usize = 32 << 10;
/// Bytes of document text gathered before they are encoded.
const BATCH_TEXT_BYTES: usize = 1 << 20;
/// A trace to be sealed: its facts and winning documents (at least one, any order).
#[derive(Clone, Debug)]
pub struct SealedTrace {
    pub facts: Arc<TraceFacts>,
    pub documents: Vec<BlockDocument>,
}

/// Writes one block: at least one trace, all of one UTC day of T0. See [`BlockWriter`], which streams.
///
/// `edges` are the minute rows of all these traces, summed, in any order.
///
/// # Errors
/// As [`BlockWriter`].
pub fn write_block(
    disk: &dyn Disk,
    dir: &Path,
    meta: BlockMeta,
    mut traces: Vec<SealedTrace>,
    mut edges: Vec<EdgeRow>,
) -> Result<BlockSummary, StoreError> {
    let mut writer = BlockWriter::create(disk, dir, meta)?;
    traces.sort_unstable_by_key(|t| (t.facts.t0, t.facts.trace_id));
    for trace in &traces {
        writer.trace(&trace.facts)?;
    }
    traces.sort_unstable_by_key(|t| t.facts.trace_id);
    for trace in &mut traces {
        trace.documents.sort_unstable_by_key(|d| d.stamp);
        for document in &trace.documents {
            let facts = &trace.facts;
            writer.document(
                facts.trace_id,
                facts.t0,
                facts.head.limit_exceeded,
                document,
            )?;
        }
    }
    edges.sort_unstable_by(edge_order);
    for row in &edges {
        writer.edge(MINUTE_SLOT_SECS, row)?;
    }
    writer.finish()
}

/// The order of rows in `edges` within one slot length: kind, destination, source, slots, then the
/// rest of the key.
#[must_use]
pub fn edge_order(a: &EdgeRow, b: &EdgeRow) -> std::cmp::Ordering {
    key_order(&a.key, &b.key)
}

fn key_order(a: &EdgeKey, b: &EdgeKey) -> std::cmp::Ordering {
    (a.kind.cmp(&b.kind))
        .then_with(|| a.destination.cmp(&b.destination))
        .then_with(|| a.source.cmp(&b.source))
        .then_with(|| (a.start_slot, a.end_slot).cmp(&(b.start_slot, b.end_slot)))
        .then_with(|| a.cmp(b))
}

/// Writes one block from three streams that may be pushed interleaved: traces by (T0, trace id),
/// documents by (trace id, stamp), edge rows by [`edge_order`] within ascending slot lengths.
///
/// Memory is bounded by one row group of each table (some tens of MB), whatever the block's size. The
/// directory must exist, empty; [`Self::finish`] syncs every file, the caller syncs the directory and
/// renames it (SEAL-1). Dropped before that, the files are an incomplete block that no reader opens.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when the disk fails; nothing can be written after it (LOG-2).
/// [`ErrorKind::Internal`] for rows out of order, traces of several days, a block without traces, and
/// traces without documents or documents without traces.
pub struct BlockWriter {
    dir: PathBuf,
    meta: BlockMeta,
    checksums: ChecksumsWriter,
    docs: TableWriter,
    traces: TableWriter,
    spans: TableWriter,
    edges: TableWriter,
    docs_batch: DocsBatch,
    traces_batch: TracesBatch,
    spans_batch: SpansBatch,
    edges_batch: EdgesBatch,
    /// Grows with the traces; `None` before the first.
    summary: Option<BlockSummary>,
    edge_slots: Option<(UnixNanos, UnixNanos)>,
    edge_rows: u64,
    documents: Documents,
    /// Of all traces, combined by exclusive or: equal to that of the documents' traces.
    trace_ids_xor: u128,
    last_trace: Option<(UnixNanos, TraceId)>,
    last_edge: Option<(u32, EdgeKey)>,
    /// Row of `spans` where the entities of each row group of `traces` begin.
    spans_first: Vec<u64>,
}

/// What was seen of the documents.
#[derive(Debug, Default)]
struct Documents {
    last: Option<(TraceId, Stamp)>,
    stamps: Option<(Stamp, Stamp)>,
    traces: u64,
    trace_ids_xor: u128,
    count: u64,
    bytes: u64,
}

impl BlockWriter {
    /// Creates the files of the block in `dir`.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn create(disk: &dyn Disk, dir: &Path, meta: BlockMeta) -> Result<Self, StoreError> {
        let table = |table| TableWriter::create(disk, dir, table, &meta);
        Ok(Self {
            docs: table(Table::Docs)?,
            traces: table(Table::Traces)?,
            spans: table(Table::Spans)?,
            edges: table(Table::Edges)?,
            checksums: ChecksumsWriter::create(disk, dir)?,
            dir: dir.to_owned(),
            meta,
            docs_batch: DocsBatch::default(),
            traces_batch: TracesBatch::default(),
            spans_batch: SpansBatch::default(),
            edges_batch: EdgesBatch::default(),
            summary: None,
            edge_slots: None,
            edge_rows: 0,
            documents: Documents::default(),
            trace_ids_xor: 0,
            last_trace: None,
            last_edge: None,
            spans_first: Vec::new(),
        })
    }

    /// Adds a trace: its row of `traces` and its entities.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn trace(&mut self, facts: &TraceFacts) -> Result<(), StoreError> {
        let key = (facts.t0, facts.trace_id);
        if self.last_trace.is_some_and(|last| last >= key) {
            return Err(misuse("traces do not come by ascending (T0, id)"));
        }
        if !ordinals_are_sound(&facts.entities) {
            return Err(misuse("entities of a trace do not come parents first"));
        }
        let first_row = self.summary.as_ref().map_or(0, |s| s.entities);
        let summary = summary_with(self.summary.take(), facts);
        let day = |t: UnixNanos| t.secs().div_euclid(86_400);
        if day(summary.t0.0) != day(summary.t0.1) {
            return Err(misuse("traces of several days go into one block"));
        }
        self.summary = Some(summary);
        self.last_trace = Some(key);
        self.trace_ids_xor ^= u128::from_be_bytes(facts.trace_id.bytes());
        if self.traces.group_rows + self.traces_batch.rows() == 0 {
            self.spans_first.push(first_row);
        }
        self.traces_batch.push(facts);
        for entity in &facts.entities {
            self.spans_batch
                .push(entity)
                .ok_or_else(|| misuse("a trace has too many entities"))?;
            if self.spans_batch.rows() >= BATCH_ROWS {
                self.spans
                    .write(std::mem::take(&mut self.spans_batch).finish())?;
                self.spans.end_group_from(GROUP_ROWS)?;
            }
        }
        let long = self.traces_batch.entities >= BATCH_ENTITIES;
        if long || self.traces_batch.rows() >= BATCH_ROWS {
            self.traces
                .write(std::mem::take(&mut self.traces_batch).finish())?;
            self.traces.end_group_from(TRACES_GROUP_ROWS)?;
        }
        Ok(())
    }

    /// Adds a document of a trace; `t0` and `limit_exceeded` are the trace's.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn document(
        &mut self,
        trace_id: TraceId,
        t0: UnixNanos,
        limit_exceeded: bool,
        document: &BlockDocument,
    ) -> Result<(), StoreError> {
        let seen = &mut self.documents;
        let key = (trace_id, document.stamp);
        if seen.last.is_some_and(|last| last >= key) {
            return Err(misuse(
                "documents do not come by ascending (trace id, stamp)",
            ));
        }
        if seen.last.is_none_or(|(last, _)| last != trace_id) {
            seen.traces += 1;
            seen.trace_ids_xor ^= u128::from_be_bytes(trace_id.bytes());
        }
        seen.last = Some(key);
        let (least, greatest) = seen.stamps.unwrap_or((document.stamp, document.stamp));
        seen.stamps = Some((least.min(document.stamp), greatest.max(document.stamp)));
        seen.count += 1;
        seen.bytes += document.text.len() as u64;
        self.docs_batch.push(trace_id, t0, limit_exceeded, document);
        let full = self.docs_batch.bytes >= BATCH_TEXT_BYTES;
        if full || self.docs_batch.rows() >= BATCH_ROWS {
            self.docs
                .write(std::mem::take(&mut self.docs_batch).finish())?;
            self.docs.end_group_from(GROUP_ROWS)?;
        }
        Ok(())
    }

    /// Adds an edge row of a slot length ([`MINUTE_SLOT_SECS`] or [`HOUR_SLOT_SECS`]). Rows of equal
    /// keys may come; counts add up.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn edge(&mut self, slot_secs: u32, row: &EdgeRow) -> Result<(), StoreError> {
        if !matches!(slot_secs, MINUTE_SLOT_SECS | HOUR_SLOT_SECS) {
            return Err(misuse("edge slots last a minute or an hour"));
        }
        let in_order = self.last_edge.as_ref().is_none_or(|(secs, key)| {
            secs.cmp(&slot_secs)
                .then_with(|| key_order(key, &row.key))
                .is_le()
        });
        if !in_order {
            return Err(misuse("edge rows do not come in their order"));
        }
        self.last_edge = Some((slot_secs, row.key.clone()));
        if slot_secs == MINUTE_SLOT_SECS {
            let slot = row.key.start_slot;
            let (least, greatest) = self.edge_slots.unwrap_or((slot, slot));
            self.edge_slots = Some((least.min(slot), greatest.max(slot)));
        }
        self.edge_rows += 1;
        self.edges_batch.push(slot_secs, row);
        if self.edges_batch.rows() >= BATCH_ROWS {
            self.edges
                .write(std::mem::take(&mut self.edges_batch).finish())?;
            self.edges.end_group_from(GROUP_ROWS)?;
        }
        Ok(())
    }

    /// Writes what is buffered, the metadata and the checksums, and syncs every file.
    ///
    /// # Errors
    /// See [`BlockWriter`].
    pub fn finish(self) -> Result<BlockSummary, StoreError> {
        let Self {
            mut docs,
            mut traces,
            mut spans,
            mut edges,
            documents,
            meta,
            ..
        } = self;
        let Some(summary) = self.summary else {
            return Err(misuse("a block holds at least one trace"));
        };
        let same_ids = documents.trace_ids_xor == self.trace_ids_xor;
        let (Some(stamps), true, true) = (
            documents.stamps,
            documents.traces == summary.traces,
            same_ids,
        ) else {
            return Err(misuse(
                "traces and documents of a block do not belong together",
            ));
        };
        docs.write(self.docs_batch.finish())?;
        traces.write(self.traces_batch.finish())?;
        spans.write(self.spans_batch.finish())?;
        edges.write(self.edges_batch.finish())?;
        let mut summary = BlockSummary {
            stamps,
            edge_slots: self.edge_slots,
            documents: documents.count,
            document_bytes: documents.bytes,
            edge_rows: self.edge_rows,
            ..summary
        };
        traces.describe(meta::CATALOG_KEY, meta::catalog_json(&meta, &summary));
        let spans_first = serde_json::to_string(&self.spans_first).expect("a list of numbers");
        traces.describe(meta::SPANS_KEY, spans_first);
        let sums: Vec<FileSums> = vec![
            docs.finish()?,
            traces.finish()?,
            spans.finish()?,
            edges.finish()?,
        ];
        let list_bytes = self.checksums.finish(&sums)?;
        summary.file_bytes = list_bytes + sums.iter().map(|s| s.bytes).sum::<u64>();
        Ok(summary)
    }
}

impl fmt::Debug for BlockWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockWriter")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// The summary of what came before and this trace.
fn summary_with(before: Option<BlockSummary>, facts: &TraceFacts) -> BlockSummary {
    let wider = |a: (UnixNanos, UnixNanos), b: (UnixNanos, UnixNanos)| (a.0.min(b.0), a.1.max(b.1));
    let event = event_of(facts.start, facts.end);
    let id = facts.trace_id;
    let summary = before.unwrap_or(BlockSummary {
        t0: (facts.t0, facts.t0),
        event,
        segment_ends: None,
        trace_ids: (id, id),
        stamps: (Stamp(0), Stamp(0)),
        edge_slots: None,
        traces: 0,
        documents: 0,
        entities: 0,
        edge_rows: 0,
        document_bytes: 0,
        file_bytes: 0,
    });
    let ends = [summary.segment_ends, facts.segment_ends];
    BlockSummary {
        t0: wider(summary.t0, (facts.t0, facts.t0)),
        event: wider(summary.event, event),
        segment_ends: ends.into_iter().flatten().reduce(wider),
        trace_ids: (summary.trace_ids.0.min(id), summary.trace_ids.1.max(id)),
        traces: summary.traces + 1,
        entities: summary.entities + facts.entities.len() as u64,
        ..summary
    }
}

/// When a trace happened: up to its start if nothing has ended, or only before it (clock skew).
pub(super) fn event_of(start: UnixNanos, end: Option<UnixNanos>) -> (UnixNanos, UnixNanos) {
    (start, end.map_or(start, |end| end.max(start)))
}

/// One Parquet file being written.
struct TableWriter {
    writer: ArrowWriter<SummingWriter>,
    path: PathBuf,
    group_rows: usize,
}

impl TableWriter {
    fn create(
        disk: &dyn Disk,
        dir: &Path,
        table: Table,
        meta: &BlockMeta,
    ) -> Result<Self, StoreError> {
        let path = dir.join(table.file_name());
        let file = SummingWriter::create(disk, path.clone())?;
        let properties = properties(table, meta).build();
        let writer = ArrowWriter::try_new(file, Arc::clone(table.schema()), Some(properties))
            .map_err(|e| write_failed(&path, e))?;
        Ok(Self {
            writer,
            path,
            group_rows: 0,
        })
    }

    fn write(&mut self, batch: Result<RecordBatch, ArrowError>) -> Result<(), StoreError> {
        let batch = batch.map_err(|e| {
            let what = format!("build rows of `{}`", self.path.display());
            StoreError::caused(ErrorKind::Internal, what, e)
        })?;
        self.group_rows += batch.num_rows();
        self.writer
            .write(&batch)
            .map_err(|e| write_failed(&self.path, e))
    }

    /// Ends the row group if it has this many rows or too many bytes.
    fn end_group_from(&mut self, rows: usize) -> Result<(), StoreError> {
        if self.group_rows >= rows || self.writer.in_progress_size() >= GROUP_BYTES {
            self.group_rows = 0;
            return self.writer.flush().map_err(|e| write_failed(&self.path, e));
        }
        Ok(())
    }

    fn describe(&mut self, key: &str, value: String) {
        self.writer
            .append_key_value_metadata(KeyValue::new(key.to_owned(), value));
    }

    fn finish(mut self) -> Result<FileSums, StoreError> {
        self.writer
            .finish()
            .map_err(|e| write_failed(&self.path, e))?;
        self.writer.inner_mut().finish()
    }
}

fn write_failed(path: &Path, error: ParquetError) -> StoreError {
    let kind = match error {
        ParquetError::External(_) => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    StoreError::caused(kind, format!("write `{}`", path.display()), error)
}

fn misuse(what: &str) -> StoreError {
    StoreError::new(ErrorKind::Internal, format!("write a block: {what}"))
}
