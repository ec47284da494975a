//! The scenarios of groups-insights.md 7, and its simulated figures, on counts alone.

use crate::insight::tests::{Dice, Edges, Seen, counts, minute, minute_of_nodes, node, run};
use crate::insight::*;

use super::*;

fn detector() -> Detector {
    Detector::new("group".into())
}

/// One node `api` with these faults in each minute.
fn one_node(minutes: i64, faults: impl FnMut(i64) -> Counts) -> Seen {
    let (mut seen, mut faults) = (Seen::default(), faults);
    run(
        &mut detector(),
        0..minutes,
        &mut Edges::default(),
        &mut seen,
        |number| minute_of_nodes([("api", faults(number))]),
    );
    seen
}

#[test]
fn a_rise_for_ten_minutes_is_one_insight_that_closes() {
    let mut dice = Dice(1);
    let seen = one_node(180, |number| {
        let rate = if (120..130).contains(&number) {
            0.2
        } else {
            0.01
        };
        counts(100, dice.faults(100, rate))
    });
    let insight = seen.only();
    assert_eq!(insight.start, minute(120));
    assert_eq!(insight.end, Some(minute(130)));
    assert_eq!(insight.updated, minute(140));
    assert!(seen.events.len() >= 2, "{:#?}", seen.events);
    assert_eq!(insight.picture.root_cause_counts.total, 1_000);
    assert_eq!(insight.picture.clients.total, 1_000);
}

#[test]
fn a_jump_from_one_to_twenty_percent_opens_in_the_third_minute() {
    for seed in 0..50 {
        let mut dice = Dice(seed);
        let seen = one_node(130, |number| {
            counts(100, dice.faults(100, if number < 120 { 0.01 } else { 0.2 }))
        });
        assert_eq!(seen.opened_in, [122], "seed {seed}");
        assert_eq!(seen.only().start, minute(120), "seed {seed}");
    }
}

#[test]
fn a_jump_from_none_to_five_percent_mostly_opens_within_four_minutes() {
    let within = (0..200).filter(|seed| {
        let mut dice = Dice(*seed);
        let seen = one_node(124, |number| {
            counts(100, dice.faults(100, if number < 120 { 0.0 } else { 0.05 }))
        });
        seen.opened_in.first().is_some_and(|opened| *opened < 124)
    });
    // P(3 or more faults of 100) = 0.88 a minute, 3 such minutes of 4: 0.93; less what a first minute
    // with one or two faults, which is normal, adds to the overdispersion.
    let within = within.count();
    assert!(within >= 160, "{within} of 200");
    let exactly = one_node(124, |number| counts(100, if number < 120 { 0 } else { 5 }));
    assert_eq!(exactly.opened_in, [122]);
}

#[test]
fn thirty_days_at_a_steady_percent_make_no_insight() {
    let mut dice = Dice(7);
    let seen = one_node(30 * 24 * 60, |_| counts(100, dice.faults(100, 0.01)));
    assert!(seen.insights.is_empty(), "{:#?}", seen.insights);
}

#[test]
fn ten_days_at_steady_five_percent_make_no_insight() {
    let mut dice = Dice(8);
    let seen = one_node(10 * 24 * 60, |_| counts(1_000, dice.faults(1_000, 0.05)));
    assert!(seen.insights.is_empty(), "{:#?}", seen.insights);
}

#[test]
fn traffic_that_doubles_at_a_constant_rate_makes_none() {
    let mut dice = Dice(9);
    let seen = one_node(240, |number| {
        let total = if number < 120 { 100 } else { 200 };
        counts(total, dice.faults(total, 0.01))
    });
    assert!(seen.insights.is_empty());
}

#[test]
fn a_single_fault_at_a_request_a_minute_makes_none() {
    let seen = one_node(600, |number| counts(1, u64::from(number == 400)));
    assert!(seen.insights.is_empty());
}

#[test]
fn errors_and_throttles_make_none() {
    let seen = one_node(240, |number| Counts {
        total: 100,
        faults: 0,
        ok: if number < 120 { 100 } else { 20 },
    });
    assert!(seen.insights.is_empty());
}

#[test]
fn a_new_service_that_fails_wholly_opens_after_five_minutes() {
    let seen = one_node(10, |_| counts(100, 100));
    assert_eq!(seen.opened_in, [4]);
    assert_eq!(seen.only().start, minute(0));
}

fn pair(caller: &str, called: &str) -> NodePair {
    (node(caller), node(called))
}

#[test]
fn faults_that_rise_from_a_table_blame_the_table() {
    let mut edges = Edges(vec![(pair("api", "table"), true)]);
    let mut seen = Seen::default();
    run(&mut detector(), 0..200, &mut edges, &mut seen, |number| {
        let faults = if (120..130).contains(&number) { 20 } else { 0 };
        minute_of_nodes([("api", counts(100, faults)), ("table", counts(300, faults))])
    });
    let insight = seen.only();
    assert_eq!(insight.picture.root_cause, node("table"));
    assert!(insight.picture.anomalous.contains(&node("api")));
    assert_eq!(insight.picture.clients, counts(1_000, 200));
    assert_eq!(insight.picture.root_cause_counts, counts(3_000, 200));
    let last = seen.events.last().unwrap();
    assert_eq!(last.1.picture, insight.picture);
    assert!(last.1.summary.starts_with("Incident closed."));
}

#[test]
fn two_unrelated_services_at_once_are_two_insights() {
    let mut edges = Edges(vec![(pair("api", "mail"), false)]);
    let mut seen = Seen::default();
    run(&mut detector(), 0..200, &mut edges, &mut seen, |number| {
        let faults = if (120..130).contains(&number) { 20 } else { 0 };
        minute_of_nodes([("api", counts(100, faults)), ("mail", counts(100, faults))])
    });
    assert_eq!(seen.insights.len(), 2);
    assert!(
        seen.insights
            .values()
            .all(|insight| insight.end == Some(minute(130)))
    );
}

#[test]
fn a_neighbour_that_fails_later_joins_the_insight() {
    let mut edges = Edges(vec![(pair("api", "table"), true)]);
    let mut seen = Seen::default();
    run(&mut detector(), 0..200, &mut edges, &mut seen, |number| {
        let api = if (120..140).contains(&number) { 30 } else { 0 };
        let table = if (125..140).contains(&number) { 20 } else { 0 };
        minute_of_nodes([("api", counts(100, api)), ("table", counts(100, table))])
    });
    let insight = seen.only();
    assert_eq!(insight.start, minute(120));
    assert_eq!(
        insight.picture.root_cause,
        node("table"),
        "the root cause moved downstream"
    );
    assert_eq!(insight.picture.anomalous, [node("api"), node("table")]);
    let roots: Vec<_> = seen
        .events
        .iter()
        .map(|(_, e)| &*e.picture.root_cause.name)
        .collect();
    assert_eq!(roots.first(), Some(&"api"));
    assert_eq!(roots.last(), Some(&"table"));
}

#[test]
fn insights_that_turn_out_to_be_one_are_merged_into_the_older() {
    // `web` begins to pass faults of both on in minute 130.
    let mut edges = Edges(vec![(pair("web", "a"), true), (pair("web", "b"), true)]);
    let mut seen = Seen::default();
    run(&mut detector(), 0..200, &mut edges, &mut seen, |number| {
        let late = if (130..150).contains(&number) { 40 } else { 0 };
        let a = if (120..150).contains(&number) { 20 } else { 0 };
        let b = if (122..150).contains(&number) { 30 } else { 0 };
        minute_of_nodes([
            ("web", counts(100, late)),
            ("a", counts(100, a)),
            ("b", counts(100, b)),
        ])
    });
    let ends: Vec<_> = seen.insights.values().map(|i| (i.start, i.end)).collect();
    let merged_at = Some(minute(132));
    assert!(ends.contains(&(minute(122), merged_at)), "{ends:?}");
    assert!(ends.contains(&(minute(120), Some(minute(150)))), "{ends:?}");
    let kept = seen
        .insights
        .values()
        .find(|i| i.start == minute(120))
        .unwrap();
    assert_eq!(kept.picture.anomalous.len(), 3);
    assert_eq!(kept.picture.root_cause, node("b"), "the larger excess");
}

#[test]
fn events_come_at_most_once_a_minute_and_only_for_notable_changes() {
    let mut dice = Dice(3);
    let seen = one_node(400, |number| {
        let rate = if (120..300).contains(&number) {
            0.2
        } else {
            0.01
        };
        counts(100, dice.faults(100, rate))
    });
    let times: Vec<_> = seen.events.iter().map(|(_, event)| event.time).collect();
    assert!(
        times
            .windows(2)
            .all(|pair| minutes_between(pair[0], pair[1]) >= 1)
    );
    assert!(times.len() <= 4, "a steady incident says little: {times:?}");
}

#[test]
fn judging_again_from_a_copy_gives_the_same() {
    let traffic = |number: i64| {
        let faults = if (120..140).contains(&number) { 20 } else { 1 };
        minute_of_nodes([("api", counts(100, faults)), ("table", counts(100, faults))])
    };
    let mut edges = Edges(vec![(pair("api", "table"), true)]);
    let (mut straight, mut seen) = (detector(), Seen::default());
    run(&mut straight, 0..125, &mut edges, &mut seen, traffic);
    let mut copy = straight.clone();
    let mut again = Seen::default();
    run(&mut straight, 125..200, &mut edges, &mut seen, traffic);
    run(&mut copy, 125..200, &mut edges, &mut again, traffic);
    assert_eq!(straight, copy);
    assert_eq!(seen.only(), again.only());
}

#[test]
fn nodes_without_requests_for_a_day_are_forgotten() {
    let mut detector = detector();
    let mut seen = Seen::default();
    run(
        &mut detector,
        0..10,
        &mut Edges::default(),
        &mut seen,
        |_| minute_of_nodes([("old", counts(10, 0))]),
    );
    run(
        &mut detector,
        10..1_600,
        &mut Edges::default(),
        &mut seen,
        |_| minute_of_nodes([("new", counts(10, 0))]),
    );
    let names: Vec<_> = detector.nodes.keys().map(|key| &*key.name).collect();
    assert_eq!(names, ["new"]);
}
