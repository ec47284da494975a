//! What waits for a key: blocks out of the view, frames of the log that replay could not read.
//!
//! A missing key is no damage. A block whose key is found missing is marked as locked in the catalog and
//! then taken out of the view; from then on its traces count as unknown, so a late document for one of
//! them begins the trace anew. When the key is back the block returns, and such a trace has two copies:
//! documents that its home lacks are taken in again as if they came now (with new stamps: our choice), and
//! the copy in the block counts as moved (HOME-1). Only then is the mark removed, in the transaction that
//! notes the moved copies, so a crash on the way does it all again.
//!
//! Locked frames keep their file, since their documents are not settled (LOG-4), and are replayed when
//! their key is back.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_executor::block_on;
use parking_lot::Mutex;
use roentgen_model::document::Verdict;
use roentgen_model::{Scope, TraceId, UnixNanos};

use super::{KeyId, SealedError};
use crate::accept::writer::stopped;
use crate::accept::{Call, ParsedDocument};
use crate::block::{BlockDocuments, BlockId, BlockReader, read_block_meta};
use crate::catalog::{BlockRow, MovedTrace, Publication};
use crate::compact;
use crate::engine::{Shared, replay};
use crate::facts::minute_rows;
use crate::live::{Home, TraceKey};
use crate::maintenance::Chain;
use crate::merge::{DocumentKey, Effect, Version};
use crate::moved;
use crate::reopen;
use crate::repair::block_dir;
use crate::source::{ErrorKind, QueryControl, StoreError};
use crate::view::{Away, BlockEntry, BlockHandle, View};
use crate::wal::LockedFrame;

/// Ids of a returning block that are looked up in the others at once.
const IDS_AT_ONCE: usize = 4_096;
/// Locked frames that are replayed at once, 64 KiB each.
const FRAMES_AT_ONCE: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Locked {
    /// In which a read found the key missing; still in the view.
    met: Mutex<Vec<Met>>,
    blocks: Mutex<Vec<LockedBlock>>,
    unlisted: Mutex<Vec<UnlistedBlock>>,
    frames: Mutex<Vec<LockedFrame>>,
}

/// A block that could not be read when the catalog was rebuilt: it has a mark and no row.
#[derive(Clone, Debug)]
pub(crate) struct UnlistedBlock {
    pub(crate) id: BlockId,
    pub(crate) dir: PathBuf,
    pub(crate) key: Option<KeyId>,
}

#[derive(Debug)]
struct Met {
    handle: Arc<BlockHandle>,
    key: Option<KeyId>,
}

/// A block that is marked in the catalog and in no view.
#[derive(Clone, Debug)]
pub(crate) struct LockedBlock {
    pub(crate) row: BlockRow,
    /// The handle it had in the view: live traces may have their texts there.
    pub(crate) handle: Option<Arc<BlockHandle>>,
    /// The key that is missing, if that is known.
    pub(crate) key: Option<KeyId>,
}

impl Locked {
    pub(crate) fn new(
        blocks: Vec<LockedBlock>,
        unlisted: Vec<UnlistedBlock>,
        frames: Vec<LockedFrame>,
    ) -> Self {
        Self {
            met: Mutex::default(),
            blocks: Mutex::new(blocks),
            unlisted: Mutex::new(unlisted),
            frames: Mutex::new(frames),
        }
    }

    /// How many blocks wait.
    pub(crate) fn blocks(&self) -> usize {
        self.block_ids().len()
    }

    pub(crate) fn block_ids(&self) -> Vec<BlockId> {
        let blocks = self.blocks.lock();
        let unlisted = self.unlisted.lock();
        let listed = blocks.iter().map(|block| block.row.id);
        let unlisted = unlisted.iter().map(|block| block.id);
        listed.chain(unlisted).collect()
    }

    /// How many documents of the log wait.
    pub(crate) fn log_documents(&self) -> u64 {
        let frames = self.frames.lock();
        frames.iter().map(|frame| u64::from(frame.documents)).sum()
    }

    /// Takes out the blocks whose latest T0 is before `oldest` (KEEP-1).
    pub(crate) fn take_over(&self, oldest: UnixNanos) -> Vec<LockedBlock> {
        let mut blocks = self.blocks.lock();
        let is_over = |block: &LockedBlock| block.row.summary.t0.1 < oldest;
        let (over, kept) = std::mem::take(&mut *blocks).into_iter().partition(is_over);
        *blocks = kept;
        over
    }
}

/// The key that an error says is missing.
pub(crate) fn missing_key(error: &(dyn Error + 'static)) -> Option<KeyId> {
    let mut next = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<std::io::Error>();
        let inner = io.and_then(|io| io.get_ref()?.downcast_ref());
        if let Some(SealedError::KeyMissing(key)) = inner.or_else(|| error.downcast_ref()) {
            return Some(key.clone());
        }
        next = error.source();
    }
    None
}

impl Shared {
    /// Takes a block whose key is missing out of the view, with the next maintenance.
    pub(crate) fn lock_later(&self, handle: &Arc<BlockHandle>, error: &StoreError) {
        let key = missing_key(error);
        if let Some(key) = &key {
            self.encryption.tell(key);
        }
        let mut met = self.locked.met.lock();
        if met.iter().all(|known| known.handle.id() != handle.id()) {
            let handle = Arc::clone(handle);
            met.push(Met { handle, key });
        }
    }
}

/// Takes the blocks out of the view in which a read found the key missing. The caller holds the
/// maintenance lock.
///
/// # Errors
/// When the catalog cannot be changed; they stay in the view then.
pub(crate) fn lock(shared: &Shared) -> Result<(), StoreError> {
    let met = std::mem::take(&mut *shared.locked.met.lock());
    let view = shared.view.current();
    let is_shown = |met: &Met| {
        let id = met.handle.id();
        view.blocks.iter().any(|entry| entry.handle.id() == id)
    };
    let met: Vec<Met> = met.into_iter().filter(is_shown).collect();
    if met.is_empty() {
        return Ok(());
    }
    let ids: Vec<BlockId> = met.iter().map(|met| met.handle.id()).collect();
    // Durable first: from the next view on, traces may begin anew.
    shared.catalog.mark_locked(&ids)?;
    let blocks = met.into_iter().map(|met| {
        let reader = &met.handle.reader;
        LockedBlock {
            row: BlockRow::new(reader.meta(), reader.summary().clone()),
            handle: Some(met.handle),
            key: met.key,
        }
    });
    shared.locked.blocks.lock().extend(blocks);
    let gone: HashSet<BlockId> = ids.into_iter().collect();
    let mut publisher = shared.view.publisher();
    publisher.publish(|draft| draft.remove_blocks(&gone));
    Ok(())
}

/// Brings back what waited for keys that are there now. The caller holds the maintenance lock, and the
/// log is being written.
///
/// # Errors
/// The first failure; what failed waits on.
pub(crate) fn unlock(shared: &Shared) -> Result<(), StoreError> {
    let mut first_error = unlock_log(shared);
    first_error = first_error.and(list(shared));
    let waiting = shared.locked.blocks.lock().clone();
    for block in waiting {
        let is_worth_trying = |key: &KeyId| shared.encryption.keys.has(key);
        if !block.key.as_ref().is_none_or(is_worth_trying) {
            continue;
        }
        match bring_back(shared, &block) {
            Ok(()) => forget(shared, block.row.id),
            Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                shared.encryption.tell_of(&error);
            }
            Err(error) if error.kind() == ErrorKind::Damaged => {
                let id = block.row.id;
                tracing::error!(block = %id, error = %Chain(&error), "a block is damaged and set aside");
                shared.catalog.mark_damaged(id)?;
                shared.catalog.unlock(id, &[], shared.stamps.last())?;
                let counter = &shared.counters.damaged_blocks;
                counter.fetch_add(1, Ordering::Relaxed);
                forget(shared, id);
            }
            Err(error) => first_error = first_error.and(Err(error)),
        }
    }
    first_error
}

/// Gives blocks their row that had none, once they can be read.
fn list(shared: &Shared) -> Result<(), StoreError> {
    let unlisted = shared.locked.unlisted.lock().clone();
    for block in unlisted {
        let has_key = |key: &KeyId| shared.encryption.keys.has(key);
        if !block.key.as_ref().is_none_or(has_key) {
            continue;
        }
        let (meta, summary) = match read_block_meta(&*shared.disk, &block.dir) {
            Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                shared.encryption.tell_of(&error);
                continue;
            }
            read => read?,
        };
        let row = BlockRow::new(&meta, summary);
        let publication = Publication {
            blocks: vec![row.clone()],
            last_stamp: shared.stamps.last(),
            ..Publication::default()
        };
        shared.catalog.publish(&publication)?;
        let (handle, key) = (None, block.key);
        let listed = LockedBlock { row, handle, key };
        shared.locked.blocks.lock().push(listed);
        let mut unlisted = shared.locked.unlisted.lock();
        unlisted.retain(|other| other.id != block.id);
    }
    Ok(())
}

fn forget(shared: &Shared, id: BlockId) {
    let mut blocks = shared.locked.blocks.lock();
    if let Some(at) = blocks.iter().position(|block| block.row.id == id)
        && let Some(key) = blocks.remove(at).key
    {
        shared.encryption.is_back(&key);
    }
}

/// Replays locked frames whose key is there now.
fn unlock_log(shared: &Shared) -> Result<(), StoreError> {
    let has_key = |frame: &LockedFrame| shared.encryption.keys.has(&frame.key);
    let ready: Vec<LockedFrame> = {
        let frames = shared.locked.frames.lock();
        frames
            .iter()
            .filter(|frame| has_key(frame))
            .cloned()
            .collect()
    };
    for some in ready.chunks(FRAMES_AT_ONCE) {
        let mut documents = Vec::new();
        let mut done: HashSet<(u32, u32)> = HashSet::new();
        let mut first_error: Result<(), StoreError> = Ok(());
        for frame in some {
            match shared.log_reader.replay(frame) {
                Ok(found) => {
                    documents.extend(found);
                    done.insert((frame.file, frame.offset));
                    shared.encryption.is_back(&frame.key);
                }
                Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                    shared.encryption.tell(&frame.key);
                }
                Err(error) => first_error = first_error.and(Err(error.into())),
            }
        }
        documents.retain(|document| {
            let position = document.position;
            let index = position.document_index_in_file;
            !shared.log_files.is_settled(position.file, index)
        });
        replay(shared, documents);
        let mut frames = shared.locked.frames.lock();
        frames.retain(|frame| !done.contains(&(frame.file, frame.offset)));
        drop(frames);
        first_error?;
    }
    Ok(())
}

fn bring_back(shared: &Shared, waiting: &LockedBlock) -> Result<(), StoreError> {
    let handle = open(shared, waiting)?;
    // Held to the end: nobody changes homes meanwhile.
    let mut publisher = shared.view.publisher();
    let catalogued = shared.catalog.load()?.moved;
    let catalogued = catalogued
        .into_iter()
        .filter(|row| row.block == handle.id());
    let mut loaded = compact::load_moved(&catalogued.collect::<Vec<_>>());
    let mut away = loaded.take(&handle.reader)?;
    let moved_before: HashSet<TraceId> = away.keys().copied().collect();
    away.extend(live_again(shared, handle.id()));
    let mut entry = BlockEntry {
        handle: Arc::clone(&handle),
        away: Arc::new(away),
    };
    let doubles = doubles(shared, &publisher.view(), &entry)?;
    let rows = take_in(shared, &entry, &doubles)?;
    let is_hidden = shared.encryption.is_on(handle.scope());
    let copies = rows.iter();
    let copies: Vec<MovedTrace> = copies
        .map(|(id, rows)| moved::row_of(handle.id(), *id, rows, is_hidden))
        .collect();
    shared
        .catalog
        .unlock(handle.id(), &copies, shared.stamps.last())?;
    let moved_now = moved_before.into_iter().chain(rows.keys().copied());
    let moved_now: HashSet<TraceId> = moved_now.collect();
    if !moved_now.is_empty() {
        shared.moved.lock().insert(handle.id(), moved_now);
    }
    Arc::make_mut(&mut entry.away).extend(rows);
    let away = Away::clone(&entry.away);
    publisher.publish(|draft| draft.add_block(handle, away));
    Ok(())
}

fn open(shared: &Shared, waiting: &LockedBlock) -> Result<Arc<BlockHandle>, StoreError> {
    if let Some(handle) = &waiting.handle {
        handle.reader.check_keys()?;
        return Ok(Arc::clone(handle));
    }
    let dir = block_dir(&waiting.row);
    let disk = Arc::clone(&shared.disk) as Arc<dyn crate::files::Disk>;
    let reader = Arc::new(BlockReader::open(Arc::clone(&disk), &dir)?);
    Ok(Arc::new(BlockHandle::new(reader, dir, disk)))
}

/// Traces that were reopened from the block before its key went.
fn live_again(shared: &Shared, block: BlockId) -> Away {
    let mut away = Away::new();
    shared.live.for_each(|key, trace| {
        if let Home::Reopened(home) = &trace.home
            && home.block.id() == block
        {
            away.insert(key.id, Arc::clone(&home.rows));
        }
    });
    away
}

/// Traces at home in the block that have another home by now, with the versions that home has.
fn doubles(
    shared: &Shared,
    view: &View,
    entry: &BlockEntry,
) -> Result<HashMap<TraceId, HashMap<DocumentKey, Version>>, StoreError> {
    let scope = entry.handle.scope();
    let mut doubles = HashMap::new();
    let mut keys = entry.handle.reader.trace_ids()?;
    loop {
        let some: Result<Vec<_>, _> = keys.by_ref().take(IDS_AT_ONCE).collect();
        let some = some?;
        if some.is_empty() {
            return Ok(doubles);
        }
        let ids = some.into_iter().map(|key| key.trace_id);
        let mut ids: Vec<TraceId> = ids.filter(|id| !entry.away.contains_key(id)).collect();
        ids.sort_unstable();
        for id in &ids {
            if let Some(versions) = live_versions(shared, scope, *id) {
                doubles.insert(*id, versions);
            }
        }
        ids.retain(|id| !doubles.contains_key(id));
        for other in view.blocks_of(scope) {
            for (id, base) in reopen::fetch(&shared.settings, other, &ids)? {
                let versions = base.documents.iter().map(|(stamp, document)| {
                    (DocumentKey::of(document), Version::of(*stamp, document))
                });
                doubles.insert(id, versions.collect());
            }
            ids.retain(|id| !doubles.contains_key(id));
        }
    }
}

/// What a live trace has; `None` also where its home is still to be found, among the blocks that are
/// shown then.
fn live_versions(
    shared: &Shared,
    scope: &Scope,
    id: TraceId,
) -> Option<HashMap<DocumentKey, Version>> {
    let scope = scope.clone();
    let key = TraceKey { scope, id };
    let shard = shared.live.shard(&key);
    let trace = shard.get(&key)?;
    if matches!(trace.home, Home::Unknown) {
        return None;
    }
    let winners = trace.winners.by_stamp().into_iter();
    let versions = winners.map(|winner| (DocumentKey::of(&winner.document), winner.version));
    Some(versions.collect())
}

/// Takes in again what the homes of these traces lack; returns the rows that their copies contribute.
fn take_in(
    shared: &Shared,
    entry: &BlockEntry,
    doubles: &HashMap<TraceId, HashMap<DocumentKey, Version>>,
) -> Result<Away, StoreError> {
    let mut rows = Away::new();
    let mut ids: Vec<TraceId> = doubles.keys().copied().collect();
    ids.sort_unstable();
    let control = QueryControl::new(usize::MAX);
    for some in ids.chunks(IDS_AT_ONCE / 64) {
        let reader = &entry.handle.reader;
        for facts in reader.facts(some, &control)? {
            rows.insert(facts.trace_id, minute_rows(&facts).into());
        }
        for found in reader.documents(some, &control)? {
            let known = doubles.get(&found.trace_id);
            accept_lacking(shared, entry.handle.scope(), found, known)?;
        }
    }
    Ok(rows)
}

fn accept_lacking(
    shared: &Shared,
    scope: &Scope,
    found: BlockDocuments,
    known: Option<&HashMap<DocumentKey, Version>>,
) -> Result<(), StoreError> {
    let parsed_at = shared.clock.now();
    let mut call = Call {
        scope: scope.clone(),
        verdicts: Vec::new(),
        documents: Vec::new(),
        parsed_at,
    };
    for document in found.documents {
        let text: Bytes = document.text;
        let Some(parsed) = reopen::parse_stored(&text, document.stamp, &shared.settings) else {
            continue;
        };
        let version = Version::of(document.stamp, &parsed);
        let home = known.and_then(|known| known.get(&DocumentKey::of(&parsed)));
        if version.effect_on(home) != Effect::Changes {
            continue;
        }
        call.documents.push(ParsedDocument {
            verdict: call.verdicts.len(),
            text,
            document: parsed,
        });
        call.verdicts.push(Verdict::Accepted);
    }
    if call.documents.is_empty() {
        return Ok(());
    }
    let answer = shared.intake.send(call, &shared.settings)?;
    block_on(answer).unwrap_or_else(|_| Err(stopped()))?;
    Ok(())
}
