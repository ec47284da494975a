use proptest::prelude::*;

use super::facts::{Flags, LinkReference, NodeKind};
use super::random::{documents, spaced, split};
use super::sample::{TRACE_ID, arrivals, checkout_and_pay, document, facts, key, millis, sample};
use super::*;
use crate::document::facts::Document;
use crate::document::{DocumentSettings, parse};
use crate::time::{Stamp, UnixNanos, round_to_millis};

/// Name, kind, parent and owner of every entity, one per line.
fn drawing(facts: &TraceFacts) -> Vec<String> {
    let line = |(at, e): (usize, &EntityFacts)| {
        let kind = match e.kind {
            EntityKind::Segment => "segment",
            EntityKind::Subsegment => "subsegment",
            EntityKind::Inferred => "inferred",
        };
        let parent = match e.parent {
            Parent::None => "-".to_owned(),
            Parent::Unknown => "?".to_owned(),
            Parent::Entity(parent) => parent.to_string(),
        };
        let owner = e.segment.map_or("-".to_owned(), |s| s.to_string());
        format!("{at} {} {kind} in {parent} of {owner}", e.name)
    };
    facts.entities.iter().enumerate().map(line).collect()
}

fn assembled(arrivals: &[Arrival<'_>]) -> TraceFacts {
    assemble(
        TRACE_ID,
        arrivals,
        Recorded::default(),
        AssemblySettings::default(),
    )
}

/// Facts without the part that tells how many documents there were.
fn without_head(mut facts: TraceFacts) -> TraceFacts {
    facts.head = facts_of_nothing().head;
    facts
}

fn facts_of_nothing() -> TraceFacts {
    facts(&[])
}

#[test]
fn assemble_of_nothing_is_empty() {
    let nothing = facts_of_nothing();
    assert_eq!(
        (nothing.entities.len(), nothing.nodes.len(), nothing.root),
        (0, 0, None)
    );
    assert_eq!(nothing.duration_nanos, None);
}

#[test]
fn assemble_worked_example_of_checkout_and_pay() {
    // segments.md 11.
    let facts = facts(&checkout_and_pay());
    assert_eq!(
        drawing(&facts),
        [
            "0 checkout segment in - of 0",
            "1 DynamoDB subsegment in 0 of 0",
            "2 DynamoDB inferred in 1 of 2",
            "3 pay.example.com subsegment in 0 of 0",
            "4 pay segment in 3 of 4",
        ]
    );
    let nodes: Vec<_> = facts
        .nodes
        .iter()
        .map(|n| (n.key.clone(), n.kind))
        .collect();
    assert_eq!(
        nodes,
        [
            (key("checkout", Some("AWS::EC2::Instance")), NodeKind::Real),
            (
                key("orders", Some("AWS::DynamoDB::Table")),
                NodeKind::Inferred
            ),
            (key("pay", None), NodeKind::Real),
            (key("checkout", Some("client")), NodeKind::Client),
        ]
    );
    assert_eq!(facts.duration_nanos, Some(400_000_000));
    assert_eq!(facts.response_time_nanos, Some(400_000_000));
    assert_eq!(
        (facts.has_fault, facts.has_error, facts.has_throttle),
        (true, false, false)
    );
    assert_eq!((facts.root, facts.is_partial), (Some(0), false));
    assert_eq!(facts.t0, millis(10_000));
    assert_eq!((facts.head.documents, facts.head.document_bytes), (2, 200));
    assert_eq!(
        (facts.head.first_stamp, facts.head.last_stamp),
        (Stamp(1), Stamp(2))
    );
}

#[test]
fn assemble_before_the_callee_arrives_infers_it() {
    let facts = facts(&checkout_and_pay()[..1]);
    let drawing = drawing(&facts);
    assert_eq!(
        drawing[3..],
        [
            "3 pay.example.com subsegment in 0 of 0",
            "4 pay.example.com inferred in 3 of 4",
        ]
    );
    let inferred = facts.entity(4);
    assert_eq!(inferred.node, Some(key("pay.example.com", Some("remote"))));
    assert_eq!(
        inferred.flags,
        Flags {
            fault: true,
            ..Flags::default()
        }
    );
    assert_eq!(
        (inferred.start, inferred.end),
        (millis(10_110), Some(millis(10_390)))
    );
}

#[test]
fn assemble_orphan_subsegment_has_no_owner_and_its_segment_is_a_root() {
    let orphan = sample("call", 2, 10_000..10_900)
        .remote()
        .text("k", "v")
        .subsegment(77);
    let below = sample("callee", 3, 10_100..10_200).segment(Some(2));
    let inferring = sample("table", 4, 10_300..10_400)
        .aws("t", "AWS::DynamoDB")
        .subsegment(2);
    let facts = facts(&[orphan, below, inferring]);
    assert_eq!(
        drawing(&facts),
        [
            "0 call subsegment in ? of -",
            "1 callee segment in 0 of 1",
            "2 table subsegment in 0 of -",
            "3 table inferred in 2 of 3",
        ]
    );
    assert_eq!(facts.root, Some(1));
    // Only the entry edge: an orphan has no node to call from.
    assert_eq!(facts.calls.len(), 1);
    assert_eq!(facts.calls[0].source_segment, None);
    assert_eq!(facts.start, millis(10_100));
    assert_eq!(facts.duration_nanos, Some(800_000_000));
}

#[test]
fn assemble_orphans_only_have_times_and_no_root() {
    let facts = facts(&[sample("x", 2, 10_000..10_900).fault().subsegment(77)]);
    assert_eq!((facts.root, facts.has_fault), (None, false));
    assert_eq!((facts.start, facts.t0), (millis(10_000), millis(10_000)));
    assert!(facts.nodes.is_empty());
}

#[test]
fn assemble_in_progress_call_infers_an_unfinished_segment() {
    let facts = facts(&[sample("a", 1, 10_000..10_500)
        .child(sample("b", 2, 10_100..10_200).remote().in_progress())
        .root()]);
    assert_eq!(facts.entity(2).end, None);
    assert!(facts.is_partial);
}

#[test]
fn assemble_keeps_the_first_fifty_annotation_keys_to_arrive() {
    let annotated = |id: u64, start: i64, keys: std::ops::Range<u32>| {
        let mut made = sample("a", id, start..start + 10);
        for n in keys {
            made = made.text(&format!("k{n}"), "v");
        }
        made
    };
    // The later document starts earlier: arrival decides, not the trace's order.
    let first = annotated(1, 10_100, 0..30)
        .child(annotated(2, 10_110, 20..40))
        .root();
    let second = annotated(3, 10_000, 35..60).root();
    let facts = facts(&[first, second]);
    let keys = |at: u32| {
        facts
            .entity(at)
            .annotations
            .iter()
            .map(|(k, _)| &**k)
            .collect::<Vec<_>>()
    };
    assert_eq!(facts.entity(0).start, millis(10_000));
    assert_eq!(keys(0).len(), 15);
    assert_eq!(keys(0).last(), Some(&"k49"));
    assert_eq!((keys(1).len(), keys(2).len()), (30, 20));
}

#[test]
fn assemble_limits_links_per_segment_and_trace() {
    let linked = |id: u64, start: i64| {
        (0..25).fold(sample("a", id, start..start + 10), |made, n| {
            made.link(TRACE_ID, 100 * id + n, LinkReference::Parent)
        })
    };
    let segments: Vec<Document> = (1..=6)
        .map(|n| linked(n, 10_100 - i64::try_from(n).unwrap()).root())
        .collect();
    let facts = facts(&segments);
    assert_eq!(facts.links.len(), 100);
    // In entity order; the segment that came last starts first and has none left.
    assert!(facts.links.is_sorted_by_key(|link| link.segment));
    assert_eq!(facts.links[0].segment, 1);
    assert_eq!(facts.links[0].id.as_u64(), 500);
    assert_eq!(facts.links[19].id.as_u64(), 519);
}

#[test]
fn assemble_takes_a_trace_of_fifty_thousand_segments() {
    // Wide: every segment is a root with its own name, and calls another.
    let wide: Vec<Document> = (0..25_000u64)
        .map(|n| {
            let call = sample(&format!("call{n}"), 2 * n + 2, 10_000..10_001)
                .remote()
                .fault();
            sample(&format!("s{n}"), 2 * n + 1, 10_000..10_001)
                .fault()
                .child(call)
                .root()
        })
        .collect();
    let facts = facts(&wide);
    assert_eq!(facts.entities.len(), 75_000);
    assert_eq!(facts.nodes.len(), 75_000);
    assert_eq!(facts.root_causes.fault.len(), 1);
}

#[test]
fn assemble_takes_a_chain_of_fifty_thousand_subsegments() {
    let mut chain = vec![sample("root", 1, 10_000..20_000).fault().root()];
    chain.extend(
        (2..50_000u64).map(|id| sample("x", id, 10_000..20_000).fault().subsegment(id - 1)),
    );
    let facts = facts(&chain);
    assert_eq!(
        facts.root_causes.fault[0].services[0].entity_path.len(),
        49_999
    );
}

proptest! {
    /// ASM-1: the order in which code meets documents does not matter.
    #[test]
    fn assemble_ignores_the_order_of_arrivals(
        (both, order) in (documents(), documents()).prop_flat_map(|(documents, versions)| {
            let both: Vec<Document> = documents.into_iter().chain(versions).collect();
            let order: Vec<usize> = (0..both.len()).collect();
            (Just(both), Just(order).prop_shuffle())
        }),
    ) {
        let in_order = spaced(&both);
        let shuffled: Vec<Arrival<'_>> = order.into_iter().map(|at| in_order[at]).collect();
        prop_assert_eq!(assembled(&in_order), assembled(&shuffled));
    }

    /// ASM-1: a document sent again changes nothing.
    #[test]
    fn assemble_ignores_duplicates(documents in documents(), again in any::<u16>()) {
        let once = spaced(&documents);
        let mut twice = once.clone();
        for (at, arrival) in once.iter().enumerate() {
            if again >> (at % 16) & 1 == 1 {
                let stamp = Stamp(arrival.stamp.0 + 50_000);
                twice.push(Arrival { stamp, document: arrival.document });
            }
        }
        prop_assert_eq!(assembled(&once), assembled(&twice));
    }

    /// Streamed subsegments give the same trace as embedded ones.
    #[test]
    fn assemble_ignores_how_subsegments_are_split(documents in documents()) {
        let whole = spaced(&documents);
        let parts: Vec<(Stamp, Document)> = whole
            .iter()
            .flat_map(|arrival| {
                let stamps = (arrival.stamp.0..).map(Stamp);
                stamps.zip(split(arrival.document))
            })
            .collect();
        let split: Vec<Arrival<'_>> =
            parts.iter().map(|(stamp, document)| Arrival { stamp: *stamp, document }).collect();
        prop_assert_eq!(without_head(assembled(&whole)), without_head(assembled(&split)));
    }

    /// In-progress versions sent before, or overtaken on the way, leave no mark.
    #[test]
    fn assemble_ignores_in_progress_versions(documents in documents(), late in any::<bool>()) {
        let complete: Vec<Document> =
            documents.into_iter().filter(|d| d.entity.end.is_some()).collect();
        let open: Vec<Document> = complete
            .iter()
            .map(|d| {
                let mut entity = d.entity.clone();
                entity.end = None;
                entity.subsegments.pop();
                document(entity, d.parent_id, d.is_subsegment)
            })
            .collect();
        let last = spaced(&complete);
        let mut all = last.clone();
        let shift = if late { 1 } else { -999_999 };
        all.extend(open.iter().zip(&last).map(|(document, done)| {
            Arrival { stamp: Stamp(done.stamp.0 + shift), document }
        }));
        prop_assert_eq!(assembled(&last), assembled(&all));
    }

    /// What a store reads back derives the same facts.
    #[test]
    fn facts_follow_from_entities_alone(documents in documents()) {
        let facts = assembled(&arrivals(&documents));
        let again = TraceFacts::new(
            facts.trace_id,
            facts.head.clone(),
            facts.entities.clone(),
            facts.links.clone(),
            facts.root_causes.clone(),
        );
        prop_assert_eq!(facts, again);
    }
}

/// Real answers of the service, if the fixtures are at hand beside the repository.
fn observed_traces() -> Vec<(String, serde_json::Value)> {
    let files = [
        "aws-cli-xray-examples/batch-traces-get.json",
        "grafana-xray-datasource/awsResponse.json",
    ];
    let package = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let folder = std::path::Path::new(&package).join("../../../shared/fixtures");
    let mut traces = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
            continue;
        };
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        match answer.get("Traces").and_then(|traces| traces.as_array()) {
            Some(listed) => traces.extend(listed.iter().map(|t| (file.to_owned(), t.clone()))),
            None => traces.push((file.to_owned(), answer)),
        }
    }
    traces
}

/// (name, type if the document has one, start, end) of an inferred segment.
type Shape = (String, Option<String>, UnixNanos, Option<UnixNanos>);

/// The facts of the real segments of an answer, and the shapes of its inferred ones.
fn observed(trace: &serde_json::Value) -> (TraceFacts, Vec<Shape>) {
    let time = |value: &serde_json::Value| {
        value
            .as_number()
            .and_then(|n| UnixNanos::from_decimal_secs(&n.to_string()))
    };
    let settings = DocumentSettings {
        retention_secs: 9_000_000_000,
        ..Default::default()
    };
    let mut documents = Vec::new();
    let mut shapes = Vec::new();
    for entry in trace["Segments"].as_array().unwrap() {
        let document = match &entry["Document"] {
            serde_json::Value::String(text) => serde_json::from_str(text).unwrap(),
            object => object.clone(),
        };
        let text = |member: &str| document[member].as_str().map(str::to_owned);
        if document["inferred"] == true {
            let (start, end) = (time(&document["start_time"]), time(&document["end_time"]));
            shapes.push((text("name").unwrap(), text("origin"), start.unwrap(), end));
        } else {
            let sent = document.to_string();
            let parsed = parse(
                sent.as_bytes(),
                UnixNanos::from_secs(9_000_000_000),
                &settings,
            );
            documents.extend(parsed.into_iter().map(|p| p.outcome.unwrap()));
        }
    }
    shapes.sort();
    let id = documents[0].trace_id;
    let facts = assemble(
        id,
        &arrivals(&documents),
        Recorded::default(),
        Default::default(),
    );
    (facts, shapes)
}

#[test]
fn assemble_infers_what_the_service_inferred() {
    let traces = observed_traces();
    if traces.is_empty() {
        eprintln!("skipped: no fixtures beside the repository");
    }
    for (file, trace) in traces {
        let (facts, expect) = observed(&trace);
        let inferred = facts
            .entities
            .iter()
            .filter(|e| e.kind == EntityKind::Inferred);
        let mut shapes: Vec<Shape> = inferred
            .map(|e| {
                let node_type = e.node.as_ref().and_then(|node| node.node_type.as_deref());
                let origin = node_type.filter(|t| *t != "remote").map(str::to_owned);
                (e.name.to_string(), origin, e.start, e.end)
            })
            .collect();
        shapes.sort();
        assert_eq!(shapes, expect, "{file}");
        if let Some(seconds) = trace["Duration"].as_f64() {
            let nanos = facts.duration_nanos.unwrap();
            assert_eq!(
                round_to_millis(nanos),
                (seconds * 1000.0).round() as i64,
                "{file}"
            );
        }
    }
}
