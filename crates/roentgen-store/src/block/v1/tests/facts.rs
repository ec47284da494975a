//! FACTS-1: facts read back equal the facts written.

use proptest::prelude::*;
use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::{EntityFacts, EntityKind, Parent};

use super::sample::{self, NOON};
use super::{control, write};

/// By id (ascending (T0, id)) and as a stream, both must be what was written.
fn check(traces: Vec<TraceFacts>) {
    let mut expected = traces.clone();
    expected.sort_by_key(|t| (t.t0, t.trace_id));
    let written = write(traces);
    let block = written.open();
    let streamed: Result<Vec<_>, _> = block.all_facts().unwrap().collect();
    let streamed: Vec<_> = streamed.unwrap().iter().map(|f| (**f).clone()).collect();
    assert_eq!(streamed, expected);
    let ids: Vec<_> = expected.iter().map(|t| t.trace_id).collect();
    let found = block.facts(&ids, &control()).unwrap();
    let found: Vec<_> = found.iter().map(|f| (**f).clone()).collect();
    assert_eq!(found, expected);
    for one in &expected {
        let found = block.facts(&[one.trace_id], &control()).unwrap();
        assert_eq!(found.iter().map(|f| &**f).collect::<Vec<_>>(), [one]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_facts_written_to_a_block_read_back_equal(traces in sample::several(1..12)) {
        // A random id may give a trace a T0 of another day; blocks hold one.
        let day = |t: &TraceFacts| t.t0.secs().div_euclid(86_400);
        let of_day = traces.iter().filter(|t| day(t) == day(&traces[0])).cloned().collect();
        check(of_day);
    }
}

#[test]
fn one_trace_reads_back_equal() {
    check(vec![sample::plain(1, NOON)]);
}

#[test]
fn trace_of_50_000_entities_among_small_ones_reads_back_equal() {
    let mut large = sample::plain(2, NOON + 1);
    let root = large.entities[0].clone();
    let below = |n: u32| EntityFacts {
        kind: EntityKind::Subsegment,
        parent: Parent::Entity(n / 2),
        name: format!("step {}", n % 100).into(),
        node: None,
        ..root.clone()
    };
    large.entities.extend((1..50_000).map(below));
    let large = TraceFacts::new(
        large.trace_id,
        large.head,
        large.entities,
        large.links,
        large.root_causes,
    );
    check(vec![
        sample::plain(1, NOON),
        large,
        sample::plain(3, NOON + 2),
    ]);
}
