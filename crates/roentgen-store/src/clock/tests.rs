use super::*;

#[test]
fn randomness_with_one_seed_replays() {
    let (a, b) = (Randomness::from_seed(7), Randomness::from_seed(7));
    assert_eq!(a.next_u128(), b.next_u128());
}

#[test]
fn manual_clock_moves_only_when_told() {
    let clock = ManualClock::new(UnixNanos::from_secs(10));
    clock.advance_secs(5);
    assert_eq!(clock.now(), UnixNanos::from_secs(15));
    clock.advance_nanos(-5_000_000_000);
    assert_eq!(clock.now(), UnixNanos::from_secs(10));
}
