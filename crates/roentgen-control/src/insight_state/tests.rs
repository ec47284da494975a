use std::collections::BTreeSet;
use std::convert::Infallible;

use roentgen_model::Scope;
use roentgen_model::assembly::facts::{NodeKey, TimeRange};
use roentgen_model::insight::{Counts, Evidence, Minute, NodePair, minutes_after};

use super::*;
use crate::ControlSettings;

struct AllTravel;

impl Evidence for AllTravel {
    type Error = Infallible;

    fn calls(
        &mut self,
        _: &TimeRange,
        among: &BTreeSet<&NodeKey>,
    ) -> Result<BTreeSet<NodePair>, Infallible> {
        let nodes: Vec<NodeKey> = among.iter().map(|key| (*key).clone()).collect();
        Ok(nodes
            .windows(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect())
    }

    fn travelled(
        &mut self,
        _: &TimeRange,
        edges: &[NodePair],
    ) -> Result<BTreeSet<NodePair>, Infallible> {
        Ok(edges.iter().cloned().collect())
    }
}

fn node(name: &str, node_type: Option<&str>) -> NodeKey {
    NodeKey {
        name: name.into(),
        node_type: node_type.map(Into::into),
        account_id: Some("111122223333".into()),
    }
}

/// A detector in the middle of an incident of two nodes, the insight and its events.
fn in_incident() -> (Detector, Insight, Vec<InsightEvent>) {
    let mut detector = Detector::new("Default".into());
    let (mut insight, mut events) = (None, Vec::new());
    for number in 0..70 {
        let at = minutes_after(UnixNanos::from_secs(1_710_410_400), number);
        let faults = if number < 60 { 1 } else { 33 };
        let counts = Counts {
            total: 100,
            faults,
            ok: 90 - faults,
        };
        let minute = Minute {
            nodes: [
                (node("a", None), counts),
                (node("b", Some("AWS::S3")), counts),
            ]
            .into(),
            clients: counts,
            calls: Vec::new(),
        };
        for outcome in detector.step(at, &minute, &mut AllTravel).unwrap() {
            insight = Some(outcome.insight);
            events.extend(outcome.event);
        }
    }
    (detector, insight.unwrap(), events)
}

async fn open(path: &std::path::Path) -> Control {
    let scope = Scope::new("111122223333", "eu-west-1").unwrap();
    let settings = ControlSettings::new(Some(path.to_owned()), scope);
    Control::open(settings, [7; 32], UnixNanos(0))
        .await
        .unwrap()
}

fn changes() -> InsightChanges {
    let (detector, insight, events) = in_incident();
    let group: Arc<str> = "Default".into();
    let id = insight.id;
    InsightChanges {
        groups_added: vec![(Arc::clone(&group), UnixNanos(5))],
        checkpoints: vec![
            (
                Arc::clone(&group),
                UnixNanos(10),
                Arc::new(Detector::new("Default".into())),
            ),
            (Arc::clone(&group), UnixNanos(20), Arc::new(detector)),
        ],
        insights: vec![InsightRecord {
            group_id: group,
            group_name: "Default".into(),
            group_arn: "arn:aws:xray:eu-west-1:111122223333:group/Default".into(),
            insight,
        }],
        events: events.into_iter().map(|event| (id, event)).collect(),
        ..InsightChanges::default()
    }
}

#[tokio::test]
async fn everything_comes_back_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.db");
    let changes = changes();
    assert!(!changes.events.is_empty());
    open(&path).await.write_insights(&changes).await.unwrap();
    let state = open(&path).await.insight_state().await.unwrap();
    assert_eq!(state.groups, changes.groups_added);
    let checkpoints = changes.checkpoints.iter();
    let checkpoints = checkpoints.map(|(g, at, d)| (Arc::clone(g), *at, Detector::clone(d)));
    assert_eq!(state.checkpoints, checkpoints.collect::<Vec<_>>());
    assert_eq!(state.insights, changes.insights);
    assert_eq!(state.events, changes.events);
}

#[tokio::test]
async fn checkpoints_are_replaced_from_a_minute_on_and_forgotten_before_one() {
    let directory = tempfile::tempdir().unwrap();
    let control = open(&directory.path().join("control.db")).await;
    control.write_insights(&changes()).await.unwrap();
    let group: Arc<str> = "Default".into();
    let replaced = InsightChanges {
        checkpoints_replaced: vec![(Arc::clone(&group), UnixNanos(20))],
        ..InsightChanges::default()
    };
    control.write_insights(&replaced).await.unwrap();
    let minutes = |state: InsightState| -> Vec<i64> {
        state
            .checkpoints
            .iter()
            .map(|(_, minute, _)| minute.0)
            .collect()
    };
    assert_eq!(minutes(control.insight_state().await.unwrap()), [10]);
    let before = InsightChanges {
        checkpoints_before: vec![(group, UnixNanos(11))],
        ..InsightChanges::default()
    };
    control.write_insights(&before).await.unwrap();
    assert_eq!(minutes(control.insight_state().await.unwrap()), [0_i64; 0]);
}

#[tokio::test]
async fn removed_groups_and_insights_leave_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let control = open(&directory.path().join("control.db")).await;
    let written = changes();
    control.write_insights(&written).await.unwrap();
    let removed = InsightChanges {
        groups_removed: vec!["Default".into()],
        insights_removed: vec![written.insights[0].insight.id],
        ..InsightChanges::default()
    };
    control.write_insights(&removed).await.unwrap();
    assert_eq!(
        control.insight_state().await.unwrap(),
        InsightState::default()
    );
}

#[tokio::test]
async fn an_event_that_is_there_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let control = open(&directory.path().join("control.db")).await;
    let written = changes();
    control.write_insights(&written).await.unwrap();
    let (id, mut event) = written.events[0].clone();
    event.summary = "another text".into();
    let again = InsightChanges {
        events: vec![(id, event)],
        ..InsightChanges::default()
    };
    control.write_insights(&again).await.unwrap();
    assert_eq!(
        control.insight_state().await.unwrap().events,
        written.events
    );
}
