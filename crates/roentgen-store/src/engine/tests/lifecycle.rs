//! When traces are sealed, reopened, recycled; what gives way under load.

use roentgen_model::UnixNanos;

use super::*;
use crate::source::TimeBasis;

fn pair(settings: &StoreSettings) -> (EngineSubject, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(NOON));
    (
        EngineSubject::new(settings, &clock, Shape::Live, true),
        clock,
    )
}

fn document(number: u64, id: u64) -> String {
    let at = UnixNanos(NOON.0 - 60_000_000_000);
    Draft::segment(trace_id(at, number), id, "shop", at).text()
}

#[test]
fn idle_trace_is_sealed_and_a_small_chunk_waits() {
    let (subject, clock) = pair(&StoreSettings::default());
    let store = subject.store();
    accept(store, &scope(), &[document(1, 1)]);
    store.assemble_now().unwrap();
    clock.advance_secs(31);
    store.maintain().unwrap();
    assert_eq!(
        store.stats().blocks,
        0,
        "a quiet server makes no block for each trace"
    );
    clock.advance_secs(300);
    store.maintain().unwrap();
    assert_eq!((store.stats().blocks, store.stats().live_traces), (1, 0));
}

#[test]
fn full_chunk_is_sealed_at_once() {
    let (subject, clock) = pair(&StoreSettings {
        chunk_bytes_max: 300,
        ..StoreSettings::default()
    });
    let store = subject.store();
    for number in 1..=5 {
        accept(store, &scope(), &[document(number, 1)]);
    }
    store.assemble_now().unwrap();
    store.maintain().unwrap();
    assert_eq!(store.stats().blocks, 0, "nothing is idle yet");
    clock.advance_secs(31);
    store.maintain().unwrap();
    let stats = store.stats();
    assert_eq!(
        (stats.blocks, stats.live_traces),
        (2, 1),
        "two full chunks, one that waits"
    );
}

#[test]
fn busy_trace_is_sealed_for_its_age_and_stays_live_with_what_came_later() {
    let (subject, clock) = pair(&StoreSettings::default());
    let store = subject.store();
    for id in 1..=60 {
        accept(store, &scope(), &[document(1, id)]);
        clock.advance_secs(16);
        store.assemble_now().unwrap();
        store.maintain().unwrap();
    }
    let stats = store.stats();
    assert!(stats.traces_sealed_total >= 1, "{stats:?}");
    assert!(stats.traces_reopened_total >= 1, "{stats:?}");
    let request = compare::scan_request(
        &[scope()],
        TimeBasis::TraceId,
        &(UnixNanos(0)..UnixNanos(i64::MAX)),
        "",
    );
    let page = store.scan(&request, &QueryControl::default()).unwrap();
    assert_eq!(page.matches.len(), 1, "one home");
    assert_eq!(page.matches[0].head.revision, 60);
    assert_eq!(page.matches[0].head.documents, 60);
}

#[test]
fn log_files_are_recycled_once_everything_in_them_is_settled() {
    let (subject, clock) = pair(&StoreSettings {
        log_bytes_max: 1,
        log_file_bytes: 256 << 10,
        ..StoreSettings::default()
    });
    let store = subject.store();
    // Digits without a pattern, so that compression does not fit all into one file.
    let squares = (1..2_000_u64).map(|n| (n * n * 0x9e37_79b9).to_string());
    let filler: String = squares.collect();
    for number in 1..=40 {
        let at = UnixNanos(NOON.0 - 60_000_000_000);
        let noisy = format!(r#""user":"{number}{filler}""#);
        let draft = Draft::segment(trace_id(at, number), 1, "shop", at).with(&noisy);
        accept(store, &scope(), &[draft.text()]);
        clock.advance_secs(1);
    }
    let files = store.shared.log_files.states();
    assert!(files.len() > 2, "the log fills several files: {files:?}");
    store.seal_now().unwrap();
    let files = store.shared.log_files.states();
    assert!(files.len() <= 1, "only the newest is left: {files:?}");
}

#[test]
fn full_live_budget_refuses_and_is_relieved_by_sealing() {
    let settings = StoreSettings {
        live_bytes_max: 20_000,
        ..StoreSettings::default()
    };
    let (subject, _clock) = pair(&settings);
    let store = subject.store();
    let mut refused = false;
    for number in 1..=100 {
        let call = vec![Bytes::from(document(number, 1))];
        if let Err(error) = block_on(store.accept(&scope(), call)) {
            assert_eq!(error.kind(), ErrorKind::Busy);
            refused = true;
            break;
        }
        let bytes = store.stats().live_bytes;
        assert!(
            bytes < 20_000 + 5_000,
            "LOAD-1: at most one call over: {bytes}"
        );
    }
    assert!(refused);
    store.assemble_now().unwrap();
    store.maintain().unwrap();
    assert_eq!(store.stats().live_traces, 0, "a full budget seals at once");
    accept(store, &scope(), &[document(1, 2)]);
}

#[test]
fn equal_document_of_a_sealed_trace_changes_nothing() {
    let (subject, _clock) = pair(&StoreSettings::default());
    let store = subject.store();
    accept(store, &scope(), &[document(1, 1)]);
    store.seal_now().unwrap();
    accept(store, &scope(), &[document(1, 1)]);
    assert_eq!(store.stats().live_traces, 1, "its home is not known yet");
    store.assemble_now().unwrap();
    assert_eq!(store.stats().live_traces, 0);
    store.maintain().unwrap();
    let unsettled: u32 = store
        .shared
        .log_files
        .states()
        .iter()
        .map(|file| file.documents - file.settled)
        .sum();
    assert_eq!(unsettled, 0, "LOG-4");
    assert_eq!(store.stats().blocks, 1);
}

#[test]
fn closed_store_refuses_and_still_answers() {
    let (subject, clock) = pair(&StoreSettings::default());
    let store = subject.store();
    accept(store, &scope(), &[document(1, 1)]);
    store.close();
    store.close();
    let refused = block_on(store.accept(&scope(), vec![Bytes::from(document(2, 1))]));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
    let id = trace_id(UnixNanos(clock.now().0 - 60_000_000_000), 1);
    let found = store
        .documents(&[scope()], &[id], &QueryControl::default())
        .unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn panic_in_a_thread_poisons_writes_only() {
    let (subject, _clock) = pair(&StoreSettings::default());
    let store = subject.store();
    accept(store, &scope(), &[document(1, 1)]);
    store.shared.poison.guard("test", || panic!("a bug"));
    assert!(store.check_health().is_err());
    let refused = block_on(store.accept(&scope(), vec![Bytes::from(document(2, 1))]));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
    store.assemble_now().unwrap();
    assert_eq!(store.stats().live_traces, 1);
}

/// A search's pages hold every trace once while blocks are sealed and merged between them (PAGE-1).
#[test]
fn pages_hold_every_trace_once_while_blocks_come_and_go() {
    let (subject, _clock) = pair(&StoreSettings::default());
    let store = subject.store();
    for number in 1..=20 {
        let at = UnixNanos(NOON.0 - i64::try_from(number).unwrap() * 1_000_000_000);
        accept(
            store,
            &scope(),
            &[Draft::segment(trace_id(at, number), 1, "shop", at).text()],
        );
        if number % 6 == 0 {
            store.seal_now().unwrap();
        }
    }
    store.assemble_now().unwrap();
    let everything = UnixNanos(0)..UnixNanos(i64::MAX);
    let mut request = compare::scan_request(&[scope()], TimeBasis::TraceId, &everything, "");
    request.matches_max = 3;
    let mut seen = Vec::new();
    for round in 0..20 {
        let page = store.scan(&request, &QueryControl::default()).unwrap();
        seen.extend(page.matches.iter().map(|facts| facts.trace_id));
        match round % 3 {
            0 => store.seal_now().unwrap(),
            1 => store.merge_now().unwrap(),
            _ => {}
        }
        request.after = page.next;
        if request.after.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (1..=20)
        .map(|number: u64| {
            let at = UnixNanos(NOON.0 - i64::try_from(number).unwrap() * 1_000_000_000);
            trace_id(at, number)
        })
        .collect();
    assert_eq!(seen, expected);
}
