//! What is done beside accepting and assembling: seal, settle, set damage aside, lock and unlock what
//! waits for a key, merge, retire, recycle.
//!
//! One at a time, under one lock, so that no step meets another half done.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::encryption::locked;
use crate::engine::Shared;
use crate::live::TraceKey;
use crate::live::assembler::{self, Due};
use crate::seal::{self, Choice};
use crate::source::{ErrorKind, StoreError};
use crate::view::BlockHandle;
use crate::wal::SettledBits;
use crate::{compact, retain};

/// Reopened traces whose number of reopenings is remembered after they were sealed again.
const REMEMBERED_MAX: usize = 100_000;

/// What waits for the next maintenance.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// Log documents of traces that turned out to be as sealed (LOG-4).
    settled: SettledBits,
    /// Blocks in which a read met damage.
    damaged: Vec<Arc<BlockHandle>>,
    /// Blocks whose transaction failed: until another one succeeds, a crash may still bring it back.
    uncommitted: Vec<Arc<BlockHandle>>,
}

impl Shared {
    /// Settles log documents that brought nothing new, with the next maintenance.
    pub(crate) fn settle_later(&self, bits: &SettledBits) {
        if !bits.is_empty() {
            let mut backlog = self.backlog.lock();
            for (file, indexes) in bits.iter() {
                indexes
                    .iter()
                    .for_each(|index| backlog.settled.add_index(file, *index));
            }
        }
    }

    /// Deletes a block whose transaction failed, with the next maintenance.
    pub(crate) fn delete_later(&self, handle: &Arc<BlockHandle>) {
        self.backlog.lock().uncommitted.push(Arc::clone(handle));
    }

    /// Takes a damaged block out of the view, with the next maintenance.
    pub(crate) fn set_aside_later(&self, handle: &Arc<BlockHandle>, error: &StoreError) {
        let mut backlog = self.backlog.lock();
        if !backlog
            .damaged
            .iter()
            .any(|known| known.id() == handle.id())
        {
            let dir = handle.dir.display();
            tracing::error!(%dir, error = %Chain(error), "a block is damaged; its traces are missing");
            backlog.damaged.push(Arc::clone(handle));
        }
    }

    pub(crate) fn remember_reopenings(&self, key: &TraceKey, reopenings: u32) {
        if reopenings > 0 {
            let mut remembered = self.reopenings.lock();
            if remembered.len() >= REMEMBERED_MAX {
                remembered.clear();
            }
            remembered.insert(key.clone(), reopenings);
        }
    }
}

/// An error with its causes, for logs.
pub(crate) struct Chain<'a>(pub(crate) &'a StoreError);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = std::error::Error::source(self.0);
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

/// Does everything that is due.
///
/// # Errors
/// The first one; what does not depend on what failed is done all the same.
pub(crate) fn maintain(shared: &Shared, choice: Choice) -> Result<(), StoreError> {
    let _alone = shared.maintenance.lock();
    let mut first_error = Ok(());
    let mut note = |step: &'static str, done: Result<(), StoreError>| {
        if let Err(error) = done {
            tracing::error!(step, error = %Chain(&error), "maintenance failed; it is tried again");
            if first_error.is_ok() {
                first_error = Err(error);
            }
        }
    };
    let deleted = delete_uncommitted(shared);
    // A catalog that does not take transactions would make each try leave another block.
    let takes_blocks = deleted.is_ok();
    note("delete uncommitted", deleted);
    note("set aside", set_aside(shared));
    note("lock", locked::lock(shared));
    if takes_blocks {
        note("unlock", locked::unlock(shared));
    }
    if takes_blocks {
        note("seal", seal_ready(shared, choice));
    }
    note("settle", settle(shared));
    note("retire", retain::retire(shared));
    if takes_blocks {
        note("merge", compact::merge_due(shared));
    }
    note("recycle", recycle(shared));
    first_error
}

/// At the start: brings back what waited for keys that are there now, before anybody asks.
pub(crate) fn unlock_now(shared: &Shared) {
    let _alone = shared.maintenance.lock();
    if let Err(error) = locked::unlock(shared) {
        tracing::error!(error = %Chain(&error), "what waited for a key is not back yet; it is tried again");
    }
}

/// Deletes blocks whose transaction failed, once another transaction is durable: from then on the
/// failed one cannot come back (SEAL-1).
pub(crate) fn delete_uncommitted(shared: &Shared) -> Result<(), StoreError> {
    let handles = std::mem::take(&mut shared.backlog.lock().uncommitted);
    if handles.is_empty() {
        return Ok(());
    }
    let nothing = SettledBits::default();
    let known = shared
        .catalog
        .settle(&nothing, shared.stamps.last())
        .and_then(|()| shared.catalog.load());
    let known = match known {
        Ok(contents) => contents.blocks,
        Err(error) => {
            shared.backlog.lock().uncommitted.extend(handles);
            return Err(error.into());
        }
    };
    for handle in handles {
        assert!(
            known.iter().all(|row| row.id != handle.id()),
            "SEAL-1: a transaction that failed is in the catalog; only a restart can tell what holds"
        );
        handle.retire();
    }
    Ok(())
}

/// Seals what is ready. The caller holds the maintenance lock.
pub(crate) fn seal_ready(shared: &Shared, choice: Choice) -> Result<(), StoreError> {
    if choice == Choice::All {
        assembler::pass(shared, Due::All)?;
    }
    let mut first_error = Ok(());
    for chunk in seal::choose(shared, choice) {
        if choice == Choice::Ready && shared.signals.stops() {
            break;
        }
        match seal::seal(shared, &chunk) {
            Ok(_) => {}
            // Waits for its key, which was told about; other scopes have others.
            Err(error) if error.kind() == ErrorKind::KeyUnavailable => {}
            // What the disk or the catalog refuses now it refuses for the next chunk too.
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            Err(error) => first_error = first_error.and(Err(error)),
        }
    }
    first_error
}

/// LOG-4: bits of documents that brought nothing new, in a transaction of their own.
fn settle(shared: &Shared) -> Result<(), StoreError> {
    let bits = std::mem::take(&mut shared.backlog.lock().settled);
    if bits.is_empty() {
        return Ok(());
    }
    if let Err(error) = shared.catalog.settle(&bits, shared.stamps.last()) {
        shared.settle_later(&bits);
        return Err(error.into());
    }
    shared.log_files.mark_settled(&bits);
    Ok(())
}

/// Takes blocks out of the view in which damage was met. Their files stay for a person to look at.
fn set_aside(shared: &Shared) -> Result<(), StoreError> {
    let damaged = std::mem::take(&mut shared.backlog.lock().damaged);
    for handle in damaged {
        if !shared
            .view
            .current()
            .blocks
            .iter()
            .any(|entry| entry.handle.id() == handle.id())
        {
            continue;
        }
        shared.catalog.mark_damaged(handle.id())?;
        shared
            .counters
            .damaged_blocks
            .fetch_add(1, Ordering::Relaxed);
        let gone = std::iter::once(handle.id()).collect();
        shared
            .view
            .publisher()
            .publish(|draft| draft.remove_blocks(&gone));
    }
    Ok(())
}

/// Recycles log files of which everything is settled, when no read by id is in the log (VIEW-1).
fn recycle(shared: &Shared) -> Result<(), StoreError> {
    let files = shared.log_files.recyclable();
    if files.is_empty() {
        return Ok(());
    }
    {
        let _no_reads = shared.log_reads.write();
        for file in &files {
            shared.log_files.recycle(*file)?;
        }
    }
    shared.catalog.forget_log_files(&files)?;
    Ok(())
}
