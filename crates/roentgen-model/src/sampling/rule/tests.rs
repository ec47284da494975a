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

/// The rules of sampling.md 8 in the order in which clients ask them.
fn example_rules() -> Vec<SamplingRule> {
    let rule = |name: &str, priority, service: &str, method: &str, path: &str| SamplingRule {
        name: name.into(),
        priority,
        service_name: service.into(),
        http_method: method.into(),
        url_path: path.into(),
        ..SamplingRule::default_rule()
    };
    let mut rules = vec![
        SamplingRule::default_rule(),
        rule("polling", 5000, "Web", "GET", "/state/*"),
        rule("base-web", 9000, "Web", "*", "*"),
        rule("post-minimum", 100, "*", "POST", "*"),
        rule("debug", 1, "Web", "PUT", "/history/*"),
        // The same priority as another: the name decides.
        rule("a-polling-too", 5000, "Web", "GET", "/state/none"),
    ];
    rules.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    rules
}

#[test]
fn first_rule_by_priority_and_name_decides() {
    let rules = example_rules();
    for (service, method, path, expected) in [
        ("Web", "PUT", "/history/7", "debug"),
        ("Web", "GET", "/state/9", "polling"),
        ("Web", "GET", "/state/none", "a-polling-too"),
        ("Api", "POST", "/x", "post-minimum"),
        ("Web", "POST", "/state/9", "post-minimum"),
        ("Api", "DELETE", "/x", "Default"),
        ("Web", "GET", "/other", "base-web"),
        ("web", "get", "/STATE/9", "polling"),
    ] {
        let request = SamplingRequest {
            service_name: Some(service),
            http_method: Some(method),
            url_path: Some(path),
            ..Default::default()
        };
        let decides = rules.iter().find(|rule| rule.matches(&request)).unwrap();
        assert_eq!(decides.name, expected, "{method} {path} on {service}");
    }
}
