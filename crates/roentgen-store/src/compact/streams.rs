//! The inputs of a merge as sorted streams: nothing but one row of each is in memory.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::graph::{EdgeKey, EdgeRow, EdgeSums, RowKind};
use roentgen_model::{TraceFacts, TraceId};

use crate::block::{BlockReader, BlockWriter, HOUR_SLOT_SECS, MINUTE_SLOT_SECS, edge_order};
use crate::source::StoreError;
use crate::view::{Away, BlockEntry};

/// Facts that are held to be linked together (LINK-1).
const FACTS_BATCH: usize = 256;

/// An input, and the copies in it that have moved.
pub(super) struct Input {
    reader: Arc<BlockReader>,
    moved: HashSet<TraceId>,
    away: Arc<Away>,
}

impl Input {
    pub(super) fn new(entry: &BlockEntry, moved: HashSet<TraceId>) -> Self {
        let (reader, away) = (Arc::clone(&entry.handle.reader), Arc::clone(&entry.away));
        Self {
            reader,
            moved,
            away,
        }
    }

    /// Everything in it has moved.
    pub(super) fn is_empty(&self) -> bool {
        self.moved.len() as u64 >= self.reader.summary().traces
    }
}

/// Called every so many rows; its error ends the merge.
pub(super) type GiveWay<'a> = &'a dyn Fn() -> Result<(), StoreError>;

const ROWS_PER_GIVE_WAY: u64 = 1_024;

type Stream<'a, T> = Box<dyn Iterator<Item = Result<T, StoreError>> + 'a>;

/// Merges sorted streams into one; `order` as the streams are sorted.
fn merge<'a, T>(
    streams: Vec<Stream<'a, T>>,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
    mut take: impl FnMut(T) -> Result<(), StoreError>,
    give_way: GiveWay<'_>,
) -> Result<(), StoreError> {
    let mut streams: Vec<_> = streams.into_iter().map(Iterator::peekable).collect();
    for row in 0u64.. {
        if row.is_multiple_of(ROWS_PER_GIVE_WAY) {
            give_way()?;
        }
        // Few streams: looking at each head costs less than keeping a heap of borrowed rows.
        let mut least: Option<usize> = None;
        for at in 0..streams.len() {
            let (before, from) = streams.split_at_mut(at);
            let Some(head) = from.first_mut().and_then(|stream| stream.peek()) else {
                continue;
            };
            let Ok(head) = head else {
                least = Some(at);
                break;
            };
            let best = least.and_then(|best| before.get_mut(best)?.peek()?.as_ref().ok());
            if best.is_none_or(|best| order(head, best).is_lt()) {
                least = Some(at);
            }
        }
        let Some(stream) = least.and_then(|at| streams.get_mut(at)) else {
            return Ok(());
        };
        let Some(row) = stream.next() else {
            return Ok(());
        };
        take(row?)?;
    }
    Ok(())
}

/// Facts of what is at home in the inputs, by (T0, id). Batches of them go through `link` first, which
/// may fill in where links begin and change nothing else.
pub(super) fn copy_facts(
    inputs: &[Input],
    writer: &mut BlockWriter,
    mut link: impl FnMut(&mut [Arc<TraceFacts>]),
    give_way: GiveWay<'_>,
) -> Result<(), StoreError> {
    let mut streams: Vec<Stream<'_, Arc<_>>> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let rows = input.reader.all_facts()?;
        streams.push(Box::new(rows.filter(|row: &Result<Arc<TraceFacts>, _>| {
            row.as_ref()
                .map_or(true, |facts| !input.moved.contains(&facts.trace_id))
        })));
    }
    let order =
        |a: &Arc<TraceFacts>, b: &Arc<TraceFacts>| (a.t0, a.trace_id).cmp(&(b.t0, b.trace_id));
    let mut batch = Vec::with_capacity(FACTS_BATCH);
    let mut write = |batch: &mut Vec<Arc<TraceFacts>>| {
        link(batch);
        batch.drain(..).try_for_each(|facts| writer.trace(&facts))
    };
    merge(
        streams,
        order,
        |facts| {
            batch.push(facts);
            if batch.len() < FACTS_BATCH {
                return Ok(());
            }
            write(&mut batch)
        },
        give_way,
    )?;
    write(&mut batch)
}

/// Documents of what is at home in the inputs, by trace id.
pub(super) fn copy_documents(
    inputs: &[Input],
    writer: &mut BlockWriter,
    give_way: GiveWay<'_>,
) -> Result<(), StoreError> {
    let mut streams: Vec<Stream<'_, crate::block::BlockDocuments>> =
        Vec::with_capacity(inputs.len());
    for input in inputs {
        let rows = input.reader.all_documents()?;
        streams.push(Box::new(rows.filter(|row| {
            row.as_ref()
                .map_or(true, |found| !input.moved.contains(&found.trace_id))
        })));
    }
    merge(
        streams,
        |a, b| a.trace_id.cmp(&b.trace_id),
        |found| {
            let (id, t0, exceeded) = (found.trace_id, found.t0, found.limit_exceeded);
            found
                .documents
                .iter()
                .try_for_each(|d| writer.document(id, t0, exceeded, d))
        },
        give_way,
    )
}

/// Minute rows added up, without those of moved copies, with those of new link edges (sorted); then
/// hour rows made of them.
pub(super) fn copy_edges(
    inputs: &[Input],
    linked: &[EdgeRow],
    writer: &mut BlockWriter,
    give_way: GiveWay<'_>,
) -> Result<(), StoreError> {
    let mut summing = Summing::default();
    let mut take = |row| match summing.add(row) {
        Some(row) => writer.edge(MINUTE_SLOT_SECS, &row),
        None => Ok(()),
    };
    for_each_minute(inputs, linked, &mut take, give_way)?;
    if let Some(row) = summing.finish() {
        writer.edge(MINUTE_SLOT_SECS, &row)?;
    }
    let mut hours = Hours::default();
    for_each_minute(inputs, linked, |row| hours.add(row, writer), give_way)?;
    hours.flush(writer)
}

/// Minute rows of all inputs in the table's order, those of moved copies as negative ones.
fn for_each_minute(
    inputs: &[Input],
    linked: &[EdgeRow],
    take: impl FnMut(EdgeRow) -> Result<(), StoreError>,
    give_way: GiveWay<'_>,
) -> Result<(), StoreError> {
    let mut streams: Vec<Stream<'_, EdgeRow>> = Vec::with_capacity(inputs.len() * 2 + 1);
    streams.push(Box::new(linked.iter().cloned().map(Ok)));
    for input in inputs {
        let minutes = input.reader.all_edges()?.filter_map(|row| match row {
            Ok((MINUTE_SLOT_SECS, row)) => Some(Ok(row)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        });
        streams.push(Box::new(minutes));
        let moved = input
            .away
            .iter()
            .filter(|(id, _)| input.moved.contains(*id));
        let mut gone: Vec<EdgeRow> = moved
            .flat_map(|(_, rows)| rows.iter().map(negative))
            .collect();
        gone.sort_by(edge_order);
        streams.push(Box::new(gone.into_iter().map(Ok)));
    }
    merge(streams, edge_order, take, give_way)
}

pub(super) fn negative(row: &EdgeRow) -> EdgeRow {
    let nothing = EdgeSums {
        count: 0,
        in_progress: 0,
        response_time_sum_nanos: 0,
        ..row.sums
    };
    EdgeRow {
        key: row.key.clone(),
        sums: nothing.minus(row.sums),
    }
}

/// Adds up rows that come with equal keys side by side.
#[derive(Default)]
struct Summing(Option<EdgeRow>);

impl Summing {
    /// The row before, once another key begins.
    fn add(&mut self, row: EdgeRow) -> Option<EdgeRow> {
        match &mut self.0 {
            Some(sum) if sum.key == row.key => {
                sum.sums = sum.sums.plus(row.sums);
                None
            }
            _ => self.0.replace(row).filter(counts),
        }
    }

    fn finish(self) -> Option<EdgeRow> {
        self.0.filter(counts)
    }
}

fn counts(row: &EdgeRow) -> bool {
    !row.sums.is_nothing()
}

/// Hour rows of the node or edge at hand.
#[derive(Default)]
struct Hours {
    at: Option<(RowKind, NodeKey, Option<NodeKey>)>,
    sums: BTreeMap<EdgeKey, EdgeSums>,
}

impl Hours {
    fn add(&mut self, row: EdgeRow, writer: &mut BlockWriter) -> Result<(), StoreError> {
        let EdgeRow { mut key, sums } = row;
        let at = (key.kind, key.destination.clone(), key.source.clone());
        if self.at.as_ref() != Some(&at) {
            self.flush(writer)?;
            self.at = Some(at);
        }
        key.start_slot = hour(key.start_slot);
        key.end_slot = hour(key.end_slot);
        self.sums
            .entry(key)
            .and_modify(|sum| *sum = sum.plus(sums))
            .or_insert(sums);
        Ok(())
    }

    fn flush(&mut self, writer: &mut BlockWriter) -> Result<(), StoreError> {
        let sums = std::mem::take(&mut self.sums).into_iter();
        let mut rows: Vec<EdgeRow> = sums.map(|(key, sums)| EdgeRow { key, sums }).collect();
        rows.retain(counts);
        rows.sort_by(edge_order);
        rows.iter()
            .try_for_each(|row| writer.edge(HOUR_SLOT_SECS, row))
    }
}

fn hour(slot: UnixNanos) -> UnixNanos {
    let secs = i64::from(HOUR_SLOT_SECS);
    UnixNanos::from_secs(slot.secs().div_euclid(secs).saturating_mul(secs))
}
