use super::*;

#[test]
fn response_time_root_causes_begin_at_the_configured_time() {
    let mut config = Config::defaults();
    let nanos = |config: &Config| {
        let assembly = store_settings(config).assembly();
        assembly.response_time_root_cause_nanos_min
    };
    assert_eq!(nanos(&config), 0);
    config.response_time_root_cause_min = Duration::from_millis(2_500);
    assert_eq!(nanos(&config), 2_500_000_000);
}

#[test]
fn strict_limits_bound_a_trace_to_500_kb() {
    let mut config = Config::defaults();
    assert_eq!(store_settings(&config).trace_bytes_max, 64 << 20);
    config.strict_limits = true;
    assert_eq!(store_settings(&config).trace_bytes_max, 512_000);
    config.trace_max_bytes = 1_000;
    assert_eq!(store_settings(&config).trace_bytes_max, 1_000);
}
