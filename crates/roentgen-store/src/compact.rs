//! COMPACT-1: small blocks of one scope and day become one.
//!
//! The output leaves out the copies that had moved when the merge began (their traces have a new home
//! in the catalog); copies of traces that are only live again stay in it, because until the trace is
//! sealed the copy is what a crash would come back to. Edge rows are added up and those of moved copies
//! taken away, never recomputed; hour rows are added (sums of minute rows). Links that had no source
//! yet may get their edges here (LINK-1).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use roentgen_model::Scope;

use crate::block::{BlockId, BlockMeta, BlockWriter, TakenOver};
use crate::catalog::{BlockRow, Publication};
use crate::engine::Shared;
use crate::live::SealedHome;
use crate::moved;
use crate::seal::{self, BlockDirs, day_of};
use crate::source::{ErrorKind, StoreError};
use crate::view::{Away, BlockEntry, BlockHandle};
use crate::wal::SettledBits;

mod linked;
mod streams;

use linked::Linked;

/// A block goes first when more than one in this many of its traces have moved.
const MOVED_SHARE: usize = 10;

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
    for merge in choose(shared, shared.settings.merge_blocks_min.max(2)) {
        run_or_set_aside(shared, &merge)?;
    }
    Ok(())
}

/// Merges all blocks of each scope and day, for tests and before a backup.
///
/// # Errors
/// As [`merge_due`].
pub(crate) fn merge_all(shared: &Shared) -> Result<(), StoreError> {
    let _alone = shared.maintenance.lock();
    for merge in choose(shared, 1) {
        run_or_set_aside(shared, &merge)?;
    }
    Ok(())
}

fn run_or_set_aside(shared: &Shared, merge: &Merge) -> Result<(), StoreError> {
    match run(shared, merge) {
        Err(error) if error.kind() == ErrorKind::Damaged => {
            for input in &merge.inputs {
                // Which input it is, is found out by checking each.
                if let Err(error) = input
                    .handle
                    .reader
                    .verify(&crate::source::QueryControl::default())
                {
                    shared.set_aside_later(&input.handle, &error);
                }
            }
            Err(error)
        }
        done => done,
    }
}

/// The merges that are due when `blocks_min` small blocks of a day make one.
fn choose(shared: &Shared, blocks_min: usize) -> Vec<Merge> {
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
            if bytes <= bytes_max {
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

fn run(shared: &Shared, merge: &Merge) -> Result<(), StoreError> {
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
        .zip(moved_before)
        .map(|(entry, moved)| streams::Input::new(entry, moved))
        .collect();
    if inputs.iter().all(streams::Input::is_empty) {
        return commit(shared, merge, None, &Away::new());
    }
    let dirs = BlockDirs::of(&meta.scope, meta.id, merge.day);
    let mut linked = Linked::default();
    let handle = seal::write(shared, &dirs, |dir| {
        write_files(shared, dir, &meta, &inputs, &mut linked)
    })?;
    commit(shared, merge, Some((&meta, &handle)), &linked.copies)
}

/// What the inputs took over from blocks that are still there: a lost catalog is rebuilt from it.
fn taken_over(shared: &Shared, merge: &Merge) -> Vec<TakenOver> {
    let inputs: HashSet<BlockId> = merge.inputs.iter().map(|entry| entry.handle.id()).collect();
    let view = shared.view.current();
    let others = view.blocks.iter().map(|entry| entry.handle.id());
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
    shared: &Shared,
    dir: &Path,
    meta: &BlockMeta,
    inputs: &[streams::Input],
    linked: &mut Linked,
) -> Result<(), StoreError> {
    let mut writer = BlockWriter::create(shared.disk.as_ref(), dir, meta.clone())?;
    streams::copy_facts(inputs, &mut writer, |batch| {
        linked.look_up(shared, &meta.scope, batch);
    })?;
    streams::copy_documents(inputs, &mut writer)?;
    streams::copy_edges(inputs, linked.rows(), &mut writer)?;
    writer.finish().map(|_| ())
}

/// Swaps inputs for output, in the catalog, then in the view, then for the live traces reopened from
/// an input. `linked`: copies that contribute more to the output than to their input.
fn commit(
    shared: &Shared,
    merge: &Merge,
    output: Option<(&BlockMeta, &Arc<BlockHandle>)>,
    linked: &Away,
) -> Result<(), StoreError> {
    // Nothing can have moved since the merge began: seals wait for maintenance to end. What is live
    // again is hidden in the output as it was in the inputs.
    let replaced: Vec<BlockId> = merge.inputs.iter().map(|entry| entry.handle.id()).collect();
    let blocks = output.map(|(meta, handle)| BlockRow::new(meta, handle.reader.summary().clone()));
    shared.catalog.publish(&Publication {
        blocks: blocks.into_iter().collect(),
        replaced: replaced.clone(),
        moved: Vec::new(),
        settled: SettledBits::default(),
        last_stamp: shared.stamps.last(),
    })?;
    let gone: HashSet<BlockId> = replaced.iter().copied().collect();
    let mut publisher = shared.view.publisher();
    let away = still_away(shared, &publisher.view(), &gone, linked);
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
    shared.moved.lock().retain(|block, _| !gone.contains(block));
    merge.inputs.iter().for_each(|entry| entry.handle.retire());
    shared
        .counters
        .blocks_merged
        .fetch_add(gone.len() as u64, Ordering::Relaxed);
    Ok(())
}

/// Copies in the inputs that are hidden but have not moved: their traces are live again.
fn still_away(
    shared: &Shared,
    view: &crate::view::View,
    gone: &HashSet<BlockId>,
    linked: &Away,
) -> Away {
    let moved = shared.moved.lock();
    let mut away = Away::new();
    for entry in view
        .blocks
        .iter()
        .filter(|entry| gone.contains(&entry.handle.id()))
    {
        let moved = moved.get(&entry.handle.id());
        for (id, rows) in entry.away.iter() {
            if !moved.is_some_and(|moved| moved.contains(id)) {
                let rows = linked.get(id).unwrap_or(rows);
                away.insert(*id, Arc::clone(rows));
            }
        }
    }
    away
}

/// Copies that moved for good, by block: what the catalog has.
pub(crate) type MovedTraces = HashMap<BlockId, HashSet<roentgen_model::TraceId>>;

/// Notes in memory what the catalog was told about a copy.
pub(crate) fn note_moved(shared: &Shared, home: &SealedHome, id: roentgen_model::TraceId) {
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
pub(crate) fn load_moved(
    rows: &[crate::catalog::MovedTrace],
) -> (MovedTraces, HashMap<BlockId, Away>) {
    let mut moved = MovedTraces::new();
    let mut away: HashMap<BlockId, Away> = HashMap::new();
    for row in rows {
        moved.entry(row.block).or_default().insert(row.trace_id);
        let edges = moved::decode(&row.edge_rows).unwrap_or_else(|| {
            tracing::error!(block = %row.block, trace = %row.trace_id, "rows of a moved copy are lost");
            Vec::new()
        });
        away.entry(row.block)
            .or_default()
            .insert(row.trace_id, edges.into());
    }
    (moved, away)
}
