use proptest::prelude::*;

use super::*;
use crate::assembly::facts::{LinkReference, LinkSource, TraceFacts};
use crate::assembly::random::documents;
use crate::assembly::sample::{TRACE_ID, facts, key, millis, sample, web_and_worker};
use crate::histogram::Histogram;
use crate::time::nanos_to_secs_f64;

fn statistics(statistics: Option<Statistics>) -> String {
    let Some(s) = statistics else {
        return "{}".into();
    };
    let Statistics {
        ok_count,
        error_count,
        throttle_count,
        fault_count,
        ..
    } = s;
    let counts = format!("{ok_count}/{error_count}/{throttle_count}/{fault_count}");
    format!("{}={counts} {}s", s.total(), s.response_time_sum_secs())
}

fn histogram(histogram: &Histogram) -> String {
    let entry = |(nanos, count)| format!("{}x{count}", nanos_to_secs_f64(nanos));
    format!(
        "[{}]",
        histogram.entries().map(entry).collect::<Vec<_>>().join(" ")
    )
}

/// A line per service, one per edge below it.
fn drawing(graph: &ServiceGraph) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, service) in graph.services.iter().enumerate() {
        assert_eq!(service.reference_id, at);
        let names: Vec<&str> = service.names.iter().map(|name| &**name).collect();
        lines.push(format!(
            "{} {}{} {} {} durations {} times {}",
            names.join(","),
            service.key.node_type.as_deref().unwrap_or("-"),
            if service.is_root { "!" } else { "" },
            service.state.as_str(),
            statistics(service.statistics),
            histogram(&service.duration_histogram),
            histogram(&service.response_time_histogram),
        ));
        for edge in &service.edges {
            let aliases: Vec<&str> = edge.aliases.iter().map(|alias| &*alias.name).collect();
            let to = &graph.services[edge.destination].key;
            let mut line = format!(
                "  -> {}/{}",
                to.name,
                to.node_type.as_deref().unwrap_or("-")
            );
            match edge.edge_type {
                EdgeType::Synchronous => {
                    line += &format!(" {}", statistics(edge.statistics));
                    line += &format!(" times {}", histogram(&edge.response_time_histogram));
                    assert!(edge.received_event_age_histogram.is_empty());
                }
                EdgeType::Link => {
                    line += &format!(
                        " link ages {}",
                        histogram(&edge.received_event_age_histogram)
                    );
                    assert!(edge.response_time_histogram.is_empty());
                    assert_eq!(edge.statistics, None);
                }
            }
            if !aliases.is_empty() {
                line += &format!(" as {}", aliases.join(","));
            }
            lines.push(line);
        }
    }
    lines
}

fn check(traces: &[&TraceFacts], expect: &[&str]) {
    assert_eq!(drawing(&trace_graph(traces)), expect);
}

/// Key parts of a row that tests look at: kind, destination, class, slots in seconds, counts.
fn row_line(row: &EdgeRow) -> String {
    let EdgeRow { key, sums } = row;
    let source = key
        .source
        .as_ref()
        .map_or(String::new(), |s| format!("{} -> ", s.name));
    format!(
        "{:?} {source}{} {:?} {}..{} {}+{}",
        key.kind,
        key.destination.name,
        key.class,
        key.start_slot.secs(),
        key.end_slot.secs(),
        sums.count,
        sums.in_progress,
    )
}

fn check_rows(facts: &TraceFacts, expect: &[&str]) {
    let lines: Vec<String> = rows(facts, 60).iter().map(row_line).collect();
    assert_eq!(lines, expect);
}

#[test]
fn graph_of_the_worked_example() {
    // service-graph.md 8.
    let [x, y] = web_and_worker();
    check(
        &[&x, &y],
        &[
            "https://sqs.eu-west-1.amazonaws.com/123456789012/Q AWS::SQS::Queue unknown \
             1=1/0/0/0 0.02s durations [0.02x1] times [0.02x1]",
            "  -> worker/AWS::Lambda link ages [2x1]",
            "pay,pay.example.com - active 1=0/0/0/1 0.09s durations [0.09x1] times [0.09x1]",
            "web AWS::EC2::Instance! active 1=1/0/0/0 0.3s durations [0.3x1] times [0.3x1]",
            "  -> https://sqs.eu-west-1.amazonaws.com/123456789012/Q/AWS::SQS::Queue \
             1=1/0/0/0 0.02s times [0.02x1]",
            "  -> pay/- 1=0/0/0/1 0.12s times [0.12x1] as pay.example.com",
            "web client unknown {} durations [] times []",
            "  -> web/AWS::EC2::Instance 1=1/0/0/0 0.3s times [0.3x1]",
            "worker AWS::Lambda! active 1=1/0/0/0 0.1s durations [0.1x1] times [0.1x1]",
            "worker client unknown {} durations [] times []",
            "  -> worker/AWS::Lambda 1=1/0/0/0 0.1s times [0.1x1]",
        ],
    );
}

#[test]
fn graph_times_are_the_earliest_start_and_latest_end() {
    let [x, y] = web_and_worker();
    let graph = trace_graph(&[&x, &y]);
    let span = |name: &str, is_client: bool| {
        let found = graph
            .services
            .iter()
            .find(|s| &*s.key.name == name && s.is_client == is_client);
        found.map(|s| (s.start, s.end)).unwrap()
    };
    assert_eq!(span("web", false), (millis(0), Some(millis(300))));
    assert_eq!(span("web", true), (millis(0), Some(millis(300))));
    assert_eq!(span("pay", false), (millis(30), Some(millis(120))));
}

#[test]
fn link_edge_without_its_source_in_the_graph_is_left_out() {
    let [_, y] = web_and_worker();
    check(
        &[&y],
        &[
            "worker AWS::Lambda! active 1=1/0/0/0 0.1s durations [0.1x1] times [0.1x1]",
            "worker client unknown {} durations [] times []",
            "  -> worker/AWS::Lambda 1=1/0/0/0 0.1s times [0.1x1]",
        ],
    );
}

fn linked(reference: LinkReference, source_end: Option<i64>) -> TraceFacts {
    let segment = sample("b", 1, 10_000..10_100).link(TRACE_ID, 5, reference);
    let mut facts = facts(&[segment.root()]);
    let end = source_end.map(millis);
    facts.links[0].source = Some(LinkSource {
        node: key("b", None),
        end,
    });
    facts
}

fn link_rows(facts: &TraceFacts) -> Vec<EdgeRow> {
    rows(facts, 60)
        .into_iter()
        .filter(|row| row.key.kind == RowKind::Link)
        .collect()
}

#[test]
fn link_rows_need_a_resolved_parent_link() {
    let mut unresolved = linked(LinkReference::Parent, None);
    unresolved.links[0].source = None;
    assert_eq!(link_rows(&unresolved), []);
    assert_eq!(link_rows(&linked(LinkReference::Child, Some(9_000))), []);
    let known = link_rows(&linked(LinkReference::Parent, Some(9_000)));
    assert_eq!(known[0].key.response_time_nanos, 1_000_000_000);
    // Received before the sender had ended: age 0. Not ended at all: no age yet.
    let early = link_rows(&linked(LinkReference::Parent, Some(10_050)));
    assert_eq!(
        (early[0].key.response_time_nanos, early[0].sums.count),
        (0, 1)
    );
    let open = link_rows(&linked(LinkReference::Parent, None));
    assert_eq!((open[0].sums.count, open[0].sums.in_progress), (0, 1));
}

#[test]
fn rows_have_the_slots_of_time_1() {
    // The caller starts in minute 0, its call in minute 1, the callee in minute 2; all end later.
    let caller = sample("a", 1, 50_000..200_000)
        .child(sample("b", 2, 70_000..190_000).remote())
        .child(sample("T", 3, 130_000..250_000).aws("t", "AWS::DynamoDB::Table"));
    let callee = sample("b", 4, 125_000..185_000).segment(Some(2));
    check_rows(
        &facts(&[caller.root(), callee]),
        &[
            "RealNode a Some(Ok) 0..180 1+0",
            "RealNode b Some(Ok) 120..180 1+0",
            // Made of a call: counted with the calling segment.
            "InferredNode t Some(Ok) 0..240 1+0",
            "Call a -> b Some(Ok) 0..180 1+0",
            "Call a -> t Some(Ok) 0..240 1+0",
            // Entry edges are in series by start.
            "Client a -> a Some(Ok) 0..0 1+0",
        ],
    );
}

#[test]
fn rows_of_an_orphans_inferred_segment_count_by_its_own_start() {
    let orphan = sample("T", 3, 130_000..190_000)
        .aws("t", "AWS::DynamoDB::Table")
        .subsegment(9);
    check_rows(&facts(&[orphan]), &["InferredNode t Some(Ok) 120..180 1+0"]);
}

#[test]
fn rows_of_what_is_in_progress_count_nothing() {
    let caller = sample("a", 1, 50_000..50_000)
        .in_progress()
        .fault()
        .child(sample("b", 2, 70_000..70_000).remote().in_progress());
    let facts = facts(&[caller.root()]);
    check_rows(
        &facts,
        &[
            "RealNode a None 0..0 0+1",
            "InferredNode b None 0..0 0+1",
            "Call a -> b None 0..0 0+1",
            "Client a -> a None 0..0 0+1",
        ],
    );
    check(
        &[&facts],
        &[
            "a -! active 0=0/0/0/0 0s durations [] times []",
            "  -> b/remote 0=0/0/0/0 0s times []",
            "a client unknown {} durations [] times []",
            "  -> a/- 0=0/0/0/0 0s times []",
            "b remote unknown 0=0/0/0/0 0s durations [] times []",
        ],
    );
    assert!(
        trace_graph(&[&facts])
            .services
            .iter()
            .all(|s| s.end.is_none())
    );
}

#[test]
fn rows_put_each_item_into_one_class() {
    let root = sample("a", 1, 0..100)
        .child(sample("b", 2, 10..20).remote().throttle())
        .child(sample("b", 3, 10..30).remote().error())
        .child(sample("b", 4, 10..40).remote().fault().error())
        .child(sample("b", 5, 10..50).remote());
    check(
        &[&facts(&[root.root()])],
        &[
            "a -! active 1=1/0/0/0 0.1s durations [0.1x1] times [0.1x1]",
            "  -> b/remote 4=1/1/1/1 0.1s times [0.01x1 0.02x1 0.03x1 0.04x1]",
            "a client unknown {} durations [] times []",
            "  -> a/- 1=1/0/0/0 0.1s times [0.1x1]",
            "b remote unknown 4=1/1/1/1 0.1s durations [0.01x1 0.02x1 0.03x1 0.04x1] \
             times [0.01x1 0.02x1 0.03x1 0.04x1]",
        ],
    );
}

#[test]
fn node_histograms_tell_durations_from_response_times() {
    let root = sample("a", 1, 0..1_234).child(sample("later", 2, 1_000..2_500));
    let graph = trace_graph(&[&facts(&[root.root()])]);
    assert_eq!(histogram(&graph.services[0].duration_histogram), "[2.5x1]");
    assert_eq!(
        histogram(&graph.services[0].response_time_histogram),
        "[1.23x1]"
    );
    // The sum stays exact.
    assert_eq!(statistics(graph.services[0].statistics), "1=1/0/0/0 1.234s");
}

#[test]
fn canary_is_a_root_without_client() {
    let canary = sample("canary", 1, 0..100)
        .origin("Client::Synthetic")
        .root();
    check(
        &[&facts(&[canary])],
        &["canary Client::Synthetic! active 1=1/0/0/0 0.1s durations [0.1x1] times [0.1x1]"],
    );
}

#[test]
fn segment_of_type_client_is_not_the_client_node() {
    let graph = trace_graph(&[&facts(&[sample("a", 1, 0..100).origin("client").root()])]);
    let shown: Vec<_> = graph
        .services
        .iter()
        .map(|s| (s.is_client, s.edges.len()))
        .collect();
    assert_eq!(shown, [(false, 0), (true, 1)]);
}

#[test]
fn graph_of_a_range_keeps_a_callee_that_starts_after_it() {
    let caller = sample("a", 1, 0..200_000).child(sample("b", 2, 90_000..190_000).remote());
    let callee = sample("b", 4, 100_000..185_000).segment(Some(2));
    let facts = facts(&[caller.root(), callee]);
    let cut = rows_in_range(&facts, 60, RowTime::Start, &(millis(0)..millis(60_000)));
    let graph = ServiceGraph::from_rows(&cut);
    assert_eq!(
        drawing(&graph),
        [
            "a -! active 1=1/0/0/0 200s durations [200x1] times [200x1]",
            "  -> b/- 1=1/0/0/0 100s times [100x1]",
            "a client unknown {} durations [] times []",
            "  -> a/- 1=1/0/0/0 200s times [200x1]",
            "b - unknown 0=0/0/0/0 0s durations [] times []",
        ]
    );
    assert_eq!(graph.services[2].start, millis(90_000));
}

#[test]
fn rows_in_range_is_half_open() {
    let facts = facts(&[sample("a", 1, 60_000..61_000).root()]);
    let count = |start: i64, end: i64| {
        rows_in_range(&facts, 60, RowTime::Start, &(millis(start)..millis(end))).len()
    };
    assert_eq!(
        (
            count(0, 60_000),
            count(60_000, 60_001),
            count(60_001, 99_999)
        ),
        (0, 2, 0)
    );
}

#[test]
fn rows_carry_the_memberships_of_their_trace() {
    let mut member = facts(&[sample("a", 1, 0..100).root()]);
    let plain = rows(&member, 60);
    member.head.memberships = vec![Membership {
        group_id: "g".into(),
        version: 2,
    }];
    let mut totals = RowTotals::default();
    totals.add_all(plain);
    totals.add_all(rows(&member, 60));
    assert_eq!(totals.len(), 4);
    // Groups do not matter to the plain graph.
    let graph = ServiceGraph::from_rows(&totals.into_rows());
    assert_eq!(graph.services[0].statistics.unwrap().total(), 2);
}

#[test]
fn totals_of_a_subtraction_before_its_addition_are_nothing() {
    let [x, _] = web_and_worker();
    let mut totals = RowTotals::default();
    totals.subtract_all(rows(&x, 60));
    assert!(!totals.is_empty());
    totals.add_all(rows(&x, 60));
    assert!(totals.is_empty());
}

#[test]
fn sums_of_absurd_times_saturate() {
    let endless = |id: u64| sample("a", id, -9_000_000_000_000..9_000_000_000_000).root();
    let facts = facts(&[endless(1), endless(2)]);
    let graph = trace_graph(&[&facts]);
    assert_eq!(
        graph.services[0]
            .statistics
            .unwrap()
            .response_time_sum_nanos,
        i64::MAX
    );
}

fn sum(rows: impl IntoIterator<Item = EdgeRow>) -> Vec<EdgeRow> {
    merge_rows(rows)
}

fn shifted(rows: Vec<EdgeRow>) -> Vec<EdgeRow> {
    // Only keys and sums are compared: bounds may stay wider after a subtraction.
    let narrow = |row: EdgeRow| EdgeRow {
        sums: EdgeSums {
            earliest_start: UnixNanos(0),
            latest_end: UnixNanos(0),
            ..row.sums
        },
        ..row
    };
    rows.into_iter().map(narrow).collect()
}

proptest! {
    /// Adjacent ranges add up to the whole, at any bounds.
    #[test]
    fn rows_of_adjacent_ranges_add_up(documents in documents(), cuts in [0i64..220_000, 0i64..220_000]) {
        let facts = facts(&documents);
        let (low, high) = (millis(cuts[0].min(cuts[1])), millis(cuts[0].max(cuts[1])));
        let bounds = [UnixNanos(i64::MIN), low, high, UnixNanos(i64::MAX)];
        for slot_secs in SLOT_SECS {
            for time in [RowTime::Start, RowTime::Series] {
                let part = |b: &[UnixNanos]| rows_in_range(&facts, slot_secs, time, &(b[0]..b[1]));
                let parts = bounds.windows(2).flat_map(part);
                prop_assert_eq!(sum(parts), rows(&facts, slot_secs));
            }
        }
    }

    /// COMPACT-1: what was added can be taken away, and the rest stays what it was.
    #[test]
    fn rows_added_and_subtracted_leave_the_rest(stays in documents(), goes in documents()) {
        let (stays, goes) = (facts(&stays), facts(&goes));
        for slot_secs in SLOT_SECS {
            let mut totals = RowTotals::default();
            totals.add_all(rows(&stays, slot_secs));
            totals.add_all(rows(&goes, slot_secs));
            totals.subtract_all(rows(&goes, slot_secs));
            prop_assert_eq!(shifted(totals.clone().into_rows()), shifted(rows(&stays, slot_secs)));
            totals.subtract_all(rows(&stays, slot_secs));
            prop_assert!(totals.is_empty());
        }
    }

    /// The graph does not depend on slots, and counts every completed segment and call once.
    #[test]
    fn graph_counts_what_the_trace_has(documents in documents()) {
        let facts = facts(&documents);
        let graph = ServiceGraph::from_rows(&rows(&facts, 60));
        prop_assert_eq!(&graph, &ServiceGraph::from_rows(&rows(&facts, 3_600)));
        prop_assert_eq!(&graph, &trace_graph(&[&facts]));
        prop_assert_eq!(graph.services.len(), facts.nodes.len());
        let counted: i64 = graph.services.iter().filter_map(|s| s.statistics).map(|s| s.total()).sum();
        let done = facts.entities.iter().filter(|e| e.node.is_some() && e.end.is_some()).count();
        prop_assert_eq!(usize::try_from(counted).unwrap(), done);
        let edges = graph.services.iter().flat_map(|s| &s.edges);
        let called: i64 = edges.filter_map(|e| e.statistics).map(|s| s.total()).sum();
        let calls = facts.calls.iter().filter(|c| facts.entity(c.entity).end.is_some()).count();
        prop_assert_eq!(usize::try_from(called).unwrap(), calls);
        for service in graph.services.iter().filter(|s| !s.is_client) {
            let statistics = service.statistics.unwrap();
            prop_assert_eq!(service.duration_histogram.total(), statistics.total());
            prop_assert_eq!(service.response_time_histogram.total(), statistics.total());
            // Facts and rows agree about nodes.
            let node = facts.nodes.iter().find(|n| n.key == service.key).unwrap();
            let other_names = node.other_names.iter().filter(|name| **name != node.key.name);
            prop_assert!(service.names[1..].iter().eq(other_names));
            prop_assert_eq!(service.is_root, node.is_root);
        }
    }
}
