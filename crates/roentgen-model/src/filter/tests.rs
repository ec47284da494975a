use proptest::prelude::*;

use super::*;
use crate::testing;
use crate::time::UnixNanos;

mod cases;
mod limits;
mod random;
mod ranges;
mod table;

const START: i64 = 1_700_000_000;

#[test]
fn error_says_where_how_long_and_what_may_be_meant() {
    for (text, position, length, suggestion) in [
        ("ok AND fualt", 7, 5, Some("fault")),
        ("é fualt", 0, 1, None),
        ("http.status == 200", 12, 2, Some("=")),
        ("user = \"a", 7, 2, None),
        ("duration > \"a b\"", 11, 5, None),
        ("ok AND", 6, 0, None),
        ("coldstart", 0, 9, Some("annotation.ColdStart")),
    ] {
        let error = Filter::parse(text, &NoGroups).unwrap_err();
        let found = (error.position(), error.length(), error.suggestion());
        assert_eq!(found, (position, length, suggestion), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_with_a_position_inside(text in "\\PC*") {
        if let Err(error) = Filter::parse(&text, &NoGroups) {
            prop_assert!(error.position() + error.length() <= text.chars().count());
        }
    }

    /// The same with the pieces that expressions are made of, which get deeper into the grammar.
    #[test]
    fn any_sequence_of_tokens_is_parsed_or_refused(
        pieces in proptest::collection::vec(
            proptest::sample::select(&[
                "ok", "!", "(", ")", "{", "}", "[", "]", ",", ":", "=", "!=", "<", "AND", "OR",
                "true", "\"x\"", "\"", "\\", "#", "#[{}]", "1", "-", ".", "1e5", "CONTAINS",
                "service", "edge(", "id(", "name:", "annotation", "annotation.k", "http.url",
                "rootcause.json", "group.name", "rootcause.fault.entity", "é", "\u{0}", "u-1",
            ][..]),
            0..24,
        ),
        glue in proptest::sample::select(&["", " "][..]),
    ) {
        let text = pieces.join(glue);
        if let Err(error) = Filter::parse(&text, &NoGroups) {
            prop_assert!(error.position() + error.length() <= text.chars().count());
        }
    }

    #[test]
    fn any_random_filter_is_valid(text in testing::filter()) {
        if let Err(error) = Filter::parse(&text, &NoGroups) {
            return Err(TestCaseError::fail(format!("{text}: {error}")));
        }
    }

    #[test]
    fn negation_of_any_filter_matches_the_other_traces(
        trace in testing::trace(START..START + 5),
        text in testing::filter().prop_filter("empty", |text| !text.is_empty()),
    ) {
        let facts = trace.facts();
        let matches = |text: &str| {
            Filter::parse(text, &NoGroups).unwrap().matches(&facts, &EvalContext::default())
        };
        let plain = matches(&text);
        prop_assert_eq!(matches(&format!("!({text})")), !plain);
        prop_assert_eq!(matches(&format!("!(!({text}))")), plain);
        prop_assert_eq!(matches(&format!("({text}) AND ({text})")), plain);
        prop_assert_eq!(matches(&format!("({text}) OR ({text})")), plain);
    }

    /// The evaluator finds durations on its own way; they are those of the facts.
    #[test]
    fn duration_in_a_service_block_is_the_one_of_the_facts(
        trace in testing::trace(START..START + 5),
    ) {
        let facts = trace.facts();
        for (entity, duration) in facts.entities.iter().zip(facts.segment_durations_nanos()) {
            let (Some(node), Some(duration)) = (&entity.node, duration) else { continue };
            let millis = crate::time::round_to_millis(duration);
            let seconds = format!("{}.{:03}", millis / 1000, millis % 1000);
            let text = format!(r#"service("{}") {{ duration = {seconds} }}"#, node.name);
            let filter = Filter::parse(&text, &NoGroups).unwrap();
            prop_assert!(filter.matches(&facts, &EvalContext::default()), "{}", text);
        }
    }

    #[test]
    fn service_range_over_all_ends_changes_nothing_once_all_has_ended(
        trace in testing::trace(START..START + 5),
        text in testing::filter(),
    ) {
        let facts = trace.facts();
        prop_assume!(facts.entities.iter().all(|entity| entity.end.is_some()));
        let filter = Filter::parse(&text, &NoGroups).unwrap();
        let everything = UnixNanos::from_secs(START - 10)..UnixNanos::from_secs(START + 100);
        let ranged = EvalContext { service_range: Some(everything) };
        let plain = EvalContext::default();
        // Clients of orphans aside, which have no calls, every node has a segment.
        prop_assert_eq!(filter.matches(&facts, &ranged), filter.matches(&facts, &plain));
    }
}

#[test]
fn only_an_empty_expression_is_empty() {
    let is_empty = |text: &str| Filter::parse(text, &NoGroups).unwrap().is_empty();
    assert!(is_empty("") && is_empty(" \t\r\n"));
    assert!(!is_empty("ok"));
}
