use super::*;

fn parsed(text: &str) -> EntitySelector {
    EntitySelector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn key(name: &str, node_type: Option<&str>, account_id: Option<&str>) -> NodeKey {
    NodeKey {
        name: name.into(),
        node_type: node_type.map(Into::into),
        account_id: account_id.map(Into::into),
    }
}

/// Which of some nodes an expression selects, in a word each.
fn nodes(text: &str) -> String {
    let all = [
        ("web", key("web", Some("AWS::EC2::Instance"), Some("1")), ""),
        ("client", key("web", Some("client"), None), ""),
        ("pay", key("pay", None, None), "pay.example"),
        ("f", key("f", Some("AWS::Lambda"), Some("2")), ""),
        ("f2", key("f", Some("AWS::Lambda::Function"), Some("2")), ""),
    ];
    let selector = parsed(text);
    let selected = all.iter().filter(|(_, key, other)| {
        let others: Vec<Arc<str>> = other.split_whitespace().map(Into::into).collect();
        selector.selects_node(key, &others)
    });
    let words: Vec<_> = selected.map(|(word, _, _)| *word).collect();
    words.join(" ")
}

#[test]
fn node_selectors_select_by_every_name_type_and_account() {
    let check = |text: &str, expected: &str| assert_eq!(nodes(text), expected, "{text}");
    check("service", "web client pay f f2");
    check("service()", "web client pay f f2");
    check("id()", "web client pay f f2");
    check(r#"service("web")"#, "web client");
    check(r#"SERVICE ( "pay.example" )"#, "pay");
    check(r#"id(name: "pay.example")"#, "pay");
    check(r#"service("PAY")"#, "");
    check(r#"id(name:"f",type:"AWS::Lambda")"#, "f");
    check(
        r#"service(id(type: "AWS::Lambda::Function", name: "f"))"#,
        "f2",
    );
    check(r#"id(account.id: "2")"#, "f f2");
    check(r#"ID(accountId: "1")"#, "web");
    check(r#"id(type:"client")"#, "client");
    check(r#"service("pay") OR id(type: "client")"#, "client pay");
    check(
        r#"service("pay") or service("f") Or id(account.id:"1")"#,
        "web pay f f2",
    );
    check(r#"edge("web", "pay")"#, "");
    check("  service(\t\"pay\"\r\n)  ", "pay");
}

#[test]
fn edge_selectors_select_by_both_ends() {
    let web = key("web", Some("AWS::EC2::Instance"), None);
    let client = key("web", Some("client"), None);
    let pay = key("pay", None, None);
    let names: [Arc<str>; 1] = ["pay.example".into()];
    let check = |text: &str, source: &NodeKey, expected: bool| {
        let found = parsed(text).selects_edge((source, &[]), (&pay, &names));
        assert_eq!(found, expected, "{text}");
    };
    check(r#"edge("web", "pay")"#, &web, true);
    check(r#"edge("web", "pay.example")"#, &web, true);
    check(r#"edge("pay", "web")"#, &web, false);
    check(r#"edge(id(type: "client"), "pay")"#, &web, false);
    check(r#"edge(id(type: "client"), "pay")"#, &client, true);
    check(
        r#"edge("x", "y") OR edge(id(name: "web"), id())"#,
        &web,
        true,
    );
    check("edge", &web, true);
    check("edge()", &client, true);
    check(r#"service("pay")"#, &web, false);
}

#[test]
fn forecasts_are_offered_to_ids_only() {
    let check = |text: &str, expected: bool| assert_eq!(parsed(text).is_by_id, expected, "{text}");
    check(r#"id(name: "a")"#, true);
    check(r#"service(id(name: "a", type: "b"))"#, true);
    check(r#"id(name: "a") OR service(id(name: "b"))"#, true);
    check(r#"service("a")"#, false);
    check("service()", false);
    check("service", false);
    check(r#"id(name: "a") OR service("b")"#, false);
    check(r#"service("b") OR id(name: "a")"#, false);
    check(r#"edge(id(name: "a"), id(name: "b"))"#, false);
}

/// Checks a refusal without its first words.
fn check_refused(text: &str, expected: &str) {
    let error = EntitySelector::parse(text).expect_err(text).to_string();
    let reason = error.strip_prefix("Invalid entity selector expression: ");
    assert_eq!(reason, Some(expected), "{text}");
}

#[test]
fn anything_but_selectors_is_refused_where_it_stands() {
    let check = check_refused;
    let selector = "expected `service(…)`, `edge(…)` or `id(…)`, found";
    check("", &format!("{selector} the end at position 0"));
    check("  ", &format!("{selector} the end at position 2"));
    check("\"web\"", &format!("{selector} a string at position 0"));
    check("web", &format!("{selector} `web` at position 0"));
    check("(service())", &format!("{selector} `(` at position 0"));
    check(
        "service() OR",
        &format!("{selector} the end at position 12"),
    );
    check("OR service()", &format!("{selector} `OR` at position 0"));
    check(
        "edge() OR OR edge()",
        &format!("{selector} `OR` at position 10"),
    );

    let block = "a block is not allowed in an entity selector at position";
    check(r#"service("a") { fault }"#, &format!("{block} 13"));
    check(r#"edge("a", "b"){}"#, &format!("{block} 14"));
    check(r#"id(){ok}"#, &format!("{block} 4"));

    check(
        "!service()",
        "`!` is not allowed in an entity selector at position 0",
    );
    check(
        "service() AND service()",
        "`AND` is not allowed in an entity selector, join with `OR` at position 10",
    );
    check(
        "service() edge()",
        "selectors are joined with `OR` at position 10",
    );
    check("id() id()", "selectors are joined with `OR` at position 5");
    check(
        "fault",
        "keyword `fault` is not allowed in an entity selector at position 0",
    );
    check(
        "service() OR responsetime > 1",
        "keyword `responsetime` is not allowed in an entity selector at position 13",
    );
    check(
        "service() OR annotation.a",
        "keyword `annotation.a` is not allowed in an entity selector at position 13",
    );
    check(
        "service() fault",
        "keyword `fault` is not allowed in an entity selector at position 10",
    );
    check(
        r#"group.name = "g""#,
        "keyword `group.name` is not allowed in an entity selector at position 0",
    );
}

#[test]
fn malformed_and_mixed_selectors_are_refused_where_they_go_wrong() {
    let check = check_refused;
    let mixed = "`edge(…)` cannot be joined with `service(…)` or `id(…)` at position";
    check("service() OR edge()", &format!("{mixed} 13"));
    check("edge() OR edge() OR id()", &format!("{mixed} 20"));
    check("é", "unexpected character `é` at position 0");

    check(
        r#"edge("a")"#,
        "`edge` takes two arguments or none, found one at position 8",
    );
    check("id", "expected `(` after `id`, found the end at position 2");
    check(
        r#"id(name: "a", NAME: "b")"#,
        "argument `NAME` of `id` is given twice at position 14",
    );
    check(
        r#"id(account.id: "1", accountId: "2")"#,
        "argument `accountId` of `id` is given twice at position 20",
    );
    check(
        r#"service(id(name: "a")"#,
        "`(` is never closed at position 7",
    );
    check(
        r#"service("a", "b")"#,
        "expected `)`, found `,` at position 11",
    );
    check(
        "service() service = 1",
        "selectors are joined with `OR` at position 10",
    );
    check(
        "service() )",
        "expected `OR` or the end, found `)` at position 10",
    );
}

#[test]
fn text_of_500_characters_is_read_and_longer_refused() {
    let named = |chars: usize| format!("service(\"{}\")", "é".repeat(chars - 11));
    assert!(EntitySelector::parse(&named(500)).is_ok());
    let error = EntitySelector::parse(&named(501)).unwrap_err();
    assert_eq!(error.reason(), "expression is longer than 500 characters");
    assert_eq!(error.position(), 500);
}
