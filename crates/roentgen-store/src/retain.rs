//! KEEP-1: whole blocks go when their day is beyond retention. Reads hide traces before that, by T0.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use roentgen_model::UnixNanos;

use crate::block::BlockId;
use crate::engine::Shared;
use crate::files::Disk;
use crate::repair::block_dir;
use crate::source::StoreError;
use crate::view::BlockHandle;

/// Retires every block whose latest T0 is beyond retention.
///
/// # Errors
/// When the catalog cannot be changed; nothing is retired then.
pub(crate) fn retire(shared: &Shared) -> Result<(), StoreError> {
    let oldest = shared.settings.oldest_kept(shared.clock.now());
    retire_locked(shared, oldest)?;
    let view = shared.view.current();
    let is_over = |handle: &BlockHandle| handle.reader.summary().t0.1 < oldest;
    let handles = view.blocks.iter().map(|entry| &entry.handle);
    let over: Vec<Arc<BlockHandle>> = handles.filter(|handle| is_over(handle)).cloned().collect();
    if over.is_empty() {
        return Ok(());
    }
    let ids: Vec<BlockId> = over.iter().map(|handle| handle.id()).collect();
    shared.catalog.remove_blocks(&ids)?;
    remove(shared, &over);
    let mut moved = shared.moved.lock();
    ids.iter().for_each(|id| drop(moved.remove(id)));
    drop(moved);
    shared
        .counters
        .blocks_retired
        .fetch_add(over.len() as u64, Ordering::Relaxed);
    Ok(())
}

/// Blocks that wait for a key go as well.
fn retire_locked(shared: &Shared, oldest: UnixNanos) -> Result<(), StoreError> {
    for block in shared.locked.take_over(oldest) {
        // What fails here has no row, or is found locked again, at the next start.
        shared.catalog.remove_blocks(&[block.row.id])?;
        shared.moved.lock().remove(&block.row.id);
        match &block.handle {
            Some(handle) => handle.retire(),
            None => {
                let dir = block_dir(&block.row);
                if let Err(error) = shared.disk.remove_dir_all(&dir) {
                    let dir = dir.display();
                    tracing::warn!(%dir, %error, "failed to delete a retired block; the next start does");
                }
            }
        }
        shared
            .counters
            .blocks_retired
            .fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Takes blocks out of the view that are out of the catalog; their files go with the last view.
fn remove(shared: &Shared, blocks: &[Arc<BlockHandle>]) {
    let ids: HashSet<BlockId> = blocks.iter().map(|handle| handle.id()).collect();
    shared
        .view
        .publisher()
        .publish(|draft| draft.remove_blocks(&ids));
    blocks.iter().for_each(|handle| handle.retire());
}
