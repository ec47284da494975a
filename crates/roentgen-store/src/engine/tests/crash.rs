//! Goal: whatever goes wrong at whichever step, everything acknowledged is there once, and all answers
//! equal those of an undisturbed reference fed with the same calls.
//!
//! Method: one script that passes through append, assembly, seal, reopening, merging and retention runs
//! once undisturbed to count the disk's steps, then once for every step at which the power goes (or the
//! step fails). After a power loss the store is opened again, the step that failed is done again, as a
//! client or the maintenance thread would, and the script goes on.

use roentgen_model::UnixNanos;

use super::*;
use crate::encryption::tests::{TestRing, store_keys};

const DAY_SECS: i64 = 24 * 3600;

enum Step {
    Accept(Vec<String>),
    Assemble,
    Seal,
    Merge,
    Advance(i64),
}

/// The script. Trace 1 is opened again from a sealed and from a merged block, trace 2 only seems to
/// be; trace 9 is old enough to be retired at the end.
fn script() -> Vec<Step> {
    let at = UnixNanos(NOON.0 - 600_000_000_000);
    let old = UnixNanos::from_secs(NOON.secs() - 29 * DAY_SECS);
    let root = |number, id| Draft::segment(trace_id(at, number), id, "shop", at);
    let call = Draft::segment(trace_id(at, 1), 11, "pay", at);
    let call = call.subsegment_of(1).with(r#""namespace":"remote""#);
    // So many that one moved copy is no reason to rewrite their block.
    let others = (100..120).map(|number| root(number, 1).text()).collect();
    let two = vec![root(2, 1).text(), root(2, 2).below(1).text()];
    vec![
        Step::Accept(vec![root(1, 1).in_progress().text()]),
        Step::Accept(two.clone()),
        Step::Accept(others),
        Step::Accept(vec![
            Draft::segment(trace_id(old, 9), 1, "shop", old).text(),
        ]),
        Step::Assemble,
        Step::Accept(vec![root(3, 1).with(r#""fault":true"#).text()]),
        Step::Seal,
        Step::Accept(vec![call.text()]),
        Step::Accept(two),
        Step::Assemble,
        Step::Accept(vec![root(1, 1).text(), root(4, 1).text()]),
        Step::Seal,
        Step::Merge,
        Step::Accept(vec![root(1, 2).below(11).text()]),
        Step::Assemble,
        Step::Merge,
        Step::Accept(vec![root(3, 2).below(1).text()]),
        Step::Seal,
        Step::Advance(2 * DAY_SECS),
        Step::Seal,
        Step::Merge,
        Step::Accept(vec![root(5, 1).text()]),
    ]
}

/// What may go wrong at a step of the disk.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    PowerLoss(u64),
    Failure(u64),
}

struct Run {
    settings: StoreSettings,
    disk: Arc<SimulatedDisk>,
    clock: Arc<ManualClock>,
    directory: tempfile::TempDir,
    store: Option<EmbeddedStore>,
    reference: NaiveStore,
    losses: u64,
    keys: StoreKeys,
}

impl Run {
    fn new(keys: &StoreKeys) -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let reference = NaiveStore::new(by_hand(), Arc::clone(&clock) as _);
        let directory = tempfile::tempdir().unwrap();
        let disk = Arc::new(SimulatedDisk::new());
        Self {
            settings: by_hand(),
            disk,
            clock,
            directory,
            store: None,
            reference,
            losses: 0,
            keys: keys.clone(),
        }
    }

    fn open(&mut self) -> Result<(), StoreError> {
        let disk = Arc::clone(&self.disk) as Arc<dyn Disk>;
        let parts = StoreParts {
            keys: self.keys.clone(),
            ..parts(&disk, &self.clock, self.directory.path())
        };
        self.store = Some(EmbeddedStore::open(self.settings.clone(), parts)?);
        Ok(())
    }

    fn perform(&mut self, step: &Step) -> Result<(), StoreError> {
        if self.store.is_none() {
            self.open()?;
        }
        let store = self.store.as_ref().unwrap();
        match step {
            Step::Accept(documents) => {
                let texts = documents
                    .iter()
                    .map(|text| Bytes::from(text.clone()))
                    .collect();
                let verdicts = block_on(store.accept(&scope(), texts))?;
                assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Accepted));
                Ok(())
            }
            Step::Assemble => store.assemble_now(),
            Step::Seal => store.seal_now(),
            Step::Merge => store.merge_now(),
            Step::Advance(_) => Ok(()),
        }
    }

    /// Performs a step until it succeeds, through power losses.
    fn insist(&mut self, step: &Step, fault: Fault) {
        for _ in 0..3 {
            let Err(error) = self.perform(step) else {
                return;
            };
            assert!(
                matches!(error.kind(), ErrorKind::Unavailable),
                "{fault:?}: {error} {:?}",
                std::error::Error::source(&error)
            );
            if matches!(fault, Fault::PowerLoss(_)) {
                self.lose_power();
            }
        }
        panic!("{fault:?}: a step that fails once must succeed later");
    }

    fn lose_power(&mut self) {
        self.store = None;
        self.losses += 1;
        self.disk.lose_power(self.losses * 77 + self.disk.steps());
    }

    fn play(&mut self, fault: Fault) {
        match fault {
            Fault::None => {}
            Fault::PowerLoss(step) => self.disk.cut_power_at(step),
            Fault::Failure(step) => self.disk.fail_step(step, std::io::ErrorKind::Other),
        }
        for step in script() {
            self.clock.advance_secs(1);
            if let Step::Advance(secs) = step {
                self.clock.advance_secs(secs);
            }
            let losses = self.losses;
            self.insist(&step, fault);
            if let Step::Accept(documents) = &step {
                accept(&self.reference, &scope(), documents);
            }
            if self.losses > losses {
                self.compare(fault);
            }
        }
    }

    fn compare(&self, fault: Fault) {
        let store = self.store.as_ref().unwrap();
        store.assemble_now().unwrap();
        let context = format!("{fault:?}");
        compare::assert_equal_contents(store, &self.reference, self.clock.as_ref(), &context);
    }

    /// Once as it is, once sealed, once opened again.
    fn compare_at_the_end(&mut self, fault: Fault) {
        self.compare(fault);
        self.lose_power();
        self.open().unwrap();
        self.compare(fault);
        let store = self.store.as_ref().unwrap();
        store.seal_now().unwrap();
        store.merge_now().unwrap();
        assert_eq!(store.stats().blocks, 1, "{fault:?}: all of one day");
        assert_eq!(store.stats().block_traces, 25, "{fault:?}: each once");
        self.compare(fault);
    }
}

fn undisturbed_steps(keys: &StoreKeys) -> u64 {
    let mut run = Run::new(keys);
    run.play(Fault::None);
    let steps = run.disk.steps();
    run.compare_at_the_end(Fault::None);
    assert!(
        steps > 200,
        "the script passes through seal, merge and retention: {steps}"
    );
    steps
}

/// Plays the script once for each of these faults, on two threads; returns how often power was lost
/// under the script's eyes.
fn play_all(faults: &[Fault], keys: &StoreKeys) -> u64 {
    let play = |faults: Vec<&Fault>| {
        let mut losses = 0;
        for fault in faults {
            let mut run = Run::new(keys);
            run.play(*fault);
            losses += run.losses;
            run.compare_at_the_end(*fault);
        }
        losses
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| play(faults.iter().step_by(2).collect()));
        play(faults.iter().skip(1).step_by(2).collect()) + other.join().unwrap()
    })
}

#[test]
fn power_lost_at_any_step_loses_nothing_acknowledged() {
    let keys = StoreKeys::default();
    let faults: Vec<Fault> = (0..undisturbed_steps(&keys))
        .map(Fault::PowerLoss)
        .collect();
    let losses = play_all(&faults, &keys);
    // Only while files of retired blocks are deleted may a loss go unnoticed until the next step.
    assert!(losses * 10 >= faults.len() as u64 * 9, "{losses} losses");
}

/// Every third step: the steps are those of a plain store.
#[test]
fn power_lost_while_encrypted_loses_nothing_acknowledged() {
    let keys = store_keys(&TestRing::with(&["one"]), Some("one"));
    let steps = undisturbed_steps(&keys);
    let faults: Vec<Fault> = (0..steps).step_by(3).map(Fault::PowerLoss).collect();
    let losses = play_all(&faults, &keys);
    assert!(losses * 10 >= faults.len() as u64 * 9, "{losses} losses");
}

/// Every other step: neighbours are writes and syncs of one file.
#[test]
fn failure_of_a_step_refuses_and_recovers() {
    let keys = StoreKeys::default();
    let steps = undisturbed_steps(&keys);
    let faults: Vec<Fault> = (0..steps).step_by(2).map(Fault::Failure).collect();
    assert_eq!(play_all(&faults, &keys), 0);
}

#[test]
fn full_disk_refuses_and_recovers() {
    let mut run = Run::new(&StoreKeys::default());
    run.play(Fault::None);
    run.disk.set_capacity(Some(0));
    let at = UnixNanos(run.clock.now().0 - 60_000_000_000);
    let large = Draft::segment(trace_id(at, 77), 1, "shop", at);
    let mut refused = None;
    for id in 1..200 {
        let draft = Draft {
            id,
            ..large.clone()
        }
        .with(&format!(r#""user":"{}""#, noise(id)));
        let step = Step::Accept(vec![draft.text()]);
        match run.perform(&step) {
            Ok(()) => {
                accept(&run.reference, &scope(), &[draft.text()]);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable);
                refused = Some(step);
                break;
            }
        }
    }
    let refused = refused.expect("a full disk takes no more documents");
    run.disk.set_capacity(None);
    run.perform(&refused).unwrap();
    if let Step::Accept(documents) = &refused {
        accept(&run.reference, &scope(), documents);
    }
    run.compare(Fault::None);
    run.lose_power();
    run.open().unwrap();
    run.compare(Fault::None);
}

/// Text that does not compress.
fn noise(seed: u64) -> String {
    use rand::{Rng, SeedableRng};
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    (0..500)
        .map(|_| format!("{:016x}", rng.next_u64()))
        .collect()
}
