use std::sync::Arc;

use proptest::prelude::*;
use roentgen_model::UnixNanos;
use roentgen_model::filter::NumberOperator;
use roentgen_model::filter::{EvalContext, Filter, NoGroups};
use roentgen_model::testing;
use roentgen_store::plan::{Columns, FlagColumn, NumberColumn};
use roentgen_store::source::TimeBasis;

use super::compile;

mod engine;

const START: i64 = 1_700_000_000;

fn columns_of(text: &str, basis: TimeBasis) -> Columns {
    let filter = Filter::parse(text, &NoGroups).unwrap();
    compile(&Arc::new(filter), basis).columns
}

fn node(name: &str, exact: bool) -> Columns {
    Columns::Node {
        name: Some(name.into()),
        node_type: None,
        account_id: None,
        exact,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// PLAN-1 on the reference evaluation of columns, for every time basis.
    #[test]
    fn plan_of_any_filter_is_sure_within_truth_within_possible(
        trace in testing::trace(START..START + 3),
        text in testing::filter(),
        from in 0i64..5_000,
        length in 0i64..3_000,
    ) {
        let facts = trace.facts();
        let filter = Arc::new(Filter::parse(&text, &NoGroups).unwrap());
        let millis = |millis: i64| UnixNanos((START * 1_000 + millis) * 1_000_000);
        let service_range = Some(millis(from)..millis(from + length));
        for (basis, service_range) in [
            (TimeBasis::TraceId, None),
            (TimeBasis::Event, None),
            (TimeBasis::Service, service_range),
        ] {
            let plan = compile(&filter, basis);
            let (sure, possible) = plan.columns.masks(&facts);
            let matches = filter.matches(&facts, &EvalContext { service_range });
            prop_assert!(!sure || matches, "{text}: sure of what does not match: {plan:?}");
            prop_assert!(!matches || possible, "{text}: matches what is not possible: {plan:?}");
        }
    }

    /// Times compare alike in seconds and in milliseconds, to the last bit.
    #[test]
    fn literal_of_any_time_compares_to_milliseconds_as_to_seconds(
        millis in -10i64..10_000_000,
        off in prop_oneof![Just(0.0), -0.002f64..0.002, -1e-15f64..1e-15],
    ) {
        let seconds = millis as f64 / 1000.0;
        let literal = seconds + off;
        let found = super::millis_like(literal);
        prop_assert_eq!(seconds.partial_cmp(&literal), (millis as f64).partial_cmp(&found));
    }
}

#[test]
fn empty_filter_has_no_condition_at_all() {
    let plan = compile(
        &Arc::new(Filter::parse(" ", &NoGroups).unwrap()),
        TimeBasis::TraceId,
    );
    assert!(plan.filter.is_none());
    assert_eq!(plan.columns, Columns::All);
}

#[test]
fn summary_columns_are_exact_for_every_basis() {
    for basis in [TimeBasis::TraceId, TimeBasis::Event, TimeBasis::Service] {
        let number = |column, compare, value| Columns::Number {
            column,
            compare,
            value,
        };
        let expected = Columns::And(vec![
            Columns::Flag(FlagColumn::HasFault),
            number(
                NumberColumn::ResponseTimeMillis,
                NumberOperator::Greater,
                1_005.0,
            ),
        ]);
        assert_eq!(columns_of("fault responsetime > 1.005", basis), expected);
    }
}

#[test]
fn time_between_two_milliseconds_is_compared_between_them() {
    let Columns::Number { value, .. } = columns_of("duration < 0.0014", TimeBasis::TraceId) else {
        panic!("a comparison of a column");
    };
    assert!(value > 1.0 && value < 2.0, "{value}");
}

#[test]
fn selector_without_block_is_exact_unless_only_segments_in_range_are_seen() {
    assert_eq!(
        columns_of(r#"service("a")"#, TimeBasis::TraceId),
        node("a", true)
    );
    assert_eq!(
        columns_of(r#"service("a")"#, TimeBasis::Event),
        node("a", true)
    );
    assert_eq!(
        columns_of(r#"service("a")"#, TimeBasis::Service),
        node("a", false)
    );
}

#[test]
fn block_is_possible_where_its_nodes_occur_and_never_sure() {
    let edge = Columns::And(vec![node("a", false), node("b", false)]);
    assert_eq!(
        columns_of(r#"service("a") { fault }"#, TimeBasis::TraceId),
        node("a", false)
    );
    assert_eq!(
        columns_of(r#"edge("a", "b") { fault }"#, TimeBasis::TraceId),
        edge
    );
    assert_eq!(columns_of(r#"edge("a", "b")"#, TimeBasis::TraceId), edge);
}

#[test]
fn negation_turns_both_masks_around() {
    let inner = node("a", false);
    let expected = Columns::Not(Box::new(inner));
    assert_eq!(
        columns_of(r#"!service("a") { fault }"#, TimeBasis::TraceId),
        expected
    );
    assert_eq!(
        columns_of("!!fault", TimeBasis::TraceId),
        Columns::Flag(FlagColumn::HasFault)
    );
}

#[test]
fn group_is_planned_as_its_expression() {
    assert_eq!(
        columns_of("group.name = \"Default\"", TimeBasis::TraceId),
        Columns::All
    );
    assert_eq!(
        columns_of("group.name != \"Default\"", TimeBasis::TraceId),
        Columns::None
    );
}
