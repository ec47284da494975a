//! Ready traces go into blocks (SEAL-1, SEAL-2, HOME-1).
//!
//! Order, so that a crash at any point leaves either the log or the block: files under a temporary name
//! → sync each → sync directory → rename → sync parent → one catalog transaction (block, moved copies,
//! log bits) → publish the view → release the live traces → recycle log files.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use roentgen_model::graph::{self, EdgeRow};
use roentgen_model::{Scope, Stamp, TraceFacts, UnixNanos};

use crate::block::{
    BlockDocument, BlockId, BlockMeta, BlockReader, SealedTrace, TakenOver, day_name, write_block,
};
use crate::catalog::{BlockRow, Publication};
use crate::engine::{Shared, reads};
use crate::facts::minute_rows;
use crate::files::Disk;
use crate::links::{self, Asked};
use crate::live::assembler::Capture;
use crate::live::{Home, LiveTrace, SealedHome};
use crate::maintenance::Chain;
use crate::source::{ErrorKind, QueryControl, StoreError};
use crate::view::{Away, BlockHandle};
use crate::wal::{DocumentPosition, SettledBits};
use crate::{compact, moved};

mod choose;

pub(crate) use choose::{Choice, Chunk, choose};

/// Where blocks are, below the data directory.
pub(crate) const BLOCKS: &str = "blocks";

/// A trace to be sealed.
struct Sealing {
    capture: Capture,
    facts: Arc<TraceFacts>,
    rows: Arc<[EdgeRow]>,
    /// What is settled once the block is in the catalog; stamps ascending.
    stamps: Vec<Stamp>,
    positions: Vec<DocumentPosition>,
}

/// Seals the traces of a chunk as they are now; returns how many.
///
/// # Errors
/// Nothing is sealed then, and everything is as it was: the traces stay live.
pub(crate) fn seal(shared: &Shared, chunk: &Chunk) -> Result<usize, StoreError> {
    // Asked first: without its key nothing of the scope is written, and the traces stay live.
    let disk = shared.disk_of(&chunk.scope)?;
    let traces = capture(shared, chunk);
    let mut sealed = Vec::with_capacity(traces.len());
    let mut sealing = Vec::with_capacity(traces.len());
    for trace in traces {
        match sealed_trace(shared, &trace) {
            Ok(written) => {
                sealed.push(written);
                sealing.push(trace);
            }
            Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                shared.encryption.tell_of(&error);
            }
            // One text that cannot be read must not keep all others from being sealed.
            Err(error) => {
                let (trace, error) = (trace.capture.key.id, Chain(&error));
                tracing::error!(%trace, %error, "a live trace cannot be sealed now");
            }
        }
    }
    if sealing.is_empty() {
        return Ok(0);
    }
    let meta = BlockMeta {
        id: new_block_id(shared),
        scope: chunk.scope.clone(),
        level: 0,
        replaces: Vec::new(),
        taken_over: taken_over(&sealing),
    };
    let edges = graph::merge_rows(sealing.iter().flat_map(|trace| trace.rows.iter().cloned()));
    let dirs = BlockDirs::of(&meta.scope, meta.id, chunk.day);
    let handle = write(shared, &dirs, |dir| {
        write_block(&disk, dir, meta.clone(), sealed, edges).map(|_| ())
    })?;
    commit(shared, &sealing, &meta, &handle).inspect_err(|_| shared.delete_later(&handle))?;
    publish(shared, &sealing, &handle);
    shared
        .counters
        .traces_sealed
        .fetch_add(sealing.len() as u64, Ordering::Relaxed);
    Ok(sealing.len())
}

/// Takes out the traces as they are now; those that changed their day since they were chosen wait for
/// the next time.
fn capture(shared: &Shared, chunk: &Chunk) -> Vec<Sealing> {
    let mut traces = Vec::with_capacity(chunk.keys.len());
    for key in &chunk.keys {
        let shard = shared.live.shard(key);
        let Some(trace) = shard.get(key) else {
            continue;
        };
        if matches!(trace.home, Home::Unknown) {
            continue;
        }
        let capture = Capture::of(key, trace);
        let settles = |trace: &LiveTrace| {
            let arrivals = trace.arrivals.iter();
            arrivals
                .map(|arrival| (arrival.stamp, arrival.position))
                .unzip()
        };
        let (stamps, positions) = settles(trace);
        drop(shard);
        let facts = capture.assemble(shared).facts;
        if day_of(facts.t0) != chunk.day {
            if let Some(trace) = shared.live.shard(key).get_mut(key) {
                trace.t0 = Some(facts.t0);
            }
            continue;
        }
        traces.push((capture, facts, stamps, positions));
    }
    let linking = traces
        .iter_mut()
        .map(|(capture, facts, ..)| (&capture.key.scope, facts));
    links::fill_from_store(shared, linking, Asked::All);
    let sealing = traces.into_iter();
    sealing
        .map(|(capture, facts, stamps, positions)| Sealing {
            capture,
            rows: minute_rows(&facts).into(),
            facts: Arc::new(facts),
            stamps,
            positions,
        })
        .collect()
}

/// The UTC day of a T0: days since the epoch.
pub(crate) fn day_of(t0: UnixNanos) -> i64 {
    t0.secs().div_euclid(86_400)
}

fn sealed_trace(shared: &Shared, trace: &Sealing) -> Result<SealedTrace, StoreError> {
    // None of the positions is settled before this block is: no file of theirs is recycled.
    let Capture { key, winners, .. } = &trace.capture;
    let texts = reads::texts(shared, key, winners, &QueryControl::new(usize::MAX))?;
    let documents = winners
        .by_stamp()
        .into_iter()
        .zip(texts)
        .map(|(winner, (stamp, text))| {
            let entity = &winner.document.entity;
            BlockDocument {
                segment_id: entity.id,
                start: entity.start,
                stamp,
                text,
            }
        });
    Ok(SealedTrace {
        facts: Arc::clone(&trace.facts),
        documents: documents.collect(),
    })
}

fn taken_over(sealing: &[Sealing]) -> Vec<TakenOver> {
    let homes = sealing.iter().filter_map(|trace| {
        let home = trace.capture.home.as_ref()?;
        Some(TakenOver {
            from: home.block.id(),
            trace_id: trace.capture.key.id,
        })
    });
    homes.collect()
}

pub(crate) fn new_block_id(shared: &Shared) -> BlockId {
    let view = shared.view.current();
    loop {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "any 64 of the random bits will do"
        )]
        let id = BlockId(shared.randomness.next_u128() as u64);
        // A seeded source draws the same ids again after a restart.
        let is_shown = view.blocks.iter().any(|entry| entry.handle.id() == id);
        if !is_shown && !shared.locked.block_ids().contains(&id) {
            return id;
        }
    }
}

/// The names of a block's directory, before and after it is whole.
pub(crate) struct BlockDirs {
    day: PathBuf,
    temporary: PathBuf,
    pub(crate) whole: PathBuf,
}

impl BlockDirs {
    pub(crate) fn of(scope: &Scope, id: BlockId, day: i64) -> Self {
        let Scope { account, region } = scope;
        let name = day_name(UnixNanos::from_secs(day.saturating_mul(86_400)));
        let day: PathBuf = [BLOCKS, account, region, &name].iter().collect();
        Self {
            temporary: day.join(format!("{id}{TEMPORARY}")),
            whole: day.join(id.to_string()),
            day,
        }
    }
}

/// Ending of the name of a directory that is still being written.
pub(crate) const TEMPORARY: &str = ".tmp";

/// SEAL-1 up to the rename: writes the files, makes them durable, opens them.
pub(crate) fn write(
    shared: &Shared,
    dirs: &BlockDirs,
    write_files: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<Arc<BlockHandle>, StoreError> {
    let disk = &shared.disk;
    let failed = |what: &'static str| {
        move |error: std::io::Error| StoreError::caused(ErrorKind::Unavailable, what, error)
    };
    let mut is_renamed = false;
    let written = (|| {
        disk.create_dir_all(&dirs.temporary)
            .map_err(failed("create a block's directory"))?;
        write_files(&dirs.temporary)?;
        disk.sync_dir(&dirs.temporary)
            .map_err(failed("sync a block's directory"))?;
        disk.rename(&dirs.temporary, &dirs.whole)
            .map_err(failed("rename a block"))?;
        is_renamed = true;
        disk.sync_dir(&dirs.day)
            .map_err(failed("sync a day's directory"))?;
        BlockReader::open(Arc::clone(disk) as _, &dirs.whole)
    })();
    match written {
        Ok(reader) => {
            let dir = dirs.whole.clone();
            Ok(Arc::new(BlockHandle::new(
                Arc::new(reader),
                dir,
                Arc::clone(disk) as _,
            )))
        }
        Err(error) => {
            // No catalog row names it, so it may go; what cannot be deleted goes at the next start.
            let left = if is_renamed {
                &dirs.whole
            } else {
                &dirs.temporary
            };
            let _ = disk.remove_dir_all(left);
            Err(error)
        }
    }
}

/// The transaction: block, moved copies, log bits. If it fails a crash may still bring it back, so the
/// files stay until another one has succeeded.
fn commit(
    shared: &Shared,
    sealing: &[Sealing],
    meta: &BlockMeta,
    handle: &BlockHandle,
) -> Result<(), StoreError> {
    let bits: SettledBits = sealing
        .iter()
        .flat_map(|t| t.positions.iter().copied())
        .collect();
    let copies = sealing.iter().filter_map(|trace| {
        let home = trace.capture.home.as_ref()?;
        let id = trace.capture.key.id;
        Some(moved::row(home, id, shared.encryption.is_on(&meta.scope)))
    });
    let publication = Publication {
        blocks: vec![BlockRow::new(meta, handle.reader.summary().clone())],
        moved: copies.collect(),
        settled: bits.clone(),
        last_stamp: shared.stamps.last(),
        ..Publication::default()
    };
    shared.catalog.publish(&publication)?;
    for trace in sealing {
        if let Some(home) = &trace.capture.home {
            compact::note_moved(shared, home, trace.capture.key.id);
        }
    }
    shared.log_files.mark_settled(&bits);
    Ok(())
}

/// Shows the block instead of the live traces, then lets go of these, in this order: a read by id
/// looks at live first.
fn publish(shared: &Shared, sealing: &[Sealing], handle: &Arc<BlockHandle>) {
    let mut publisher = shared.view.publisher();
    publisher.publish(|draft| {
        let mut away = Away::new();
        for Sealing { capture, rows, .. } in sealing {
            if let Some(home) = &capture.home {
                draft.hide(home, capture.key.id);
            }
            if draft
                .shown_change(&capture.key)
                .is_some_and(|shown| shown > capture.change)
            {
                // SEAL-2: searches know a newer state already.
                away.insert(capture.key.id, Arc::clone(rows));
            } else {
                draft.withdraw(&capture.key);
            }
        }
        draft.add_block(Arc::clone(handle), away);
    });
    for trace in sealing {
        release(shared, trace, handle);
    }
}

fn release(shared: &Shared, sealed: &Sealing, handle: &Arc<BlockHandle>) {
    let Sealing {
        capture,
        rows,
        stamps,
        ..
    } = sealed;
    let mut shard = shared.live.shard(&capture.key);
    let Some(trace) = shard.get_mut(&capture.key) else {
        return;
    };
    if trace.change == capture.change {
        let (cost, reopenings) = (trace.cost, trace.reopenings);
        shared.awaited.forget(&capture.key, &trace.awaits);
        shard.remove(&capture.key);
        drop(shard);
        shared.live.add_bytes(-cost);
        shared.remember_reopenings(&capture.key, reopenings);
        return;
    }
    // SEAL-2: more came meanwhile.
    let home = SealedHome {
        block: Arc::clone(handle),
        rows: Arc::clone(rows),
    };
    trace.was_sealed_before(home, stamps, capture.recorded.revision);
    shared
        .counters
        .traces_reopened
        .fetch_add(1, Ordering::Relaxed);
}

/// Traces by what they are sealed with.
type ByDay = BTreeMap<(Scope, i64), Vec<choose::Candidate>>;

/// Live traces whose home moved from one block into another (COMPACT-1). `linked`: the rows of copies
/// that got link edges on the way, all of one scope.
pub(crate) fn homes_were_merged(
    shared: &Shared,
    outputs: &HashMap<BlockId, Arc<BlockHandle>>,
    linked: &Away,
) {
    shared.live.for_each(|key, trace| {
        let Home::Reopened(home) = &trace.home else {
            return;
        };
        if let Some(output) = outputs.get(&home.block.id()) {
            trace.home_was_merged(output, linked.get(&key.id));
        }
    });
}
