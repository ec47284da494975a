use std::collections::BTreeSet;

use proptest::prelude::*;
use roentgen_model::filter::NoGroups;
use roentgen_store::NaiveStore;

use super::super::facets::FacetsRequest;
use super::*;
use crate::testing::{NOW_SECS, put_faulty, scope, store};

fn filled(traces: i64) -> NaiveStore {
    let store = store();
    for number in 0..traces {
        let (name, fault) = if number % 3 == 0 {
            ("a", true)
        } else {
            ("b", false)
        };
        let number_of_id = u64::try_from(number).unwrap();
        put_faulty(
            &store,
            &scope("123456789012"),
            -10 - number,
            number_of_id,
            name,
            fault,
        );
    }
    store
}

fn request(sort: Sort, rows_max: usize) -> SearchRequest {
    SearchRequest {
        scopes: vec![scope("123456789012")],
        basis: TimeBasis::Event,
        range: UnixNanos::from_secs(NOW_SECS - 5_000)..UnixNanos::from_secs(NOW_SECS),
        filter: None,
        sort,
        rows_max,
        after: None,
        aggregates: None,
    }
}

fn with_aggregates(request: SearchRequest) -> SearchRequest {
    let aggregates = AggregatesRequest {
        timeline_windows: 10,
        facets: FacetsRequest::All,
    };
    SearchRequest {
        aggregates: Some(aggregates),
        ..request
    }
}

fn run(store: &NaiveStore, request: SearchRequest) -> (Search, Vec<TraceSummary>) {
    let (mut search, mut rows) = (Search::new(request), Vec::new());
    let mut last = search.progress();
    while !search.is_over() {
        rows.extend(search.step(store, &QueryControl::default()).unwrap());
        let now = search.progress();
        assert!(now.done_to <= last.done_to && now.scanned >= last.scanned);
        last = now;
    }
    (search, rows)
}

#[test]
fn search_finds_everything_and_says_how_far_it_is() {
    let store = filled(300);
    let fault = Arc::new(Filter::parse("fault", &NoGroups).unwrap());
    let request = SearchRequest {
        filter: Some(fault),
        ..with_aggregates(request(Sort::Newest, 10))
    };
    let range = request.range.clone();
    let (search, rows) = run(&store, request);
    assert_eq!(rows.len(), 10);
    let progress = search.progress();
    assert_eq!((progress.matched, progress.scanned), (100, 300));
    assert_eq!(progress.done_to, range.start);
    let sums = search.aggregates().unwrap();
    let windows = sums.timeline.windows.iter();
    assert_eq!(windows.map(|window| window.classes.fault).sum::<u64>(), 100);
    assert!(search.has_more_rows());
}

#[test]
fn first_step_is_short_so_that_rows_come_soon() {
    let store = filled(300);
    let mut search = Search::new(with_aggregates(request(Sort::Newest, 200)));
    let first = search.step(&store, &QueryControl::default()).unwrap();
    assert_eq!(first.len(), 32);
}

#[test]
fn rows_alone_end_the_search_when_they_are_full() {
    let store = filled(300);
    let (search, rows) = run(&store, request(Sort::Newest, 20));
    assert_eq!(rows.len(), 20);
    assert!(search.progress().scanned < 300);
    assert_eq!(search.cursor().unwrap().0.trace_id, rows[19].trace_id);
}

#[test]
fn cancelled_search_stops_with_an_error() {
    let (store, control) = (filled(3), QueryControl::default());
    control.cancel();
    let mut search = Search::new(request(Sort::Newest, 20));
    assert!(search.step(&store, &control).is_err());
}

#[test]
fn other_orders_keep_the_best_and_have_no_cursor() {
    let store = filled(50);
    let (search, rows) = run(&store, request(Sort::Oldest, 3));
    assert!(rows.is_empty());
    let best: Vec<_> = search.best_rows().iter().map(|row| row.start).collect();
    let expected = [-59, -58, -57].map(|secs| UnixNanos::from_secs(NOW_SECS + secs));
    assert_eq!(best, expected);
    assert_eq!(search.cursor(), None);
    assert!(search.has_more_rows());
}

#[test]
fn cursor_is_read_as_printed() {
    let text = "1710410300000000000.1-65f2ca3c-000000000000000000000001";
    assert_eq!(text.parse::<SearchCursor>().unwrap().to_string(), text);
    for text in ["", "1", "x.1-65f2ca3c-000000000000000000000001", "1.2"] {
        assert_eq!(text.parse::<SearchCursor>(), Err(CursorError), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn rows_go_on_after_the_last_one(rows_max in 1..70_usize, sums in any::<bool>()) {
        let store = filled(130);
        let mut seen = BTreeSet::new();
        let mut after = None;
        loop {
            let mut request = SearchRequest { after, ..request(Sort::Newest, rows_max) };
            if sums {
                request = with_aggregates(request);
            }
            let (search, rows) = run(&store, request);
            prop_assert!(rows.len() <= rows_max);
            for row in rows {
                prop_assert!(seen.insert(row.trace_id));
            }
            after = search.cursor();
            if after.is_none() {
                break;
            }
        }
        prop_assert_eq!(seen.len(), 130);
    }
}
