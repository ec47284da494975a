//! With its threads running, many writers and a reader.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use roentgen_model::UnixNanos;
use roentgen_model::graph::RowTime;

use super::*;
use crate::clock::RealClock;
use crate::source::{RowGrain, RowSelector, TimeBasis};

const WRITERS: u64 = 4;
const TRACES: u64 = 40;
const DOCUMENTS: u64 = 5;

/// Everything that may happen happens all the time: tiny chunks, no idle time, tiny log files.
fn restless() -> StoreSettings {
    StoreSettings {
        is_background: true,
        assemble_delay: Duration::from_millis(1),
        idle: Duration::from_millis(1),
        idle_min: Duration::from_millis(1),
        idle_max: Duration::from_millis(20),
        chunk_wait: Duration::from_millis(1),
        chunk_bytes_max: 4_000,
        merge_blocks_min: 3,
        ..by_hand()
    }
}

/// Trace `number` of a writer, all within one second before `at`.
fn id_of(at: UnixNanos, writer: u64, number: u64) -> TraceId {
    trace_id(at, writer * 1_000 + number)
}

fn write(store: &EmbeddedStore, at: UnixNanos, writer: u64) {
    for document in 1..=DOCUMENTS {
        for number in 0..TRACES {
            let id = id_of(at, writer, number);
            let draft = Draft::segment(id, document, "shop", at);
            accept(store, &scope(), &[draft.text()]);
            // Read your writes, wherever the trace is by now.
            let found = store.facts(&[scope()], &[id], &QueryControl::default());
            let facts = found
                .unwrap()
                .pop()
                .expect("an acknowledged trace is found");
            assert_eq!(u64::from(facts.head.revision), document, "{id}");
            assert_eq!(u64::from(facts.head.documents), document, "{id}");
        }
    }
}

#[test]
fn writers_readers_and_maintenance_do_not_disturb_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(RealDisk::open(directory.path()).unwrap());
    let location = CatalogLocation::File(directory.path().join("catalog.db"));
    let clock = Arc::new(RealClock);
    let at = UnixNanos(clock.now().0 - 60_000_000_000);
    let open = || {
        let (disk, clock) = (Arc::clone(&disk) as _, Arc::clone(&clock) as _);
        EmbeddedStore::open(restless(), StoreParts::new(disk, clock, location.clone())).unwrap()
    };
    let store = open();
    let is_over = AtomicBool::new(false);
    let searches = std::thread::scope(|scope| {
        let maintenance = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                store.maintain().unwrap();
                store.merge_now().unwrap();
            }
        });
        let search = scope.spawn(|| {
            let mut searches = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert_each_once(&store);
                searches += 1;
            }
            searches
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let store = &store;
                scope.spawn(move || write(store, at, writer))
            })
            .collect();
        // Joined before anything is unwrapped, so that a failure ends the other threads too.
        let written: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        is_over.store(true, Ordering::Relaxed);
        maintenance.join().unwrap();
        let searches = search.join().unwrap();
        written.into_iter().for_each(|written| written.unwrap());
        searches
    });
    assert!(searches > 0);
    let stats = store.stats();
    assert!(stats.traces_reopened_total > 0, "{stats:?}");
    assert!(stats.blocks_merged_total > 0, "{stats:?}");
    store.check_health().unwrap();
    store.assemble_now().unwrap();
    assert_eq!(assert_each_once(&store), WRITERS * TRACES);
    drop(store);
    let store = open();
    assert_eq!(assert_each_once(&store), WRITERS * TRACES);
    let ids: Vec<_> = (0..WRITERS)
        .flat_map(|writer| (0..TRACES).map(move |number| id_of(at, writer, number)))
        .collect();
    let control = QueryControl::default();
    let found = store.documents(&[scope()], &ids, &control).unwrap();
    assert!(
        found
            .iter()
            .all(|trace| trace.documents.len() as u64 == DOCUMENTS)
    );
    assert_each_segment_counts_once(&store);
}

fn assert_each_segment_counts_once(store: &EmbeddedStore) {
    let all = TotalsRequest {
        scopes: vec![scope()],
        range: UnixNanos(0)..UnixNanos(i64::MAX),
        time: RowTime::Start,
        group_id: None,
        selector: RowSelector::All,
        grain: RowGrain::Exact,
    };
    let rows = store.totals(&all, &QueryControl::default()).unwrap();
    let nodes = rows.iter().filter(|row| row.key.source.is_none());
    let count: i64 = nodes.map(|row| row.sums.count).sum();
    assert_eq!(
        count.unsigned_abs(),
        WRITERS * TRACES * DOCUMENTS,
        "each segment counts once"
    );
}

/// Searches all traces; returns how many there are.
fn assert_each_once(store: &EmbeddedStore) -> u64 {
    let everything = UnixNanos(0)..UnixNanos(i64::MAX);
    let mut request = compare::scan_request(&[scope()], TimeBasis::TraceId, &everything, "");
    request.matches_max = 64;
    let pages = compare::all_pages(store, &request);
    let found = pages.iter().flat_map(|page| &page.matches);
    let mut ids: Vec<_> = found.map(|facts| facts.trace_id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "a search sees each trace once (VIEW-1)");
    all as u64
}
