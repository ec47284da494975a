use super::*;

fn at(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(1_795_000_000 + secs)
}

const LIMITS: BoostLimits = BoostLimits {
    fixed_rate: 0.05,
    max_rate: 0.5,
    cooldown_window_minutes: 5,
    anomalies_per_minute: 12.0,
};

fn seen(seen: u64, sampled: u64) -> Boosts {
    let mut boosts = Boosts::default();
    boosts.report(Anomalies { seen, sampled }, at(0));
    boosts
}

fn rate(boosts: &mut Boosts, limits: &BoostLimits, secs: i64) -> Option<f64> {
    boosts.boost(limits, at(secs)).map(|boost| boost.rate)
}

#[test]
fn rate_is_the_smallest_that_samples_enough_anomalies() {
    // Twelve a minute are four in twenty seconds.
    let limits = |fixed_rate, max_rate| BoostLimits {
        fixed_rate,
        max_rate,
        ..LIMITS
    };
    let cases = [
        (seen(10, 0), LIMITS, Some(0.4)),
        (seen(1, 0), LIMITS, Some(0.5)),
        (seen(0, 0), LIMITS, None),
        (seen(10, 4), LIMITS, None),
        (seen(10, 3), LIMITS, Some(0.4)),
        // The base rate takes enough already.
        (seen(1_000, 0), LIMITS, None),
        (seen(10, 0), limits(0.4, 0.5), None),
        // Switched off.
        (seen(10, 0), limits(0.05, 0.0), None),
        (seen(10, 0), limits(0.2, 0.2), None),
    ];
    for (mut boosts, limits, expected) in cases {
        let found = rate(&mut boosts, &limits, 0);
        assert_eq!(found, expected, "{boosts:?} {limits:?}");
    }
}

#[test]
fn boost_stays_as_it_is_for_a_minute_and_then_cools_down() {
    let mut boosts = seen(10, 0);
    let first = boosts.boost(&LIMITS, at(0)).unwrap();
    assert_eq!(first.end(), at(60));
    for secs in 1..300 {
        let many = Anomalies {
            seen: 1,
            sampled: 0,
        };
        boosts.report(many, at(secs));
        let expected = (secs < 60).then_some(first);
        assert_eq!(boosts.boost(&LIMITS, at(secs)), expected, "{secs} s");
    }
    assert_eq!(boosts.boost(&LIMITS, at(300)).unwrap().start, at(300));
}

#[test]
fn boosts_follow_each_other_without_a_cooldown() {
    for cooldown_window_minutes in [0, 1] {
        let limits = BoostLimits {
            cooldown_window_minutes,
            ..LIMITS
        };
        let mut boosts = seen(10, 0);
        assert!(rate(&mut boosts, &limits, 0).is_some());
        boosts.report(
            Anomalies {
                seen: 5,
                sampled: 0,
            },
            at(59),
        );
        assert_eq!(rate(&mut boosts, &limits, 60), Some(0.5));
    }
}

#[test]
fn reports_count_for_twenty_seconds_and_add_up() {
    let mut boosts = seen(10, 2);
    boosts.report(
        Anomalies {
            seen: 5,
            sampled: 0,
        },
        at(10),
    );
    assert_eq!(rate(&mut boosts.clone(), &LIMITS, 19), Some(4.0 / 15.0));
    assert_eq!(rate(&mut boosts.clone(), &LIMITS, 20), Some(0.5));
    assert_eq!(rate(&mut boosts, &LIMITS, 30), None);
}

#[test]
fn reports_of_many_services_stay_bounded() {
    let mut boosts = Boosts::default();
    for report in 0..100_000_i64 {
        let one = Anomalies {
            seen: u64::MAX,
            sampled: 1,
        };
        boosts.report(one, at(report / 100));
    }
    assert!(boosts.reports.len() <= 20, "{}", boosts.reports.len());
}

#[test]
fn cooldown_goes_on_after_a_restart() {
    let mut boosts = seen(10, 0);
    let last = boosts.boost(&LIMITS, at(0)).unwrap();
    let mut again = Boosts::default();
    again.restore(last);
    assert_eq!(again.boost(&LIMITS, at(59)), Some(last));
    again.report(
        Anomalies {
            seen: 10,
            sampled: 0,
        },
        at(290),
    );
    assert_eq!(again.boost(&LIMITS, at(290)), None);
    assert!(again.boost(&LIMITS, at(301)).is_some());
}
