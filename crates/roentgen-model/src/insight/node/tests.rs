use crate::insight::tests::{counts, minute};

use super::*;

const QUIET: Counts = counts(100, 0);
const BAD: Counts = counts(100, 20);

/// A node with two quiet hours behind it; the next minute is 120.
fn settled() -> NodeState {
    let mut node = NodeState::new(minute(0));
    for number in 0..120 {
        assert_eq!(node.judge(minute(number), QUIET), Change::None);
    }
    node
}

fn judge_all(node: &mut NodeState, from: i64, minutes: &[Counts]) -> Vec<Change> {
    let numbers = from..;
    let judged = numbers.zip(minutes);
    judged
        .map(|(number, counts)| node.judge(minute(number), *counts))
        .collect()
}

#[test]
fn three_anomalous_minutes_of_five_open_an_incident_that_began_with_the_first() {
    let mut node = settled();
    let changes = judge_all(&mut node, 120, &[BAD, QUIET, BAD, QUIET, BAD]);
    assert_eq!(changes.last(), Some(&Change::Opened));
    let incident = node.incident.unwrap();
    assert_eq!(incident.start, minute(120));
    assert_eq!(incident.counts, counts(500, 60));
}

#[test]
fn three_anomalous_minutes_of_six_open_nothing() {
    let mut node = settled();
    judge_all(&mut node, 120, &[BAD, QUIET, QUIET, BAD, QUIET, BAD]);
    assert_eq!(node.incident, None);
}

#[test]
fn minutes_without_requests_count_among_the_five() {
    let mut node = settled();
    for number in [120, 123, 126] {
        node.judge(minute(number), BAD);
    }
    assert_eq!(node.incident, None);
}

#[test]
fn ten_quiet_minutes_with_requests_close_at_the_start_of_the_quiet_run() {
    let mut node = settled();
    judge_all(&mut node, 120, &[BAD; 5]);
    let changes = judge_all(&mut node, 125, &[QUIET; 10]);
    let Some(Change::Closed(incident)) = changes.last() else {
        panic!("{changes:?}");
    };
    assert_eq!(incident.quiet_since(), minute(125));
    assert_eq!(
        incident.counts,
        counts(500, 100),
        "the quiet run is not part of it"
    );
    assert!(
        changes
            .iter()
            .rev()
            .skip(1)
            .all(|change| *change == Change::None)
    );
}

#[test]
fn an_anomalous_minute_starts_the_quiet_run_again() {
    let mut node = settled();
    judge_all(&mut node, 120, &[BAD; 5]);
    judge_all(&mut node, 125, &[QUIET; 9]);
    judge_all(&mut node, 134, &[BAD]);
    let changes = judge_all(&mut node, 135, &[QUIET; 10]);
    let Some(Change::Closed(incident)) = changes.last() else {
        panic!("{changes:?}");
    };
    assert_eq!(incident.quiet_since(), minute(135));
    assert_eq!(incident.counts, counts(1500, 120));
}

#[test]
fn thirty_minutes_of_silence_close() {
    let mut node = settled();
    judge_all(&mut node, 120, &[BAD; 5]);
    for number in 125..154 {
        assert_eq!(node.judge_silence(minute(number)), Change::None);
    }
    let Change::Closed(incident) = node.judge_silence(minute(154)) else {
        panic!("{node:?}");
    };
    assert_eq!(incident.quiet_since(), minute(125));
}

#[test]
fn an_incident_leaves_the_baseline_as_it_was() {
    let mut node = settled();
    let before = node.baseline;
    judge_all(&mut node, 120, &[counts(100, 50); 60]);
    judge_all(&mut node, 180, &[QUIET; 10]);
    assert_eq!(node.incident, None);
    let Baseline { as_of, .. } = node.baseline;
    assert_eq!(as_of, minute(189));
    // It aged up to the minute in which the incident opened, 122, and no more.
    assert_eq!(
        node.baseline.requests,
        before
            .at(minute(120))
            .at(minute(121))
            .at(minute(122))
            .requests
    );
    assert_eq!(node.baseline.faults, 0.0);
}

#[test]
fn a_learning_node_needs_five_anomalous_minutes_in_a_row() {
    let failing = counts(100, 100);
    let mut node = NodeState::new(minute(0));
    judge_all(&mut node, 0, &[failing, failing, failing, failing, QUIET]);
    assert_eq!(node.incident, None);
    let changes = judge_all(&mut node, 5, &[failing; 5]);
    assert_eq!(changes.last(), Some(&Change::Opened));
    assert_eq!(node.incident.unwrap().start, minute(5));
}
