//! The start: catalog, blocks, log, live traces, first view (SEAL-1, LOG-1, LOG-3, LOG-4).

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Mutex, RwLock};
use roentgen_model::{Stamp, TraceId, UnixNanos};

use super::{Counters, Shared, Signals, StoreParts};
use crate::accept::writer::{self, Intake, LIMIT_EXCEEDED, Queue};
use crate::block::BlockReader;
use crate::catalog::{
    BlockRow, BlockState, Catalog, CatalogContents, CatalogLocation, CatalogState,
};
use crate::clock::Randomness;
use crate::compact::{self, LoadedMoved};
use crate::encryption::Encryption;
use crate::encryption::locked::{self, Locked, LockedBlock, UnlistedBlock};
use crate::files::{Disk, EncryptedDisk};
use crate::links::Awaited;
use crate::live::assembler::{self, Due};
use crate::live::{LiveArrival, LiveTraces, TraceKey};
use crate::maintenance::{Backlog, Chain};
use crate::poison::Poison;
use crate::reopen;
use crate::repair;
use crate::settings::StoreSettings;
use crate::source::{ErrorKind, StoreError};
use crate::view::{BlockEntry, BlockHandle, ViewCell};
use crate::wal::{Log, LogSettings, RecordKind, ReplayReport, ReplayedDocument, StampSource};

/// Where the log is, below the data directory.
const LOG_DIR: &str = "wal";

/// Opens everything; the caller starts the threads.
pub(super) fn open(
    settings: StoreSettings,
    parts: StoreParts,
) -> Result<(Shared, Log, Queue), StoreError> {
    let StoreParts {
        disk: plain_disk,
        clock,
        catalog: location,
        histories,
        keys,
        observer,
    } = parts;
    let encryption = Encryption::new(keys);
    let disk = EncryptedDisk::new(Arc::clone(&plain_disk), Arc::clone(&encryption.keys));
    let disk = Arc::new(disk);
    let counters = Counters::default();
    let (catalog, unlisted) = open_catalog(&location, plain_disk.clone(), &disk)?;
    let contents = catalog.load()?;
    repair::delete_orphans(disk.as_ref(), &contents.blocks, &contents.locked)?;
    let mut loaded = compact::load_moved(&contents.moved);
    let opening = Opening {
        disk: &disk,
        catalog: &catalog,
        encryption: &encryption,
        counters: &counters,
    };
    let (blocks, locked) = opening.blocks(&contents, &mut loaded)?;

    let mut replayed = Vec::new();
    let mut take = |document| replayed.push(document);
    let settled = contents.settled;
    let (log, report) = Log::open(
        plain_disk,
        Path::new(LOG_DIR),
        log_settings(&settings),
        Arc::clone(&encryption.keys),
        settled,
        &mut take,
    )?;
    tell(&report, &counters, &encryption);
    let locked = Locked::new(locked, unlisted, report.locked);
    let (intake, queue) = Intake::new(&settings);
    let shared = Shared {
        randomness: settings
            .seed
            .map_or_else(Randomness::from_system, Randomness::from_seed),
        stamps: StampSource::after(report.last_stamp.max(contents.last_stamp)),
        log_reader: log.reader(),
        log_files: log.files(),
        settings,
        histories: RwLock::new(histories),
        observer,
        clock,
        disk,
        encryption,
        locked,
        catalog,
        live: LiveTraces::new(),
        view: ViewCell::new(blocks),
        changed: Mutex::default(),
        awaited: Awaited::default(),
        log_reads: RwLock::default(),
        maintenance: Mutex::default(),
        backlog: Mutex::new(Backlog::default()),
        moved: Mutex::new(loaded.moved),
        reopenings: Mutex::default(),
        intake,
        counters,
        poison: Poison::default(),
        signals: Signals::default(),
    };
    replay(&shared, replayed);
    Ok((shared, log, queue))
}

/// The catalog, rebuilt where it was lost, and the blocks that could not be read for that.
fn open_catalog(
    location: &CatalogLocation,
    plain_disk: Arc<dyn Disk>,
    disk: &Arc<EncryptedDisk>,
) -> Result<(Catalog, Vec<UnlistedBlock>), StoreError> {
    let (catalog, state) = Catalog::open(location, plain_disk)?;
    if let CatalogState::Damaged { set_aside } = &state {
        let path = set_aside.display();
        tracing::error!(%path, "the catalog was damaged and set aside; it is rebuilt from the blocks");
    }
    let mut unlisted = Vec::new();
    if state != CatalogState::Opened {
        unlisted = repair::rebuild_catalog(disk, &catalog)?;
    }
    Ok((catalog, unlisted))
}

fn log_settings(settings: &StoreSettings) -> LogSettings {
    LogSettings {
        file_bytes: settings.log_file_bytes,
        reserve_bytes: settings.log_reserve_bytes,
        ..LogSettings::default()
    }
}

fn tell(report: &ReplayReport, counters: &Counters, encryption: &Encryption) {
    for frame in &report.locked {
        encryption.tell(&frame.key);
    }
    for damage in &report.damage {
        counters
            .damaged_log_bytes
            .fetch_add(damage.bytes, Ordering::Relaxed);
    }
    let ReplayReport {
        files,
        documents_replayed,
        documents_skipped,
        torn_tail_bytes,
        ..
    } = report;
    tracing::info!(
        files,
        documents_replayed,
        documents_skipped,
        torn_tail_bytes,
        "log replayed"
    );
}

/// What blocks are opened with.
struct Opening<'a> {
    disk: &'a Arc<EncryptedDisk>,
    catalog: &'a Catalog,
    encryption: &'a Encryption,
    counters: &'a Counters,
}

impl Opening<'_> {
    /// The blocks to be shown, and those that wait for a key or for [`locked::unlock`].
    fn blocks(
        &self,
        contents: &CatalogContents,
        loaded: &mut LoadedMoved,
    ) -> Result<(Vec<BlockEntry>, Vec<LockedBlock>), StoreError> {
        let mut blocks = Vec::with_capacity(contents.blocks.len());
        let mut locked = Vec::new();
        for row in &contents.blocks {
            let count_damage = || {
                let counter = &self.counters.damaged_blocks;
                counter.fetch_add(1, Ordering::Relaxed);
            };
            if row.state == BlockState::Damaged {
                count_damage();
                continue;
            }
            let wait = |key| LockedBlock {
                row: row.clone(),
                handle: None,
                key,
            };
            if contents.locked.contains(&row.id) {
                locked.push(wait(None));
                continue;
            }
            match self.block(row, loaded) {
                Ok(entry) => blocks.push(entry),
                Err(error) if error.kind() == ErrorKind::KeyUnavailable => {
                    self.encryption.tell_of(&error);
                    // Durable before anything is taken in.
                    self.catalog.mark_locked(&[row.id])?;
                    locked.push(wait(locked::missing_key(&error)));
                }
                Err(error) if error.kind() == ErrorKind::Damaged => {
                    tracing::error!(block = %row.id, error = %Chain(&error), "a block is damaged and set aside");
                    self.catalog.mark_damaged(row.id)?;
                    count_damage();
                }
                Err(error) => return Err(error),
            }
        }
        Ok((blocks, locked))
    }

    fn block(&self, row: &BlockRow, loaded: &mut LoadedMoved) -> Result<BlockEntry, StoreError> {
        let dir = repair::block_dir(row);
        let disk = Arc::clone(self.disk) as Arc<dyn Disk>;
        let reader = Arc::new(BlockReader::open(Arc::clone(&disk), &dir)?);
        let away = Arc::new(loaded.take(&reader)?);
        let handle = Arc::new(BlockHandle::new(reader, dir, disk));
        Ok(BlockEntry { handle, away })
    }
}

/// Brings back live traces, with the stamps and records they had (LOG-3), and shows them.
pub(crate) fn replay(shared: &Shared, documents: Vec<ReplayedDocument>) {
    let mut unknown_kinds = HashSet::new();
    for found in documents {
        let ReplayedDocument {
            kind,
            scope,
            record_stamp,
            stamp,
            position,
            document,
        } = found;
        let arrival = |document| LiveArrival {
            stamp,
            record: record_stamp,
            position,
            document,
        };
        let (id, arrival) = match kind {
            RecordKind::SEGMENT_DOCUMENTS => {
                match reopen::parse_stored(&document, stamp, &shared.settings) {
                    Some(document) => (document.trace_id, arrival(Some(document))),
                    None => {
                        shared.settle_later(&std::iter::once(position).collect());
                        continue;
                    }
                }
            }
            LIMIT_EXCEEDED => {
                let Ok(bytes) = <[u8; 16]>::try_from(document.as_ref()) else {
                    continue;
                };
                (TraceId::from_bytes(bytes), arrival(None))
            }
            RecordKind(kind) => {
                if unknown_kinds.insert(kind) {
                    tracing::warn!(
                        kind,
                        "the log holds records of a later version; they are kept"
                    );
                }
                continue;
            }
        };
        shared.stamps.raise(Stamp(stamp.0));
        writer::insert(
            shared,
            TraceKey { scope, id },
            vec![arrival],
            UnixNanos(stamp.0),
        );
    }
    if let Err(error) = assembler::pass(shared, Due::All) {
        tracing::error!(error = %Chain(&error), "some replayed traces are not in searches yet");
    }
}
