use roentgen_control::groups::InsightsConfiguration;
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::insight::{Counts, Picture};

use super::*;

fn at(number: i64) -> UnixNanos {
    minutes_after(UnixNanos::from_secs(1_710_410_400), number)
}

fn group() -> Group {
    Group {
        id: "G".into(),
        name: "g".into(),
        arn: "arn".into(),
        version: 1,
        expression: "".into(),
        insights: InsightsConfiguration::default(),
    }
}

fn insight(id: u8, start: i64, end: Option<i64>, root_cause: &str) -> Insight {
    let root_cause = NodeKey {
        name: root_cause.into(),
        node_type: None,
        account_id: None,
    };
    Insight {
        id: InsightId([id; 16]),
        start: at(start),
        end: end.map(at),
        picture: Picture {
            anomalous: vec![root_cause.clone()],
            root_cause,
            clients: Counts::default(),
            root_cause_counts: Counts::default(),
        },
        updated: at(end.map_or(start + 3, |end| end + 10)),
    }
}

fn event(insight: &Insight, time: i64) -> InsightEvent {
    InsightEvent {
        time: at(time),
        summary: String::new(),
        picture: insight.picture.clone(),
    }
}

fn published(insight: Insight, events: &[i64]) -> BTreeMap<InsightId, Arc<PublishedInsight>> {
    let events = events.iter().map(|time| event(&insight, *time)).collect();
    let id = insight.id;
    let record = InsightRecord {
        group_id: "G".into(),
        group_name: "g".into(),
        group_arn: "arn".into(),
        insight,
    };
    [(id, Arc::new(PublishedInsight { record, events }))].into()
}

/// Reconciles a run over minutes 0 to 50 that gave this insight, with events at these times.
fn check(
    derived: Option<(Insight, &[i64])>,
    published: &BTreeMap<InsightId, Arc<PublishedInsight>>,
) -> Reconciled {
    let mut run = Derived::default();
    if let Some((insight, times)) = derived {
        let events = times.iter().map(|time| event(&insight, *time)).collect();
        run.insights.insert(insight.id, (insight, events));
    }
    let judged = Judged {
        group: &group(),
        since: at(0),
        from: at(0),
        until: at(50),
        derived: run,
        detector: &Detector::new("G".into()),
    };
    reconcile(judged, published)
}

fn times(reconciled: &Reconciled) -> Vec<UnixNanos> {
    reconciled
        .events
        .iter()
        .map(|(_, event)| event.time)
        .collect()
}

#[test]
fn the_same_incident_under_another_id_keeps_the_published_one() {
    let held = published(insight(1, 10, None, "api"), &[13]);
    let again = check(Some((insight(2, 9, None, "api"), &[12, 20])), &held);
    assert_eq!(again.renamed, [(InsightId([2; 16]), InsightId([1; 16]))]);
    assert_eq!(again.insights[0].insight.id, InsightId([1; 16]));
    assert_eq!(again.insights[0].insight.start, at(9));
    assert_eq!(
        times(&again),
        [at(20)],
        "what is not after the last event was told"
    );
}

#[test]
fn another_service_at_the_time_is_another_insight() {
    let held = published(insight(1, 10, Some(20), "api"), &[13, 30]);
    let again = check(Some((insight(2, 10, None, "mail"), &[13])), &held);
    assert_eq!(again.renamed, []);
    assert_eq!(again.insights[0].insight.id, InsightId([2; 16]));
    assert_eq!(times(&again), [at(13)]);
}

#[test]
fn a_closed_insight_is_not_reopened_but_followed_by_a_new_one() {
    let held = published(insight(1, 10, Some(20), "api"), &[13, 30]);
    let again = check(Some((insight(1, 10, None, "api"), &[13, 40])), &held);
    let new = &again.insights[0].insight;
    assert_ne!(new.id, InsightId([1; 16]));
    assert_eq!(again.renamed, [(InsightId([1; 16]), new.id)]);
    assert_eq!(again.insights.len(), 1, "the closed one stays as it is");
    assert_eq!(times(&again), [at(40)]);
    // Judged once more, it is that new one again.
    let mut both = held;
    both.extend(published(new.clone(), &[40]));
    let once_more = check(Some((insight(1, 10, None, "api"), &[13, 40])), &both);
    assert_eq!(once_more.renamed, [(InsightId([1; 16]), new.id)]);
    assert_eq!(times(&once_more), []);
}

#[test]
fn an_insight_that_closed_earlier_than_its_last_event_says_so_after_it() {
    let held = published(insight(1, 10, None, "api"), &[13, 45]);
    let again = check(Some((insight(1, 10, Some(20), "api"), &[13, 30])), &held);
    assert_eq!(again.insights[0].insight.end, Some(at(20)));
    assert_eq!(times(&again), [at(46)]);
}

#[test]
fn a_closed_insight_takes_better_numbers_without_an_event() {
    let held = published(insight(1, 10, Some(20), "api"), &[13, 30]);
    let again = check(Some((insight(1, 10, Some(22), "api"), &[13, 32])), &held);
    assert_eq!(again.insights[0].insight.end, Some(at(22)));
    assert_eq!(times(&again), []);
}

#[test]
fn what_is_no_longer_supported_closes_once() {
    let held = published(insight(1, 10, None, "api"), &[13]);
    let again = check(None, &held);
    let closed = &again.insights[0].insight;
    assert!(closed.end.is_some());
    assert_eq!(times(&again), [at(50)]);
    let held = published(closed.clone(), &[13, 50]);
    assert_eq!(check(None, &held), Reconciled::default());
}

#[test]
fn events_are_bounded_and_the_closing_one_always_comes() {
    let all: Vec<i64> = (13..13 + 2 * EVENTS_MAX as i64).collect();
    let again = check(
        Some((insight(1, 10, Some(3_000), "api"), &all)),
        &BTreeMap::new(),
    );
    assert_eq!(again.events.len(), EVENTS_MAX + 1);
    assert_eq!(
        times(&again).last(),
        all.last().map(|last| at(*last)).as_ref()
    );
}
