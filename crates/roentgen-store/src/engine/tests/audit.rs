//! What was found by reading: clocks that step back, one bad trace among good ones.

use std::path::PathBuf;

use roentgen_model::limits::DOCUMENT_BYTES_MAX;
use roentgen_model::{Stamp, UnixNanos};

use super::*;
use crate::live::LiveArrival;
use crate::source::TimeBasis;

pub(super) fn at() -> UnixNanos {
    UnixNanos(NOON.0 - 60_000_000_000)
}

pub(super) fn document(number: u64, id: u64) -> String {
    Draft::segment(trace_id(at(), number), id, "shop", at()).text()
}

pub(super) fn shown(store: &EmbeddedStore) -> Vec<Arc<TraceFacts>> {
    let everything = UnixNanos(0)..UnixNanos(i64::MAX);
    let request = compare::scan_request(&[scope()], TimeBasis::TraceId, &everything, "");
    let page = store.scan(&request, &QueryControl::default()).unwrap();
    page.matches
}

#[test]
fn clock_that_steps_back_does_not_hold_up_what_searches_see() {
    let (subject, clock) = by_hand_subject();
    let store = subject.store();
    accept(store, &scope(), &[document(1, 1)]);
    store.assemble_now().unwrap();
    clock.advance_secs(-3_600);
    accept(store, &scope(), &[document(1, 2)]);
    clock.advance_secs(1);
    assembler::pass(&store.shared, Due::ByTime).unwrap();
    assert_eq!(shown(store)[0].head.documents, 2, "ASM-3");
}

#[test]
fn clock_that_steps_back_does_not_keep_traces_live() {
    let (mut subject, clock) = by_hand_subject();
    accept(subject.store(), &scope(), &[document(1, 1)]);
    subject.store().assemble_now().unwrap();
    clock.advance_secs(-86_400);
    subject.restart();
    subject.store().maintain().unwrap();
    clock.advance_secs(31 + 300);
    subject.store().maintain().unwrap();
    assert_eq!(subject.store().stats().live_traces, 0);
}

#[test]
fn trace_whose_text_cannot_be_read_does_not_keep_others_from_being_sealed() {
    let clock = Arc::new(ManualClock::new(NOON));
    let disk = Arc::new(SimulatedDisk::new());
    let directory = tempfile::tempdir().unwrap();
    let shared_disk: Arc<dyn Disk> = Arc::clone(&disk) as _;
    let store = open(&by_hand(), &shared_disk, &clock, directory.path());
    accept(&store, &scope(), &[document(1, 1)]);
    store.assemble_now().unwrap();
    let bad_file = store.shared.log_files.states()[0].file;
    // Hardly compressible, so that the next ones lie in other files.
    let scramble = |n: u64| format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for number in 2..=4 {
        let filler: String = (0..2_500).map(|n| scramble(number * 10_000 + n)).collect();
        let noisy = format!(r#""user":"{number}{filler}""#);
        let draft = Draft::segment(trace_id(at(), number), 1, "shop", at()).with(&noisy);
        accept(&store, &scope(), &[draft.text()]);
    }
    let path: PathBuf = ["wal", &format!("{bad_file:010}.log")].iter().collect();
    disk.set_unreadable(&path, true);
    let _ = store.seal_now();
    let stats = store.stats();
    assert!(stats.traces_sealed_total >= 1, "{stats:?}");
    assert!(stats.live_traces >= 1, "{stats:?}");
    disk.set_unreadable(&path, false);
    store.seal_now().unwrap();
    assert_eq!(store.stats().live_traces, 0);
    assert_eq!(shown(&store).len(), 4);
}

#[test]
fn retired_block_leaves_no_moved_copies_behind() {
    let (subject, clock) = by_hand_subject();
    let store = subject.store();
    // One in ten: the block is not worn enough to be merged.
    let all: Vec<String> = (1..=10).map(|number| document(number, 1)).collect();
    accept(store, &scope(), &all);
    store.seal_now().unwrap();
    accept(store, &scope(), &[document(1, 2)]);
    store.seal_now().unwrap();
    assert_eq!(store.stats().moved_traces, 1);
    clock.advance_secs(40 * 86_400);
    store.maintain().unwrap();
    let stats = store.stats();
    assert_eq!((stats.blocks, stats.moved_traces), (0, 0));
}

#[test]
fn note_of_a_refusal_without_a_trace_makes_no_empty_trace() {
    let (subject, _clock) = by_hand_subject();
    let store = subject.store();
    accept(store, &scope(), &[document(1, 1)]);
    let position = crate::wal::DocumentPosition {
        file: 1,
        frame_offset: 0,
        document_index_in_file: 9,
        index_in_frame: 0,
    };
    // As replayed when the frame of the trace's documents was damaged, or its block is gone.
    let (stamp, key) = (
        Stamp(NOON.0),
        TraceKey {
            scope: scope(),
            id: trace_id(at(), 2),
        },
    );
    let note = LiveArrival {
        stamp,
        record: stamp,
        position,
        document: None,
    };
    writer::insert(&store.shared, key, vec![note], NOON);
    store.assemble_now().unwrap();
    assert_eq!(shown(store).len(), 1);
    assert_eq!(store.stats().live_traces, 1);
}

/// Directories of blocks on the disk.
fn block_dirs(disk: &dyn Disk) -> usize {
    let mut dirs = vec![PathBuf::from("blocks")];
    for _level in ["account", "region", "day", "block"] {
        let below = |dir: &PathBuf| {
            let entries = disk.list(dir).unwrap_or_default();
            let paths = entries.into_iter().map(|entry| dir.join(entry.name));
            paths.collect::<Vec<_>>()
        };
        dirs = dirs.iter().flat_map(below).collect();
    }
    dirs.len()
}

/// A catalog that fails again and again must not leave a block on the disk for each try.
#[test]
fn failed_transaction_leaves_no_block_behind() {
    for offset in 1..60 {
        let clock = Arc::new(ManualClock::new(NOON));
        let disk = Arc::new(SimulatedDisk::new());
        let directory = tempfile::tempdir().unwrap();
        let shared_disk: Arc<dyn Disk> = Arc::clone(&disk) as _;
        let store = open(&by_hand(), &shared_disk, &clock, directory.path());
        accept(&store, &scope(), &[document(1, 1), document(2, 1)]);
        disk.fail_step(disk.steps() + offset, std::io::ErrorKind::StorageFull);
        let failed = store.seal_now().is_err();
        store.seal_now().unwrap();
        let stats = store.stats();
        assert_eq!((stats.live_traces, shown(&store).len()), (0, 2));
        assert_eq!(block_dirs(disk.as_ref()) as u64, stats.blocks, "{offset}");
        if !failed {
            return;
        }
    }
    panic!("sealing has fewer steps than that");
}

/// LOAD-1 and COMPACT-1: a merge lets sealing in, and what moves meanwhile is counted once.
#[test]
fn trace_sealed_while_its_block_is_merged_is_shown_once() {
    let (mut subject, clock) = by_hand_subject();
    for number in 1..=20 {
        accept(subject.store(), &scope(), &[document(number, 1)]);
        if number % 10 == 0 {
            subject.store().seal_now().unwrap();
        }
    }
    accept(
        subject.store(),
        &scope(),
        &[document(1, 2), document(30, 1)],
    );
    subject.store().assemble_now().unwrap();
    clock.advance_secs(700);
    let reference = NaiveStore::new(by_hand(), Arc::clone(&clock) as _);
    for number in (1..=20).chain([30]) {
        accept(&reference, &scope(), &[document(number, 1)]);
    }
    accept(&reference, &scope(), &[document(1, 2)]);
    subject.store().merge_now().unwrap();
    let stats = subject.store().stats();
    assert_eq!(
        (stats.live_traces, stats.moved_traces),
        (0, 1),
        "sealed beside the merge"
    );
    let clock = clock.as_ref();
    compare::assert_equal_contents(subject.store(), &reference, clock, "merged");
    subject.restart();
    compare::assert_equal_contents(subject.store(), &reference, clock, "restarted");
    subject.store().merge_now().unwrap();
    assert_eq!(subject.store().stats().moved_traces, 0);
    compare::assert_equal_contents(subject.store(), &reference, clock, "merged again");
}

/// LOG-3: a document is parsed again as of its stamp, so that must not be before it was judged.
#[test]
fn document_from_ahead_survives_a_clock_that_stepped_back_while_it_waited() {
    let (mut subject, clock) = by_hand_subject();
    let start = UnixNanos(NOON.0 + 7_190 * 1_000_000_000);
    let id = trace_id(start, 1);
    let text = Bytes::from(Draft::segment(id, 1, "shop", start).text());
    let shared = Arc::clone(&subject.store().shared);
    let call = Call::parse(
        &scope(),
        vec![text],
        DOCUMENT_BYTES_MAX,
        &shared.settings,
        clock.now(),
    );
    clock.advance_secs(-3_600);
    let answer = shared.intake.send(call, &shared.settings).unwrap();
    let verdicts = block_on(answer).unwrap().unwrap();
    assert_eq!(verdicts, [Verdict::Accepted]);
    drop(shared);
    subject.restart();
    let found = subject
        .store()
        .documents(&[scope()], &[id], &QueryControl::default());
    assert_eq!(found.unwrap().len(), 1);
}

#[test]
fn live_trace_with_a_damaged_text_does_not_fail_the_read_of_others() {
    let clock = Arc::new(ManualClock::new(NOON));
    let disk = Arc::new(SimulatedDisk::new());
    let directory = tempfile::tempdir().unwrap();
    let shared_disk: Arc<dyn Disk> = Arc::clone(&disk) as _;
    let store = open(&by_hand(), &shared_disk, &clock, directory.path());
    accept(&store, &scope(), &[document(1, 1)]);
    let state = store.shared.log_files.states()[0];
    accept(&store, &scope(), &[document(2, 1)]);
    let path: PathBuf = ["wal", &format!("{:010}.log", state.file)].iter().collect();
    disk.flip_bits(&path, state.bytes - 20, 0x55).unwrap();
    let ids = [trace_id(at(), 1), trace_id(at(), 2)];
    let found = store.documents(&[scope()], &ids, &QueryControl::default());
    let found: Vec<_> = found.unwrap().iter().map(|found| found.trace_id).collect();
    assert_eq!(found, [ids[1]]);
}

#[test]
fn settings_that_change_during_a_seal_count_for_a_trace_that_waits_already() {
    let (subject, _clock) = by_hand_subject();
    let store = subject.store();
    accept(store, &scope(), &[document(1, 1)]);
    store.assemble_now().unwrap();
    accept(store, &scope(), &[document(1, 2)]);
    let key = TraceKey {
        scope: scope(),
        id: trace_id(at(), 1),
    };
    // What a seal compares: it lets go of a trace that is as it was captured.
    let change = || store.shared.live.shard(&key).get(&key).unwrap().change;
    let captured = change();
    store.publish_histories(Arc::default());
    assert_ne!(change(), captured, "SEAL-2");
    store.assemble_now().unwrap();
    assert_eq!(shown(store)[0].head.documents, 2);
}
