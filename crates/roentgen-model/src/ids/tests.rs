use super::*;

#[track_caller]
fn check(text: &str, expect: Option<&str>) {
    let got = TraceId::parse_any(text).ok().map(|id| id.to_string());
    assert_eq!(got.as_deref(), expect, "{text}");
}

#[test]
fn trace_ids_parse_in_both_forms_and_print_in_lower_case() {
    let id = "1-4efaaf4d-1e8720b39541901950019ee5";
    check(id, Some(id));
    check(&id.to_uppercase(), Some(id));
    check("4efaaf4d1e8720b39541901950019ee5", Some(id));
    check("2-4efaaf4d-1e8720b39541901950019ee5", None);
    check("1-4efaaf4d-1e8720b39541901950019ee", None);
    check("1-4efaaf4d-1e8720b39541901950019eeg", None);
    check("1_4efaaf4d-1e8720b39541901950019ee5", None);
    check("", None);
    check("1-4efaaf4d-1e8720b3954190195001é5", None);
    assert!(TraceId::parse_xray("4efaaf4d1e8720b39541901950019ee5").is_err());
}

#[test]
fn segment_ids_are_sixteen_hex_digits() {
    assert_eq!(
        "00F067aa0ba902b7".parse::<SegmentId>().unwrap().to_string(),
        "00f067aa0ba902b7"
    );
    for bad in [
        "",
        "00f067aa0ba902b",
        "00f067aa0ba902b70",
        "00f067aa0ba902bg",
        "+0f067aa0ba902b7",
    ] {
        assert!(bad.parse::<SegmentId>().is_err(), "{bad}");
    }
}
