use super::*;
use crate::conformance::{other_scope, scope};

fn minute(at: i64) -> UnixNanos {
    UnixNanos::from_secs(at * 60)
}

#[test]
fn first_call_knows_of_no_minute_and_later_ones_of_those_that_changed() {
    let changes = MinuteChanges::default();
    changes.note(vec![(scope(), minute(1)), (scope(), minute(2))]);
    let first = changes.since(&[scope()], None);
    assert_eq!(first.minutes, None);
    assert_eq!(
        changes.since(&[scope()], Some(first.mark)).minutes,
        Some(vec![])
    );
    changes.note(vec![(scope(), minute(2)), (other_scope(), minute(3))]);
    let second = changes.since(&[scope()], Some(first.mark));
    assert_eq!(second.minutes, Some(vec![minute(2)]));
    let both = changes.since(&[scope(), other_scope()], Some(first.mark));
    assert_eq!(both.minutes, Some(vec![minute(2), minute(3)]));
}

#[test]
fn only_the_newest_minutes_are_remembered() {
    let changes = MinuteChanges::default();
    let count = i64::try_from(MINUTES_MAX).unwrap() + 10;
    changes.note((0..count).map(|at| (scope(), minute(at))).collect());
    let found = changes
        .since(&[scope()], Some(ChangeMark(0)))
        .minutes
        .unwrap();
    assert_eq!(
        (found.len(), found.first()),
        (MINUTES_MAX, Some(&minute(10)))
    );
}
