//! The cases. To add one: write a function like these and name it in [`super::run_all`].

use roentgen_model::document::Verdict;
use roentgen_model::limits::SPAN_DOCUMENT_BYTES_MAX;
use roentgen_model::{SegmentId, TraceFacts, TraceId, UnixNanos};

use super::documents::{Draft, RandomDocuments, trace_id};
use super::{Factory, NOON, Pair, other_scope, scope};
use crate::settings::StoreSettings;
use crate::source::QueryControl;

const MINUTE: i64 = 60_000_000_000;

pub(super) fn before_noon(minutes: i64) -> UnixNanos {
    UnixNanos(NOON.0 - minutes * MINUTE)
}

pub(super) fn facts(pair: &Pair, id: TraceId) -> TraceFacts {
    let found = pair
        .subject
        .reader()
        .facts(&[scope()], &[id], &QueryControl::default());
    let found = found.expect("facts are read");
    TraceFacts::clone(found.first().expect("the trace is known"))
}

fn texts(pair: &Pair, id: TraceId) -> Vec<String> {
    let found = pair
        .subject
        .reader()
        .documents(&[scope()], &[id], &QueryControl::default());
    let found = found.expect("documents are read");
    let documents = found.into_iter().flat_map(|trace| trace.documents);
    documents
        .map(|document| String::from_utf8_lossy(&document.text).into_owned())
        .collect()
}

/// segments.md 5, row by row; the subject is settled between all steps, and once without.
pub(super) fn merging(factory: &Factory<'_>) {
    for settles_between in [false, true] {
        let mut pair = Pair::new(factory, StoreSettings::default());
        let at = before_noon(30);
        let id = trace_id(at, 1);
        let complete = Draft::segment(id, 1, "shop", at);
        let other = complete.clone().with(r#""user":"bob""#);
        let open = complete.clone().in_progress();
        let open_later = open.clone().with(r#""user":"ann""#);
        let steps = [
            (&open, &open, 1),
            (&open_later, &open_later, 2),
            (&open_later, &open_later, 2),
            (&complete, &complete, 3),
            (&open, &complete, 3),
            (&complete, &complete, 3),
            (&other, &other, 4),
            (&complete, &complete, 5),
        ];
        for (sent, kept, revision) in steps {
            pair.accept(&[sent.text()]);
            if settles_between {
                pair.check();
            }
            assert_eq!(texts(&pair, id), [kept.text()]);
            assert_eq!(
                facts(&pair, id).head.revision,
                revision,
                "after {}",
                sent.text()
            );
        }
        pair.check();
        assert_eq!(facts(&pair, id).head.revision, 5);
    }
}

/// A call may hold arrays, bad documents beside good ones, several traces, one document twice.
pub(super) fn batches(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let at = before_noon(20);
    let (a, b) = (trace_id(at, 1), trace_id(at, 2));
    let first = Draft::segment(a, 1, "shop", at).text();
    let second = Draft::segment(a, 2, "pay", at).below(1).text();
    let other = Draft::segment(b, 1, "shop", at).text();
    let array = format!("[{first}, {other}, {{}}]");
    let call = [
        array,
        "{".to_owned(),
        second.clone(),
        first.clone(),
        String::new(),
    ];
    let verdicts = pair.accept_in(&scope(), &call);
    let accepted: Vec<bool> = verdicts.iter().map(|v| *v == Verdict::Accepted).collect();
    assert_eq!(accepted, [true, true, false, false, true, true, false]);
    pair.check();
    assert_eq!(texts(&pair, a), [first, second]);
    assert_eq!(facts(&pair, a).head.revision, 1, "one call is one revision");
    assert_eq!(pair.accept_in(&scope(), &[]), []);
    pair.check();
}

/// The size of a trace is bounded and an id belongs to one kind of entity (segments.md 5 and 9).
pub(super) fn limits(factory: &Factory<'_>) {
    let settings = StoreSettings {
        trace_bytes_max: 1_000,
        ..StoreSettings::default()
    };
    let mut pair = Pair::new(factory, settings);
    let at = before_noon(10);
    let id = trace_id(at, 1);
    let first = Draft::segment(id, 1, "shop", at).text();
    pair.accept(std::slice::from_ref(&first));
    pair.check();
    let large =
        Draft::segment(id, 2, "shop", at).with(&format!(r#""user":"{}""#, "x".repeat(1_000)));
    // Twice: the bytes of a sealed trace count from its reopening on, which the next document is.
    pair.accept(&[Draft::segment(id, 3, "shop", at).text()]);
    let verdicts = pair.accept_in(&scope(), &[large.text()]);
    let [Verdict::Refused(refusal)] = verdicts.as_slice() else {
        panic!("{verdicts:?}")
    };
    assert!(
        refusal.message.starts_with("Trace Size Exceeded."),
        "{refusal:?}"
    );
    assert!(facts(&pair, id).head.limit_exceeded);
    pair.check();
    assert!(facts(&pair, id).head.limit_exceeded);

    let mut pair = Pair::new(factory, StoreSettings::default());
    pair.accept(&[first]);
    let rival = Draft::segment(id, 1, "shop", at).subsegment_of(7).text();
    let verdicts = pair.accept_in(&scope(), &[rival]);
    assert!(
        matches!(verdicts.as_slice(), [Verdict::Refused(_)]),
        "{verdicts:?}"
    );
    pair.check();
}

/// A document over the usual size comes in through the door that takes it, and stays (LIMIT-1).
pub(super) fn large_documents(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let at = before_noon(10);
    let id = trace_id(at, 1);
    let user = format!(r#""user":"{}""#, "x".repeat(200 << 10));
    let large = Draft::segment(id, 1, "shop", at).with(&user);
    let small = Draft::segment(id, 2, "shop", at).text();
    let both = [large.text(), small.clone()];
    let verdicts = pair.accept_in(&scope(), &both);
    assert!(
        matches!(
            verdicts.as_slice(),
            [Verdict::Refused(_), Verdict::Accepted]
        ),
        "the usual door"
    );
    let verdicts = pair.accept_up_to(SPAN_DOCUMENT_BYTES_MAX, &both);
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Accepted]);
    let kept = [small, large.text()];
    assert!(texts(&pair, id) == kept);
    pair.check();
    assert!(texts(&pair, id) == kept);
    // The sealed trace moves back whole.
    pair.accept(&[Draft::segment(id, 3, "shop", at).text()]);
    pair.check();
    assert!(texts(&pair, id)[..2] == kept);
}

/// Late, re-sent and completing documents of settled traces: one summary, one history, right counts.
pub(super) fn late_documents(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let at = before_noon(90);
    let id = trace_id(at, 1);
    let root = Draft::segment(id, 1, "shop", at);
    let call = Draft::segment(id, 11, "pay", at)
        .subsegment_of(1)
        .with(r#""namespace":"remote""#);
    let callee = Draft::segment(id, 2, "pay", at).below(11);
    let neighbour = Draft::segment(trace_id(at, 2), 1, "shop", at);
    pair.accept(&[root.clone().in_progress().text(), neighbour.text()]);
    // So many that one moved copy is no reason to rewrite their block.
    let others =
        (100..130).map(|number| Draft::segment(trace_id(at, number), 1, "mail", at).text());
    pair.accept(&others.collect::<Vec<_>>());
    pair.check();
    for (late, revision) in [(&call, 2), (&callee, 3), (&root, 4), (&call, 4), (&root, 4)] {
        pair.clock.advance_secs(600);
        pair.accept(&[late.text()]);
        assert_eq!(
            texts(&pair, id).len(),
            facts(&pair, id).head.documents as usize
        );
        pair.check();
        assert_eq!(
            facts(&pair, id).head.revision,
            revision,
            "after {}",
            late.text()
        );
    }
    // Two at once, before anything settles: the earlier start moves the trace in page order.
    let earlier = Draft::segment(id, 9, "edge", before_noon(91));
    pair.accept(&[earlier.text()]);
    pair.accept(&[
        callee.clone().with(r#""fault":true"#).text(),
        neighbour.text(),
    ]);
    pair.check();
    assert_eq!(facts(&pair, id).head.revision, 6);
}

/// A link edge begins at the node of the linked entity, wherever that trace is (LINK-1).
pub(super) fn links(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let (sent, received) = (before_noon(15), before_noon(14));
    let (sender, unknown) = (trace_id(sent, 1), trace_id(sent, 77));
    pair.accept(&sending(sender, sent));
    pair.check();
    let receiver = trace_id(received, 2);
    let links = [
        link(sender, 11, ""),
        link(unknown, 1, ""),
        link(sender, 1, "child"),
        link(sender, 99, "parent"),
    ];
    let mail = Draft::segment(receiver, 1, "mail", received);
    pair.accept(&[mail.clone().with(&linking(&links)).text()]);
    pair.check();
    assert_eq!(
        sources(&pair, receiver),
        [Some("SQS".into()), None, None, None],
        "no edge of an unknown trace, of a child, of an unknown id"
    );
    // Sealed anew with more in it, the edge stays one edge.
    let more = Draft::segment(receiver, 2, "pay", received).below(1);
    pair.accept(&[more.text()]);
    pair.check();
    assert_eq!(sources(&pair, receiver).iter().flatten().count(), 1);

    // The linking trace first; a trace of that id in another scope is another trace.
    let (late, early) = (trace_id(sent, 3), trace_id(received, 4));
    let to_both = linking(&[link(late, 11, "parent"), link(late, 1, "parent")]);
    let mail = Draft::segment(early, 1, "mail", received).with(&to_both);
    pair.accept(&[mail.text()]);
    pair.accept_in(&other_scope(), &sending(late, sent));
    pair.accept(&sending(late, sent));
    pair.check();
    assert_eq!(
        sources(&pair, early),
        [Some("SQS".into()), Some("shop".into())]
    );
}

/// `response_time_root_cause_min`: only slower traces have a response-time root cause, in whatever
/// shape they are kept.
pub(super) fn response_time_causes(factory: &Factory<'_>) {
    for (secs, expected) in [(0, 1), (10, 1), (11, 0)] {
        let settings = StoreSettings {
            response_time_root_cause_min: std::time::Duration::from_secs(secs),
            ..StoreSettings::default()
        };
        let mut pair = Pair::new(factory, settings);
        let at = before_noon(15);
        let id = trace_id(at, 1);
        let lasting = |draft: Draft, secs: i64| Draft {
            end: Some(UnixNanos(at.0 + secs * 1_000_000_000)),
            ..draft
        };
        let root = lasting(Draft::segment(id, 1, "shop", at), 10);
        let callee = lasting(Draft::segment(id, 2, "pay", at), 8).below(1);
        pair.accept(&[root.text(), callee.text()]);
        pair.check();
        let found = facts(&pair, id).root_causes.response_time.len();
        assert_eq!(found, expected, "with a least time of {secs} s");
    }
}

/// A segment `shop` 1 with a call of a queue, 11.
pub(crate) fn sending(id: TraceId, at: UnixNanos) -> Vec<String> {
    let send = Draft::segment(id, 11, "SQS", at)
        .subsegment_of(1)
        .with(r#""namespace":"aws","aws":{"operation":"SendMessage"}"#);
    vec![Draft::segment(id, 1, "shop", at).text(), send.text()]
}

/// One element of `links`; no reference: a parent (segments.md 2.8).
pub(crate) fn link(trace_id: TraceId, id: u64, reference: &str) -> String {
    let id = SegmentId::from_u64(id);
    let attributes = match reference {
        "" => String::new(),
        _ => format!(r#","attributes":{{"aws.xray.reserved.reference_type":"{reference}"}}"#),
    };
    format!(r#"{{"trace_id":"{trace_id}","id":"{id}"{attributes}}}"#)
}

/// The member of a segment with these links.
pub(crate) fn linking(links: &[String]) -> String {
    format!(r#""links":[{}]"#, links.join(","))
}

/// Names of the nodes where the links of a trace begin.
fn sources(pair: &Pair, id: TraceId) -> Vec<Option<String>> {
    let facts = facts(pair, id);
    let links = facts.links.iter();
    links
        .map(|link| Some(link.source.as_ref()?.node.name.to_string()))
        .collect()
}

/// One trace id in two scopes is two traces.
pub(super) fn scopes(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let at = before_noon(5);
    let draft = Draft::segment(trace_id(at, 1), 1, "shop", at);
    pair.accept_in(&scope(), &[draft.text()]);
    pair.accept_in(
        &other_scope(),
        &[draft.clone().with(r#""fault":true"#).text()],
    );
    pair.check();
    assert_eq!(texts(&pair, draft.trace_id), [draft.text()]);
    pair.accept_in(&other_scope(), &[draft.text()]);
    pair.check();
}

/// KEEP-1: what is older than retention is gone for every read.
pub(super) fn retention(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let days = 24 * 60;
    let old = before_noon(29 * days);
    let young = before_noon(10);
    pair.accept(&[
        Draft::segment(trace_id(old, 1), 1, "shop", old).text(),
        Draft::segment(trace_id(young, 2), 1, "shop", young).text(),
    ]);
    pair.check();
    pair.clock.advance_secs(2 * 24 * 3600);
    pair.check();
    assert_eq!(texts(&pair, trace_id(old, 1)), Vec::<String>::new());
    assert_eq!(texts(&pair, trace_id(young, 2)).len(), 1);
}

/// Random documents, random calls, settled at random moments.
pub(super) fn random(factory: &Factory<'_>) {
    for seed in 0..4 {
        let mut pair = Pair::new(factory, StoreSettings::default());
        let mut documents = RandomDocuments::new(seed, 12);
        for round in 0..3 {
            for _ in 0..15 {
                let call = documents.call(NOON);
                pair.accept_in(&scope(), &call);
            }
            pair.clock.advance_secs(7 * (round + 1));
            pair.check();
        }
    }
}
