use crate::insight::tests::{counts, minute, node};

use super::*;

fn picture() -> Picture {
    Picture {
        root_cause: node("orders"),
        anomalous: vec![node("orders"), node("api")],
        clients: counts(1000, 30),
        root_cause_counts: counts(500, 40),
    }
}

#[test]
fn an_active_insight_tells_since_when_and_how_many_clients() {
    // Minute 0 is 10:00 UTC.
    assert_eq!(
        picture().summary(minute(65), None),
        "Faults from orders (AWS::EC2::Instance) are above the expected range. 40 of 500 requests failed since 11:05 UTC and 30 client requests were affected."
    );
}

#[test]
fn the_second_sentence_of_a_closed_insight_makes_sense_alone() {
    let mut closed = picture();
    closed.root_cause.node_type = None;
    let summary = closed.summary(minute(0), Some(minute(12)));
    assert_eq!(
        summary,
        "Incident closed. Faults from orders were above the expected range for 12 minutes, 40 of 500 requests failed."
    );
    let shown = summary.split('.').nth(1).unwrap();
    assert!(shown.starts_with(" Faults from orders"));
}

#[test]
fn ids_are_stable_distinct_uuids_of_version_four() {
    let id = InsightId::derive("g", minute(0), &node("a"), 0);
    assert_eq!(id, InsightId::derive("g", minute(0), &node("a"), 0));
    for other in [
        InsightId::derive("h", minute(0), &node("a"), 0),
        InsightId::derive("g", minute(1), &node("a"), 0),
        InsightId::derive("g", minute(0), &node("b"), 0),
        InsightId::derive("g", minute(0), &node("a"), 1),
        id.of_event(minute(0)),
    ] {
        assert_ne!(id, other);
    }
    let text = id.to_string();
    assert_eq!(text.as_bytes()[14], b'4');
    assert!(b"89ab".contains(&text.as_bytes()[19]), "{text}");
    assert_eq!(InsightId::parse(&text), Some(id));
    assert_eq!(InsightId::parse(&text.to_uppercase()), Some(id));
    assert_eq!(
        InsightId::parse("12345678-1234-1234-1234-12345678901"),
        None
    );
    assert_eq!(
        InsightId::parse("+2345678-1234-1234-1234-123456789012"),
        None
    );
}

#[test]
fn ten_points_or_twice_the_share_are_notable() {
    let last = picture();
    let with_clients = |faults| Picture {
        clients: counts(1000, faults),
        ..picture()
    };
    assert!(!picture().differs_notably(&last));
    assert!(!with_clients(59).differs_notably(&last));
    assert!(with_clients(60).differs_notably(&last), "doubled");
    let high = with_clients(500);
    assert!(!with_clients(599).differs_notably(&high));
    assert!(with_clients(600).differs_notably(&high), "ten points more");
    assert!(with_clients(400).differs_notably(&high), "ten points less");
    assert!(
        !with_clients(1).differs_notably(&with_clients(0)),
        "nothing doubles to something"
    );
}

#[test]
fn another_set_of_services_is_notable_another_order_is_not() {
    let last = picture();
    let mut turned = picture();
    turned.anomalous.reverse();
    assert!(!turned.differs_notably(&last));
    turned.anomalous.pop();
    assert!(turned.differs_notably(&last));
    let mut moved = picture();
    moved.root_cause = node("api");
    assert!(moved.differs_notably(&last));
}
