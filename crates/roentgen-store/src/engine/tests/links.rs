//! LINK-1: when a link edge appears, and that it is subtracted with its copy.

use roentgen_model::UnixNanos;
use roentgen_model::graph::RowKind;
use roentgen_model::graph::RowTime;

use super::*;
use crate::conformance::cases::{link, linking, sending};
use crate::conformance::documents::Draft;
use crate::source::{RowGrain, RowSelector};

const MINUTE: i64 = 60_000_000_000;
const SENT: UnixNanos = UnixNanos(NOON.0 - 15 * MINUTE);
const RECEIVED: UnixNanos = UnixNanos(NOON.0 - 14 * MINUTE);

/// A store and the reference, fed alike; compared only when told so.
struct Both {
    subject: EngineSubject,
    reference: NaiveStore,
    clock: Arc<ManualClock>,
}

impl Both {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let settings = StoreSettings::default();
        Self {
            subject: EngineSubject::new(&settings, &clock, Shape::Live, true),
            reference: NaiveStore::new(settings, Arc::clone(&clock) as _),
            clock,
        }
    }

    fn store(&self) -> &EmbeddedStore {
        self.subject.store()
    }

    fn accept(&self, documents: &[String]) {
        self.clock.advance_nanos(1_000_000);
        accept(self.store(), &scope(), documents);
        accept(&self.reference, &scope(), documents);
    }

    fn accept_assembled(&self, documents: &[String]) {
        self.accept(documents);
        self.store().assemble_now().unwrap();
    }

    fn assert_equal(&self, what: &str) {
        compare::assert_equal_contents(self.store(), &self.reference, self.clock.as_ref(), what);
    }

    /// Received messages that the service graph shows.
    fn edges(&self) -> i64 {
        let all = TotalsRequest {
            scopes: vec![scope()],
            range: UnixNanos(0)..UnixNanos(i64::MAX),
            time: RowTime::Start,
            group_id: None,
            selector: RowSelector::All,
            grain: RowGrain::Exact,
        };
        let rows = self.store().totals(&all, &QueryControl::default());
        let rows = rows.unwrap().into_iter();
        rows.filter(|row| row.key.kind == RowKind::Link)
            .map(|row| row.sums.count)
            .sum()
    }

    fn seal(&self) {
        self.store().seal_now().unwrap();
    }

    fn merge(&self) {
        self.store().merge_now().unwrap();
    }
}

fn sender() -> TraceId {
    trace_id(SENT, 1)
}

fn receiver() -> TraceId {
    trace_id(RECEIVED, 2)
}

fn receiving() -> String {
    let links = linking(&[link(sender(), 11, "")]);
    let mail = Draft::segment(receiver(), 1, "mail", RECEIVED);
    mail.with(&links).text()
}

fn late_document() -> String {
    Draft::segment(receiver(), 2, "pay", RECEIVED)
        .below(1)
        .text()
}

/// Traces beside, so that one moved copy does not empty its block.
fn neighbours() -> Vec<String> {
    let draft = |number| Draft::segment(trace_id(RECEIVED, number), 1, "auth", RECEIVED).text();
    (100..130).map(draft).collect()
}

#[test]
fn live_linking_trace_is_assembled_anew_when_its_source_comes_or_changes() {
    let both = Both::new();
    both.accept_assembled(&[receiving()]);
    assert_eq!((both.edges(), both.store().shared.awaited.len()), (0, 1));
    both.accept(&sending(sender(), SENT));
    assert_eq!(both.edges(), 0, "a query looks nothing up");
    both.clock.advance_secs(1);
    assembler::pass(&both.store().shared, Due::ByTime).unwrap();
    assert_eq!(both.edges(), 1);
    both.assert_equal("the source came");
    let mut resent = Draft::segment(sender(), 11, "SQS", SENT)
        .subsegment_of(1)
        .with(r#""namespace":"aws","aws":{"queue_url":"https://q/1"}"#);
    resent.end = Some(UnixNanos(SENT.0 + MINUTE / 4));
    both.accept_assembled(&[resent.text()]);
    both.assert_equal("the source changed");
    both.seal();
    assert_eq!(both.store().shared.awaited.len(), 0);
    both.assert_equal("both were sealed");
}

#[test]
fn live_linking_trace_is_assembled_anew_when_its_sealed_source_changes() {
    let mut both = Both::new();
    both.accept(&sending(sender(), SENT));
    both.seal();
    both.accept_assembled(&[receiving()]);
    assert_eq!(both.edges(), 1);
    both.subject.restart();
    both.store().assemble_now().unwrap();
    both.assert_equal("restarted");
    let mut resent = Draft::segment(sender(), 11, "queue", SENT)
        .subsegment_of(1)
        .with(r#""namespace":"remote""#);
    resent.end = Some(UnixNanos(SENT.0 + MINUTE / 4));
    both.accept_assembled(&[resent.text()]);
    both.assert_equal("the source was reopened");
    both.seal();
    both.assert_equal("both were sealed");
}

#[test]
fn sealed_linking_trace_gets_its_edge_at_the_next_merge() {
    let mut both = Both::new();
    both.accept(&[receiving()]);
    both.seal();
    both.accept(&sending(sender(), SENT));
    both.seal();
    assert_eq!(both.edges(), 0, "nobody looks at sealed traces before");
    both.merge();
    both.assert_equal("merged");
    assert_eq!(both.edges(), 1);
    both.subject.restart();
    both.assert_equal("restarted");
    both.accept_assembled(&[late_document()]);
    both.assert_equal("reopened");
    both.seal();
    both.assert_equal("sealed again");
    both.merge();
    both.assert_equal("merged again");
    assert_eq!(both.edges(), 1);
}

#[test]
fn hidden_copy_that_a_merge_links_is_subtracted_with_its_edge() {
    let mut both = Both::new();
    both.accept(&neighbours());
    both.accept(&[receiving()]);
    both.seal();
    both.accept_assembled(&[late_document()]);
    both.accept_assembled(&sending(sender(), SENT));
    both.assert_equal("live again, and linked");
    both.merge();
    both.assert_equal("the copy was merged and linked");
    both.seal();
    assert_eq!(both.store().stats().moved_traces, 1);
    both.assert_equal("the copy moved");
    both.subject.restart();
    both.assert_equal("restarted");
    both.merge();
    assert_eq!(both.store().stats().moved_traces, 0);
    both.assert_equal("the copy is gone");
    assert_eq!(both.edges(), 1);
}

#[test]
fn link_keeps_its_source_when_the_linked_trace_is_gone() {
    let both = Both::new();
    let day = 24 * 60 * MINUTE;
    let sent = UnixNanos(NOON.0 - 29 * day);
    let sender = trace_id(sent, 1);
    let links = linking(&[link(sender, 11, "")]);
    let mail = Draft::segment(receiver(), 1, "mail", RECEIVED).with(&links);
    both.accept(&sending(sender, sent));
    both.seal();
    both.accept(&[mail.text()]);
    both.seal();
    assert_eq!(both.store().stats().blocks, 2);
    both.clock.advance_secs(3 * 24 * 3600);
    both.store().maintain().unwrap();
    assert_eq!(both.store().stats().blocks, 1, "the sender is gone");
    both.accept_assembled(&[late_document()]);
    assert_eq!(both.edges(), 1, "reopened");
    both.seal();
    both.merge();
    assert_eq!(both.edges(), 1, "sealed again");
}
