//! PLAN-1 through the whole way: random traces × random filters, planned and searched page by page in
//! the embedded engine (live, sealed, merged, reopened, all at once), answer as the evaluator does on
//! the facts of each trace.

use std::ops::Range;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use roentgen_model::testing::RandomTrace;
use roentgen_model::{TraceFacts, TraceId};
use roentgen_store::catalog::CatalogLocation;
use roentgen_store::clock::ManualClock;
use roentgen_store::files::SimulatedDisk;
use roentgen_store::source::{QueryControl, TraceReader as _, TraceWriter as _};
use roentgen_store::{EmbeddedStore, StoreParts, StoreSettings};

use super::*;
use crate::summaries::{Sampling, SummariesRequest, summaries_page};
use crate::testing::{NOW_SECS, scope};

const FIRST_SECS: i64 = NOW_SECS - 3_600;

fn open() -> EmbeddedStore {
    let settings = StoreSettings {
        is_background: false,
        seed: Some(7),
        log_file_bytes: 64 << 10,
        log_reserve_bytes: 0,
        merge_blocks_min: 2,
        ..StoreSettings::default()
    };
    let clock = Arc::new(ManualClock::new(UnixNanos::from_secs(NOW_SECS)));
    let disk = Arc::new(SimulatedDisk::new());
    let parts = StoreParts::new(disk, clock, CatalogLocation::Memory);
    EmbeddedStore::open(settings, parts).unwrap()
}

fn put(store: &EmbeddedStore, documents: &[String]) {
    if documents.is_empty() {
        return;
    }
    let call = documents.iter().cloned().map(Bytes::from).collect();
    // A repeated document may be refused; what counts is what the facts then say.
    let verdicts = futures_executor::block_on(store.accept(&scope("000000000001"), call));
    assert_eq!(verdicts.unwrap().len(), documents.len());
}

/// Puts the traces so that some are sealed, some merged, some live, some reopened with their last
/// document.
fn feed(store: &EmbeddedStore, traces: &[RandomTrace]) {
    for (at, trace) in traces.iter().enumerate() {
        let (last, first) = trace.documents.split_last().unwrap();
        put(store, first);
        match at % 4 {
            0 => store.seal_now().unwrap(),
            1 => put(store, std::slice::from_ref(last)),
            2 => {
                store.seal_now().unwrap();
                store.merge_now().unwrap();
            }
            _ => store.assemble_now().unwrap(),
        }
        if at % 4 != 1 {
            put(store, std::slice::from_ref(last));
        }
    }
    store.assemble_now().unwrap();
}

/// What a search finds, newest first.
fn found(store: &EmbeddedStore, request: &SummariesRequest) -> Vec<TraceId> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let page = summaries_page(store, request, cursor, &QueryControl::default()).unwrap();
        ids.extend(page.summaries.iter().map(|summary| summary.trace_id));
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
}

/// api.md "Selection by `TimeRangeType`", word by word.
fn is_in_range(facts: &TraceFacts, basis: TimeBasis, range: &Range<UnixNanos>) -> bool {
    match basis {
        TimeBasis::TraceId => range.contains(&facts.t0),
        TimeBasis::Event => {
            let end = facts.end.unwrap_or(facts.start).max(facts.start);
            facts.start < range.end && end >= range.start
        }
        TimeBasis::Service => facts
            .entities
            .iter()
            .filter(|entity| entity.node.is_some())
            .any(|entity| entity.end.is_some_and(|end| range.contains(&end))),
    }
}

fn expected(
    all: &[Arc<TraceFacts>],
    filter: &Filter,
    basis: TimeBasis,
    range: &Range<UnixNanos>,
) -> Vec<TraceId> {
    let context = EvalContext {
        service_range: (basis == TimeBasis::Service).then(|| range.clone()),
    };
    let mut matching: Vec<_> = all
        .iter()
        .filter(|facts| is_in_range(facts, basis, range) && filter.matches(facts, &context))
        .map(|facts| (facts.t0, facts.trace_id))
        .collect();
    matching.sort_unstable_by(|a, b| b.cmp(a));
    matching.into_iter().map(|(_, id)| id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn planned_search_of_the_engine_finds_what_the_evaluator_says(
        traces in vec(testing::trace(FIRST_SECS..FIRST_SECS + 20), 4..16),
        filters in vec(testing::filter(), 10),
        from in -2_000i64..20_000,
        length in 1i64..20_000,
        page in 1usize..6,
    ) {
        let store = open();
        feed(&store, &traces);
        let millis = |millis: i64| UnixNanos((FIRST_SECS * 1_000 + millis) * 1_000_000);
        let ranges = [millis(from)..millis(from + length), millis(-60_000)..millis(60_000)];
        let ids: Vec<_> = traces.iter().map(|trace| trace.trace_id).collect();
        let mut shapes = 0;
        loop {
            let scopes = [scope("000000000001")];
            let all = store.facts(&scopes, &ids, &QueryControl::default()).unwrap();
            prop_assert_eq!(all.len(), traces.len());
            for text in &filters {
                // Each filter is searched as it is and negated.
                for text in [text.clone(), format!("!({})", if text.is_empty() { "ok" } else { text })] {
                    let filter = Arc::new(Filter::parse(&text, &NoGroups).unwrap());
                    for basis in [TimeBasis::TraceId, TimeBasis::Event, TimeBasis::Service] {
                        for range in ranges.iter().cycle().skip(text.len()).take(1) {
                            let request = SummariesRequest {
                                scopes: scopes.to_vec(),
                                basis,
                                range: range.clone(),
                                filter: (!filter.is_empty()).then(|| Arc::clone(&filter)),
                                sampling: Sampling::All,
                                matches_max: page,
                                examined_max: 5,
                            };
                            prop_assert_eq!(
                                found(&store, &request),
                                expected(&all, &filter, basis, range),
                                "{:?} {}", basis, &text
                            );
                        }
                    }
                }
            }
            shapes += 1;
            match shapes {
                1 => store.seal_now().unwrap(),
                2 => store.merge_now().unwrap(),
                _ => break,
            }
        }
    }
}
