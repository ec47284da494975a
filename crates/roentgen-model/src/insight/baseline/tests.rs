use crate::insight::tests::{counts, minute};

use super::*;

fn after_minutes(minutes: i64, each: Counts) -> Baseline {
    let mut baseline = Baseline::new(minute(0));
    for number in 0..minutes {
        baseline = baseline.at(minute(number));
        baseline.add(each);
    }
    baseline
}

#[test]
fn nothing_known_gives_the_prior_of_one_percent() {
    assert_eq!(Baseline::new(minute(0)).rate(), 0.01);
}

#[test]
fn half_the_weight_of_a_minute_is_gone_after_three_hours() {
    let baseline = after_minutes(1, counts(1000, 100)).at(minute(180));
    assert_eq!((baseline.faults, baseline.requests), (50.0, 500.0));
}

#[test]
fn what_is_older_than_a_day_is_forgotten() {
    let baseline = after_minutes(60, counts(1000, 100));
    assert!(!baseline.at(minute(59 + 24 * 60)).is_learning());
    assert!(baseline.at(minute(60 + 24 * 60)).is_learning());
}

#[test]
fn thirty_minutes_and_a_hundred_requests_end_the_learning() {
    assert!(after_minutes(29, counts(100, 1)).is_learning());
    assert!(!after_minutes(30, counts(100, 1)).is_learning());
    assert!(
        after_minutes(90, counts(1, 0)).is_learning(),
        "under 100 requests"
    );
}

#[test]
fn the_band_is_three_deviations_wide_and_one_more_above() {
    let mut baseline = Baseline::new(minute(0));
    // p̂ = (49.5 + 0.5) / (450 + 50) = 0.1
    (baseline.faults, baseline.requests) = (49.5, 450.0);
    // μ = 100, √v = √90 ≈ 9.49: 100 + 28.46 + 1, 100 - 28.46.
    let narrow = Band {
        fault_count_high: 130,
        fault_count_low: 71,
    };
    assert_eq!(baseline.band(1000), narrow);
    baseline.overdispersion = 4.0;
    let wide = Band {
        fault_count_high: 158,
        fault_count_low: 43,
    };
    assert_eq!(baseline.band(1000), wide);
    // No requests: μ = v = 0.
    let empty = Band {
        fault_count_high: 1,
        fault_count_low: 0,
    };
    assert_eq!(baseline.band(0), empty);
}

#[test]
fn overdispersion_rises_with_surprising_minutes_and_stays_within_one_and_ten() {
    let mut baseline = after_minutes(60, counts(1000, 100));
    assert_eq!(baseline.overdispersion, 1.0);
    baseline.add(counts(1000, 130));
    assert!(baseline.overdispersion > 1.2, "{baseline:?}");
    (0..100).for_each(|_| baseline.add(counts(1000, 1000)));
    assert_eq!(baseline.overdispersion, 10.0);
}

#[test]
fn a_minute_is_anomalous_only_beyond_the_band_and_all_floors() {
    let quiet = after_minutes(120, counts(100, 0)).at(minute(120));
    assert!(quiet.is_anomalous(counts(100, 3)));
    assert!(!quiet.is_anomalous(counts(100, 2)), "under three faults");
    assert!(!quiet.is_anomalous(counts(1000, 9)), "under one percent");
    assert!(!quiet.is_anomalous(counts(0, 0)));
    let busy = after_minutes(120, counts(10_000, 1_000)).at(minute(120));
    assert!(
        !busy.is_anomalous(counts(10_000, 1_900)),
        "not twice the usual share"
    );
    assert!(busy.is_anomalous(counts(10_000, 2_001)));
}

#[test]
fn while_learning_only_half_of_the_requests_failing_is_anomalous() {
    let new = Baseline::new(minute(0));
    assert!(new.is_anomalous(counts(20, 10)));
    assert!(!new.is_anomalous(counts(21, 10)), "under half");
    assert!(!new.is_anomalous(counts(9, 9)), "under ten faults");
}
