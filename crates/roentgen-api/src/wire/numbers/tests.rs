use roentgen_model::UnixNanos;
use serde::Serialize;

use super::{Millis, Seconds, Time};

fn printed(number: impl Serialize) -> String {
    serde_json::to_string(&number).unwrap()
}

#[test]
fn numbers_print_without_float_dust() {
    assert_eq!(
        printed(Time(UnixNanos(1_568_835_610_432_123_456))),
        "1568835610.432123456"
    );
    assert_eq!(
        printed(Time(UnixNanos(1_710_410_300_300_000_000))),
        "1710410300.3"
    );
    assert_eq!(printed(Time(UnixNanos(0))), "0.0");
    assert_eq!(printed(Time(UnixNanos(-1_500_000_000))), "-1.5");
    assert_eq!(printed(Millis { nanos: 300_000_000 }), "0.3");
    assert_eq!(
        printed(Millis {
            nanos: 1_234_499_999
        }),
        "1.234"
    );
    assert_eq!(
        printed(Millis {
            nanos: 1_234_500_000
        }),
        "1.235"
    );
    assert_eq!(
        printed(Seconds {
            nanos: 1_234_500_001
        }),
        "1.234500001"
    );
}
