use super::*;

#[test]
fn trace_time_believes_the_id_only_near_the_earliest_start() {
    let id = TraceId::parse_xray("1-65f2c0de-00112233445566778899aabb").unwrap();
    let at = |secs: i64| UnixNanos::from_secs(secs);
    let id_secs = 0x65f2_c0de_i64;
    assert_eq!(trace_time(id, at(id_secs + 86_400)), at(id_secs));
    let beyond = UnixNanos(at(id_secs + 86_400).0 + 1);
    assert_eq!(trace_time(id, beyond), beyond);
    assert_eq!(trace_time(id, at(id_secs - 10)), at(id_secs));
}
