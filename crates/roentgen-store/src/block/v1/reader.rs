//! Reads a block: by id, as streams for compaction, and (see `scan`) in page order.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::graph::{EdgeRow, RowTime};
use roentgen_model::{TraceFacts, TraceId, UnixNanos};

use super::bloom;
use super::checked::read_checksums;
use super::columns::Interner;
use super::edges::edge_rows;
use super::facts::{FactsReader, join, spans_of_group};
use super::meta::{self, CATALOG_KEY};
use super::scan::{BlockScan, ScanBounds};
use super::schema::Table;
use super::streams::{DocumentsStream, Flattened, docs_rows_into};
use super::table::{OpenTable, TableFile};
use crate::block::{BlockDocument, BlockMeta, BlockSummary};
use crate::files::Disk;
use crate::plan::Plan;
use crate::source::{ErrorKind, PageKey, QueryControl, StoreError};

/// Rows decoded at once.
const BATCH_ROWS: usize = 1 << 10;
/// Rows of `docs` decoded at once, 64 kB each at most.
const DOCS_BATCH_ROWS: usize = 128;
/// Traces whose facts are read at once.
const FACTS_AT_ONCE: usize = 256;
/// What an entity takes in memory, roughly; for the bound of a query.
const ENTITY_BYTES: usize = 400;

/// The documents of one trace in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockDocuments {
    pub trace_id: TraceId,
    /// T0 of the trace.
    pub t0: UnixNanos,
    /// Documents were refused because the trace is over its size limit.
    pub limit_exceeded: bool,
    /// Oldest stamp first; never empty.
    pub documents: Vec<BlockDocument>,
}

/// An open block. Cheap to open (one small file and one footer); footers are read at first use and
/// kept. Does not know which of its traces moved: the caller leaves them out (HOME-1).
///
/// Files are opened at each use, so an idle block holds no file handle.
///
/// # Errors
/// Of every method: [`ErrorKind::Damaged`] with the file's name when a file is missing, has the wrong
/// size or fails its checksums; [`ErrorKind::KeyUnavailable`] when it is encrypted and its key is not
/// there; [`ErrorKind::Unavailable`] when reading fails; and what the [`QueryControl`] says.
#[derive(Debug)]
pub struct BlockReader {
    disk: Arc<dyn Disk>,
    meta: BlockMeta,
    summary: BlockSummary,
    docs: TableFile,
    traces: TableFile,
    spans: TableFile,
    edges: TableFile,
}

/// Reads only what a catalog needs to know of the block in `dir` (SEAL-1): to rebuild a lost catalog.
/// That the other files are there and whole is for [`BlockReader::verify`] to say.
///
/// # Errors
/// See [`BlockReader`].
pub fn read_block_meta(
    disk: &dyn Disk,
    dir: &Path,
) -> Result<(BlockMeta, BlockSummary), StoreError> {
    let (tables, list_bytes) = tables(disk, dir)?;
    describe(disk, &tables, list_bytes)
}

fn tables(disk: &dyn Disk, dir: &Path) -> Result<([TableFile; 4], u64), StoreError> {
    let (sums, list_bytes) = read_checksums(disk, dir, Table::ALL.len())?;
    let mut sums = sums.into_iter();
    let tables = Table::ALL.map(|t| TableFile::new(t, dir, sums.next().unwrap_or_default()));
    Ok((tables, list_bytes))
}

fn describe(
    disk: &dyn Disk,
    tables: &[TableFile; 4],
    list_bytes: u64,
) -> Result<(BlockMeta, BlockSummary), StoreError> {
    let [_, traces, ..] = tables;
    let file_bytes = list_bytes + tables.iter().map(TableFile::bytes).sum::<u64>();
    let traces = traces.open(disk)?;
    let described = traces.described(CATALOG_KEY);
    described
        .and_then(|json| meta::parse_catalog(json, file_bytes))
        .ok_or_else(|| {
            traces
                .file
                .damaged("it does not describe a block of format v1")
        })
}

impl BlockReader {
    /// Opens the block in `dir`.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, StoreError> {
        let (tables, list_bytes) = tables(&*disk, dir)?;
        let (meta, summary) = describe(&*disk, &tables, list_bytes)?;
        let [docs, traces, spans, edges] = tables;
        Ok(Self {
            disk,
            meta,
            summary,
            docs,
            traces,
            spans,
            edges,
        })
    }

    /// What the writer was told.
    #[must_use]
    pub fn meta(&self) -> &BlockMeta {
        &self.meta
    }

    /// What the block holds, moved traces included.
    #[must_use]
    pub fn summary(&self) -> &BlockSummary {
        &self.summary
    }

    /// Reads every byte of every file and checks it.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn verify(&self, control: &QueryControl) -> Result<(), StoreError> {
        for table in [&self.docs, &self.traces, &self.spans, &self.edges] {
            table.file(&*self.disk)?.verify(|| control.check())?;
        }
        Ok(())
    }

    /// Whether the keys of all files are there.
    ///
    /// # Errors
    /// See [`BlockReader`]; [`ErrorKind::KeyUnavailable`].
    pub(crate) fn check_keys(&self) -> Result<(), StoreError> {
        for table in [&self.docs, &self.traces, &self.spans, &self.edges] {
            table.file(&*self.disk)?;
        }
        Ok(())
    }

    /// False: the trace is certainly not in the block (id range, then bloom filter; ID-1).
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn might_contain(&self, id: TraceId) -> Result<bool, StoreError> {
        let (least, greatest) = self.summary.trace_ids;
        if id < least || id > greatest {
            return Ok(false);
        }
        bloom::might_contain(&self.docs.open(&*self.disk)?, id)
    }

    /// Which of these traces are in the block, exactly, by ascending id; duplicates once.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn locate(
        &self,
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<PageKey>, StoreError> {
        let ids = self.ids_in_range(ids);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let docs = self.docs.open(&*self.disk)?;
        let pages = bloom::candidate_pages(&docs, &ids)?;
        let mut out: Vec<PageKey> = Vec::new();
        for rows in docs.read(Some(&["trace_id", "t0"]), &pages, BATCH_ROWS)? {
            control.check()?;
            let rows = rows?;
            let found = rows
                .ids("trace_id")
                .and_then(|ids| Ok((ids, rows.times("t0")?)));
            let (trace_ids, t0) = found.map_err(|e| docs.wrong(e))?;
            for row in 0..rows.len() {
                let trace_id = trace_ids.get(row);
                let known = out.last().is_some_and(|last| last.trace_id == trace_id);
                if !known && ids.binary_search(&trace_id).is_ok() {
                    out.push(PageKey {
                        t0: UnixNanos(t0.value(row)),
                        trace_id,
                    });
                }
            }
        }
        Ok(out)
    }

    /// The documents of those of these traces that are in the block, by ascending id; duplicates once.
    ///
    /// # Errors
    /// See [`BlockReader`]; [`ErrorKind::OverBound`] when the texts pass the control's memory bound.
    pub fn documents(
        &self,
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<BlockDocuments>, StoreError> {
        let ids = self.ids_in_range(ids);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let docs = self.docs.open(&*self.disk)?;
        let pages = bloom::candidate_pages(&docs, &ids)?;
        let mut at = pages.iter().cloned().flatten();
        let mut wanted: Vec<Range<u64>> = Vec::new();
        for rows in docs.read(Some(&["trace_id"]), &pages, BATCH_ROWS)? {
            control.check()?;
            let rows = rows?;
            let trace_ids = rows.ids("trace_id").map_err(|e| docs.wrong(e))?;
            for (row, number) in (0..rows.len()).zip(at.by_ref()) {
                if ids.binary_search(&trace_ids.get(row)).is_ok() {
                    join(&mut wanted, number..number + 1);
                }
            }
        }
        let mut out = Vec::new();
        let mut bytes = 0;
        for rows in docs.read(None, &wanted, DOCS_BATCH_ROWS)? {
            control.check()?;
            bytes += docs_rows_into(&docs, &rows?, &mut out)?;
            if bytes > control.memory_bytes_max {
                return Err(over_bound("the documents of these traces"));
            }
        }
        Ok(out)
    }

    /// The facts of those of these traces that are in the block, by ascending (T0, id); duplicates once.
    ///
    /// # Errors
    /// See [`BlockReader`]; [`ErrorKind::OverBound`] when they pass the control's memory bound.
    pub fn facts(
        &self,
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        let mut keys = self.locate(ids, control)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        keys.sort_unstable();
        let tables = self.facts_tables()?;
        let mut out = Vec::with_capacity(keys.len());
        let mut entities = 0;
        let groups = tables.traces.group_rows();
        for (group, rows) in groups.iter().enumerate() {
            let Some((least, greatest)) = tables.traces.number_bounds(group, "t0") else {
                return Err(tables
                    .traces
                    .file
                    .damaged("a row group has no bounds of T0"));
            };
            let within = |key: &PageKey| (least..=greatest).contains(&key.t0.0);
            let first = keys.partition_point(|key| key.t0.0 < least);
            let candidates: Vec<PageKey> = keys
                .iter()
                .skip(first)
                .take_while(|key| within(key))
                .copied()
                .collect();
            if candidates.is_empty() {
                continue;
            }
            let found = rows_of_keys(&tables.traces, rows, &candidates)?;
            let spans = spans_of_group(&tables.traces, group, rows)?;
            for some in found.chunks(FACTS_AT_ONCE) {
                control.check()?;
                entities += entity_count(rows, &spans, some);
                if entities.saturating_mul(ENTITY_BYTES) > control.memory_bytes_max {
                    return Err(over_bound("the facts of these traces"));
                }
                out.extend(tables.facts(rows, &spans, some)?);
            }
        }
        if out.len() != keys.len() {
            return Err(tables
                .traces
                .file
                .damaged("it lacks a trace that has documents"));
        }
        Ok(out)
    }

    /// Starts a scan in page order; nothing is read before the first [`BlockScan::next_chunk`].
    #[must_use]
    pub fn scan(self: &Arc<Self>, bounds: ScanBounds, plan: Arc<Plan>) -> BlockScan {
        BlockScan::new(Arc::clone(self), bounds, plan)
    }

    /// Rows of `edges` of one slot length whose slot of this time lies in the half-open range, in the
    /// table's order.
    ///
    /// # Errors
    /// See [`BlockReader`].
    pub fn edge_rows(
        &self,
        range: &TimeRange,
        time: RowTime,
        slot_secs: u32,
        control: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        let column = match time {
            RowTime::Start => "start_slot",
            RowTime::Series => "end_slot",
        };
        let edges = self.edges.open(&*self.disk)?;
        let mut ranges = Vec::new();
        for (group, rows) in edges.group_rows().into_iter().enumerate() {
            let slots = edges.number_bounds(group, column);
            let meets = |(least, greatest)| least < range.end.0 && greatest >= range.start.0;
            if slots.is_none_or(meets) {
                join(&mut ranges, rows);
            }
        }
        let wanted = |secs, start_slot, end_slot| {
            let slot = match time {
                RowTime::Start => start_slot,
                RowTime::Series => end_slot,
            };
            secs == slot_secs && range.contains(&slot)
        };
        let mut out = Vec::new();
        let mut texts = Interner::default();
        for rows in edges.read(None, &ranges, BATCH_ROWS)? {
            control.check()?;
            edge_rows(&rows?, &mut texts, wanted, &mut out).map_err(|e| edges.wrong(e))?;
            if out.len() * size_of::<(u32, EdgeRow)>() > control.memory_bytes_max {
                return Err(over_bound("the edge rows of this range"));
            }
        }
        Ok(out.into_iter().map(|(_, row)| row).collect())
    }

    /// All traces as (T0, id), ascending.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn trace_ids(
        &self,
    ) -> Result<impl Iterator<Item = Result<PageKey, StoreError>> + Send + use<>, StoreError> {
        let traces = self.traces.open(&*self.disk)?;
        let all = 0..traces.rows_total();
        let rows = traces.read(Some(&["t0", "trace_id"]), &[all], BATCH_ROWS)?;
        Ok(Flattened::new(rows, move |rows, out| {
            let columns = rows
                .times("t0")
                .and_then(|t0| Ok((t0, rows.ids("trace_id")?)));
            let (t0, ids) = columns.map_err(|e| traces.wrong(e))?;
            let key = |row| PageKey {
                t0: UnixNanos(t0.value(row)),
                trace_id: ids.get(row),
            };
            out.extend((0..rows.len()).map(key));
            Ok(())
        }))
    }

    /// All facts by ascending (T0, id): what compaction merges.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn all_facts(
        &self,
    ) -> Result<impl Iterator<Item = Result<Arc<TraceFacts>, StoreError>> + Send + use<>, StoreError>
    {
        let FactsTables { traces, spans } = self.facts_tables()?;
        let (all, all_spans) = (0..traces.rows_total(), 0..spans.rows_total());
        FactsReader::new(&traces, &spans, &[all], &[all_spans])
    }

    /// All documents by ascending trace id: what compaction merges.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn all_documents(
        &self,
    ) -> Result<impl Iterator<Item = Result<BlockDocuments, StoreError>> + Send + use<>, StoreError>
    {
        let docs = self.docs.open(&*self.disk)?;
        let all = 0..docs.rows_total();
        let rows = docs.read(None, &[all], DOCS_BATCH_ROWS)?;
        Ok(DocumentsStream::new(docs, rows))
    }

    /// All edge rows with their slot length, in the table's order: what compaction adds up.
    ///
    /// # Errors
    /// See [`BlockReader`]; each item alike.
    pub fn all_edges(
        &self,
    ) -> Result<impl Iterator<Item = Result<(u32, EdgeRow), StoreError>> + Send + use<>, StoreError>
    {
        let edges = self.edges.open(&*self.disk)?;
        let all = 0..edges.rows_total();
        let rows = edges.read(None, &[all], BATCH_ROWS)?;
        let mut texts = Interner::default();
        Ok(Flattened::new(
            rows,
            move |rows, out: &mut Vec<(u32, EdgeRow)>| {
                edge_rows(rows, &mut texts, |_, _, _| true, out).map_err(|e| edges.wrong(e))
            },
        ))
    }

    /// Opens what facts are read from.
    pub(super) fn facts_tables(&self) -> Result<FactsTables, StoreError> {
        let traces = self.traces.open(&*self.disk)?;
        Ok(FactsTables {
            traces,
            spans: self.spans.open(&*self.disk)?,
        })
    }

    /// Sorted, each once, without those that cannot be here.
    fn ids_in_range(&self, ids: &[TraceId]) -> Vec<TraceId> {
        let (least, greatest) = self.summary.trace_ids;
        let mut ids: Vec<TraceId> = ids
            .iter()
            .filter(|id| (least..=greatest).contains(*id))
            .copied()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The two tables that hold facts, open.
#[derive(Debug)]
pub(super) struct FactsTables {
    pub(super) traces: OpenTable,
    pub(super) spans: OpenTable,
}

impl FactsTables {
    /// The facts of some rows (ascending) of a row group of `traces`, whose rows and whose entities'
    /// places are given.
    pub(super) fn facts(
        &self,
        group: &Range<u64>,
        spans: &[u64],
        rows: &[u64],
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        let (mut trace_ranges, mut span_ranges) = (Vec::new(), Vec::new());
        for row in rows {
            join(&mut trace_ranges, *row..row + 1);
            let at = usize::try_from(row - group.start).unwrap_or(usize::MAX);
            let place = spans.get(at).zip(spans.get(at.saturating_add(1)));
            let (start, end) = place.expect("rows lie inside their row group");
            join(&mut span_ranges, *start..*end);
        }
        let reader = FactsReader::new(&self.traces, &self.spans, &trace_ranges, &span_ranges)?;
        let facts = reader.collect::<Result<Vec<_>, _>>()?;
        if facts.len() != rows.len() {
            return Err(self.traces.file.damaged("it has too few rows"));
        }
        Ok(facts)
    }
}

/// How many entities these rows of a row group have.
fn entity_count(group: &Range<u64>, spans: &[u64], rows: &[u64]) -> usize {
    let of = |row: &u64| {
        let at = usize::try_from(row - group.start).unwrap_or(usize::MAX);
        let place = spans.get(at).zip(spans.get(at.saturating_add(1)));
        place.map_or(0, |(start, end)| end.saturating_sub(*start))
    };
    usize::try_from(rows.iter().map(of).sum::<u64>()).unwrap_or(usize::MAX)
}

/// The rows of `traces` (in one row group) that have these keys.
fn rows_of_keys(
    traces: &OpenTable,
    group: &Range<u64>,
    keys: &[PageKey],
) -> Result<Vec<u64>, StoreError> {
    let wanted: HashSet<PageKey> = keys.iter().copied().collect();
    let Some(rows) = traces.read_whole(&["t0", "trace_id"], group)? else {
        return Ok(Vec::new());
    };
    let columns = rows
        .times("t0")
        .and_then(|t0| Ok((t0, rows.ids("trace_id")?)));
    let (t0, ids) = columns.map_err(|e| traces.wrong(e))?;
    let key = |row| PageKey {
        t0: UnixNanos(t0.value(row)),
        trace_id: ids.get(row),
    };
    let hits = (0..rows.len()).filter(|row| wanted.contains(&key(*row)));
    Ok(hits.map(|row| group.start + row as u64).collect())
}

fn over_bound(what: &str) -> StoreError {
    StoreError::new(
        ErrorKind::OverBound,
        format!("{what} do not fit the memory of a query"),
    )
}
