//! Damage is reported, set aside or repaired, and everything else is served.

use roentgen_model::UnixNanos;

use super::*;
use crate::repair;

struct Stored {
    disk: Arc<SimulatedDisk>,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
    reference: NaiveStore,
}

impl Stored {
    /// A store with random traces, half of them sealed in several blocks with reopened traces.
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let reference = NaiveStore::new(by_hand(), Arc::clone(&clock) as _);
        let directory = tempfile::tempdir().unwrap();
        let stored = Self {
            disk: Arc::new(SimulatedDisk::new()),
            clock,
            directory,
            reference,
        };
        let store = stored.open();
        let mut documents = RandomDocuments::new(3, 8);
        for round in 0..30 {
            let call = documents.call(NOON);
            accept(&store, &scope(), &call);
            accept(&stored.reference, &scope(), &call);
            stored.clock.advance_secs(1);
            if round % 7 == 6 {
                store.seal_now().unwrap();
            }
            if round == 13 {
                store.merge_now().unwrap();
            }
        }
        stored
    }

    fn open(&self) -> EmbeddedStore {
        let disk: Arc<dyn Disk> = Arc::clone(&self.disk) as _;
        open(&by_hand(), &disk, &self.clock, self.directory.path())
    }

    fn compare(&self, store: &EmbeddedStore) {
        compare::assert_equal_contents(store, &self.reference, self.clock.as_ref(), "");
    }

    fn lose_catalog(&self) {
        for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
            let path = self.directory.path().join(name);
            if std::fs::exists(&path).unwrap() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

#[test]
fn lost_catalog_is_rebuilt_from_blocks_and_log() {
    let stored = Stored::new();
    stored.compare(&stored.open());
    stored.lose_catalog();
    let store = stored.open();
    stored.compare(&store);
    store.seal_now().unwrap();
    stored.compare(&store);
    drop(store);
    stored.compare(&stored.open());
}

#[test]
fn damaged_catalog_is_set_aside_and_rebuilt() {
    let stored = Stored::new();
    stored.lose_catalog();
    std::fs::write(
        stored.directory.path().join("catalog.db"),
        "no database at all",
    )
    .unwrap();
    stored.compare(&stored.open());
}

#[test]
fn damaged_block_is_reported_and_the_rest_is_served() {
    let stored = Stored::new();
    let store = stored.open();
    let day_before = UnixNanos(NOON.0 - 86_400_000_000_000);
    let other_day = Draft::segment(trace_id(day_before, 99), 1, "shop", day_before);
    accept(&store, &scope(), &[other_day.text()]);
    store.seal_now().unwrap();
    let blocks = store.stats().blocks;
    assert!(blocks > 1, "a block holds one day");
    let victim = store
        .shared
        .view
        .current()
        .blocks
        .first()
        .unwrap()
        .handle
        .dir
        .clone();
    let file = stored
        .disk
        .list(&victim)
        .unwrap()
        .into_iter()
        .max_by_key(|f| f.bytes)
        .unwrap();
    stored
        .disk
        .flip_bits(&victim.join(file.name), file.bytes / 2, 0x55)
        .unwrap();
    drop(store);
    let disk: Arc<dyn Disk> = Arc::clone(&stored.disk) as _;
    let parts = parts(&disk, &stored.clock, stored.directory.path());
    let report = repair::repair(&by_hand(), parts);
    let report = report.unwrap();
    assert_eq!(report.stats.damaged_blocks, 1, "{report:?}");
    let store = stored.open();
    assert_eq!(store.stats().damaged_blocks, 1);
    assert_eq!(store.stats().blocks, blocks - 1);
    let everything = UnixNanos(0)..UnixNanos(i64::MAX);
    let request =
        compare::scan_request(&[scope()], crate::source::TimeBasis::Event, &everything, "");
    let pages = compare::all_pages(&store, &request);
    assert!(
        pages.iter().any(|page| !page.matches.is_empty()),
        "the others are served"
    );
}

#[test]
fn damaged_log_frame_is_reported_and_the_rest_is_served() {
    let clock = Arc::new(ManualClock::new(NOON));
    let directory = tempfile::tempdir().unwrap();
    let simulated = Arc::new(SimulatedDisk::new());
    let disk: Arc<dyn Disk> = Arc::clone(&simulated) as _;
    let store = open(&by_hand(), &disk, &clock, directory.path());
    let at = UnixNanos(NOON.0 - 60_000_000_000);
    for number in 1..=5 {
        accept(
            &store,
            &scope(),
            &[Draft::segment(trace_id(at, number), 1, "shop", at).text()],
        );
    }
    drop(store);
    let file = disk
        .list(Path::new("wal"))
        .unwrap()
        .into_iter()
        .next()
        .unwrap();
    let path = Path::new("wal").join(&file.name);
    // In the second of five equal frames.
    let content = simulated.content(&path).unwrap();
    let used = content.iter().rposition(|byte| *byte != 0).unwrap() as u64;
    let header = 4096;
    simulated
        .flip_bits(&path, header + (used - header) * 3 / 10, 0xff)
        .unwrap();
    let store = open(&by_hand(), &disk, &clock, directory.path());
    let stats = store.stats();
    assert!(stats.damaged_log_bytes_total > 0, "{stats:?}");
    assert_eq!(stats.live_traces, 4, "{stats:?}");
}
