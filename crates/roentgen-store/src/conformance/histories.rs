//! Cases about the settings that shape facts (ASM-2): groups (GROUP-1) and the indexed share (INDEX-1).

use roentgen_model::assembly::facts::{Membership, NodeKey};
use roentgen_model::filter::NodeSelector;
use roentgen_model::graph::{RowKind, RowTime};
use roentgen_model::settings_history::{
    GroupHistory, GroupVersion, IndexingChange, SettingsHistories, SettingsHistory,
};
use roentgen_model::{Stamp, TraceId, UnixNanos};

use super::cases::{before_noon, facts};
use super::documents::{Draft, trace_id};
use super::{Factory, Pair, compare, scope};
use crate::clock::Clock;
use crate::settings::StoreSettings;
use crate::source::{QueryControl, RowGrain, RowSelector, TimeBasis, TotalsRequest, TraceReader};

/// A group whose expressions are valid from these stamps on.
fn group(id: &str, versions: &[(Stamp, &str)]) -> GroupHistory {
    let version = |(number, (since, expression)): (u32, &(Stamp, &str))| GroupVersion {
        version: number,
        since: *since,
        expression: (*expression).into(),
    };
    GroupHistory {
        id: id.into(),
        name: id.into(),
        arn: format!("arn:aws:xray:us-east-1:000000000000:group/{id}/{id}").into(),
        versions: (1..).zip(versions).map(version).collect(),
        deleted: None,
    }
}

impl Pair {
    /// What came has lesser stamps, what comes has greater ones: each call advances the clock by 1 ms.
    fn next_stamp(&self) -> Stamp {
        Stamp(self.clock.now().0 + 1_000)
    }

    fn publish_groups(&mut self, groups: Vec<GroupHistory>) {
        let history = SettingsHistory::new(groups, Vec::new());
        self.publish(SettingsHistories::new([(scope(), history.into())]));
    }

    /// The versions of `faulty` by which these traces are members.
    #[track_caller]
    fn expect_members(&mut self, expected: &[(TraceId, Option<u32>)]) {
        self.check();
        for (id, version) in expected {
            let found: Vec<Membership> = facts(self, *id).head.memberships;
            let wanted = version.map(|version| Membership {
                group_id: "faulty".into(),
                version,
            });
            assert_eq!(found, Vec::from_iter(wanted), "memberships of {id}");
        }
        let members = expected.iter().filter(|(_, version)| version.is_some());
        let segments = members.count();
        for time in [RowTime::Start, RowTime::Series] {
            let ours = count(
                self.subject.reader(),
                time,
                Some("faulty"),
                RowSelector::AllNodes,
            );
            assert_eq!(
                usize::try_from(ours),
                Ok(segments),
                "segments of members, {time:?}"
            );
        }
    }
}

/// Completed items of these rows at any time.
fn count(
    reader: &dyn TraceReader,
    time: RowTime,
    group: Option<&str>,
    selector: RowSelector,
) -> i64 {
    let request = TotalsRequest {
        scopes: vec![scope()],
        range: UnixNanos(0)..UnixNanos(i64::MAX),
        time,
        group_id: group.map(Into::into),
        selector,
        grain: RowGrain::Exact,
    };
    let rows = reader.totals(&request, &QueryControl::default());
    let rows = rows.expect("totals are answered");
    rows.iter().map(|row| row.sums.count).sum()
}

/// Traces are members by the versions valid at their last change, in every shape of the store.
pub(super) fn groups(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let at = before_noon(30);
    let segment = |number| Draft::segment(trace_id(at, number), 1, "shop", at);
    let faulty = |number| segment(number).with(r#""fault":true"#);
    let id = |number| trace_id(at, number);

    pair.accept(&[faulty(1).text()]);
    pair.expect_members(&[(id(1), None)]);

    let first = pair.next_stamp();
    pair.publish_groups(vec![group("faulty", &[(first, "fault")])]);
    pair.accept(&[faulty(2).text(), segment(3).text()]);
    pair.expect_members(&[(id(1), None), (id(2), Some(1)), (id(3), None)]);

    // A new version decides about later data only; what changes is judged again.
    let second = pair.next_stamp();
    pair.publish_groups(vec![group("faulty", &[(first, "fault"), (second, "ok")])]);
    let unchanged = [(id(1), None), (id(2), Some(1)), (id(3), None)];
    pair.expect_members(&unchanged);
    let late = |number| segment(number).with(r#""user":"late""#);
    pair.accept(&[late(3).text(), faulty(4).text()]);
    pair.expect_members(&[(id(2), Some(1)), (id(3), Some(2)), (id(4), None)]);

    // An equal document changes nothing, so the trace keeps its record.
    pair.accept(&[faulty(2).text()]);
    pair.expect_members(&[(id(2), Some(1)), (id(3), Some(2))]);

    // Settings that come late find what was taken in meanwhile.
    let deleted = pair.next_stamp();
    pair.accept(&[segment(5).text()]);
    let mut gone = group("faulty", &[(first, "fault"), (second, "ok")]);
    gone.deleted = Some(deleted);
    pair.publish_groups(vec![gone]);
    pair.expect_members(&[(id(2), Some(1)), (id(3), Some(2)), (id(5), None)]);
}

/// INDEX-1: outside the indexed share a trace is found by id, and in no search, graph or series.
pub(super) fn indexed_share(factory: &Factory<'_>) {
    let mut pair = Pair::new(factory, StoreSettings::default());
    let at = before_noon(30);
    let segment = |number| Draft::segment(trace_id(at, number), 1, "shop", at);
    pair.accept(&[segment(1).text()]);
    pair.check();
    let change = |since, percentage| IndexingChange { since, percentage };
    let (none, all) = (pair.next_stamp(), Stamp(pair.next_stamp().0 + 5_000_000));
    let changes = vec![change(none, 0.0), change(all, 100.0)];
    let history = SettingsHistory::new(Vec::new(), changes);
    pair.publish(SettingsHistories::new([(scope(), history.into())]));
    pair.accept(&[segment(2).text()]);
    pair.check();
    pair.clock.advance_nanos(10_000_000);
    // The first document decides: a later one of trace 2 does not bring it in, nor one of 1 take it out.
    let more = |number| Draft::segment(trace_id(at, number), 2, "stock", at).below(1);
    pair.accept(&[segment(3).text(), more(2).text(), more(1).text()]);
    pair.check();
    for number in 1..=3 {
        let found = facts(&pair, trace_id(at, number));
        assert_eq!(found.head.is_indexed, number != 2, "trace {number}");
    }
    let reader = pair.subject.reader();
    let range = UnixNanos(0)..UnixNanos(i64::MAX);
    let request = compare::scan_request(&[scope()], TimeBasis::TraceId, &range, "");
    let page = reader.scan(&request, &QueryControl::default());
    let page = page.expect("the search is answered");
    let found: Vec<_> = page.matches.iter().map(|facts| facts.trace_id).collect();
    assert_eq!(found, [trace_id(at, 3), trace_id(at, 1)]);
    assert_eq!(page.examined, 2);
    for time in [RowTime::Start, RowTime::Series] {
        assert_eq!(count(reader, time, None, RowSelector::AllNodes), 3);
        assert_eq!(count(reader, time, None, RowSelector::Entries), 2);
    }
    let shop = NodeSelector {
        name: Some("shop".into()),
        ..NodeSelector::default()
    };
    let nodes = |selectors, keys| RowSelector::Nodes { selectors, keys };
    let stock = NodeKey {
        name: "stock".into(),
        node_type: None,
        account_id: None,
    };
    let of = |selector| count(reader, RowTime::Series, None, selector);
    assert_eq!(of(nodes(vec![shop.clone()], Vec::new())), 2);
    assert_eq!(of(nodes(Vec::new(), vec![stock.clone()])), 1);
    assert_eq!(of(nodes(vec![shop], vec![stock])), 3);
    let rows = reader.totals(
        &TotalsRequest {
            scopes: vec![scope()],
            range,
            time: RowTime::Start,
            group_id: None,
            selector: RowSelector::Entries,
            grain: RowGrain::Exact,
        },
        &QueryControl::default(),
    );
    let rows = rows.expect("totals are answered");
    assert!(rows.iter().all(|row| row.key.kind == RowKind::Client));
}
