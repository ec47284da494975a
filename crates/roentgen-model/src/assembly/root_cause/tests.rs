use super::*;
use crate::assembly::sample::{TRACE_ID, arrivals, checkout_and_pay, facts, sample};
use crate::assembly::{Recorded, assemble};
use crate::document::facts::Document;

/// One cause a line: services with their paths, `!` for client impact, `~` inferred, `*` remote,
/// exceptions in brackets, coverage after a colon.
fn drawing(causes: &[RootCause]) -> Vec<String> {
    let entity = |e: &RootCauseEntity| {
        let remote = if e.remote { "*" } else { "" };
        let told = e
            .exceptions
            .iter()
            .map(|x| format!("[{}|{}]", x.name, x.message));
        let coverage = e.coverage.map_or(String::new(), |c| format!(":{c}"));
        format!("{}{remote}{}{coverage}", e.name, told.collect::<String>())
    };
    let service = |s: &RootCauseService| {
        let path: Vec<String> = s.entity_path.iter().map(entity).collect();
        let inferred = if s.inferred { "~" } else { "" };
        format!("{}{inferred}({})", s.names.join("/"), path.join(" "))
    };
    let cause = |c: &RootCause| {
        let services: Vec<String> = c.services.iter().map(service).collect();
        format!(
            "{}{}",
            services.join(" > "),
            if c.client_impacting { " !" } else { "" }
        )
    };
    causes.iter().map(cause).collect()
}

fn check_faults(documents: &[Document], expect: &[&str]) {
    assert_eq!(drawing(&facts(documents).root_causes.fault), expect);
}

fn check_slow(documents: &[Document], expect: &[&str]) {
    assert_eq!(drawing(&facts(documents).root_causes.response_time), expect);
}

#[test]
fn root_causes_of_the_worked_example() {
    let causes = facts(&checkout_and_pay()).root_causes;
    assert_eq!(
        drawing(&causes.fault),
        ["checkout(checkout pay.example.com*) > pay/pay.example.com(pay) !"]
    );
    assert!(causes.error.is_empty());
    assert_eq!(
        drawing(&causes.response_time),
        ["checkout(checkout:1 pay.example.com*:0.7) > pay/pay.example.com(pay:0.625) !"]
    );
}

#[test]
fn root_cause_of_a_subsegment_begins_with_its_unflagged_segment() {
    let handled = sample("local", 2, 10_010..10_090).child(
        sample("db", 3, 10_020..10_080)
            .fault()
            .exception(Some(9), "Boom", "no"),
    );
    let root = sample("a", 1, 10_000..10_100).child(handled).root();
    check_faults(&[root], &["a(a db[Boom|no])"]);
}

#[test]
fn root_cause_of_an_inferred_segment_is_named_by_its_node() {
    let call = sample("DynamoDB", 2, 10_010..10_020)
        .aws("orders", "AWS::DynamoDB::Table")
        .fault();
    let root = sample("a", 1, 10_000..10_100).fault().child(call).root();
    check_faults(&[root], &["a(a DynamoDB*) > orders~(orders) !"]);
}

#[test]
fn root_cause_exceptions_are_resolved_anywhere_in_the_trace() {
    let teller = sample("b", 3, 10_050..10_060)
        .exception(Some(0xe), "Told", "there")
        .root();
    let root = sample("a", 1, 10_000..10_100)
        .fault()
        .exception(None, "", "m1")
        .exception(None, "Second", "")
        .child(sample("x", 2, 10_010..10_020).fault().cause(0xe))
        .root();
    check_faults(&[root, teller], &["a(a[|m1][Second|] x[Told|there]) !"]);
    let unknown = sample("a", 1, 10_000..10_100).fault().cause(0xe).root();
    check_faults(&[unknown], &["a(a) !"]);
}

#[test]
fn root_causes_with_equal_paths_are_one_and_at_most_ten_are_kept() {
    let retry = |id: u64| sample("retry", id, 10_010..10_020).fault();
    let root = sample("a", 1, 10_000..10_100)
        .child(retry(2))
        .child(retry(3));
    check_faults(&[root.root()], &["a(a retry)"]);
    let many = (2..20).fold(sample("a", 1, 10_000..10_100), |root, id| {
        root.child(sample(&format!("s{id}"), id, 10_010..10_020).fault())
    });
    assert_eq!(facts(&[many.root()]).root_causes.fault.len(), 10);
}

#[test]
fn root_causes_differ_by_exceptions() {
    let call = |id: u64, message: &str| {
        sample("x", id, 10_010..10_020)
            .fault()
            .exception(None, "E", message)
    };
    let root = sample("a", 1, 10_000..10_100)
        .child(call(2, "one"))
        .child(call(3, "two"));
    check_faults(&[root.root()], &["a(a x[E|one])", "a(a x[E|two])"]);
}

#[test]
fn root_cause_heads_below_an_unflagged_entity_start_anew() {
    let deep = sample("deep", 3, 10_020..10_030).fault();
    let root = sample("a", 1, 10_000..10_100)
        .fault()
        .child(sample("calm", 2, 10_010..10_040).child(deep))
        .root();
    check_faults(&[root], &["a(a) !", "a(a deep)"]);
}

#[test]
fn root_causes_ignore_what_is_not_below_the_root() {
    let other_root = sample("b", 2, 10_050..10_060).fault().root();
    let orphan = sample("c", 3, 10_050..10_060).fault().subsegment(99);
    check_faults(
        &[sample("a", 1, 10_000..10_100).root(), other_root, orphan],
        &[],
    );
}

#[test]
fn error_and_fault_causes_are_told_apart() {
    let root = sample("a", 1, 10_000..10_100)
        .child(sample("refused", 2, 10_010..10_020).error())
        .child(sample("broken", 3, 10_010..10_020).fault());
    let causes = facts(&[root.root()]).root_causes;
    assert_eq!(drawing(&causes.error), ["a(a refused)"]);
    assert_eq!(drawing(&causes.fault), ["a(a broken)"]);
}

#[test]
fn response_time_cause_follows_the_longest_child_of_at_least_half() {
    let half = sample("half", 2, 10_000..10_050).child(sample("short", 4, 10_000..10_024));
    let root = || sample("a", 1, 10_000..10_100);
    check_slow(
        &[root()
            .child(half)
            .child(sample("less", 3, 10_000..10_049))
            .root()],
        &["a(a:1 half:0.5) !"],
    );
    check_slow(
        &[root().child(sample("less", 3, 10_000..10_049)).root()],
        &[],
    );
    let open = sample("open", 3, 10_000..10_099).in_progress();
    check_slow(&[root().child(open).root()], &[]);
}

#[test]
fn response_time_coverage_of_longer_children_is_capped() {
    // Work that goes on after the answer.
    let tail = sample("tail", 2, 10_000..10_080).child(sample("longer", 3, 10_000..10_300));
    check_slow(
        &[sample("a", 1, 10_000..10_200).child(tail).root()],
        &[] as &[&str],
    );
    let tail = sample("tail", 2, 10_000..10_150).child(sample("longer", 3, 10_000..10_300));
    check_slow(
        &[sample("a", 1, 10_000..10_200).child(tail).root()],
        &["a(a:1 tail:1 longer:1) !"],
    );
}

#[test]
fn response_time_cause_needs_a_complete_root_and_the_configured_minimum() {
    let root = || sample("a", 1, 10_000..10_100).child(sample("b", 2, 10_000..10_100));
    check_slow(&[root().in_progress().root()], &[]);
    let documents = [root().root()];
    let with_minimum = |millis: i64| {
        let settings = AssemblySettings {
            response_time_root_cause_nanos_min: millis * 1_000_000,
        };
        let arrivals = arrivals(&documents);
        let facts = assemble(TRACE_ID, &arrivals, Recorded::default(), settings);
        facts.root_causes.response_time.len()
    };
    assert_eq!((with_minimum(100), with_minimum(101)), (1, 0));
}
