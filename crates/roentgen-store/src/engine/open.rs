//! The start: catalog, blocks, log, live traces, first view (SEAL-1, LOG-1, LOG-3, LOG-4).

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Mutex, RwLock};
use roentgen_model::{Stamp, TraceId, UnixNanos};

use super::{Counters, Shared, Signals, StoreParts};
use crate::accept::writer::{self, Intake, LIMIT_EXCEEDED, Queue};
use crate::block::{BlockId, BlockReader};
use crate::catalog::{BlockRow, BlockState, Catalog, CatalogContents, CatalogState};
use crate::clock::Randomness;
use crate::compact;
use crate::files::Disk;
use crate::links::Awaited;
use crate::live::assembler::{self, Due};
use crate::live::{LiveArrival, LiveTraces, TraceKey};
use crate::maintenance::{Backlog, Chain};
use crate::poison::Poison;
use crate::reopen;
use crate::repair;
use crate::settings::StoreSettings;
use crate::source::{ErrorKind, StoreError};
use crate::view::{Away, BlockEntry, BlockHandle, ViewCell};
use crate::wal::{Log, LogSettings, RecordKind, ReplayReport, ReplayedDocument, StampSource};

/// Where the log is, below the data directory.
const LOG_DIR: &str = "wal";

/// Opens everything; the caller starts the threads.
pub(super) fn open(
    settings: StoreSettings,
    parts: StoreParts,
) -> Result<(Shared, Log, Queue), StoreError> {
    let StoreParts {
        disk,
        clock,
        catalog: location,
        histories,
        observer,
    } = parts;
    let counters = Counters::default();
    let (catalog, state) = Catalog::open(&location, Arc::clone(&disk))?;
    if let CatalogState::Damaged { set_aside } = &state {
        let path = set_aside.display();
        tracing::error!(%path, "the catalog was damaged and set aside; it is rebuilt from the blocks");
    }
    if state != CatalogState::Opened {
        repair::rebuild_catalog(&disk, &catalog)?;
    }
    let contents = catalog.load()?;
    repair::delete_orphans(disk.as_ref(), &contents.blocks)?;
    let (moved, away) = compact::load_moved(&contents.moved);
    let blocks = open_blocks(&disk, &catalog, &contents, away, &counters)?;

    let log_settings = LogSettings {
        file_bytes: settings.log_file_bytes,
        reserve_bytes: settings.log_reserve_bytes,
        ..LogSettings::default()
    };
    let mut replayed = Vec::new();
    let mut take = |document| replayed.push(document);
    let settled = contents.settled;
    let log_disk = Arc::clone(&disk);
    let (log, report) = Log::open(
        log_disk,
        Path::new(LOG_DIR),
        log_settings,
        settled,
        &mut take,
    )?;
    tell(&report, &counters);
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
        catalog,
        live: LiveTraces::new(),
        view: ViewCell::new(blocks),
        changed: Mutex::default(),
        awaited: Awaited::default(),
        log_reads: RwLock::default(),
        maintenance: Mutex::default(),
        backlog: Mutex::new(Backlog::default()),
        moved: Mutex::new(moved),
        reopenings: Mutex::default(),
        intake,
        counters,
        poison: Poison::default(),
        signals: Signals::default(),
    };
    replay(&shared, replayed);
    Ok((shared, log, queue))
}

fn tell(report: &ReplayReport, counters: &Counters) {
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

fn open_blocks(
    disk: &Arc<dyn Disk>,
    catalog: &Catalog,
    contents: &CatalogContents,
    mut away: HashMap<BlockId, Away>,
    counters: &Counters,
) -> Result<Vec<BlockEntry>, StoreError> {
    let mut blocks = Vec::with_capacity(contents.blocks.len());
    for row in &contents.blocks {
        if row.state == BlockState::Damaged {
            counters.damaged_blocks.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        match open_block(disk, row) {
            Ok(handle) => {
                let away = Arc::new(away.remove(&row.id).unwrap_or_default());
                blocks.push(BlockEntry {
                    handle: Arc::new(handle),
                    away,
                });
            }
            Err(error) if error.kind() == ErrorKind::Damaged => {
                tracing::error!(block = %row.id, error = %Chain(&error), "a block is damaged and set aside");
                catalog.mark_damaged(row.id)?;
                counters.damaged_blocks.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(blocks)
}

fn open_block(disk: &Arc<dyn Disk>, row: &BlockRow) -> Result<BlockHandle, StoreError> {
    let dir = repair::block_dir(row);
    let reader = BlockReader::open(Arc::clone(disk), &dir)?;
    Ok(BlockHandle::new(Arc::new(reader), dir, Arc::clone(disk)))
}

/// Brings back the live traces, with the stamps and records they had (LOG-3), and shows them.
fn replay(shared: &Shared, documents: Vec<ReplayedDocument>) {
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
