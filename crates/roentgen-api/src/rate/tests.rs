use std::collections::HashMap;

use roentgen_model::UnixNanos;

use super::Rates;
use crate::Operation;

fn at(millis: i64) -> UnixNanos {
    UnixNanos(1_700_000_000_000_000_000 + millis * 1_000_000)
}

#[test]
fn requests_pass_at_their_rate_and_only_of_that_operation() {
    let rates = Rates::new(&HashMap::from([(Operation::GetTraceSummaries, 2.0)]), None);
    let passes = |millis| {
        rates
            .request(Operation::GetTraceSummaries, at(millis))
            .is_ok()
    };
    let passed = [0, 0, 0, 400, 500, 600, 10_000, 10_000, 10_000].map(passes);
    assert_eq!(
        passed,
        [true, true, false, false, true, false, true, true, false]
    );
    assert!((0..100).all(|_| rates.request(Operation::GetGroups, at(0)).is_ok()));
}

#[test]
fn documents_have_a_rate_with_strict_limits_only() {
    let free = Rates::new(&HashMap::new(), None);
    assert!((0..100).all(|_| free.documents(1_000, at(0)).is_ok()));
    let strict = Rates::new(&HashMap::new(), Some(2_600));
    let passed = [0, 0, 0, 100, 300].map(|millis| strict.documents(1_000, at(millis)).is_ok());
    assert_eq!(passed, [true, true, false, false, true]);
}

#[test]
fn clock_that_steps_back_earns_nothing_and_breaks_nothing() {
    let rates = Rates::new(&HashMap::from([(Operation::GetGroup, 1.0)]), None);
    let passes = |millis| rates.request(Operation::GetGroup, at(millis)).is_ok();
    assert_eq!([0, -60_000, -59_000].map(passes), [true, false, true]);
}

#[test]
fn rate_below_one_lets_one_request_pass_after_its_time() {
    let rates = Rates::new(&HashMap::from([(Operation::GetGroup, 0.1)]), None);
    let passes = |millis| rates.request(Operation::GetGroup, at(millis)).is_ok();
    assert_eq!(
        [0, 5_000, 9_900, 10_100].map(passes),
        [true, false, false, true]
    );
}
