use super::*;
use crate::assembly::facts::AnnotationValue::{Boolean, Number, String as Text};
use crate::assembly::sample::{checkout_and_pay, facts, key, millis, sample};
use crate::document::facts::Document;

fn summary(documents: &[Document]) -> TraceSummary {
    TraceSummary::new(&facts(documents), None)
}

fn names(services: &[ServiceId]) -> Vec<&str> {
    services.iter().map(|s| &*s.key.name).collect()
}

#[test]
fn summary_of_the_worked_example() {
    // segments.md 11.
    let summary = summary(&checkout_and_pay());
    assert_eq!(
        (summary.has_fault, summary.has_error, summary.is_partial),
        (true, false, false)
    );
    assert_eq!(summary.response_time_millis, Some(400));
    assert_eq!(summary.duration_millis, Some(400));
    let services: Vec<_> = summary.services.iter().map(|s| s.key.clone()).collect();
    assert_eq!(
        services,
        [
            key("checkout", Some("AWS::EC2::Instance")),
            key("orders", Some("AWS::DynamoDB::Table")),
            key("pay", None),
            key("checkout", Some("client")),
        ]
    );
    let pay_names: Vec<&str> = summary.services[2]
        .names
        .iter()
        .map(|name| &**name)
        .collect();
    assert_eq!(pay_names, ["pay", "pay.example.com"]);
    assert_eq!(
        summary.entry_point.unwrap().key,
        key("checkout", Some("AWS::EC2::Instance"))
    );
    assert_eq!((summary.revision, summary.root_causes.fault.len()), (1, 1));
    assert_eq!(summary.matched_event_time, None);
}

#[test]
fn summary_annotations_list_distinct_values_with_their_services() {
    let callee = sample("b", 3, 10_020..10_030)
        .text("k", "one")
        .text("k2", "x");
    let root = sample("a", 1, 10_000..10_100)
        .text("k", "one")
        .annotation("n", Number(0.0))
        .child(
            sample("call", 2, 10_010..10_040)
                .remote()
                .text("k", "two")
                .annotation("n", Number(-0.0))
                .annotation("f", Boolean(false)),
        );
    let orphan = sample("o", 9, 10_500..10_600)
        .text("lost", "v")
        .subsegment(99);
    let summary = summary(&[root.root(), callee.segment(Some(2)), orphan]);
    let shown: Vec<_> = summary
        .annotations
        .iter()
        .flat_map(|(key, values)| {
            values
                .iter()
                .map(|v| (&**key, v.value.clone(), names(&v.services).join(",")))
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("f", Boolean(false), "a".to_owned()),
            ("k", Text("one".into()), "a,b".to_owned()),
            ("k", Text("two".into()), "a".to_owned()),
            ("k2", Text("x".into()), "b".to_owned()),
            ("lost", Text("v".into()), String::new()),
            ("n", Number(0.0), "a".to_owned()),
        ]
    );
}

#[test]
fn summary_lists_distinct_users_and_places() {
    let mut root = sample("a", 1, 10_000..10_100).user("ann");
    root.0.resource_arn = Some("arn:b".into());
    root.0.instance_id = Some("i-1".into());
    root.0.availability_zone = Some("eu-west-1a".into());
    root.0.http.url = Some("http://a/".into());
    let mut other = sample("b", 2, 10_010..10_020).user("bob");
    other.0.resource_arn = Some("arn:a".into());
    other.0.instance_id = Some("i-1".into());
    let third = sample("c", 3, 10_030..10_040).user("ann");
    let summary = summary(&[root.root(), other.segment(Some(1)), third.segment(Some(1))]);
    let users: Vec<_> = summary
        .users
        .iter()
        .map(|u| (&*u.user, names(&u.services)))
        .collect();
    assert_eq!(users, [("ann", vec!["a", "c"]), ("bob", vec!["b"])]);
    assert_eq!(summary.resource_arns, ["arn:a".into(), "arn:b".into()]);
    assert_eq!(summary.instance_ids, ["i-1".into()]);
    assert_eq!(summary.availability_zones, ["eu-west-1a".into()]);
    assert_eq!(summary.http.url.as_deref(), Some("http://a/"));
}

#[test]
fn summary_of_orphans_has_no_entry_point() {
    let summary = summary(&[sample("x", 2, 10_000..10_100).fault().subsegment(9)]);
    assert_eq!((summary.entry_point, summary.has_fault), (None, false));
    assert_eq!(
        (summary.duration_millis, summary.response_time_millis),
        (Some(100), None)
    );
    assert_eq!(summary.start, millis(10_000));
}

#[test]
fn summary_of_an_unfinished_trace_leaves_times_unknown() {
    let summary = summary(&[sample("x", 2, 10_000..10_000).in_progress().root()]);
    assert_eq!(
        (summary.duration_millis, summary.response_time_millis),
        (None, None)
    );
    assert!(summary.is_partial);
}

#[test]
fn matched_event_time_is_the_latest_activity_in_the_range() {
    let done = facts(&[sample("a", 1, 10_000..10_500).root()]);
    let open = facts(&[sample("a", 1, 10_000..10_000).in_progress().root()]);
    let check = |facts: &TraceFacts, start: i64, end: i64, expect: Option<UnixNanos>| {
        let range = millis(start)..millis(end);
        assert_eq!(matched_event_time(facts, &range), expect, "{start}..{end}");
        assert_eq!(
            TraceSummary::new(facts, Some(&range)).matched_event_time,
            expect
        );
    };
    check(&done, 0, 20_000, Some(millis(10_500)));
    check(&done, 10_100, 10_200, Some(UnixNanos(millis(10_200).0 - 1)));
    check(&done, 10_500, 10_600, Some(millis(10_500)));
    check(&done, 10_501, 10_600, None);
    check(&done, 9_000, 10_000, None);
    check(&open, 9_000, 12_000, Some(millis(10_000)));
    check(&open, 10_001, 12_000, None);
}
