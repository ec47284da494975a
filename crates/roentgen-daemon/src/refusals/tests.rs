use super::*;

#[test]
fn many_refusals_make_one_line_per_code_and_pause() {
    let mut log = RefusalLog::default();
    let start = Instant::now();
    let at = |secs| start + Duration::from_secs(secs);
    assert_eq!(log.due("ParseError", start), Some(1));
    assert!((0..10_000).all(|n| log.due("ParseError", at(n % 10)).is_none()));
    assert_eq!(log.due("MissingId", at(9)), Some(1));
    assert_eq!(log.due("ParseError", at(10)), Some(10_001));
    assert_eq!(log.due("ParseError", at(11)), None);
}
