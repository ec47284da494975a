use roentgen_model::{SegmentId, TraceId};
use roentgen_store::NaiveStore;
use roentgen_store::source::QueryControl;

use super::{mine, put_texts};
use crate::retrieval::{
    PageBounds, RetrievedPage, RetrievedSpan, TakeSpan, TraceCursor, retrieved_page,
};
use crate::testing::{NOW_SECS, put, store, trace_id};

/// Puts so many segments of a trace, from number `first` on, in order of their starts.
fn put_segments(store: &NaiveStore, id: TraceId, numbers: impl IntoIterator<Item = u64>) {
    let document = |number: u64| {
        let start = NOW_SECS - 10;
        format!(
            r#"{{"trace_id":"{id}","id":"{number:016x}","name":"n","start_time":{start}.{number:06},"end_time":{start}.9999999}}"#,
        )
    };
    put_texts(store, numbers.into_iter().map(document).collect());
}

/// Each document as so many spans.
fn spans_of(count: usize) -> impl Fn(SegmentId, String, usize, TakeSpan<'_>) {
    move |id, document, skip, take| {
        for _ in skip..count {
            let document = document.clone();
            if take(RetrievedSpan { id, document }).is_break() {
                return;
            }
        }
    }
}

fn page(
    store: &NaiveStore,
    ids: &[TraceId],
    cursor: Option<TraceCursor>,
    bounds: PageBounds,
) -> RetrievedPage {
    page_of(store, ids, cursor, bounds, 1)
}

fn page_of(
    store: &NaiveStore,
    ids: &[TraceId],
    cursor: Option<TraceCursor>,
    bounds: PageBounds,
    spans_per_document: usize,
) -> RetrievedPage {
    let (scopes, control) = ([mine()], QueryControl::default());
    let spans = spans_of(spans_per_document);
    retrieved_page(store, &scopes, ids, cursor, &spans, bounds, &control).unwrap()
}

/// Trace and number of spans of each entry of each page.
fn shape(store: &NaiveStore, ids: &[TraceId], bounds: PageBounds) -> Vec<Vec<(TraceId, usize)>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = page(store, ids, cursor, bounds);
        let entries = page.traces.iter();
        pages.push(entries.map(|t| (t.trace_id, t.spans.len())).collect());
        cursor = page.next;
        if cursor.is_none() {
            return pages;
        }
    }
}

fn numbers(page: &RetrievedPage) -> Vec<u64> {
    let spans = page.traces.iter().flat_map(|trace| &trace.spans);
    spans.map(|span| SegmentId::as_u64(span.id)).collect()
}

#[test]
fn pages_hold_five_traces_and_a_larger_trace_goes_on_under_its_id() {
    let store = store();
    let ids: Vec<_> = (1..=8).map(|number| trace_id(-10, number)).collect();
    for id in &ids {
        let segments = if *id == ids[1] { 250 } else { 1 };
        put_segments(&store, *id, 1..=segments);
    }
    let one = |at: usize| (ids[at], 1);
    assert_eq!(
        shape(&store, &ids, PageBounds::default()),
        [
            vec![one(0), (ids[1], 100)],
            vec![(ids[1], 100)],
            vec![(ids[1], 50), one(2), one(3), one(4), one(5)],
            vec![one(6), one(7)],
        ]
    );
}

#[test]
fn trace_of_exactly_a_page_needs_no_second() {
    let (store, id) = (store(), trace_id(-10, 1));
    put_segments(&store, id, 1..=100);
    assert_eq!(shape(&store, &[id], PageBounds::default()), [[(id, 100)]]);
    let five: Vec<_> = (1..=5).map(|number| trace_id(-20, number)).collect();
    for id in &five {
        put(&store, &mine(), *id, 1, "n");
    }
    assert_eq!(shape(&store, &five, PageBounds::default()).len(), 1);
}

#[test]
fn page_ends_with_the_document_that_passes_the_bytes() {
    let store = store();
    let ids = [trace_id(-10, 1), trace_id(-10, 2)];
    put_segments(&store, ids[0], 1..=3);
    put_segments(&store, ids[1], 1..=1);
    let bounds = PageBounds {
        bytes_max: 1,
        ..PageBounds::default()
    };
    let pages = shape(&store, &ids, bounds);
    let of_first = vec![(ids[0], 1)];
    assert_eq!(
        pages,
        [
            of_first.clone(),
            of_first.clone(),
            of_first,
            vec![(ids[1], 1)]
        ]
    );
}

#[test]
fn what_comes_between_pages_is_seen_once_or_not() {
    let (store, id) = (store(), trace_id(-10, 1));
    put_segments(&store, id, [10, 20, 30, 40]);
    let bounds = PageBounds {
        spans_per_trace_max: 2,
        ..PageBounds::default()
    };
    let first = page(&store, &[id], None, bounds);
    assert_eq!(numbers(&first), [10, 20]);
    // One before the place where the page ended, one after.
    put_segments(&store, id, [15, 35]);
    let second = page(&store, &[id], first.next, bounds);
    assert_eq!(numbers(&second), [30, 35]);
    assert_eq!(numbers(&page(&store, &[id], second.next, bounds)), [40]);
}

#[test]
fn trace_that_has_gone_is_left_out() {
    let (store, gone, id) = (store(), trace_id(-10, 1), trace_id(-10, 2));
    put_segments(&store, id, [1]);
    let all = page(&store, &[gone, id], None, PageBounds::default());
    assert_eq!(all.traces.len(), 1);
    assert_eq!(all.traces[0].trace_id, id);
    assert_eq!(all.traces[0].duration_nanos, Some(999_998_900));
    // A large trace that goes between its pages.
    let before = crate::testing::store();
    put_segments(&before, gone, 1..=101);
    let first = page(&before, &[gone, id], None, PageBounds::default());
    assert_eq!(first.traces[0].trace_id, gone);
    let rest = page(&store, &[gone, id], first.next, PageBounds::default());
    assert_eq!(rest, all);
}

#[test]
fn page_may_end_within_a_document() {
    let (store, id) = (store(), trace_id(-10, 1));
    put_segments(&store, id, [10, 20, 30]);
    let bounds = PageBounds {
        spans_per_trace_max: 4,
        ..PageBounds::default()
    };
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = page_of(&store, &[id], cursor, bounds, 3);
        pages.push(numbers(&page));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(
        pages,
        [vec![10, 10, 10, 20], vec![20, 20, 30, 30], vec![30]]
    );
}

#[test]
fn trace_without_spans_is_left_out() {
    let (store, id) = (store(), trace_id(-10, 1));
    put_segments(&store, id, [10]);
    let page = page_of(&store, &[id], None, PageBounds::default(), 0);
    assert_eq!(page, RetrievedPage::default());
}
