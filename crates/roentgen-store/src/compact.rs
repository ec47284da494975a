//! COMPACT-1: small blocks of one scope and day become one.
//!
//! The output leaves out the copies that had moved when the merge began (their traces have a new home
//! in the catalog); copies of traces that are only live again stay in it, because until the trace is
//! sealed the copy is what a crash would come back to. Edge rows are added up and those of moved copies
//! taken away, never recomputed; hour rows are added (sums of minute rows). Links that had no source
//! yet may get their edges here (LINK-1).

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceId, UnixNanos};

use crate::block::{BlockId, BlockMeta, BlockReader, BlockWriter, TakenOver};
use crate::catalog::{BlockRow, Publication};
use crate::engine::Shared;
use crate::facts::minute_rows;
use crate::live::SealedHome;
use crate::maintenance::{self, Chain};
use crate::moved;
use crate::seal::{self, BlockDirs, Choice, day_of};
use crate::source::{ErrorKind, QueryControl, StoreError};
use crate::view::{Away, BlockEntry, BlockHandle, View};
use crate::wal::SettledBits;

mod linked;
mod streams;

use linked::Linked;

/// A block goes first when more than one in this many of its traces have moved.
const MOVED_SHARE: usize = 10;

/// Blocks merged at once: each is read through buffers of its own.
const INPUTS_MAX: usize = 32;

/// A merge lets sealing in this often (LOAD-1).
const SEALING_NANOS: i64 = 1_000_000_000;

/// Blocks to be merged into one.
struct Merge {
    scope: Scope,
    day: i64,
    inputs: Vec<BlockEntry>,
}

/// Merges what is due, one output after the other.
///
/// # Errors
/// When a merge fails; its inputs stay.
pub(crate) fn merge_due(shared: &Shared) -> Result<(), StoreError> {
    let blocks_min = shared.settings.merge_blocks_min.max(2);
    for merge in choose(shared, blocks_min, INPUTS_MAX) {
        match run_or_set_aside(shared, &merge) {
            // The store is closing; nothing is lost but time.
            Err(error) if error.kind() == ErrorKind::Cancelled => break,
            // Tried again at the next round; what was missing is told about.
            Err(error) if error.kind() == ErrorKind::KeyUnavailable => {}
            done => done?,
        }
    }
    Ok(())
}

/// Merges all blocks of each scope and day, for tests and before a backup.
///
/// # Errors
/// As [`merge_due`].
pub(crate) fn merge_all(shared: &Shared) -> Result<(), StoreError> {
    let _alone = shared.maintenance.lock();
    maintenance::delete_uncommitted(shared)?;
    for merge in choose(shared, 1, usize::MAX) {
        run_or_set_aside(shared, &merge)?;
    }
    Ok(())
}

fn run_or_set_aside(shared: &Shared, merge: &Merge) -> Result<(), StoreError> {
    match run(shared, merge) {
        Err(error) if error.kind() == ErrorKind::Damaged => {
            for input in &merge.inputs {
                // Which input it is, is found out by checking each.
                if let Err(error) = input.handle.reader.verify(&QueryControl::default()) {
                    shared.set_aside_later(&input.handle, &error);
                }
            }
            Err(error)
        }
        Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
            for input in &merge.inputs {
                if let Err(error) = input.handle.reader.check_keys()
                    && error.kind() == ErrorKind::KeyUnavailable
                {
                    shared.lock_later(&input.handle, &error);
                }
            }
            Err(error)
        }
        done => done,
    }
}

/// The merges that are due when `blocks_min` small blocks of a day make one.
fn choose(shared: &Shared, blocks_min: usize, inputs_max: usize) -> Vec<Merge> {
    let view = shared.view.current();
    let moved = shared.moved.lock();
    let mut days: BTreeMap<(Scope, i64), Vec<&BlockEntry>> = BTreeMap::new();
    for entry in &view.blocks {
        let day = day_of(entry.handle.reader.summary().t0.0);
        days.entry((entry.handle.scope().clone(), day))
            .or_default()
            .push(entry);
    }
    let bytes_max = shared.settings.merge_bytes_max;
    let mut merges = Vec::new();
    for ((scope, day), mut entries) in days {
        entries.sort_by_key(|entry| entry.handle.reader.summary().document_bytes);
        let mut inputs: Vec<BlockEntry> = Vec::new();
        let mut bytes = 0u64;
        for entry in entries {
            let summary = entry.handle.reader.summary();
            let moved = moved.get(&entry.handle.id()).map_or(0, HashSet::len);
            let is_worn = moved.saturating_mul(MOVED_SHARE) as u64 > summary.traces;
            bytes = bytes.saturating_add(summary.document_bytes);
            if bytes <= bytes_max && inputs.len() < inputs_max {
                inputs.push(entry.clone());
            } else if is_worn {
                merges.push(Merge {
                    scope: scope.clone(),
                    day,
                    inputs: vec![entry.clone()],
                });
            }
        }
        let worn = |entry: &BlockEntry| {
            let moved = moved.get(&entry.handle.id()).map_or(0, HashSet::len);
            moved.saturating_mul(MOVED_SHARE) as u64 > entry.handle.reader.summary().traces
        };
        if inputs.len() >= blocks_min || inputs.iter().any(worn) {
            merges.push(Merge { scope, day, inputs });
        }
    }
    merges
}

/// The inputs as they are now: traces may have moved out of them since they were chosen. `None` when one
/// of them is gone.
fn refreshed(shared: &Shared, merge: &Merge) -> Option<Merge> {
    let view = shared.view.current();
    let now = |input: &BlockEntry| {
        let id = input.handle.id();
        let entry = view.blocks.iter().find(|entry| entry.handle.id() == id);
        entry.cloned()
    };
    Some(Merge {
        scope: merge.scope.clone(),
        day: merge.day,
        inputs: merge.inputs.iter().map(now).collect::<Option<_>>()?,
    })
}

/// LOAD-1: a merge gives way to sealing, which frees the memory that intake needs, and to a stop.
struct Pace<'a> {
    shared: &'a Shared,
    /// Of the encryption's settings when the merge began.
    generation: u64,
    sealed: Cell<Option<UnixNanos>>,
}

impl Pace<'_> {
    fn give_way(&self) -> Result<(), StoreError> {
        if self.shared.signals.stops() {
            let message = "the merge was left off: the store is closing";
            return Err(StoreError::new(ErrorKind::Cancelled, message));
        }
        if self.shared.encryption.generation() != self.generation {
            let message = "the merge was left off: what it writes is to be encrypted otherwise";
            return Err(StoreError::new(ErrorKind::Cancelled, message));
        }
        let now = self.shared.clock.now();
        let is_recent = |last: UnixNanos| (0..SEALING_NANOS).contains(&now.nanos_since(last));
        if !self.sealed.get().is_some_and(is_recent) {
            self.sealed.set(Some(now));
            if let Err(error) = maintenance::seal_ready(self.shared, Choice::Ready) {
                let error = Chain(&error);
                tracing::error!(%error, "sealing beside a merge failed; it is tried again");
            }
        }
        Ok(())
    }
}

fn run(shared: &Shared, merge: &Merge) -> Result<(), StoreError> {
    let Some(merge) = &refreshed(shared, merge) else {
        return Ok(());
    };
    let moved_before = {
        let moved = shared.moved.lock();
        let of = |entry: &BlockEntry| moved.get(&entry.handle.id()).cloned().unwrap_or_default();
        merge.inputs.iter().map(of).collect::<Vec<_>>()
    };
    let level = merge
        .inputs
        .iter()
        .map(|entry| entry.handle.reader.meta().level)
        .max();
    let meta = BlockMeta {
        id: seal::new_block_id(shared),
        scope: merge.scope.clone(),
        level: level.unwrap_or(0).saturating_add(1),
        replaces: merge.inputs.iter().map(|entry| entry.handle.id()).collect(),
        taken_over: taken_over(shared, merge),
    };
    let inputs: Vec<streams::Input> = merge
        .inputs
        .iter()
        .zip(&moved_before)
        .map(|(entry, moved)| streams::Input::new(entry, moved.clone()))
        .collect();
    if inputs.iter().all(streams::Input::is_empty) {
        return commit(shared, merge, &moved_before, None, &Away::new());
    }
    let generation = shared.encryption.generation();
    let disk = shared.disk_of(&merge.scope)?;
    let writer = |dir: &Path| BlockWriter::create(&disk, dir, meta.clone());
    let dirs = BlockDirs::of(&meta.scope, meta.id, merge.day);
    let mut linked = Linked::default();
    let handle = seal::write(shared, &dirs, |dir| {
        let pace = Pace {
            shared,
            generation,
            sealed: Cell::new(None),
        };
        write_files(&pace, writer(dir)?, &meta.scope, &inputs, &mut linked)
    })?;
    let output = Some((&meta, &handle));
    commit(shared, merge, &moved_before, output, &linked.copies)
        .inspect_err(|_| shared.delete_later(&handle))
}

/// What the inputs took over from blocks that are still there: a lost catalog is rebuilt from it.
fn taken_over(shared: &Shared, merge: &Merge) -> Vec<TakenOver> {
    let inputs: HashSet<BlockId> = merge.inputs.iter().map(|entry| entry.handle.id()).collect();
    let view = shared.view.current();
    let others = view.blocks.iter().map(|entry| entry.handle.id());
    let others = others.chain(shared.locked.block_ids());
    let others: HashSet<BlockId> = others.filter(|id| !inputs.contains(id)).collect();
    let all = merge
        .inputs
        .iter()
        .flat_map(|entry| &entry.handle.reader.meta().taken_over);
    all.filter(|taken| others.contains(&taken.from))
        .copied()
        .collect()
}

fn write_files(
    pace: &Pace<'_>,
    mut writer: BlockWriter,
    scope: &Scope,
    inputs: &[streams::Input],
    linked: &mut Linked,
) -> Result<(), StoreError> {
    let give_way = || pace.give_way();
    let look_up = |batch: &mut [_]| linked.look_up(pace.shared, scope, batch);
    streams::copy_facts(inputs, &mut writer, look_up, &give_way)?;
    streams::copy_documents(inputs, &mut writer, &give_way)?;
    streams::copy_edges(inputs, linked.rows(), &mut writer, &give_way)?;
    writer.finish().map(|_| ())
}

/// Swaps inputs for output, in the catalog, then in the view, then for the live traces reopened from
/// an input. `linked`: copies that contribute more to the output than to their input.
fn commit(
    shared: &Shared,
    merge: &Merge,
    moved_before: &[HashSet<TraceId>],
    output: Option<(&BlockMeta, &Arc<BlockHandle>)>,
    linked: &Away,
) -> Result<(), StoreError> {
    let moved_since = moved_since(shared, merge, moved_before, linked);
    let copies = output.map_or_else(Vec::new, |(meta, _)| {
        let rows = moved_since.iter();
        let is_hidden = shared.encryption.is_on(&meta.scope);
        rows.map(|(id, rows)| moved::row_of(meta.id, *id, rows, is_hidden))
            .collect()
    });
    let replaced: Vec<BlockId> = merge.inputs.iter().map(|entry| entry.handle.id()).collect();
    let blocks = output.map(|(meta, handle)| BlockRow::new(meta, handle.reader.summary().clone()));
    shared.catalog.publish(&Publication {
        blocks: blocks.into_iter().collect(),
        replaced: replaced.clone(),
        moved: copies,
        settled: SettledBits::default(),
        last_stamp: shared.stamps.last(),
    })?;
    let gone: HashSet<BlockId> = replaced.iter().copied().collect();
    let mut publisher = shared.view.publisher();
    let away = still_away(&publisher.view(), merge, moved_before, linked);
    publisher.publish(|draft| {
        draft.remove_blocks(&gone);
        if let Some((_, handle)) = output {
            draft.add_block(Arc::clone(handle), away);
        }
    });
    if let Some((_, handle)) = output {
        let outputs = gone.iter().map(|id| (*id, Arc::clone(handle))).collect();
        seal::homes_were_merged(shared, &outputs, linked);
    }
    drop(publisher);
    let mut moved = shared.moved.lock();
    moved.retain(|block, _| !gone.contains(block));
    if let Some((meta, _)) = output
        && !moved_since.is_empty()
    {
        moved.insert(meta.id, moved_since.into_keys().collect());
    }
    drop(moved);
    merge.inputs.iter().for_each(|entry| entry.handle.retire());
    shared
        .counters
        .blocks_merged
        .fetch_add(gone.len() as u64, Ordering::Relaxed);
    Ok(())
}

/// COMPACT-1: copies that moved out of an input since the merge began. They are in the output.
fn moved_since(
    shared: &Shared,
    merge: &Merge,
    moved_before: &[HashSet<TraceId>],
    linked: &Away,
) -> BTreeMap<TraceId, Arc<[EdgeRow]>> {
    let view = shared.view.current();
    let moved = shared.moved.lock();
    let mut since = BTreeMap::new();
    for (entry, before) in current(&view, merge).zip(moved_before) {
        let now = moved.get(&entry.handle.id()).into_iter().flatten();
        for id in now.filter(|id| !before.contains(id)) {
            let rows = entry.away.get(id).expect("HOME-1: moved copies are hidden");
            since.insert(*id, Arc::clone(linked.get(id).unwrap_or(rows)));
        }
    }
    since
}

/// Copies in the output that are not at home there: their traces are live again, or moved meanwhile.
fn still_away(
    view: &View,
    merge: &Merge,
    moved_before: &[HashSet<TraceId>],
    linked: &Away,
) -> Away {
    let mut away = Away::new();
    for (entry, before) in current(view, merge).zip(moved_before) {
        let hidden = entry.away.iter().filter(|(id, _)| !before.contains(id));
        let in_output = hidden.map(|(id, rows)| (*id, linked.get(id).unwrap_or(rows)));
        away.extend(in_output.map(|(id, rows)| (id, Arc::clone(rows))));
    }
    away
}

/// The inputs as a view shows them, in their order. Only maintenance takes blocks out of a view.
fn current<'a>(view: &'a View, merge: &'a Merge) -> impl Iterator<Item = &'a BlockEntry> {
    merge.inputs.iter().map(|input| {
        let id = input.handle.id();
        let entry = view.blocks.iter().find(|entry| entry.handle.id() == id);
        entry.unwrap_or(input)
    })
}

/// Copies that moved for good, by block: what the catalog has.
pub(crate) type MovedTraces = HashMap<BlockId, HashSet<TraceId>>;

/// Notes in memory what the catalog was told about a copy.
pub(crate) fn note_moved(shared: &Shared, home: &SealedHome, id: TraceId) {
    if home.block.is_retired() {
        return;
    }
    shared
        .moved
        .lock()
        .entry(home.block.id())
        .or_default()
        .insert(id);
}

/// The catalog's rows of moved copies, as the view and compaction need them.
#[derive(Debug, Default)]
pub(crate) struct LoadedMoved {
    pub(crate) moved: MovedTraces,
    away: HashMap<BlockId, Away>,
    /// Copies whose rows are to be computed from their block.
    hidden: HashMap<BlockId, Vec<TraceId>>,
}

impl LoadedMoved {
    /// The copies that moved out of a block, with their rows.
    ///
    /// # Errors
    /// When rows are hidden and the block cannot be read.
    pub(crate) fn take(&mut self, reader: &BlockReader) -> Result<Away, StoreError> {
        let id = reader.meta().id;
        let mut away = self.away.remove(&id).unwrap_or_default();
        let hidden = self.hidden.remove(&id).unwrap_or_default();
        let control = QueryControl::new(usize::MAX);
        for facts in reader.facts(&hidden, &control)? {
            away.insert(facts.trace_id, minute_rows(&facts).into());
        }
        Ok(away)
    }
}

/// Reads the catalog's rows of moved copies.
pub(crate) fn load_moved(rows: &[crate::catalog::MovedTrace]) -> LoadedMoved {
    let mut hidden: HashMap<BlockId, Vec<TraceId>> = HashMap::new();
    let mut moved = MovedTraces::new();
    let mut away: HashMap<BlockId, Away> = HashMap::new();
    for row in rows {
        moved.entry(row.block).or_default().insert(row.trace_id);
        if moved::is_hidden(row) {
            hidden.entry(row.block).or_default().push(row.trace_id);
            continue;
        }
        let edges = moved::decode(&row.edge_rows).unwrap_or_else(|| {
            tracing::error!(block = %row.block, trace = %row.trace_id, "rows of a moved copy are lost");
            Vec::new()
        });
        away.entry(row.block)
            .or_default()
            .insert(row.trace_id, edges.into());
    }
    LoadedMoved {
        moved,
        away,
        hidden,
    }
}
