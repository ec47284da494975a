//! `TimeRangeType=Service` (filter-expressions.md 4.6), and traces too large to be scanned.

use serde_json::json;

use super::cases::trace_named;
use super::*;
use crate::ids::TraceId;
use crate::testing::TestTrace;

/// Checks an expression on the case trace `paid` (call 0.1–0.9, called segment 0.2–0.8, root 0–1.0)
/// for a range of milliseconds.
fn check(range: std::ops::Range<i64>, expression: &str, expected: bool) {
    let at = |millis: i64| UnixNanos(START * 1_000_000_000 + millis * 1_000_000);
    let context = EvalContext {
        service_range: Some(at(range.start)..at(range.end)),
    };
    let filter = Filter::parse(expression, &NoGroups).unwrap();
    let found = filter.matches(&trace_named("paid"), &context);
    assert_eq!(found, expected, "{expression} in {range:?}");
}

#[test]
fn selectors_see_only_segments_that_end_in_the_range() {
    check(750..850, r#"service("pay")"#, true);
    check(750..850, r#"service("pay") { error }"#, true);
    check(750..850, r#"service("pay.example") { error }"#, true);
    check(750..850, r#"service("web")"#, false);
    check(750..850, r#"!service("web")"#, true);
    check(750..850, r#"service("web") { ok }"#, false);
    check(950..1050, r#"service("web") { ok }"#, true);
    check(950..1050, r#"service("pay")"#, false);
}

#[test]
fn range_of_a_selector_is_half_open() {
    check(800..801, r#"service("pay")"#, true);
    check(799..800, r#"service("pay")"#, false);
}

#[test]
fn calls_end_with_the_callers_subsegment() {
    check(850..950, r#"edge("web", "pay")"#, true);
    check(850..950, r#"edge("web", "pay") { throttle }"#, true);
    check(750..850, r#"edge("web", "pay")"#, false);
    check(850..950, "service()", false);
}

#[test]
fn client_is_seen_with_its_entry_call() {
    check(950..1050, r#"service(id(type: "client"))"#, true);
    check(950..1050, r#"edge(id(type: "client"), "web")"#, true);
    check(750..850, r#"service(id(type: "client"))"#, false);
}

#[test]
fn conditions_on_the_trace_do_not_mind_the_range() {
    for range in [0..1, 750..850] {
        check(
            range.clone(),
            "ok responsetime = 1 annotation[retry.count] = 2",
            true,
        );
        check(range, "rootcause.error.service { name = pay }", true);
    }
}

#[test]
fn segment_in_progress_ends_in_no_range() {
    let range = UnixNanos(i64::MIN)..UnixNanos(i64::MAX);
    let context = EvalContext {
        service_range: Some(range),
    };
    let matches = |text: &str| {
        Filter::parse(text, &NoGroups)
            .unwrap()
            .matches(&trace_named("T4"), &context)
    };
    assert!(!matches("service()") && !matches("edge()") && matches("partial"));
}

/// Two segments of 100 subsegments each: enough for the list of owners to be used.
#[test]
fn subsegments_of_a_large_trace_are_found_by_their_segment() {
    let segment = |id: u64, name: &str, parent: Option<u64>| {
        let subsegments: Vec<_> = (1..=100u64)
            .map(|n| {
                json!({
                    "id": format!("{:016x}", id + n), "name": "work", "start_time": START,
                    "end_time": START + i64::try_from(n).unwrap(),
                    "annotations": {"owner": name, "last": n == 100},
                })
            })
            .collect();
        let mut document = json!({
            "id": format!("{id:016x}"), "name": name, "start_time": START, "end_time": START + 1,
            "trace_id": TraceId::from_bytes([7; 16]).to_string(), "subsegments": subsegments,
        });
        if let Some(parent) = parent {
            document["parent_id"] = format!("{parent:016x}").into();
        }
        document
    };
    let trace_id = TraceId::from_bytes([7; 16]);
    let documents = vec![
        segment(0x1000, "a", None),
        segment(0x2000, "b", Some(0x1000)),
    ];
    let facts = TestTrace {
        trace_id,
        documents,
    }
    .facts();
    let matches = |text: &str| {
        Filter::parse(text, &NoGroups)
            .unwrap()
            .matches(&facts, &EvalContext::default())
    };
    assert!(facts.entities.len() > 200);
    for (name, other) in [("a", "b"), ("b", "a")] {
        assert!(matches(&format!(
            r#"service("{name}") {{ annotation.owner = {name} }}"#
        )));
        assert!(!matches(&format!(
            r#"service("{name}") {{ annotation.owner = {other} }}"#
        )));
        assert!(matches(&format!(
            r#"service("{name}") {{ annotation.last duration = 100 }}"#
        )));
        assert!(matches(&format!(
            r#"service("{name}") {{ !partial responsetime = 1 }}"#
        )));
    }
}
