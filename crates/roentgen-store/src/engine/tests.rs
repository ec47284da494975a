use std::path::Path;
use std::sync::Arc;

use roentgen_model::document::Verdict;

use super::*;
use crate::clock::ManualClock;
use crate::conformance::documents::{Draft, RandomDocuments, trace_id};
use crate::conformance::{self, NOON, Subject, accept, block_on, compare, scope};
use crate::files::{RealDisk, SimulatedDisk};
use crate::naive::NaiveStore;

mod audit;
mod concurrent;
mod crash;
mod damage;
mod encryption;
mod lifecycle;
mod links;
mod random;

/// Settings for tests: nothing happens by itself, one trace makes a block, files are small.
pub(super) fn by_hand() -> StoreSettings {
    manual(&StoreSettings::default())
}

/// A store on a simulated disk in which nothing happens by itself.
pub(super) fn by_hand_subject() -> (EngineSubject, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(NOON));
    let subject = EngineSubject::new(&by_hand(), &clock, Shape::Live, true);
    (subject, clock)
}

fn manual(settings: &StoreSettings) -> StoreSettings {
    StoreSettings {
        is_background: false,
        seed: Some(7),
        log_file_bytes: 64 << 10,
        log_reserve_bytes: 0,
        merge_blocks_min: 100,
        ..settings.clone()
    }
}

/// What becomes of everything accepted before a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Live,
    LiveRestarted,
    Sealed,
    SealedRestarted,
    Merged,
    MergedRestarted,
    /// Another one each time.
    Mixed,
}

#[derive(Debug)]
pub(super) struct EngineSubject {
    store: Option<EmbeddedStore>,
    settings: StoreSettings,
    disk: Arc<dyn Disk>,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
    shape: Shape,
    settled: usize,
    histories: Arc<SettingsHistories>,
    keys: StoreKeys,
}

impl EngineSubject {
    fn new(
        settings: &StoreSettings,
        clock: &Arc<ManualClock>,
        shape: Shape,
        simulated: bool,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = if simulated {
            Arc::new(SimulatedDisk::new())
        } else {
            Arc::new(RealDisk::open(directory.path()).unwrap())
        };
        let clock = Arc::clone(clock);
        let settings = manual(settings);
        let mut subject = Self {
            store: None,
            settings,
            disk,
            clock,
            directory,
            shape,
            settled: 0,
            histories: Arc::default(),
            keys: StoreKeys::default(),
        };
        subject.restart();
        subject
    }

    pub(super) fn store(&self) -> &EmbeddedStore {
        self.store.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.store = None;
        let parts = StoreParts {
            histories: Arc::clone(&self.histories),
            keys: self.keys.clone(),
            ..parts(&self.disk, &self.clock, self.directory.path())
        };
        self.store = Some(EmbeddedStore::open(self.settings.clone(), parts).unwrap());
    }
}

pub(super) fn parts(
    disk: &Arc<dyn Disk>,
    clock: &Arc<ManualClock>,
    directory: &Path,
) -> StoreParts {
    let location = CatalogLocation::File(directory.join("catalog.db"));
    let (disk, clock) = (Arc::clone(disk), Arc::clone(clock));
    StoreParts::new(disk, clock, location)
}

pub(super) fn open(
    settings: &StoreSettings,
    disk: &Arc<dyn Disk>,
    clock: &Arc<ManualClock>,
    directory: &Path,
) -> EmbeddedStore {
    EmbeddedStore::open(settings.clone(), parts(disk, clock, directory)).unwrap()
}

impl Subject for EngineSubject {
    fn writer(&self) -> &dyn TraceWriter {
        self.store()
    }

    fn reader(&self) -> &dyn TraceReader {
        self.store()
    }

    fn publish_histories(&mut self, histories: Arc<SettingsHistories>) {
        self.histories = Arc::clone(&histories);
        self.store().publish_histories(histories);
    }

    fn settle(&mut self) {
        use Shape::*;
        let shapes = [
            Live,
            Sealed,
            LiveRestarted,
            Merged,
            Live,
            SealedRestarted,
            MergedRestarted,
        ];
        let shape = match self.shape {
            Mixed => shapes[self.settled % shapes.len()],
            shape => shape,
        };
        self.settled += 1;
        self.store().assemble_now().unwrap();
        if matches!(shape, Sealed | SealedRestarted | Merged | MergedRestarted) {
            self.store().seal_now().unwrap();
            assert_eq!(self.store().stats().live_traces, 0, "everything is sealed");
            assert_eq!(self.store().stats().live_bytes, 0);
        }
        if matches!(shape, Merged | MergedRestarted) {
            self.store().merge_now().unwrap();
            assert_eq!(
                self.store().stats().moved_traces,
                0,
                "moved copies went with their blocks"
            );
        }
        if matches!(shape, LiveRestarted | SealedRestarted | MergedRestarted) {
            self.restart();
        }
    }
}

fn conforms(shape: Shape, simulated: bool) {
    conformance::run_all(&|settings: StoreSettings, clock: &Arc<ManualClock>| {
        Box::new(EngineSubject::new(&settings, clock, shape, simulated))
    });
}

#[test]
fn engine_conforms_with_live_traces() {
    conforms(Shape::Live, false);
}

#[test]
fn engine_conforms_with_replayed_traces() {
    conforms(Shape::LiveRestarted, true);
}

#[test]
fn engine_conforms_with_sealed_traces() {
    conforms(Shape::Sealed, false);
}

#[test]
fn engine_conforms_with_sealed_traces_after_a_restart() {
    conforms(Shape::SealedRestarted, true);
}

#[test]
fn engine_conforms_with_merged_traces() {
    conforms(Shape::Merged, true);
}

#[test]
fn engine_conforms_with_merged_traces_after_a_restart() {
    conforms(Shape::MergedRestarted, false);
}

#[test]
fn engine_conforms_with_everything_mixed() {
    conforms(Shape::Mixed, true);
}
