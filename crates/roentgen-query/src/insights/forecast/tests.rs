use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::insight::{Baseline, minutes_between};

use super::*;
use crate::testing::{NOW_SECS, put_faulty, scope, store};

const ACCOUNT: &str = "111122223333";

/// The minute so many minutes before now.
fn past(minutes: i64) -> UnixNanos {
    minutes_after(UnixNanos::from_secs(NOW_SECS), -minutes)
}

fn request(range: TimeRange, period_secs: i64) -> ForecastRequest {
    ForecastRequest {
        scopes: vec![scope(ACCOUNT)],
        group_id: None,
        node: RowSelector::Nodes {
            selectors: Vec::new(),
            keys: vec![NodeKey {
                name: "api".into(),
                node_type: None,
                account_id: None,
            }],
        },
        range,
        period_secs,
    }
}

fn filled(minutes: i64, requests: u64) -> roentgen_store::NaiveStore {
    let store = store();
    for ago in 1..=minutes {
        for number in 0..requests {
            // One of ten fails; another service is not the node's business.
            put_faulty(
                &store,
                &scope(ACCOUNT),
                -60 * ago,
                number,
                "api",
                number == 0,
            );
            put_faulty(
                &store,
                &scope(ACCOUNT),
                -60 * ago,
                100 + number,
                "other",
                true,
            );
        }
    }
    store
}

#[test]
fn windows_have_the_band_of_what_was_usual_before_them() {
    let store = filled(60, 10);
    let control = QueryControl::default();
    let bands = forecast(&store, &request(past(10)..past(0), 60), &control).unwrap();
    assert_eq!(bands.len(), 10);
    let mut usual = Baseline::new(past(60));
    for ago in (0..=60).rev() {
        usual = usual.at(past(ago));
        if ago <= 10 && ago > 0 {
            assert_eq!(bands[&past(ago)], usual.band(10), "{ago} minutes ago");
        }
        let counts = Counts {
            total: 10,
            faults: 1,
            ok: 9,
        };
        usual.add(counts);
    }
}

#[test]
fn five_minutes_have_the_band_of_their_requests_together() {
    let store = filled(60, 10);
    let control = QueryControl::default();
    let bands = forecast(&store, &request(past(10)..past(0), 300), &control).unwrap();
    let starts: Vec<_> = bands
        .keys()
        .map(|start| minutes_between(*start, past(0)))
        .collect();
    assert_eq!(starts, [10, 5]);
    let single = forecast(&store, &request(past(10)..past(9), 60), &control).unwrap();
    assert!(bands[&past(10)].fault_count_high > single[&past(10)].fault_count_high);
}

#[test]
fn without_enough_history_there_is_no_band() {
    let store = filled(35, 10);
    let control = QueryControl::default();
    let bands = forecast(&store, &request(past(40)..past(0), 60), &control).unwrap();
    let first = bands
        .keys()
        .next()
        .map(|start| minutes_between(*start, past(0)));
    // The minutes 35 to 6 ago are the thirty it needs.
    assert_eq!(first, Some(5));
    assert!(
        forecast(
            &crate::testing::store(),
            &request(past(40)..past(0), 60),
            &control
        )
        .unwrap()
        .is_empty()
    );
}

#[test]
fn windows_without_requests_are_absent() {
    let store = filled(60, 10);
    let control = QueryControl::default();
    let later = past(0)..past(-5);
    assert!(
        forecast(&store, &request(later, 60), &control)
            .unwrap()
            .is_empty()
    );
}
