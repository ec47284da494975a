//! Facts read back (FACTS-1): rows of `traces` and the rows of `spans` that belong to them.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::UInt32Array;
use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::EntityFacts;

use super::columns::{Interner, Rows};
use super::meta::SPANS_KEY;
use super::spans::{entities, ordinals_are_sound};
use super::table::{OpenTable, RowsReader};
use super::traces::{HEAD_COLUMNS, StoredHead, heads};
use crate::source::StoreError;

/// Rows decoded at once.
const BATCH_ROWS: usize = 1 << 10;

/// Where the entities of the traces of one row group begin: one more than there are traces.
pub(super) fn spans_of_group(
    traces: &OpenTable,
    group: usize,
    rows: &Range<u64>,
) -> Result<Vec<u64>, StoreError> {
    let first = traces
        .described(SPANS_KEY)
        .and_then(|json| serde_json::from_str(json).ok());
    let first: Vec<u64> = first.unwrap_or_default();
    let first = first.get(group).copied();
    let mut at = first.ok_or_else(|| traces.file.damaged("it does not say where spans begin"))?;
    let counts = traces.read_whole(&["entities"], rows)?;
    let mut out = vec![at];
    if let Some(counts) = &counts {
        let counts: &UInt32Array = counts.column("entities").map_err(|e| traces.wrong(e))?;
        out.extend(counts.values().iter().map(|count| {
            at += u64::from(*count);
            at
        }));
    }
    if out.len() as u64 != rows.end - rows.start + 1 {
        return Err(traces.file.damaged("a row group has too few rows"));
    }
    Ok(out)
}

/// Reads the facts of some rows of `traces`, in their order.
#[derive(Debug)]
pub(super) struct FactsReader {
    traces: OpenTable,
    spans: OpenTable,
    trace_rows: RowsReader,
    span_rows: RowsReader,
    heads: VecDeque<StoredHead>,
    entities: VecDeque<EntityFacts>,
    texts: Interner,
    is_over: bool,
}

impl FactsReader {
    /// `traces` and `spans` tables; the rows of `traces` and, in the same order, those of their
    /// entities (both ascending; adjacent ranges may be joined).
    pub(super) fn new(
        traces: &OpenTable,
        spans: &OpenTable,
        trace_ranges: &[Range<u64>],
        span_ranges: &[Range<u64>],
    ) -> Result<Self, StoreError> {
        Ok(Self {
            trace_rows: traces.read(Some(HEAD_COLUMNS), trace_ranges, BATCH_ROWS)?,
            span_rows: spans.read(None, span_ranges, BATCH_ROWS)?,
            traces: traces.clone(),
            spans: spans.clone(),
            heads: VecDeque::new(),
            entities: VecDeque::new(),
            texts: Interner::default(),
            is_over: false,
        })
    }

    fn next_facts(&mut self) -> Result<Option<Arc<TraceFacts>>, StoreError> {
        if self.heads.is_empty() {
            let Some(rows) = self.trace_rows.next().transpose()? else {
                return Ok(None);
            };
            let heads = heads(&rows, &mut self.texts).map_err(|e| self.traces.wrong(e))?;
            self.heads = heads.into();
        }
        let Some(head) = self.heads.pop_front() else {
            return Ok(None);
        };
        let count = usize::try_from(head.entities).unwrap_or(usize::MAX);
        while self.entities.len() < count {
            let rows = self.span_rows.next().transpose()?;
            let rows: Rows =
                rows.ok_or_else(|| self.spans.file.damaged("it has too few entities"))?;
            let mut more = Vec::new();
            let read = entities(&rows, &mut self.texts, &mut more);
            read.map_err(|e| self.spans.wrong(e))?;
            self.entities.extend(more);
        }
        let entities: Vec<EntityFacts> = self.entities.drain(..count).collect();
        let links_ok = head
            .links
            .iter()
            .all(|l| entities.len() > l.segment as usize);
        if !links_ok || !ordinals_are_sound(&entities) {
            return Err(self
                .spans
                .file
                .damaged("the entities of a trace do not belong together"));
        }
        let StoredHead {
            t0,
            trace_id,
            entities: _,
            head,
            links,
            root_causes,
        } = head;
        let facts = TraceFacts::new(trace_id, head, entities, links, root_causes);
        if facts.t0 != t0 {
            return Err(self
                .traces
                .file
                .damaged("a trace has another T0 than its entities say"));
        }
        Ok(Some(Arc::new(facts)))
    }
}

impl Iterator for FactsReader {
    type Item = Result<Arc<TraceFacts>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.next_facts().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Adds a range, joined to the last one if they touch.
pub(super) fn join(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ if range.start < range.end => ranges.push(range),
        _ => {}
    }
}
