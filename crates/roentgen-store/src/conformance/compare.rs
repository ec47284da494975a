//! Compares all answers of a store with those of the reference.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use roentgen_model::filter::{Filter, NoGroups};
use roentgen_model::graph::{EdgeKey, EdgeRow, EdgeSums, RowTime};
use roentgen_model::{Scope, Stamp, TraceFacts, TraceId, UnixNanos};

use crate::clock::Clock;
use crate::plan::{Columns, Plan};
use crate::source::{
    PageKey, QueryControl, RowGrain, RowSelector, ScanPage, ScanRequest, TimeBasis, TotalsRequest,
    TraceDocuments, TraceReader,
};

/// Filters that every comparison searches with; `""` matches all.
const FILTERS: [&str; 8] = [
    "",
    "fault",
    "error OR throttle",
    "!partial AND responsetime > 0.2",
    r#"service("shop") { fault }"#,
    r#"edge("shop", "pay")"#,
    r#"annotation.tier = "gold""#,
    r#"http.status = 502 AND service("stock")"#,
];

const MINUTE: i64 = 60_000_000_000;

/// A range that holds everything the suite makes.
fn everything(now: UnixNanos) -> Range<UnixNanos> {
    let days = 40 * 24 * 60 * MINUTE;
    UnixNanos(now.0 - days)..UnixNanos(now.0 + days)
}

/// Ranges that cut minutes, traces and segments.
fn ranges(now: UnixNanos) -> Vec<Range<UnixNanos>> {
    let at = |millis: i64| UnixNanos(now.0 + millis * 1_000_000);
    vec![
        everything(now),
        at(-3_600_000)..at(-1_800_000),
        at(-3_612_345)..at(-2_000_100),
        at(-2_000_100)..at(3_600_000),
        at(-60_030)..at(-29_950),
    ]
}

/// Panics unless the store answers every read as the reference does.
///
/// Stamps may differ (a store that crashed in between stamps otherwise); their order may not. Earliest
/// starts and latest ends of edge rows may be wider (COMPACT-1, our choice).
///
/// # Panics
/// With what differs.
pub fn assert_equal_answers(
    store: &dyn TraceReader,
    reference: &dyn TraceReader,
    clock: &dyn Clock,
) {
    for scope in [super::scope(), super::other_scope()] {
        assert_equal_in(store, reference, &[scope], clock.now());
    }
}

fn assert_equal_in(
    store: &dyn TraceReader,
    reference: &dyn TraceReader,
    scopes: &[Scope],
    now: UnixNanos,
) {
    let control = QueryControl::default();
    let ids = all_ids(reference, scopes, now);
    assert_eq!(ids, all_ids(store, scopes, now), "which traces there are");
    if ids.is_empty() {
        return;
    }
    let documents = |reader: &dyn TraceReader| {
        let found = reader
            .documents(scopes, &ids, &control)
            .expect("documents are read");
        found.into_iter().map(texts).collect::<Vec<_>>()
    };
    for (ours, theirs) in documents(store).into_iter().zip(documents(reference)) {
        assert_eq!(ours, theirs, "documents");
    }
    assert_eq!(documents(store).len(), documents(reference).len());
    let facts = |reader: &dyn TraceReader| {
        let found = reader
            .facts(scopes, &ids, &control)
            .expect("facts are read");
        found.iter().map(without_stamps).collect::<Vec<_>>()
    };
    assert_eq!(facts(store).len(), facts(reference).len());
    for (ours, theirs) in facts(store).into_iter().zip(facts(reference)) {
        assert_eq!(ours, theirs, "facts by id");
    }
    for range in ranges(now) {
        assert_equal_scans(store, reference, scopes, &range);
        assert_equal_totals(store, reference, scopes, &range);
    }
    assert_totals_add_up(store, scopes, now);
}

/// The same with few searches, for tests that compare often.
///
/// # Panics
/// With what differs.
pub fn assert_equal_contents(
    store: &dyn TraceReader,
    reference: &dyn TraceReader,
    clock: &dyn Clock,
    context: &str,
) {
    let (scopes, now) = ([super::scope()], clock.now());
    let contents = |reader: &dyn TraceReader| {
        let ids = all_ids(reader, &scopes, now);
        let control = QueryControl::default();
        let documents = reader
            .documents(&scopes, &ids, &control)
            .expect("documents are read");
        let facts = reader
            .facts(&scopes, &ids, &control)
            .expect("facts are read");
        let request = scan_request(&scopes, TimeBasis::TraceId, &everything(now), "");
        let documents: Vec<_> = documents.into_iter().map(texts).collect();
        let facts: Vec<_> = facts.iter().map(without_stamps).collect();
        (ids, documents, facts, outline(&all_pages(reader, &request)))
    };
    let (ours, theirs) = (contents(store), contents(reference));
    assert_eq!(ours.0, theirs.0, "which traces there are: {context}");
    assert_eq!(ours.1, theirs.1, "documents: {context}");
    assert_eq!(ours.2, theirs.2, "facts: {context}");
    assert_eq!(ours.3, theirs.3, "pages: {context}");
    assert_equal_totals(store, reference, &scopes, &everything(now));
}

fn all_ids(reader: &dyn TraceReader, scopes: &[Scope], now: UnixNanos) -> Vec<TraceId> {
    let request = scan_request(scopes, TimeBasis::Event, &everything(now), "");
    let pages = all_pages(reader, &request);
    pages
        .iter()
        .flat_map(|page| &page.matches)
        .map(|facts| facts.trace_id)
        .collect()
}

fn texts(found: TraceDocuments) -> (Scope, TraceId, bool, Vec<String>) {
    assert!(
        found.documents.is_sorted_by_key(|document| document.stamp),
        "oldest stamp first"
    );
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let documents = found
        .documents
        .iter()
        .map(|document| text(&document.text))
        .collect();
    (found.scope, found.trace_id, found.limit_exceeded, documents)
}

fn without_stamps(facts: &Arc<TraceFacts>) -> TraceFacts {
    let mut facts = TraceFacts::clone(facts);
    facts.head.first_stamp = Stamp::default();
    facts.head.last_stamp = Stamp::default();
    facts
}

/// A search as the query engine would ask it, without help from columns.
#[must_use]
pub fn scan_request(
    scopes: &[Scope],
    basis: TimeBasis,
    range: &Range<UnixNanos>,
    filter: &str,
) -> ScanRequest {
    let parsed = Filter::parse(filter, &NoGroups).expect("the suite's filters parse");
    let is_all = filter.is_empty();
    let columns = if is_all {
        Columns::All
    } else {
        Columns::Unknown
    };
    let plan = Plan {
        filter: (!is_all).then(|| Arc::new(parsed)),
        columns,
    };
    ScanRequest {
        scopes: scopes.to_vec(),
        basis,
        range: range.clone(),
        plan: Arc::new(plan),
        after: None,
        matches_max: 1000,
        examined_max: 10_000,
    }
}

/// Every page of a search, by its tokens.
///
/// # Panics
/// When pages do not come to an end.
pub fn all_pages(reader: &dyn TraceReader, request: &ScanRequest) -> Vec<ScanPage> {
    let mut request = request.clone();
    let mut pages = Vec::new();
    for _ in 0..10_000 {
        let page = reader
            .scan(&request, &QueryControl::default())
            .expect("a scan answers");
        request.after = page.next;
        pages.push(page);
        if request.after.is_none() {
            return pages;
        }
    }
    panic!("the pages of a search do not end");
}

type PageOutline = (Vec<TraceFacts>, u64, Option<PageKey>);

fn outline(pages: &[ScanPage]) -> Vec<PageOutline> {
    let one = |page: &ScanPage| {
        (
            page.matches.iter().map(without_stamps).collect(),
            page.examined,
            page.next,
        )
    };
    pages.iter().map(one).collect()
}

fn assert_equal_scans(
    store: &dyn TraceReader,
    reference: &dyn TraceReader,
    scopes: &[Scope],
    range: &Range<UnixNanos>,
) {
    for basis in [TimeBasis::TraceId, TimeBasis::Event, TimeBasis::Service] {
        for filter in FILTERS {
            // Small pages cost most, and end alike whatever the filter is.
            let bounds: &[(usize, u64)] = match filter {
                "" | "fault" => &[(1000, 10_000), (3, 10_000), (1000, 7)],
                _ => &[(1000, 10_000)],
            };
            for &(matches_max, examined_max) in bounds {
                let mut request = scan_request(scopes, basis, range, filter);
                request.matches_max = matches_max;
                request.examined_max = examined_max;
                let ours = outline(&all_pages(store, &request));
                let theirs = outline(&all_pages(reference, &request));
                let case = format!("{basis:?} {filter:?} {matches_max}/{examined_max} {range:?}");
                assert_eq!(ours.len(), theirs.len(), "pages of {case}");
                for (ours, theirs) in ours.iter().zip(&theirs) {
                    assert_eq!(ours, theirs, "a page of {case}");
                }
            }
        }
    }
}

/// How rows are asked for.
type By = (RowTime, RowGrain);

const BYS: [By; 4] = [
    (RowTime::Start, RowGrain::Exact),
    (RowTime::Series, RowGrain::Exact),
    (RowTime::Start, RowGrain::Counts),
    (RowTime::Series, RowGrain::Counts),
];

/// What equal rows add up to, without the sums that may stay wider.
type Totals = BTreeMap<EdgeKey, EdgeSums>;

fn totals(
    reader: &dyn TraceReader,
    scopes: &[Scope],
    (time, grain): By,
    range: &Range<UnixNanos>,
) -> Totals {
    let request = TotalsRequest {
        scopes: scopes.to_vec(),
        range: range.clone(),
        time,
        group_id: None,
        selector: RowSelector::All,
        grain,
    };
    let rows = reader
        .totals(&request, &QueryControl::default())
        .expect("totals are answered");
    let mut sums = Totals::new();
    for EdgeRow { key, sums: row } in rows {
        let sum = sums.entry(key).or_insert(EdgeSums {
            count: 0,
            in_progress: 0,
            response_time_sum_nanos: 0,
            ..row
        });
        sum.count += row.count;
        sum.in_progress += row.in_progress;
        sum.response_time_sum_nanos += row.response_time_sum_nanos;
        sum.earliest_start = sum.earliest_start.min(row.earliest_start);
        sum.latest_end = sum.latest_end.max(row.latest_end);
    }
    sums
}

fn assert_equal_totals(
    store: &dyn TraceReader,
    reference: &dyn TraceReader,
    scopes: &[Scope],
    range: &Range<UnixNanos>,
) {
    for by in BYS {
        assert_equal_totals_by(by, store, reference, scopes, range);
    }
}

fn assert_equal_totals_by(
    by: By,
    store: &dyn TraceReader,
    reference: &dyn TraceReader,
    scopes: &[Scope],
    range: &Range<UnixNanos>,
) {
    let (ours, theirs) = (
        totals(store, scopes, by, range),
        totals(reference, scopes, by, range),
    );
    for (key, theirs) in &theirs {
        let ours = ours
            .get(key)
            .unwrap_or_else(|| panic!("no row {key:?} in {range:?}"));
        let counts = |sums: &EdgeSums| (sums.count, sums.in_progress, sums.response_time_sum_nanos);
        assert_eq!(counts(ours), counts(theirs), "{key:?} in {range:?}");
        assert!(
            ours.earliest_start <= theirs.earliest_start,
            "{key:?} in {range:?}"
        );
        assert!(ours.latest_end >= theirs.latest_end, "{key:?} in {range:?}");
    }
    for key in ours.keys() {
        assert!(
            theirs.contains_key(key),
            "a row too many: {key:?} in {range:?}"
        );
    }
}

/// Totals of adjacent ranges are those of the whole, wherever it is cut.
fn assert_totals_add_up(store: &dyn TraceReader, scopes: &[Scope], now: UnixNanos) {
    for by in BYS {
        assert_totals_add_up_by(by, store, scopes, now);
    }
}

fn assert_totals_add_up_by(by: By, store: &dyn TraceReader, scopes: &[Scope], now: UnixNanos) {
    let all = everything(now);
    let cut = UnixNanos(now.0 - 31 * MINUTE - 12_345_678_901);
    let mut parts = totals(store, scopes, by, &(all.start..cut));
    for (key, row) in totals(store, scopes, by, &(cut..all.end)) {
        parts
            .entry(key)
            .and_modify(|sum| sum.count += row.count)
            .or_insert(row);
    }
    let counts = |totals: &Totals| {
        totals
            .iter()
            .map(|(key, sums)| (key.clone(), sums.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        counts(&parts),
        counts(&totals(store, scopes, by, &all)),
        "adjacent ranges"
    );
}
