//! Encryption at rest (FILE-1): answers are the same, nothing readable is written, keys come and go.

use std::sync::atomic::AtomicBool;

use roentgen_model::UnixNanos;

use super::*;
use crate::encryption::tests::{TestRing, key_id, store_keys};
use crate::repair;

/// A store under a ring of keys, and the reference.
struct Kept {
    ring: Arc<TestRing>,
    keys: StoreKeys,
    disk: Arc<SimulatedDisk>,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
    reference: NaiveStore,
    store: Option<EmbeddedStore>,
}

impl Kept {
    fn new(names: &[&str], key: Option<&str>) -> Self {
        let ring = TestRing::with(names);
        let clock = Arc::new(ManualClock::new(NOON));
        let mut kept = Self {
            keys: store_keys(&ring, key),
            ring,
            disk: Arc::new(SimulatedDisk::new()),
            reference: NaiveStore::new(by_hand(), Arc::clone(&clock) as _),
            clock,
            directory: tempfile::tempdir().unwrap(),
            store: None,
        };
        kept.restart();
        kept
    }

    fn parts(&self) -> StoreParts {
        let disk = Arc::clone(&self.disk) as Arc<dyn Disk>;
        StoreParts {
            keys: self.keys.clone(),
            ..parts(&disk, &self.clock, self.directory.path())
        }
    }

    fn restart(&mut self) {
        self.store = None;
        self.store = Some(EmbeddedStore::open(by_hand(), self.parts()).unwrap());
    }

    fn store(&self) -> &EmbeddedStore {
        self.store.as_ref().unwrap()
    }

    /// What is written from now on; also after a restart.
    fn encrypt(&mut self, key: Option<&str>) {
        let key = key.map(key_id);
        self.store().publish_encryption(&scope(), key.clone());
        self.keys.settings = key.map(|key| (scope(), key)).into_iter().collect();
    }

    fn accept(&self, documents: &[String]) {
        self.clock.advance_secs(1);
        for verdicts in [
            accept(self.store(), &scope(), documents),
            accept(&self.reference, &scope(), documents),
        ] {
            assert!(verdicts.iter().all(|v| *v == Verdict::Accepted));
        }
    }

    fn compare(&self, context: &str) {
        self.store().assemble_now().unwrap();
        compare::assert_equal_contents(self.store(), &self.reference, self.clock.as_ref(), context);
    }

    fn try_accept(&self, documents: &[String]) -> Result<Vec<Verdict>, StoreError> {
        let texts = documents.iter().map(|text| Bytes::from(text.clone()));
        block_on(self.store().accept(&scope(), texts.collect()))
    }

    fn texts(&self, id: TraceId) -> usize {
        let found = self
            .store()
            .documents(&[scope()], &[id], &QueryControl::default());
        let found = found.unwrap();
        found.first().map_or(0, |trace| trace.documents.len())
    }

    fn found(&self) -> usize {
        let everything = UnixNanos(0)..UnixNanos(i64::MAX);
        let basis = crate::source::TimeBasis::Event;
        let request = compare::scan_request(&[scope()], basis, &everything, "");
        let page = self.store().scan(&request, &QueryControl::default());
        page.unwrap().matches.len()
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

fn root(number: u64) -> Draft {
    let at = UnixNanos(NOON.0 - 600_000_000_000);
    Draft::segment(trace_id(at, number), 1, "shop", at)
}

fn child(number: u64, id: u64) -> Draft {
    let at = UnixNanos(NOON.0 - 600_000_000_000);
    Draft::segment(trace_id(at, number), id, "pay", at).below(1)
}

fn id_of(number: u64) -> TraceId {
    trace_id(UnixNanos(NOON.0 - 600_000_000_000), number)
}

fn conforms_encrypted(shape: Shape, simulated: bool) {
    let ring = TestRing::with(&["one"]);
    conformance::run_all(&|settings: StoreSettings, clock: &Arc<ManualClock>| {
        let mut subject = EngineSubject::new(&settings, clock, shape, simulated);
        subject.keys = store_keys(&ring, Some("one"));
        subject.restart();
        Box::new(subject)
    });
}

#[test]
fn encrypted_engine_conforms_with_everything_mixed() {
    conforms_encrypted(Shape::Mixed, true);
}

#[test]
fn encrypted_engine_conforms_on_a_real_disk_after_restarts() {
    conforms_encrypted(Shape::SealedRestarted, false);
}

/// Three settings and back to plain, with reopened traces, merges and restarts in between.
#[test]
fn settings_may_change_at_any_time() {
    let mut kept = Kept::new(&["one", "two"], None);
    let mut documents = RandomDocuments::new(11, 8);
    let settings = [None, Some("one"), Some("two"), None, Some("one")];
    for (round, key) in settings.into_iter().enumerate() {
        kept.encrypt(key);
        for call in 0..6 {
            kept.clock.advance_secs(1);
            let call_documents = documents.call(NOON);
            accept(kept.store(), &scope(), &call_documents);
            accept(&kept.reference, &scope(), &call_documents);
            if call % 2 == 1 {
                kept.store().seal_now().unwrap();
            }
        }
        kept.compare(&format!("round {round}"));
        kept.restart();
        kept.compare(&format!("round {round} after a restart"));
        if round % 2 == 1 {
            kept.store().merge_now().unwrap();
            kept.compare(&format!("round {round} merged"));
        }
    }
}

/// Writers do not stop while the setting changes under them.
#[test]
fn settings_change_under_load() {
    let kept = Kept::new(&["one", "two"], None);
    let is_over = AtomicBool::new(false);
    let sent = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..2u64)
            .map(|writer| {
                let (kept, is_over) = (&kept, &is_over);
                threads.spawn(move || {
                    let mut sent = Vec::new();
                    while !is_over.load(Ordering::Relaxed) && sent.len() < 2_000 {
                        let number = writer * 10_000 + u64::try_from(sent.len()).unwrap();
                        accept(kept.store(), &scope(), &[root(number).text()]);
                        sent.push(number);
                    }
                    sent
                })
            })
            .collect();
        for round in 0..30 {
            let key = [None, Some("one"), Some("two")][round % 3];
            kept.store().publish_encryption(&scope(), key.map(key_id));
            kept.store().seal_now().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        let sent = writers.into_iter().flat_map(|w| w.join().unwrap());
        sent.collect::<Vec<u64>>()
    });
    let mut kept = kept;
    kept.restart();
    for number in sent {
        assert_eq!(kept.texts(id_of(number)), 1, "{number}");
    }
}

/// Every file below the directory that holds the text.
fn files_with(directory: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            if memchr::memmem::find(&bytes, text.as_bytes()).is_some() {
                found.push(path);
            }
        }
    }
    found
}

/// Seals, reopens and seals again (so that a copy has moved), and merges.
fn live_through(store: &EmbeddedStore, number: u64, service: &str) {
    let draft = |id| Draft {
        name: service.to_owned(),
        ..child(number, id)
    };
    for id in [5, 6] {
        // Other traces in the block, so that one moved copy does not wear it out.
        let beside = (0..40).map(|n| root(number + 100 * id + n).text());
        let mut documents: Vec<String> = beside.collect();
        let annotations = format!(r#""annotations":{{"secret":"{service}-{id}"}}"#);
        documents.push(draft(id).with(&annotations).text());
        accept(store, &scope(), &documents);
        store.seal_now().unwrap();
    }
    assert!(store.stats().moved_traces > 0);
}

#[test]
fn nothing_readable_is_written_while_encrypted() {
    let directory = tempfile::tempdir().unwrap();
    let ring = TestRing::with(&["one"]);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(directory.path()).unwrap());
    let clock = Arc::new(ManualClock::new(NOON));
    let open = |key| {
        let parts = StoreParts {
            keys: store_keys(&ring, key),
            ..parts(&disk, &clock, directory.path())
        };
        EmbeddedStore::open(by_hand(), parts).unwrap()
    };
    let store = open(None);
    live_through(&store, 1_000, "visibleservice");
    let visible = files_with(directory.path(), "visibleservice");
    let has = |part: &str| {
        visible
            .iter()
            .any(|path| path.to_string_lossy().contains(part))
    };
    assert!(
        has("wal") && has("blocks") && has("catalog.db"),
        "{visible:?}"
    );
    store.publish_encryption(&scope(), Some(key_id("one")));
    live_through(&store, 5_000, "hiddenservice");
    drop(store);
    assert_eq!(
        files_with(directory.path(), "hidden"),
        Vec::<PathBuf>::new()
    );
    let store = open(Some("one"));
    let moved = store.stats().moved_traces;
    assert!(moved > 0, "hidden rows of moved copies are computed again");
    store.merge_now().unwrap();
    assert_eq!(
        files_with(directory.path(), "hidden"),
        Vec::<PathBuf>::new()
    );
    // Back to plain: what is written from then on, merges of old blocks too, is readable.
    store.publish_encryption(&scope(), None);
    accept(
        &store,
        &scope(),
        &[root(9).with(r#""user":"plainagain""#).text()],
    );
    store.seal_now().unwrap();
    assert!(!files_with(directory.path(), "plainagain").is_empty());
}

#[test]
fn missing_key_refuses_writes_and_hides_what_it_covers() {
    let mut kept = Kept::new(&["one", "two"], None);
    kept.accept(&[root(1).text()]);
    kept.store().seal_now().unwrap();
    kept.encrypt(Some("one"));
    kept.accept(&[root(2).text()]);
    kept.store().seal_now().unwrap();
    kept.accept(&[root(3).text()]);
    kept.compare("with the key");
    kept.ring.remove("one");

    let refused = kept
        .try_accept(&[root(4).text(), root(5).text()])
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::KeyUnavailable);
    assert_eq!(kept.store().stats().documents_without_key_total, 2);
    assert_eq!(kept.try_accept(&[]).unwrap(), []);
    for (number, texts) in [(1, 1), (2, 0), (3, 0)] {
        assert_eq!(kept.texts(id_of(number)), texts, "trace {number}");
    }
    // Live traces wait, and nothing is lost by trying.
    kept.store().seal_now().unwrap();
    let waits = kept.store().merge_now().unwrap_err();
    assert_eq!(waits.kind(), ErrorKind::KeyUnavailable);
    kept.store().maintain().unwrap();
    let stats = kept.store().stats();
    assert_eq!(
        (stats.live_traces, stats.blocks, stats.locked_blocks),
        (1, 1, 1)
    );

    // Another key for what comes from now on.
    kept.encrypt(Some("two"));
    kept.accept(&[root(6).text()]);
    assert_eq!(kept.texts(id_of(6)), 1);
    kept.restart();
    kept.store().assemble_now().unwrap();
    let stats = kept.store().stats();
    assert_eq!((stats.locked_blocks, stats.locked_log_documents), (1, 1));
    assert_eq!(kept.found(), 2, "traces 1 and 6");
    kept.store().seal_now().unwrap();

    kept.ring.add("one");
    kept.store().maintain().unwrap();
    let stats = kept.store().stats();
    assert_eq!((stats.locked_blocks, stats.locked_log_documents), (0, 0));
    kept.compare("the key is back");
    kept.store().seal_now().unwrap();
    kept.compare("sealed");
    kept.restart();
    kept.compare("restarted");
    kept.store().merge_now().unwrap();
    kept.compare("merged");
}

/// Traces that began anew while the key of their block was missing, live and sealed, are whole again
/// afterwards and counted once.
#[test]
fn traces_that_go_on_without_their_block_are_joined_when_it_returns() {
    for is_restarted in [false, true] {
        let mut kept = Kept::new(&["one", "two"], Some("one"));
        let whole = vec![root(1).text(), root(2).text(), root(3).text()];
        kept.accept(&whole);
        kept.accept(&[child(2, 2).in_progress().text()]);
        kept.store().seal_now().unwrap();
        kept.encrypt(Some("two"));
        kept.ring.remove("one");
        if is_restarted {
            kept.restart();
        }
        // Trace 1 is sealed anew; trace 2 stays live; trace 3 hears nothing.
        kept.accept(&[child(1, 7).text()]);
        kept.store().assemble_now().unwrap();
        kept.store().maintain().unwrap();
        kept.store().seal_now().unwrap();
        kept.accept(&[child(2, 2).text(), child(2, 8).text()]);
        kept.store().assemble_now().unwrap();
        assert_eq!(kept.texts(id_of(1)), 1);
        assert_eq!(kept.texts(id_of(2)), 2);
        assert_eq!(kept.store().stats().locked_blocks, 1);

        kept.ring.add("one");
        if is_restarted {
            kept.restart();
        } else {
            kept.store().maintain().unwrap();
        }
        kept.store().assemble_now().unwrap();
        assert_eq!(kept.store().stats().locked_blocks, 0);
        for step in ["back", "sealed", "restarted", "catalog lost", "merged"] {
            match step {
                "sealed" => kept.store().seal_now().unwrap(),
                "restarted" => kept.restart(),
                "catalog lost" => {
                    kept.store = None;
                    kept.lose_catalog();
                    kept.restart();
                    kept.store().seal_now().unwrap();
                }
                "merged" => kept.store().merge_now().unwrap(),
                _ => {}
            }
            let context = format!("{step}, restarted: {is_restarted}");
            assert_eq!(kept.texts(id_of(1)), 2, "{context}");
            assert_eq!(kept.texts(id_of(2)), 3, "{context}");
            assert_eq!(kept.texts(id_of(3)), 1, "{context}");
            assert_eq!(kept.found(), 3, "{context}");
        }
        let stats = kept.store().stats();
        assert_eq!((stats.blocks, stats.block_traces), (1, 3));
    }
}

#[test]
fn lost_catalog_is_rebuilt_from_encrypted_blocks_and_those_without_key_wait() {
    let mut kept = Kept::new(&["one", "two"], Some("one"));
    kept.accept(&[root(1).text()]);
    kept.store().seal_now().unwrap();
    kept.encrypt(Some("two"));
    kept.accept(&[root(2).text()]);
    kept.store().seal_now().unwrap();
    kept.accept(&[root(3).text()]);
    kept.store = None;
    kept.lose_catalog();
    kept.restart();
    kept.compare("rebuilt with all keys");

    kept.store = None;
    kept.lose_catalog();
    kept.ring.remove("one");
    let report = repair::repair(&by_hand(), kept.parts()).unwrap();
    assert_eq!(report.damaged_blocks, []);
    assert_eq!(report.stats.damaged_blocks, 0);
    kept.restart();
    kept.store().seal_now().unwrap();
    assert_eq!(kept.texts(id_of(1)), 0);
    assert_eq!(kept.texts(id_of(2)), 1);
    assert_eq!(kept.store().stats().locked_blocks, 1);
    kept.restart();
    kept.ring.add("one");
    kept.store().maintain().unwrap();
    kept.compare("the key is back");
    kept.restart();
    kept.compare("the key is back, restarted");
    let report = {
        kept.store = None;
        repair::repair(&by_hand(), kept.parts()).unwrap()
    };
    assert_eq!(
        (report.stats.locked_blocks, report.damaged_blocks.len()),
        (0, 0)
    );
}

#[test]
fn repair_leaves_locked_blocks_alone() {
    let mut kept = Kept::new(&["one"], Some("one"));
    kept.accept(&[root(1).text()]);
    kept.store().seal_now().unwrap();
    kept.ring.remove("one");
    kept.store = None;
    let report = repair::repair(&by_hand(), kept.parts()).unwrap();
    assert_eq!(
        (report.stats.locked_blocks, report.stats.damaged_blocks),
        (1, 0)
    );
    kept.ring.add("one");
    kept.restart();
    kept.compare("the key is back");
}

#[test]
fn tampering_with_an_encrypted_block_is_damage() {
    let mut kept = Kept::new(&["one"], Some("one"));
    kept.accept(&[root(1).text()]);
    kept.store().seal_now().unwrap();
    let dir = kept.store().shared.view.current().blocks[0]
        .handle
        .dir
        .clone();
    let docs = dir.join("docs.parquet");
    let bytes = kept.disk.open(&docs).unwrap().len().unwrap();
    kept.disk.flip_bits(&docs, bytes / 2, 1).unwrap();
    assert_eq!(kept.texts(id_of(1)), 0);
    kept.store().maintain().unwrap();
    kept.restart();
    assert_eq!(kept.store().stats().damaged_blocks, 1);
}

/// Retention reaches blocks that nobody can read.
#[test]
fn locked_blocks_retire_with_their_day() {
    let mut kept = Kept::new(&["one"], Some("one"));
    kept.accept(&[root(1).text()]);
    kept.store().seal_now().unwrap();
    let dir = kept.store().shared.view.current().blocks[0]
        .handle
        .dir
        .clone();
    kept.ring.remove("one");
    kept.restart();
    assert_eq!(kept.store().stats().locked_blocks, 1);
    kept.clock.advance_secs(40 * 24 * 3600);
    kept.store().maintain().unwrap();
    assert_eq!(kept.store().stats().locked_blocks, 0);
    assert!(kept.disk.list(&dir).is_err(), "its files are gone");
    kept.ring.add("one");
    kept.restart();
    assert_eq!(kept.found(), 0);
}
