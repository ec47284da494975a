use proptest::prelude::*;

use super::*;

fn times(millis: impl IntoIterator<Item = i64>) -> ResponseTimes {
    let mut times = ResponseTimes::default();
    millis.into_iter().for_each(|millis| times.add(millis));
    times
}

#[test]
fn nothing_has_no_percentile_and_no_bucket() {
    let none = ResponseTimes::default();
    assert_eq!(none.permille(500), None);
    assert_eq!(none.buckets(10), []);
    assert_eq!(none.bounds_millis(), None);
}

#[test]
fn percentiles_are_those_of_the_ranks() {
    let hundred = times(1..=100);
    let found = [0, 500, 900, 990, 1000].map(|p| hundred.permille(p).unwrap());
    assert_eq!(found, [1, 50, 90, 99, 100]);
    assert_eq!(times([7]).permille(500), Some(7));
}

#[test]
fn times_beyond_the_last_bucket_count_into_it() {
    let far = times([i64::MAX, 3 * MILLIS_MAX]);
    assert_eq!(far.count(), 2);
    assert_eq!(far.buckets(100).iter().map(|b| b.count).sum::<u64>(), 2);
}

proptest! {
    #[test]
    fn buckets_hold_what_lies_between_their_bounds(
        millis in prop::collection::vec(0..2_000_000_i64, 1..200),
        buckets_max in 1..120_usize,
    ) {
        let times = times(millis.iter().copied());
        let buckets = times.buckets(buckets_max);
        prop_assert!(buckets.len() <= buckets_max);
        for pair in buckets.windows(2) {
            prop_assert_eq!(pair[0].to_millis, pair[1].from_millis);
        }
        for bucket in &buckets {
            let range = bucket.from_millis..bucket.to_millis;
            let inside = millis.iter().filter(|millis| range.contains(millis)).count();
            prop_assert_eq!(bucket.count, inside as u64);
        }
        prop_assert_eq!(buckets.iter().map(|b| b.count).sum::<u64>(), millis.len() as u64);
    }

    #[test]
    fn percentiles_are_within_one_percent(
        mut millis in prop::collection::vec(0..2_000_000_i64, 1..200),
        permille in 1..=1000_u64,
    ) {
        let found = times(millis.iter().copied()).permille(permille).unwrap();
        millis.sort_unstable();
        let rank = usize::try_from((millis.len() as u64 * permille).div_ceil(1000)).unwrap();
        let exact = millis[rank - 1];
        prop_assert!((found - exact).abs() * 100 <= exact, "{} for {}", found, exact);
    }
}
