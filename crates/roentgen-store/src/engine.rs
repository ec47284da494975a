//! The embedded engine: [`EmbeddedStore`].
//!
//! The way of a document, in modules: `accept` (parse, judge) → `accept/writer` (log and acknowledge in
//! groups) → `live` (facts by trace) → `live/assembler` (into the view) → `seal` (into a block) →
//! `compact`, `retain`. `reopen` brings a sealed trace back, `engine/reads` and `engine/searches` answer
//! queries, `engine/open` starts from what the disk holds.
//!
//! Locks, in the order in which they are taken: maintenance → publisher (of the view) → `log_reads` →
//! one shard of the live traces → the small ones (changed, awaited, backlog, moved, reopenings). No lock of a
//! shard is held over reading or writing files.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use roentgen_model::graph::EdgeRow;
use roentgen_model::settings_history::SettingsHistories;
use roentgen_model::{Scope, TraceFacts, TraceId};

use crate::accept::Call;
use crate::accept::writer::{self, Intake};
use crate::catalog::{Catalog, CatalogLocation};
use crate::clock::{Clock, Randomness};
use crate::compact::{self, MovedTraces};
use crate::encryption::locked::Locked;
use crate::encryption::{Encryption, KeyId, StoreKeys};
use crate::files::{Disk, EncryptedDisk};
use crate::links::Awaited;
use crate::live::assembler::{self, Due};
use crate::live::{LiveTraces, TraceKey};
use crate::maintenance::{self, Backlog, Chain};
use crate::naive::scope_ids;
use crate::observer::AssemblyObserver;
use crate::poison::Poison;
use crate::seal::Choice;
use crate::settings::StoreSettings;
use crate::source::{
    AcceptFuture, ChangeMark, ChangedMinutes, ErrorKind, QueryControl, ScanPage, ScanRequest,
    StoreError, StoreStats, TotalsRequest, TraceDocuments, TraceReader, TraceWriter,
};
use crate::view::ViewCell;
use crate::wal::{LogFiles, LogReader, StampSource};

mod counters;
mod open;
pub(crate) mod reads;
mod searches;
#[cfg(test)]
mod tests;
mod threads;

pub(crate) use counters::Counters;
pub(crate) use open::replay;
use threads::Signals;

/// A durable store in one data directory of one process.
///
/// The directory's lock is the caller's. Dropping the store closes it ([`Self::close`]).
#[derive(Debug)]
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What a store works with beside its settings.
#[derive(Clone, Debug)]
pub struct StoreParts {
    pub disk: Arc<dyn Disk>,
    pub clock: Arc<dyn Clock>,
    pub catalog: CatalogLocation,
    /// Groups and indexed share as they were when (ASM-2).
    pub histories: Arc<SettingsHistories>,
    /// Keys, and what is written under them (FILE-1).
    pub keys: StoreKeys,
    /// Told of traces as they are assembled.
    pub observer: Option<Arc<dyn AssemblyObserver>>,
}

impl StoreParts {
    /// Parts without groups, keys and observers.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, catalog: CatalogLocation) -> Self {
        Self {
            disk,
            clock,
            catalog,
            histories: Arc::default(),
            keys: StoreKeys::default(),
            observer: None,
        }
    }
}

/// What all parts of the engine work on.
pub(crate) struct Shared {
    pub(crate) settings: StoreSettings,
    histories: RwLock<Arc<SettingsHistories>>,
    pub(crate) observer: Option<Arc<dyn AssemblyObserver>>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Reads encrypted files too; see [`Self::disk_of`].
    pub(crate) disk: Arc<EncryptedDisk>,
    pub(crate) encryption: Encryption,
    /// What waits for a key.
    pub(crate) locked: Locked,
    pub(crate) randomness: Randomness,
    pub(crate) catalog: Catalog,
    pub(crate) log_reader: LogReader,
    pub(crate) log_files: LogFiles,
    pub(crate) stamps: StampSource,
    pub(crate) live: LiveTraces,
    pub(crate) view: ViewCell,
    /// Traces that changed since they were last assembled.
    pub(crate) changed: Mutex<Vec<TraceKey>>,
    /// Traces that live ones link to.
    pub(crate) awaited: Awaited,
    /// Read while texts are read from the log, written while a log file is recycled (VIEW-1).
    pub(crate) log_reads: RwLock<()>,
    /// Held by whoever seals, merges or retires.
    pub(crate) maintenance: Mutex<()>,
    pub(crate) backlog: Mutex<Backlog>,
    /// Copies that moved for good.
    pub(crate) moved: Mutex<MovedTraces>,
    /// How often traces were reopened that are sealed now, for their next idle time.
    pub(crate) reopenings: Mutex<HashMap<TraceKey, u32>>,
    pub(crate) intake: Intake,
    pub(crate) counters: Counters,
    pub(crate) poison: Poison,
    pub(crate) signals: Signals,
}

impl Shared {
    /// The settings that shape facts, as they are now.
    pub(crate) fn histories(&self) -> Arc<SettingsHistories> {
        Arc::clone(&self.histories.read())
    }

    /// Takes new ones and returns the old.
    pub(crate) fn replace_histories(
        &self,
        histories: Arc<SettingsHistories>,
    ) -> Arc<SettingsHistories> {
        std::mem::replace(&mut *self.histories.write(), histories)
    }

    /// The disk for a block of this scope: what is created is under the scope's key of now (FILE-1).
    ///
    /// # Errors
    /// [`ErrorKind::KeyUnavailable`].
    pub(crate) fn disk_of(&self, scope: &Scope) -> Result<EncryptedDisk, StoreError> {
        Ok(self.disk.under(self.encryption.write_key(scope)?))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// Opens the store on this disk, creating it when it is empty: loads the catalog (rebuilding a lost
    /// one from the blocks), replays the log, and answers every read as it did before the last stop.
    ///
    /// Damage is no error: what is damaged is set aside, reported in the log and counted in
    /// [`StoreStats`].
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the disk fails; [`ErrorKind::Damaged`] for files of a later
    /// version of this program.
    pub fn open(settings: StoreSettings, parts: StoreParts) -> Result<Self, StoreError> {
        let (shared, log, queue) = open::open(settings, parts)?;
        let shared = Arc::new(shared);
        let threads = Mutex::new(threads::start(&shared, log, queue)?);
        let store = Self { shared, threads };
        maintenance::unlock_now(&store.shared);
        Ok(store)
    }

    /// What is written of this scope from now on is under `key`, or plain. When this returns, nothing is
    /// being written any more under the setting before: neither a group of the log nor a block. Blocks
    /// that.
    pub fn publish_encryption(&self, scope: &Scope, key: Option<KeyId>) {
        // Waits for the group that is being logged; a merge under way sees the change and ends.
        self.shared.encryption.set(scope, key);
        drop(self.shared.maintenance.lock());
    }

    /// Takes the settings that shape facts as they are from now on (ASM-2). Live traces that changed
    /// since the settings did are assembled again, so it does not matter how late they come here.
    pub fn publish_histories(&self, histories: Arc<SettingsHistories>) {
        assembler::publish_histories(&self.shared, histories);
    }

    /// Shows everything accepted so far to every read, without waiting for its time.
    ///
    /// # Errors
    /// When blocks cannot be read now.
    pub fn assemble_now(&self) -> Result<(), StoreError> {
        assembler::pass(&self.shared, Due::All).map(|_| ())
    }

    /// Seals, settles, merges, retires and recycles what is due by the clock.
    ///
    /// # Errors
    /// The first failure; everything else is done all the same and the failed step tried again later.
    pub fn maintain(&self) -> Result<(), StoreError> {
        maintenance::maintain(&self.shared, Choice::Ready)
    }

    /// Seals every live trace, and does what [`Self::maintain`] does.
    ///
    /// # Errors
    /// As [`Self::maintain`].
    pub fn seal_now(&self) -> Result<(), StoreError> {
        maintenance::maintain(&self.shared, Choice::All)
    }

    /// Merges all blocks of each scope and day into one.
    ///
    /// # Errors
    /// When a merge fails; its inputs stay.
    pub fn merge_now(&self) -> Result<(), StoreError> {
        compact::merge_all(&self.shared)
    }

    /// Takes no more documents, logs what waits, and stops all threads. Everything acknowledged is
    /// durable before and after; nothing is sealed. Reads go on. A second call does nothing.
    pub fn close(&self) {
        self.shared.intake.close();
        self.shared.signals.stop();
        for thread in self.threads.lock().drain(..) {
            // Its panic was reported by the poison guard.
            let _ = thread.join();
        }
    }

    /// Checks every byte of every block and sets aside what is damaged: directories and reasons.
    ///
    /// # Errors
    /// When a block cannot be read for another reason, or the catalog cannot be changed.
    pub fn verify_blocks(&self) -> Result<Vec<(PathBuf, String)>, StoreError> {
        let mut damaged = Vec::new();
        for entry in &self.shared.view.current().blocks {
            match entry.handle.reader.verify(&QueryControl::new(usize::MAX)) {
                Err(error) if error.kind() == ErrorKind::Damaged => {
                    self.shared.set_aside_later(&entry.handle, &error);
                    damaged.push((entry.handle.dir.clone(), Chain(&error).to_string()));
                }
                Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                    self.shared.lock_later(&entry.handle, &error);
                }
                checked => checked?,
            }
        }
        maintenance::maintain(&self.shared, Choice::Ready)?;
        Ok(damaged)
    }

    /// Why writes are refused for good, after a bug in a background thread.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`]: the process should be restarted.
    pub fn check_health(&self) -> Result<(), StoreError> {
        self.shared.poison.check()
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl TraceWriter for EmbeddedStore {
    fn accept_up_to(
        &self,
        bytes_max: usize,
        scope: &Scope,
        documents: Vec<Bytes>,
    ) -> AcceptFuture<'_> {
        let sent = self.send(bytes_max, scope, documents);
        Box::pin(async move { sent?.await.unwrap_or_else(|_| Err(writer::stopped())) })
    }
}

impl EmbeddedStore {
    fn send(
        &self,
        bytes_max: usize,
        scope: &Scope,
        documents: Vec<Bytes>,
    ) -> Result<writer::Answer, StoreError> {
        let shared = &self.shared;
        shared.poison.check()?;
        // LOAD-1: refused before parsing, which is the dear part.
        let waiting = shared.intake.bytes() as u64;
        if shared.live.bytes().saturating_add(waiting) >= shared.settings.live_bytes_max {
            shared.signals.wake_maintenance();
            return Err(StoreError::new(
                ErrorKind::Busy,
                "the memory for live traces is full",
            ));
        }
        if !documents.is_empty()
            && let Err(error) = shared.encryption.write_key(scope)
        {
            writer::count_without_key(shared, documents.len());
            return Err(error);
        }
        let call = Call::parse(
            scope,
            documents,
            bytes_max,
            &shared.settings,
            shared.clock.now(),
        );
        shared.intake.send(call, &shared.settings)
    }
}

impl TraceReader for EmbeddedStore {
    fn documents(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError> {
        let mut found = Vec::new();
        for (scope, id) in scope_ids(scopes, ids) {
            let key = TraceKey {
                scope: scope.clone(),
                id,
            };
            found.extend(reads::documents(&self.shared, &key, control)?);
        }
        Ok(found)
    }

    fn facts(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        let mut found = Vec::new();
        for (scope, id) in scope_ids(scopes, ids) {
            let key = TraceKey {
                scope: scope.clone(),
                id,
            };
            found.extend(reads::facts(&self.shared, &key, control)?);
        }
        Ok(found)
    }

    fn scan(&self, request: &ScanRequest, control: &QueryControl) -> Result<ScanPage, StoreError> {
        searches::scan(&self.shared, request, control)
    }

    fn totals(
        &self,
        request: &TotalsRequest,
        control: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        searches::totals(&self.shared, request, control)
    }

    fn changed_minutes(&self, scopes: &[Scope], after: Option<ChangeMark>) -> ChangedMinutes {
        self.shared.view.minute_changes.since(scopes, after)
    }

    fn stats(&self) -> StoreStats {
        let shared = &self.shared;
        let view = shared.view.current();
        let summaries = || {
            view.blocks
                .iter()
                .map(|entry| entry.handle.reader.summary())
        };
        let bounds = summaries().map(|summary| summary.t0);
        let bounds = bounds.chain(view.live.t0_bounds());
        let t0_bounds = bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let oldest = shared.settings.oldest_kept(shared.clock.now());
        let total = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &shared.counters;
        StoreStats {
            live_traces: shared.live.len() as u64,
            live_bytes: shared.live.bytes(),
            log_bytes: shared.log_files.bytes(),
            blocks: view.blocks.len() as u64,
            block_bytes: summaries().map(|summary| summary.file_bytes).sum(),
            block_traces: summaries().map(|summary| summary.traces).sum(),
            moved_traces: shared
                .moved
                .lock()
                .values()
                .map(|moved| moved.len() as u64)
                .sum(),
            t0_bounds: t0_bounds
                .filter(|(_, newest)| *newest >= oldest)
                .map(|(least, newest)| (least.max(oldest), newest)),
            locked_blocks: shared.locked.blocks() as u64,
            locked_log_documents: shared.locked.log_documents(),
            documents_without_key_total: total(&counters.documents_without_key),
            damaged_blocks: total(&counters.damaged_blocks),
            damaged_log_bytes_total: total(&counters.damaged_log_bytes),
            documents_logged_total: total(&counters.documents_logged),
            traces_sealed_total: total(&counters.traces_sealed),
            traces_reopened_total: total(&counters.traces_reopened),
            blocks_merged_total: total(&counters.blocks_merged),
            blocks_retired_total: total(&counters.blocks_retired),
        }
    }
}
