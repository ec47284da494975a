//! KEEP-1: whole blocks go when their day is beyond retention. Reads hide traces before that, by T0.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::block::BlockId;
use crate::engine::Shared;
use crate::source::StoreError;
use crate::view::BlockHandle;

/// Retires every block whose latest T0 is beyond retention.
///
/// # Errors
/// When the catalog cannot be changed; nothing is retired then.
pub(crate) fn retire(shared: &Shared) -> Result<(), StoreError> {
    let oldest = shared.settings.oldest_kept(shared.clock.now());
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

/// Takes blocks out of the view that are out of the catalog; their files go with the last view.
fn remove(shared: &Shared, blocks: &[Arc<BlockHandle>]) {
    let ids: HashSet<BlockId> = blocks.iter().map(|handle| handle.id()).collect();
    shared
        .view
        .publisher()
        .publish(|draft| draft.remove_blocks(&ids));
    blocks.iter().for_each(|handle| handle.retire());
}
