//! What is done about loss: a lost catalog is rebuilt from the blocks (SEAL-1), directories that no
//! catalog row names are deleted, and [`repair`] checks every file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roentgen_model::{Scope, Stamp, TraceFacts, TraceId};

use crate::block::{
    BlockId, BlockMeta, BlockReader, BlockSummary, CHECKSUMS_NAME, read_block_meta,
};
use crate::catalog::{BlockRow, Catalog, MovedTrace};
use crate::encryption::locked::{UnlistedBlock, missing_key};
use crate::engine::{EmbeddedStore, StoreParts};
use crate::facts::minute_rows;
use crate::files::{Disk, EncryptedDisk};
use crate::maintenance::Chain;
use crate::moved;
use crate::seal::{BLOCKS, BlockDirs, day_of};
use crate::settings::StoreSettings;
use crate::source::{ErrorKind, QueryControl, StoreError, StoreStats, TraceReader};

/// Ending of the name of a directory that was set aside.
const SET_ASIDE: &str = ".damaged";

/// What [`repair`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairReport {
    /// The store after it.
    pub stats: StoreStats,
    /// Directories of blocks that failed their checks, and why.
    pub damaged_blocks: Vec<(PathBuf, String)>,
}

/// Opens the store (which rebuilds a lost catalog and checks every frame of the log), checks every byte
/// of every block, and sets aside what is damaged. What waits for a key is no damage: it is counted and
/// left alone. No other process may have the store open.
///
/// # Errors
/// As [`EmbeddedStore::open`]; damage is in the report.
pub fn repair(settings: &StoreSettings, parts: StoreParts) -> Result<RepairReport, StoreError> {
    let settings = StoreSettings {
        is_background: false,
        ..settings.clone()
    };
    let store = EmbeddedStore::open(settings, parts)?;
    let damaged_blocks = store.verify_blocks()?;
    let report = RepairReport {
        stats: store.stats(),
        damaged_blocks,
    };
    store.close();
    Ok(report)
}

/// The directory of a block.
pub(crate) fn block_dir(row: &BlockRow) -> PathBuf {
    dir_of(&row.scope, row.id, &row.summary)
}

fn dir_of(scope: &Scope, id: BlockId, summary: &BlockSummary) -> PathBuf {
    BlockDirs::of(scope, id, day_of(summary.t0.0)).whole
}

/// Every directory where a block is, was being written, or was set aside.
fn block_dirs(disk: &dyn Disk) -> Result<Vec<PathBuf>, StoreError> {
    let mut dirs = vec![PathBuf::from(BLOCKS)];
    for _level in ["account", "region", "day", "block"] {
        let mut below = Vec::new();
        for dir in dirs {
            let entries = match disk.list(&dir) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                listed => listed.map_err(|error| {
                    StoreError::caused(ErrorKind::Unavailable, "list the blocks", error)
                })?,
            };
            let directories = entries.into_iter().filter(|entry| entry.is_directory);
            below.extend(directories.map(|entry| dir.join(entry.name)));
        }
        dirs = below;
    }
    Ok(dirs)
}

/// SEAL-1: deletes directories without a catalog row. The catalog must be complete but for `locked`
/// blocks, which could not be read when it was rebuilt.
pub(crate) fn delete_orphans(
    disk: &dyn Disk,
    rows: &[BlockRow],
    locked: &HashSet<BlockId>,
) -> Result<(), StoreError> {
    let known: HashSet<PathBuf> = rows.iter().map(block_dir).collect();
    for dir in block_dirs(disk)? {
        let is_aside = dir.to_string_lossy().ends_with(SET_ASIDE);
        let is_locked = block_id(&dir).is_some_and(|id| locked.contains(&id));
        if is_aside || is_locked || known.contains(&dir) {
            continue;
        }
        tracing::info!(dir = %dir.display(), "deleting what an unfinished step left behind");
        disk.remove_dir_all(&dir).map_err(|error| {
            StoreError::caused(ErrorKind::Unavailable, "delete an unfinished block", error)
        })?;
    }
    Ok(())
}

/// The block whose directory this is by its name.
fn block_id(dir: &Path) -> Option<BlockId> {
    dir.file_name()?.to_str()?.parse().ok()
}

/// A block found on the disk.
struct FoundBlock {
    meta: BlockMeta,
    summary: BlockSummary,
    reader: BlockReader,
}

/// Fills an empty catalog from the metadata of the blocks (SEAL-1). The whole log is replayed over it:
/// equal documents change nothing. Returns the blocks that wait for a key.
pub(crate) fn rebuild_catalog(
    disk: &Arc<EncryptedDisk>,
    catalog: &Catalog,
) -> Result<Vec<UnlistedBlock>, StoreError> {
    let (mut blocks, locked) = find_blocks(disk)?;
    // A merge that was cut off before it deleted its inputs.
    let replaced: HashSet<BlockId> = blocks
        .iter()
        .flat_map(|b| b.meta.replaces.clone())
        .collect();
    blocks.retain(|block| !replaced.contains(&block.meta.id));
    let moved = find_moved(disk, &blocks)?;
    let rows: Vec<BlockRow> = blocks
        .iter()
        .map(|block| BlockRow::new(&block.meta, block.summary.clone()))
        .collect();
    let last = blocks
        .iter()
        .map(|block| block.summary.stamps.1)
        .max()
        .unwrap_or(Stamp::default());
    tracing::info!(
        blocks = rows.len(),
        moved = moved.len(),
        locked = locked.len(),
        "catalog built from the blocks"
    );
    let marked: Vec<BlockId> = locked.iter().map(|block| block.id).collect();
    catalog.rebuild(&rows, &moved, &marked, last)?;
    Ok(locked)
}

/// The blocks, and those that cannot be read for want of a key.
fn find_blocks(
    disk: &Arc<EncryptedDisk>,
) -> Result<(Vec<FoundBlock>, Vec<UnlistedBlock>), StoreError> {
    let (mut blocks, mut locked) = (Vec::new(), Vec::new());
    for dir in block_dirs(disk.as_ref())? {
        let Some(id) = block_id(&dir) else {
            continue;
        };
        let opened = read_block_meta(disk.as_ref(), &dir).and_then(|(meta, summary)| {
            let reader = BlockReader::open(Arc::clone(disk) as _, &dir)?;
            Ok(FoundBlock {
                meta,
                summary,
                reader,
            })
        });
        match opened {
            Ok(block) => blocks.push(block),
            Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                tracing::warn!(dir = %dir.display(), error = %Chain(&error), "a block waits for its key");
                let key = missing_key(&error);
                locked.push(UnlistedBlock { id, dir, key });
            }
            Err(error) if error.kind() == ErrorKind::Damaged => {
                set_aside(disk.as_ref(), &dir, &error)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok((blocks, locked))
}

/// Renames the directory of a block that nothing can be said about, so that it is neither read nor
/// deleted.
fn set_aside(disk: &dyn Disk, dir: &Path, error: &StoreError) -> Result<(), StoreError> {
    tracing::error!(dir = %dir.display(), error = %Chain(error), "a block is damaged and set aside");
    let aside = PathBuf::from(format!("{}{SET_ASIDE}", dir.display()));
    let renamed = disk.rename(dir, &aside).and_then(|()| match dir.parent() {
        Some(parent) => disk.sync_dir(parent),
        None => Ok(()),
    });
    renamed.map_err(|error| StoreError::caused(ErrorKind::Unavailable, "set a block aside", error))
}

/// Which copies are not the home of their trace: every trace that some block took over has copies, and
/// the one with the greatest revision is the home (HOME-1).
fn find_moved(disk: &EncryptedDisk, blocks: &[FoundBlock]) -> Result<Vec<MovedTrace>, StoreError> {
    let control = QueryControl::new(usize::MAX);
    let mut candidates: BTreeMap<&Scope, BTreeSet<TraceId>> = BTreeMap::new();
    for block in blocks {
        let ids = block.meta.taken_over.iter().map(|taken| taken.trace_id);
        candidates.entry(&block.meta.scope).or_default().extend(ids);
    }
    let mut moved = Vec::new();
    for (scope, mut ids) in candidates {
        let is_hidden = holds_encrypted(disk, blocks, scope)?;
        if is_hidden {
            ids.extend(ids_of_several(blocks, scope)?);
        }
        let ids: Vec<TraceId> = ids.into_iter().collect();
        let mut copies: HashMap<TraceId, Vec<(BlockId, Arc<TraceFacts>)>> = HashMap::new();
        for block in blocks.iter().filter(|block| block.meta.scope == *scope) {
            for facts in block.reader.facts(&ids, &control)? {
                copies
                    .entry(facts.trace_id)
                    .or_default()
                    .push((block.meta.id, facts));
            }
        }
        for (id, mut copies) in copies {
            copies.sort_by_key(|(_, facts)| {
                let head = &facts.head;
                (head.revision, head.last_stamp, head.limit_exceeded)
            });
            copies.pop();
            for (block, facts) in copies {
                moved.push(moved::row_of(block, id, &minute_rows(&facts), is_hidden));
            }
        }
    }
    Ok(moved)
}

/// Whether some block of the scope is encrypted.
fn holds_encrypted(
    disk: &EncryptedDisk,
    blocks: &[FoundBlock],
    scope: &Scope,
) -> Result<bool, StoreError> {
    for block in blocks.iter().filter(|block| block.meta.scope == *scope) {
        let dir = dir_of(scope, block.meta.id, &block.summary);
        let looked = disk.is_encrypted(&dir.join(CHECKSUMS_NAME));
        let is_encrypted = looked.map_err(|error| {
            StoreError::caused(ErrorKind::Unavailable, "look at a block", error)
        })?;
        if is_encrypted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Traces that several blocks of the scope hold: while a key was missing, a trace may have begun anew
/// without taking anything over (`encryption/locked`).
fn ids_of_several(blocks: &[FoundBlock], scope: &Scope) -> Result<Vec<TraceId>, StoreError> {
    let mut ids = Vec::new();
    for block in blocks.iter().filter(|block| block.meta.scope == *scope) {
        for key in block.reader.trace_ids()? {
            ids.push(key?.trace_id);
        }
    }
    ids.sort_unstable();
    let several = ids.chunk_by(|a, b| a == b).filter(|same| same.len() > 1);
    Ok(several.filter_map(|same| same.first().copied()).collect())
}
