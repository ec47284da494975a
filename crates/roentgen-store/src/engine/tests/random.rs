//! Random traces × random filters: the engine answers as the plain evaluator does.

use proptest::prelude::*;
use roentgen_model::UnixNanos;
use roentgen_model::filter::{Filter, NoGroups};
use roentgen_model::testing;

use super::*;
use crate::source::TimeBasis;

const START_SECS: i64 = NOON.0 / 1_000_000_000 - 7_200;

fn feed(subject: &mut EngineSubject, reference: &NaiveStore, traces: &[testing::RandomTrace]) {
    let arrivals = traces.iter().flat_map(|trace| &trace.documents);
    for (at, text) in arrivals.enumerate() {
        let call = [text.clone()];
        let verdicts = accept(subject.store(), &scope(), &call);
        let expected = accept(reference, &scope(), &call);
        assert_eq!(verdicts, expected, "{text}");
        match at % 16 {
            7 => subject.store().seal_now().unwrap(),
            11 => subject.store().assemble_now().unwrap(),
            15 => subject.restart(),
            _ => {}
        }
    }
    subject.store().assemble_now().unwrap();
}

fn compare_searches(subject: &EngineSubject, reference: &NaiveStore, filters: &[String]) {
    let range = UnixNanos::from_secs(START_SECS)..UnixNanos::from_secs(START_SECS + 3_600);
    for text in filters {
        let Ok(filter) = Filter::parse(text, &NoGroups) else {
            continue;
        };
        for basis in [TimeBasis::TraceId, TimeBasis::Event, TimeBasis::Service] {
            let mut request = compare::scan_request(&[scope()], basis, &range, "");
            request.plan = Arc::new(crate::plan::Plan {
                filter: Some(Arc::new(filter.clone())),
                columns: crate::plan::Columns::Unknown,
            });
            let ids = |reader: &dyn TraceReader| {
                let pages = compare::all_pages(reader, &request);
                let found = pages.iter().flat_map(|page| &page.matches);
                found.map(|facts| facts.trace_id).collect::<Vec<_>>()
            };
            assert_eq!(ids(subject.store()), ids(reference), "{basis:?} {text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn engine_answers_random_filters_as_the_evaluator_does(
        traces in prop::collection::vec(testing::trace(START_SECS..START_SECS + 3_600), 1..12),
        filters in prop::collection::vec(testing::filter(), 12),
    ) {
        let clock = Arc::new(ManualClock::new(NOON));
        let settings = StoreSettings::default();
        let mut subject = EngineSubject::new(&settings, &clock, Shape::Live, true);
        let reference = NaiveStore::new(settings, Arc::clone(&clock) as _);
        feed(&mut subject, &reference, &traces);
        compare::assert_equal_contents(subject.store(), &reference, clock.as_ref(), "as it is");
        compare_searches(&subject, &reference, &filters);
        subject.store().seal_now().unwrap();
        subject.store().merge_now().unwrap();
        compare::assert_equal_contents(subject.store(), &reference, clock.as_ref(), "merged");
        compare_searches(&subject, &reference, &filters);
    }
}
