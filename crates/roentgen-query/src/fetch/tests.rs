use roentgen_store::source::QueryControl;

use super::{PAGE_BYTES_MAX, trace_page};
use crate::testing::{put, scope, store, trace_id};

#[test]
fn trace_of_several_scopes_is_put_together() {
    let store = store();
    let (mine, theirs) = (scope("000000000001"), scope("000000000002"));
    let id = trace_id(-10, 1);
    put(&store, &mine, id, 1, "mine");
    put(&store, &theirs, id, 2, "theirs");
    let segments = |scopes: &[_]| {
        let control = QueryControl::default();
        let page = trace_page(&store, scopes, &[id], 0, PAGE_BYTES_MAX, &control).unwrap();
        page.traces
            .iter()
            .map(|trace| trace.compiled.segments.len())
            .collect::<Vec<_>>()
    };
    assert_eq!(segments(&[mine.clone(), theirs.clone()]), [2]);
    assert_eq!(segments(std::slice::from_ref(&theirs)), [1]);
    assert_eq!(segments(&[scope("000000000003")]), [0; 0]);
}

#[test]
fn pages_end_with_the_trace_that_passes_the_bytes() {
    let (store, mine) = (store(), scope("000000000001"));
    let ids: Vec<_> = (1..=12).map(|number| trace_id(-10, number)).collect();
    for (number, id) in (1..).zip(&ids) {
        if number % 4 != 0 {
            put(&store, &mine, *id, number, "segment");
        }
    }
    for bytes_max in [1, 150, 1_000, PAGE_BYTES_MAX] {
        let (mut found, mut unknown, mut from, mut pages) = (Vec::new(), Vec::new(), 0, 0);
        loop {
            let scopes = std::slice::from_ref(&mine);
            let control = QueryControl::default();
            let page = trace_page(&store, scopes, &ids, from, bytes_max, &control).unwrap();
            pages += 1;
            found.extend(page.traces.iter().map(|trace| trace.trace_id));
            unknown.extend(page.unknown);
            match page.next {
                Some(next) => from = next,
                None => break,
            }
        }
        assert_eq!(unknown, [ids[3], ids[7], ids[11]], "{bytes_max}");
        assert_eq!(found.len(), 9, "{bytes_max}");
        assert!(found.is_sorted(), "{bytes_max}");
        assert_eq!(pages > 1, bytes_max < 2_000, "{bytes_max}: {pages}");
    }
}

#[test]
fn page_of_a_start_beyond_the_ids_is_empty() {
    let page = trace_page(&store(), &[], &[], 7, 1, &QueryControl::default()).unwrap();
    assert_eq!(page, super::TracePage::default());
}

#[test]
fn cancelled_fetch_ends_with_an_error() {
    let control = QueryControl::default();
    control.cancel();
    assert!(trace_page(&store(), &[], &[trace_id(0, 1)], 0, 1, &control).is_err());
}
