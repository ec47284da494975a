//! A simulated group: seeded traffic, and a graph that says along which edges faults travel.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::*;
use crate::graph::{EdgeKey, EdgeSums};

pub(super) fn node(name: &str) -> NodeKey {
    NodeKey {
        name: name.into(),
        node_type: Some("AWS::EC2::Instance".into()),
        account_id: None,
    }
}

pub(super) const fn counts(total: u64, faults: u64) -> Counts {
    Counts {
        total,
        faults,
        ok: total - faults,
    }
}

/// The start of minute so many, on a whole hour some day.
pub(super) fn minute(number: i64) -> UnixNanos {
    minutes_after(UnixNanos::from_secs(1_710_410_400), number)
}

/// Edges, each with whether faults travel along it.
#[derive(Debug, Default)]
pub(super) struct Edges(pub(super) Vec<(NodePair, bool)>);

impl Evidence for Edges {
    type Error = Infallible;

    fn calls(
        &mut self,
        _: &TimeRange,
        among: &BTreeSet<&NodeKey>,
    ) -> Result<BTreeSet<NodePair>, Infallible> {
        let known = self.0.iter().map(|(edge, _)| edge);
        let between = known.filter(|(a, b)| among.contains(a) && among.contains(b));
        Ok(between.cloned().collect())
    }

    fn travelled(
        &mut self,
        _: &TimeRange,
        edges: &[NodePair],
    ) -> Result<BTreeSet<NodePair>, Infallible> {
        let carried = self
            .0
            .iter()
            .filter(|(edge, carries)| *carries && edges.contains(edge));
        Ok(carried.map(|(edge, _)| edge.clone()).collect())
    }
}

/// A seeded generator of numbers (SplitMix64).
#[derive(Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Faults of so many requests that fail independently.
    pub(super) fn faults(&mut self, total: u64, rate: f64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of 2^32"
        )]
        let below = (rate * 4_294_967_296.0) as u64;
        let failed = (0..total).filter(|_| self.next() >> 32 < below);
        failed.count() as u64
    }
}

/// What a run gave.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) insights: BTreeMap<InsightId, Insight>,
    pub(super) events: Vec<(InsightId, InsightEvent)>,
    /// Minute numbers in which an insight was first seen.
    pub(super) opened_in: Vec<i64>,
}

impl Seen {
    pub(super) fn only(&self) -> &Insight {
        assert_eq!(self.insights.len(), 1, "{:#?}", self.insights);
        self.insights.values().next().unwrap()
    }
}

/// Judges minutes `from..to` as `traffic` makes them.
pub(super) fn run(
    detector: &mut Detector,
    range: std::ops::Range<i64>,
    edges: &mut Edges,
    seen: &mut Seen,
    mut traffic: impl FnMut(i64) -> Minute,
) {
    for number in range {
        let judged = traffic(number);
        let outcomes = detector.step(minute(number), &judged, edges).unwrap();
        for outcome in outcomes {
            if !seen.insights.contains_key(&outcome.insight.id) {
                seen.opened_in.push(number);
            }
            let id = outcome.insight.id;
            seen.events.extend(outcome.event.map(|event| (id, event)));
            seen.insights.insert(id, outcome.insight);
        }
    }
}

/// A minute in which these nodes had these counts; entry edges as the first one.
pub(super) fn minute_of_nodes<const N: usize>(nodes: [(&str, Counts); N]) -> Minute {
    let clients = nodes.first().map(|(_, counts)| *counts);
    Minute {
        nodes: nodes.map(|(name, counts)| (node(name), counts)).into(),
        clients: clients.unwrap_or_default(),
        calls: Vec::new(),
    }
}

fn row(kind: RowKind, class: Option<Class>, count: i64) -> EdgeRow {
    let slot = minute(3);
    EdgeRow {
        key: EdgeKey {
            kind,
            source: matches!(kind, RowKind::Call | RowKind::Client).then(|| node("caller")),
            destination: node("called"),
            called_name: None,
            memberships: [].into(),
            class,
            response_time_nanos: 0,
            duration_nanos: 0,
            start_slot: minute(0),
            end_slot: slot,
        },
        sums: EdgeSums {
            count,
            in_progress: i64::from(class.is_none()),
            response_time_sum_nanos: 0,
            earliest_start: slot,
            latest_end: slot,
        },
    }
}

#[test]
fn rows_of_every_kind_and_class_become_the_counts_of_their_minute() {
    let rows = [
        row(RowKind::RealNode, Some(Class::Fault), 3),
        row(RowKind::InferredNode, Some(Class::Ok), 4),
        row(RowKind::RealNode, Some(Class::Error), 2),
        row(RowKind::RealNode, Some(Class::Throttle), 1),
        row(RowKind::RealNode, None, 0),
        row(RowKind::Client, Some(Class::Fault), 5),
        row(RowKind::Call, Some(Class::Ok), 1),
        row(RowKind::Call, Some(Class::Fault), 1),
        row(RowKind::Link, Some(Class::Ok), 1),
    ];
    let minutes = Minute::of_rows(&rows);
    let expected = Minute {
        nodes: BTreeMap::from([(
            node("called"),
            Counts {
                total: 10,
                faults: 3,
                ok: 4,
            },
        )]),
        clients: counts(5, 5),
        calls: vec![(node("caller"), node("called"))],
    };
    assert_eq!(minutes, BTreeMap::from([(minute(3), expected)]));
}
