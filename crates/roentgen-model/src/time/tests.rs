use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, expect: Option<i64>) {
    assert_eq!(
        UnixNanos::from_decimal_secs(text).map(|t| t.0),
        expect,
        "{text}"
    );
}

#[test]
fn decimal_seconds_are_read_exactly() {
    check("0", Some(0));
    check("1", Some(1_000_000_000));
    check("1568835610.432", Some(1_568_835_610_432_000_000));
    check("1.568835610432E9", Some(1_568_835_610_432_000_000));
    check("1795197101.93202", Some(1_795_197_101_932_020_000));
    check("1795197101.9320982", Some(1_795_197_101_932_098_200));
    check("0.0000000004", Some(0));
    check("0.0000000005", Some(1));
    check("-1.5", Some(-1_500_000_000));
    check("12e-1", Some(1_200_000_000));
    check("1e-12", Some(0));
    check("0e400", Some(0));
    check("1e400", None);
    check("9223372037", None);
    check("", None);
    check("abc", None);
    check(".5", None);
    check("1e", None);
}

#[test]
fn durations_show_as_people_write_them() {
    assert_eq!(nanos_to_secs_f64(300_000_000).to_string(), "0.3");
    assert_eq!(round_to_millis(499_999), 0);
    assert_eq!(round_to_millis(500_000), 1);
}

proptest! {
    #[test]
    fn print_then_parse_gives_the_same_time(nanos in any::<i64>()) {
        let text = UnixNanos(nanos).to_string();
        prop_assert_eq!(UnixNanos::from_decimal_secs(&text), Some(UnixNanos(nanos)).filter(|_| nanos != i64::MIN));
    }
}
