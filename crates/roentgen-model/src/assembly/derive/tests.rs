use super::*;
use crate::assembly::sample::{facts, millis, sample};

#[test]
fn trace_time_believes_the_id_only_near_the_earliest_start() {
    let id = TraceId::parse_xray("1-65f2c0de-00112233445566778899aabb").unwrap();
    let at = |secs: i64| UnixNanos::from_secs(secs);
    let id_secs = 0x65f2_c0de_i64;
    assert_eq!(trace_time(id, at(id_secs + 86_400)), at(id_secs));
    let beyond = UnixNanos(at(id_secs + 86_400).0 + 1);
    assert_eq!(trace_time(id, beyond), beyond);
    assert_eq!(trace_time(id, at(id_secs - 10)), at(id_secs));
}

fn names(facts: &TraceFacts) -> Vec<String> {
    let node = |n: &Node| {
        let kind = match n.kind {
            NodeKind::Real => "",
            NodeKind::Inferred => "~",
            NodeKind::Client => "@",
        };
        let root = if n.is_root { "!" } else { "" };
        let others: Vec<&str> = n.other_names.iter().map(|name| &**name).collect();
        let node_type = n.key.node_type.as_deref().unwrap_or("-");
        format!(
            "{kind}{}/{node_type}{root} {}",
            n.key.name,
            others.join(",")
        )
    };
    facts.nodes.iter().map(node).collect()
}

/// `source -> destination by entity` of every call.
fn calls(facts: &TraceFacts) -> Vec<String> {
    let call = |c: &Call| {
        let (source, destination) = (facts.node(c.source), facts.node(c.destination));
        let by = &facts.entity(c.entity).name;
        let alias = c
            .alias
            .as_ref()
            .map_or(String::new(), |a| format!(" as {a}"));
        format!(
            "{} -> {} by {by}{alias}",
            source.key.name, destination.key.name
        )
    };
    facts.calls.iter().map(call).collect()
}

#[test]
fn lambda_service_and_function_are_two_nodes_of_one_name() {
    let service = sample("f", 1, 10_000..10_500).origin("AWS::Lambda").root();
    let function = sample("f", 2, 10_100..10_400).origin("AWS::Lambda::Function");
    let facts = facts(&[service, function.segment(Some(1))]);
    assert_eq!(
        names(&facts),
        ["f/AWS::Lambda! ", "f/AWS::Lambda::Function ", "@f/client "]
    );
    assert_eq!(calls(&facts), ["f -> f by f", "f -> f by f"]);
    // The callee itself tells of the call: there is no subsegment.
    assert_eq!(facts.calls[0].entity, 1);
    assert_eq!(facts.calls[0].source_segment, Some(0));
}

#[test]
fn aliases_name_remote_calls_to_a_segment_of_another_name() {
    let web = sample("web", 1, 10_000..10_500)
        .child(sample("pay.internal:8443", 2, 10_010..10_020).remote())
        .child(sample("pay", 3, 10_030..10_040).remote())
        .child(sample("Lambda", 4, 10_050..10_060).aws("pay", "AWS::Lambda"))
        .child(sample("unknown.example.com", 5, 10_070..10_080).remote());
    let pay = |id: u64, start: i64, parent| sample("pay", id, start..start + 5).segment(parent);
    let facts = facts(&[
        web.root(),
        pay(11, 10_012, Some(2)),
        pay(12, 10_032, Some(3)),
        pay(13, 10_052, Some(4)),
    ]);
    assert_eq!(
        calls(&facts),
        [
            "web -> pay by pay.internal:8443 as pay.internal:8443",
            "web -> pay by pay",
            "web -> pay by Lambda",
            "web -> unknown.example.com by unknown.example.com",
            "web -> web by web",
        ]
    );
    assert_eq!(names(&facts)[1], "pay/- pay.internal:8443");
}

#[test]
fn node_fed_by_real_and_inferred_segments_is_real() {
    let call = |id: u64| sample("call", id, 10_010..10_020).aws("q", "AWS::SQS::Queue");
    let root = sample("a", 1, 10_000..10_500).child(call(2)).child(call(3));
    let queue = sample("q", 4, 10_012..10_015)
        .origin("AWS::SQS::Queue")
        .segment(Some(3));
    assert_eq!(
        names(&facts(&[root.root(), queue]))[1],
        "q/AWS::SQS::Queue "
    );
}

#[test]
fn self_call_is_an_edge_and_work_inside_a_segment_is_none() {
    let root = sample("a", 1, 10_000..10_500)
        .child(sample("local", 2, 10_010..10_020))
        .child(sample("a", 3, 10_030..10_040).remote());
    let again = sample("a", 4, 10_032..10_038).segment(Some(3));
    assert_eq!(
        calls(&facts(&[root.root(), again])),
        ["a -> a by a", "a -> a by a"]
    );
}

#[test]
fn unknown_parent_makes_a_root_until_the_caller_arrives() {
    let callee = || sample("b", 2, 10_100..10_200).segment(Some(9));
    let before = facts(&[callee()]);
    assert_eq!(names(&before), ["b/-! ", "@b/client "]);
    let caller = sample("a", 1, 10_000..10_300).child(sample("b", 9, 10_050..10_250).remote());
    let after = facts(&[callee(), caller.root()]);
    assert_eq!(names(&after), ["a/-! ", "b/- ", "@a/client "]);
}

#[test]
fn root_is_the_earliest_segment_without_parent() {
    let early = sample("early", 1, 10_000..10_100).segment(Some(99));
    let root = sample("root", 2, 10_050..10_090).fault().root();
    let facts = facts(&[early, root]);
    assert_eq!(facts.root, Some(1));
    assert!(facts.has_fault);
    assert_eq!(facts.response_time_nanos, Some(40_000_000));
    assert_eq!(facts.start, millis(10_000));
}

#[test]
fn root_tie_goes_to_the_lower_id() {
    let of = |id: u64, name: &str| sample(name, id, 10_000..10_100).root();
    let facts = facts(&[of(9, "high"), of(3, "low")]);
    assert_eq!(&*facts.entity(facts.root.unwrap()).name, "low");
}

#[test]
fn two_roots_of_one_name_share_a_client_node() {
    let of = |id: u64, origin: &str| sample("a", id, 10_000..10_100).origin(origin).root();
    let facts = facts(&[of(1, "AWS::Lambda"), of(2, "AWS::EC2::Instance")]);
    assert_eq!(
        names(&facts),
        ["a/AWS::Lambda! ", "a/AWS::EC2::Instance! ", "@a/client "]
    );
    assert_eq!(calls(&facts).len(), 2);
}

#[test]
fn canary_is_its_own_client() {
    let canary = sample("canary", 1, 10_000..10_100)
        .origin("Client::Synthetic")
        .root();
    let facts = facts(&[canary]);
    assert_eq!(names(&facts), ["canary/Client::Synthetic! "]);
    assert!(facts.calls.is_empty());
}

#[test]
fn account_is_part_of_a_node() {
    let of = |id: u64, account: &str| sample("a", id, 10_000..10_100).account(account).root();
    assert_eq!(
        facts(&[of(1, "111111111111"), of(2, "222222222222")])
            .nodes
            .len(),
        3
    );
}

#[test]
fn clock_skew_clamps_times_at_zero() {
    let facts = facts(&[sample("a", 1, 10_100..10_100).ends_at(10_050).root()]);
    assert_eq!(
        (facts.response_time_nanos, facts.duration_nanos),
        (Some(0), Some(0))
    );
    assert_eq!(facts.segment_duration_nanos(0), Some(0));
}

#[test]
fn segment_duration_includes_work_after_the_answer() {
    let root = sample("a", 1, 10_000..10_100).child(
        sample("later", 2, 10_050..10_900).child(sample("open", 3, 10_060..10_070).in_progress()),
    );
    let callee = sample("b", 4, 10_200..12_000).segment(Some(2));
    let facts = facts(&[root.root(), callee]);
    assert_eq!(facts.segment_duration_nanos(0), Some(900_000_000));
    assert_eq!(facts.response_time_nanos, Some(100_000_000));
    assert_eq!(facts.duration_nanos, Some(2_000_000_000));
    let each: Vec<_> = (0..facts.entities.len())
        .map(|at| facts.segment_duration_nanos(u32::try_from(at).unwrap()))
        .collect();
    let of_segments: Vec<_> = (each.iter().zip(&facts.entities))
        .map(|(nanos, e)| nanos.filter(|_| e.node.is_some()))
        .collect();
    assert_eq!(facts.segment_durations_nanos(), of_segments);
}

#[test]
fn in_progress_root_has_neither_response_time_nor_duration() {
    let facts = facts(&[sample("a", 1, 10_000..10_100).in_progress().root()]);
    assert_eq!(
        (facts.response_time_nanos, facts.duration_nanos),
        (None, None)
    );
    assert_eq!((facts.end, facts.segment_ends), (None, None));
    assert!(facts.is_partial);
}

#[test]
fn throttle_of_any_segment_counts_and_errors_of_the_root_only() {
    let root =
        sample("a", 1, 10_000..10_100).child(sample("call", 2, 10_010..10_020).remote().throttle());
    let facts = facts(&[root.root()]);
    // The inferred segment is throttled.
    assert_eq!((facts.has_throttle, facts.has_error), (true, false));
    let local = sample("a", 1, 10_000..10_100).child(sample("x", 2, 10_010..10_020).throttle());
    assert!(!super::super::sample::facts(&[local.root()]).has_throttle);
}

#[test]
fn segment_ends_cover_inferred_segments_but_no_subsegments() {
    let root = sample("a", 1, 10_000..10_100)
        .child(sample("call", 2, 10_010..10_020).remote())
        .child(sample("local", 3, 10_010..10_900));
    let facts = facts(&[root.root()]);
    assert_eq!(facts.segment_ends, Some((millis(10_020), millis(10_100))));
}

#[test]
fn node_of_a_subsegment_is_its_segments() {
    let root = sample("a", 1, 10_000..10_100)
        .child(sample("call", 2, 10_010..10_020).aws("t", "AWS::DynamoDB::Table"));
    let facts = facts(&[root.root(), sample("o", 3, 10_500..10_600).subsegment(9)]);
    let names: Vec<_> = (0..4)
        .map(|at| {
            facts
                .node_of(at)
                .map(|node| facts.node(node).key.name.to_string())
        })
        .collect();
    assert_eq!(
        names,
        [Some("a".into()), Some("a".into()), Some("t".into()), None]
    );
}
