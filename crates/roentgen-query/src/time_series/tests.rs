use bytes::Bytes;
use futures::FutureExt;
use roentgen_model::document::Verdict;
use roentgen_store::NaiveStore;
use roentgen_store::source::TraceWriter;

use super::*;
use crate::testing::{NOW_SECS, scope, store, trace_id};

const SEC: i64 = 1_000_000_000;

fn secs(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(secs)
}

/// A minute's start that lies an hour back.
const MINUTE: i64 = (NOW_SECS - 3_600) / 60 * 60;

fn put(store: &NaiveStore, document: &str) {
    let documents = vec![Bytes::from(document.to_owned())];
    let verdicts = store
        .accept(&scope("000000000001"), documents)
        .now_or_never();
    assert_eq!(
        verdicts.unwrap().unwrap(),
        [Verdict::Accepted],
        "{document}"
    );
}

/// `web` from `start` for `seconds`, calling `pay` as `pay.example.com` in its middle half, which faults.
fn put_trace(store: &NaiveStore, number: u64, start: i64, seconds: i64) {
    let id = trace_id(start - NOW_SECS, number);
    let (a, b) = (start + seconds / 4, start + seconds * 3 / 4);
    put(
        store,
        &format!(
            r#"{{"trace_id":"{id}","id":"a{number:015x}","name":"web","start_time":{start},
            "end_time":{},"subsegments":[{{"id":"b{number:015x}","name":"pay.example.com",
            "namespace":"remote","fault":true,"start_time":{a},"end_time":{b}}}]}}"#,
            start + seconds
        ),
    );
    put(
        store,
        &format!(
            r#"{{"trace_id":"{id}","id":"c{number:015x}","parent_id":"b{number:015x}","name":"pay",
            "fault":true,"start_time":{a},"end_time":{b}}}"#
        ),
    );
}

fn request(range: TimeRange, period_secs: i64, selector: Option<&str>) -> SeriesRequest {
    SeriesRequest {
        scopes: vec![scope("000000000001")],
        range,
        period_nanos: period_secs * SEC,
        selector: selector.map(|text| EntitySelector::parse(text).unwrap()),
        group: None,
        with_forecast: false,
    }
}

/// (Seconds after [`MINUTE`], total, faults) of each window.
fn counts(page: &SeriesPage) -> Vec<(i64, i64, i64)> {
    let windows = page.windows.iter();
    windows
        .map(|(start, window)| {
            let statistics = &window.statistics;
            assert_eq!(window.response_time_histogram.total(), statistics.total());
            (
                start.secs() - MINUTE,
                statistics.total(),
                statistics.fault_count,
            )
        })
        .collect()
}

fn all(store: &NaiveStore, period_secs: i64, selector: Option<&str>) -> Vec<(i64, i64, i64)> {
    let range = secs(MINUTE - 600)..secs(MINUTE + 1_200);
    let request = request(range, period_secs, selector);
    let page = series_page(store, &request, None, &QueryControl::default()).unwrap();
    assert_eq!(page.next, None);
    counts(&page)
}

fn two_traces() -> NaiveStore {
    let store = store();
    // Starts in minute 0, its call ends in minute 1, it ends in minute 2.
    put_trace(&store, 1, MINUTE + 40, 80);
    put_trace(&store, 2, MINUTE + 301, 4);
    store
}

#[test]
fn entry_edges_count_where_they_start_and_everything_else_where_it_ends() {
    let store = two_traces();
    assert_eq!(all(&store, 60, None), [(0, 1, 0), (300, 1, 0)]);
    assert_eq!(
        all(&store, 60, Some(r#"service("web")"#)),
        [(120, 1, 0), (300, 1, 0)]
    );
    assert_eq!(
        all(&store, 60, Some(r#"service("pay")"#)),
        [(60, 1, 1), (300, 1, 1)]
    );
    let edge = Some(r#"edge("web", "pay")"#);
    assert_eq!(all(&store, 60, edge), [(60, 1, 1), (300, 1, 1)]);
    let entry = Some(r#"edge(id(type: "client"), "web")"#);
    assert_eq!(all(&store, 60, entry), [(0, 1, 0), (300, 1, 0)]);
}

#[test]
fn windows_of_five_minutes_add_up_those_of_one() {
    let store = two_traces();
    let five = MINUTE.rem_euclid(300);
    let windows = all(&store, 300, Some("service()"));
    assert_eq!(windows.iter().map(|(_, total, _)| total).sum::<i64>(), 4);
    assert!(
        windows.iter().all(|(start, ..)| (start + five) % 300 == 0),
        "{windows:?}"
    );
}

#[test]
fn selectors_know_nodes_by_the_names_they_were_called_by() {
    let store = two_traces();
    let by_alias = Some(r#"service("pay.example.com")"#);
    assert_eq!(all(&store, 60, by_alias), [(60, 1, 1), (300, 1, 1)]);
    let by_alias = Some(r#"edge("web", "pay.example.com")"#);
    assert_eq!(all(&store, 60, by_alias), [(60, 1, 1), (300, 1, 1)]);
    let other_type = Some(r#"id(name: "pay.example.com", type: "AWS::Lambda")"#);
    assert_eq!(all(&store, 60, other_type), []);
    let both = Some(r#"service("web") OR id(name: "pay")"#);
    assert_eq!(
        all(&store, 60, both),
        [(60, 1, 1), (120, 1, 0), (300, 2, 1)]
    );
}

#[test]
fn range_that_cuts_windows_counts_what_lies_inside_and_adjacent_ones_add_up() {
    let store = two_traces();
    let count = |range| {
        let request = request(range, 60, None);
        counts(&series_page(&store, &request, None, &QueryControl::default()).unwrap())
    };
    let cut = UnixNanos((MINUTE + 40) * SEC);
    assert_eq!(count(secs(MINUTE)..cut), []);
    assert_eq!(count(cut..secs(MINUTE + 600)), [(0, 1, 0), (300, 1, 0)]);
}

#[test]
fn series_of_several_pages_comes_whole() {
    let store = two_traces();
    let range = secs(MINUTE - 3 * 86_400)..secs(MINUTE + 1_200);
    let request = request(range, 60, None);
    let (mut from, mut pages, mut found) = (None, 0, Vec::new());
    loop {
        let page = series_page(&store, &request, from, &QueryControl::default()).unwrap();
        found.extend(counts(&page));
        pages += 1;
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!((pages, found), (4, vec![(0, 1, 0), (300, 1, 0)]));
}

#[test]
fn what_is_in_progress_makes_no_window() {
    let store = store();
    let id = trace_id(MINUTE - NOW_SECS, 1);
    put(
        &store,
        &format!(
            r#"{{"trace_id":"{id}","id":"a000000000000001","name":"web","start_time":{MINUTE},
            "in_progress":true}}"#
        ),
    );
    assert_eq!(all(&store, 60, None), []);
    assert_eq!(all(&store, 60, Some("service()")), []);
}
