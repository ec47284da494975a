use super::*;

#[test]
fn simple_predicates_parse() {
    for text in [
        "",
        "ok",
        "!ok AND duration > 5",
        r#"service("x") { fault }"#,
    ] {
        assert!(Filter::parse(text, &NoGroups).is_ok(), "{text}");
    }
    let error = Filter::parse("responsetim > 5", &NoGroups).unwrap_err();
    let expected = "Invalid filter expression: unknown keyword `responsetim`, did you mean \
                    `responsetime`? at position 0";
    assert_eq!(error.to_string(), expected);
}
