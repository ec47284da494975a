use super::*;

#[test]
fn strict_limits_bound_a_trace_to_500_kb() {
    let mut config = Config::defaults();
    assert_eq!(store_settings(&config).trace_bytes_max, 64 << 20);
    config.strict_limits = true;
    assert_eq!(store_settings(&config).trace_bytes_max, 512_000);
    config.trace_max_bytes = 1_000;
    assert_eq!(store_settings(&config).trace_bytes_max, 1_000);
}
