use super::*;

fn check_round(nanos: i64, millis: i64) {
    assert_eq!(round_nanos(nanos), millis * 1_000_000, "{nanos}");
}

#[test]
fn round_nanos_keeps_milliseconds_below_a_second_and_three_digits_above() {
    check_round(-5, 0);
    check_round(0, 0);
    check_round(499_999, 0);
    check_round(500_000, 1);
    check_round(999_400_000, 999);
    check_round(999_500_000, 1000);
    check_round(1_234_000_000, 1230);
    check_round(1_235_000_000, 1240);
    check_round(9_995_000_000, 10_000);
    check_round(123_456_000_000, 123_000);
}

#[test]
fn round_nanos_of_its_result_changes_nothing() {
    for nanos in [
        0,
        1_500_000,
        999_500_000,
        1_235_000_000,
        9_994_999_999,
        i64::MAX,
    ] {
        assert_eq!(
            round_nanos(round_nanos(nanos)),
            round_nanos(nanos),
            "{nanos}"
        );
    }
}

#[test]
fn histogram_merges_equal_rounded_values_and_sorts() {
    let mut histogram = Histogram::default();
    histogram.add(1_234_000_000, 1);
    histogram.add(20_400_000, 2);
    histogram.add(19_500_000, 1);
    histogram.add(1_229_000_000, 4);
    let entries: Vec<_> = histogram.entries().collect();
    assert_eq!(entries, [(20_000_000, 3), (1_230_000_000, 5)]);
    assert_eq!(histogram.total(), 8);
    histogram.add(20_000_000, -3);
    assert_eq!(histogram.entries().count(), 1);
}
