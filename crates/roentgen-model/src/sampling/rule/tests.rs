use super::*;

#[track_caller]
fn check(pattern: &str, text: &str, expect: bool) {
    assert_eq!(
        wildcard_matches(pattern, text),
        expect,
        "{pattern} on {text}"
    );
}

#[test]
fn wildcards_match_whole_strings_without_case() {
    check("*", "", true);
    check("", "", true);
    check("", "a", false);
    check("?", "", false);
    check("?", "ä", true);
    check("GET", "get", true);
    check("/api/*", "/api/", true);
    check("/api/*", "/API/orders/7", true);
    check("/api/*", "/apis", false);
    check("*orders*7", "/api/orders/17", true);
    check("*orders*7", "/api/orders/18", false);
    check("a*b*c", "aXbXbXc", true);
    check("a**", "a", true);
    check("a?c*", "abcd", true);
    check("a?c*", "acd", false);
}

#[test]
fn unknown_property_matches_but_unknown_attribute_does_not() {
    let mut rule = SamplingRule::default_rule();
    rule.host = "shop.example".into();
    assert!(rule.matches(&SamplingRequest::default()));
    assert!(!rule.matches(&SamplingRequest {
        host: Some("other"),
        ..Default::default()
    }));
    rule.attributes.insert("tier".into(), "go*".into());
    assert!(!rule.matches(&SamplingRequest::default()));
    let gold = SamplingRequest {
        attributes: vec![("tier", "Gold")],
        ..Default::default()
    };
    assert!(rule.matches(&gold));
}
