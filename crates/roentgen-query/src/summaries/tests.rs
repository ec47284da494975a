use roentgen_model::{TraceId, UnixNanos};
use roentgen_store::NaiveStore;
use roentgen_store::source::{QueryControl, TimeBasis};

use super::{Sampling, SummariesRequest, hash_share, summaries_page};
use crate::testing::{NOW_SECS, put, scope, store, trace_id};

fn request(sampling: Sampling, page: usize) -> SummariesRequest {
    SummariesRequest {
        scopes: vec![scope("000000000001")],
        basis: TimeBasis::TraceId,
        range: UnixNanos::from_secs(NOW_SECS - 1_000)..UnixNanos::from_secs(NOW_SECS),
        filter: None,
        sampling,
        matches_max: page,
        examined_max: 10_000,
    }
}

fn hundred() -> NaiveStore {
    let store = store();
    for number in 0..100 {
        let id = trace_id(-100 + i64::try_from(number).unwrap() / 2, number);
        put(&store, &scope("000000000001"), id, number + 1, "n");
    }
    store
}

fn all(store: &NaiveStore, request: &SummariesRequest) -> (Vec<TraceId>, u64) {
    let (mut ids, mut processed, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = summaries_page(store, request, cursor, &QueryControl::default()).unwrap();
        ids.extend(page.summaries.iter().map(|summary| summary.trace_id));
        processed += page.processed;
        cursor = page.next;
        if cursor.is_none() {
            assert_eq!(page.approximate_time, request.range.start);
            return (ids, processed);
        }
    }
}

#[test]
fn partial_scan_examines_its_share_over_all_pages() {
    let store = hundred();
    let (everything, _) = all(&store, &request(Sampling::All, 1_000));
    assert_eq!(everything.len(), 100);
    for page in [1, 7, 30, 1_000] {
        let (some, processed) = all(&store, &request(Sampling::PartialScan(0.3), page));
        assert_eq!(
            (some.as_slice(), processed),
            (&everything[..30], 30),
            "{page}"
        );
    }
    let (least, _) = all(&store, &request(Sampling::PartialScan(1e-9), 10));
    assert_eq!(least, &everything[..1]);
}

#[test]
fn fixed_rate_is_decided_by_the_id_alone() {
    let store = hundred();
    let (half, processed) = all(&store, &request(Sampling::FixedRate(0.5), 7));
    let (again, _) = all(&store, &request(Sampling::FixedRate(0.5), 1_000));
    assert_eq!((half.clone(), processed), (again, 100));
    assert!((30..=70).contains(&half.len()), "{}", half.len());
    assert_eq!(
        all(&store, &request(Sampling::FixedRate(1.0), 9)).0.len(),
        100
    );
}

#[test]
fn hash_share_is_the_first_eight_bytes_of_sha_256() {
    // SHA-256 of 16 zero bytes begins with 374708fff7719dd5.
    let share = hash_share(TraceId::from_bytes([0; 16]));
    assert!(
        (share - 0x3747_08ff_f771_9dd5_u64 as f64 / 2_f64.powi(64)).abs() < 1e-12,
        "{share}"
    );
}

#[test]
fn range_without_traces_is_one_empty_page() {
    let page = summaries_page(
        &store(),
        &request(Sampling::PartialScan(0.5), 10),
        None,
        &QueryControl::default(),
    );
    let page = page.unwrap();
    assert!(page.summaries.is_empty());
    assert_eq!((page.processed, page.next), (0, None));
}
