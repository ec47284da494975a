use roentgen_model::UnixNanos;

use super::Members;
use crate::error::ApiError;

fn time(json: &str) -> Result<UnixNanos, String> {
    let body = format!("{{\"T\":{json}}}");
    let members = Members::of_body(body.as_bytes()).map_err(|e| e.to_string())?;
    members
        .required("T")
        .and_then(|m| m.time())
        .map_err(|e| e.to_string())
}

fn read<T>(
    json: &str,
    with: impl Fn(&super::Member<'_>) -> Result<T, ApiError>,
) -> Result<T, String> {
    let body = format!("{{\"M\":{json}}}");
    let members = Members::of_body(body.as_bytes()).map_err(|e| e.to_string())?;
    members
        .required("M")
        .and_then(|m| with(&m))
        .map_err(|e| e.to_string())
}

#[test]
fn time_reads_decimal_text_exactly_and_iso_strings() {
    let cases = [
        ("1568835610", 1_568_835_610_000_000_000),
        ("1568835610.432123456", 1_568_835_610_432_123_456),
        ("1.568835610432E9", 1_568_835_610_432_000_000),
        ("\"2019-09-18T19:40:10Z\"", 1_568_835_610_000_000_000),
        ("\"2019-09-18T21:40:10.5+02:00\"", 1_568_835_610_500_000_000),
        ("\"2019-09-18T19:40:10.25\"", 1_568_835_610_250_000_000),
        ("\"2019-09-18\"", 1_568_764_800_000_000_000),
    ];
    for (json, nanos) in cases {
        assert_eq!(time(json), Ok(UnixNanos(nanos)), "{json}");
    }
}

#[test]
fn time_of_another_shape_is_refused_by_name() {
    for json in [
        "\"yesterday\"",
        "[]",
        "{}",
        "true",
        "1e30",
        "\"\"",
        "\"2019-13-01\"",
    ] {
        let error = time(json).unwrap_err();
        assert!(error.starts_with("`T`: expected a time"), "{json}: {error}");
    }
    assert_eq!(time("null").unwrap_err(), "`T` is required");
}

#[test]
fn members_of_wrong_type_or_range_are_refused_by_name() {
    assert_eq!(read("5.0", |m| m.integer(0..=9)), Ok(5));
    let cases = [
        (
            read("5.5", |m| m.integer(0..=9)).map(drop),
            "`M`: expected a whole number, found `5.5`",
        ),
        (
            read("10", |m| m.integer(0..=9)).map(drop),
            "`M`: expected a whole number from 0 to 9, found 10",
        ),
        (
            read("\"1\"", |m| m.integer(0..=9)).map(drop),
            "`M`: expected a whole number, found `\"1\"`",
        ),
        (
            read("2", |m| m.double(0.0..=1.0)).map(drop),
            "`M`: expected a number from 0 to 1, found 2",
        ),
        (
            read("1", |m| m.boolean()).map(drop),
            "`M`: expected a boolean, found `1`",
        ),
        (
            read("\"\"", |m| m.text(1..=3)).map(drop),
            "`M`: expected 1 to 3 characters, found 0",
        ),
        (
            read("\"\\ud800\"", |m| m.text(1..=3)).map(drop),
            "`M`: expected a string, found `\"\\ud800\"`",
        ),
        (
            read("\"c\"", |m| m.choice(&["a", "b"])).map(drop),
            "`M`: expected `a` or `b`",
        ),
        (
            read("[1,2]", |m| m.list(0..=1).map(drop)),
            "`M`: expected at most 1 items, found 2",
        ),
        (
            read("[null]", |m| m.list(0..=1).map(drop)),
            "`M[0]`: must not be null",
        ),
        (
            read("3", |m| m.object().map(drop)),
            "`M`: expected an object, found `3`",
        ),
    ];
    for (result, expected) in cases {
        assert_eq!(result, Err(expected.to_owned()));
    }
}

#[test]
fn nested_members_are_named_by_their_path() {
    let error = read("{\"List\":[{\"Name\":7}]}", |m| {
        let list = m.object()?.required("List")?.list(0..=5)?;
        list.iter()
            .map(|item| item.object()?.required("Name")?.text(0..=5))
            .collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(
        error.unwrap_err(),
        "`M.List[0].Name`: expected a string, found `7`"
    );
}

#[test]
fn body_of_another_shape_is_refused_and_empty_is_an_empty_object() {
    assert!(Members::of_body(b"").is_ok());
    assert!(Members::of_body(b" \r\n").is_ok());
    for body in [
        &b"[]"[..],
        b"3",
        b"null",
        b"{",
        b"{\"a\":1}x",
        b"{\"a\":\"\xff\"}",
        b"\xff",
    ] {
        assert!(Members::of_body(body).is_err(), "{body:?}");
    }
}

#[test]
fn nesting_bomb_is_no_stack_overflow() {
    let deep = 1 << 20;
    let body = format!("{{\"M\":{}{}}}", "[".repeat(deep), "]".repeat(deep));
    let members = Members::of_body(body.as_bytes()).unwrap();
    assert!(members.required("M").unwrap().text(0..=9).is_err());
    assert_eq!(members.required("M").unwrap().list(0..=9).unwrap().len(), 1);
}

#[test]
fn lists_and_objects_of_millions_are_refused_without_being_held() {
    let list = format!("[{}1]", "1,".repeat(3_000_000));
    let error = read(&list, |m| m.list(0..=5).map(drop)).unwrap_err();
    assert_eq!(error, "`M`: expected at most 5 items, found 3000001");
    let members: String = (0..10_001).map(|n| format!("\"{n}\":0,")).collect();
    let body = format!("{{{}\"M\":0}}", members);
    let error = Members::of_body(body.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("expected at most 10000 members"), "{error}");
}
