//! Random filters, as texts with every spelling that the grammar allows.

use proptest::prelude::*;
use proptest::sample::select;

use super::words;

/// A random valid expression without groups, from empty to a few levels of nesting.
pub fn filter() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        30 => combined(trace_predicate()),
    ]
}

/// Conditions put together by `!`, `AND` (written or not), `OR` and parentheses.
fn combined(leaf: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let recursive = leaf.prop_recursive(3, 8, 3, |inner| {
        let sides = || proptest::collection::vec(inner.clone(), 2..4);
        let and = select(&[" AND ", " and ", " "][..]);
        prop_oneof![
            inner.clone().prop_map(|inner| format!("!({inner})")),
            inner.clone().prop_map(|inner| format!("( {inner} )")),
            (sides(), and).prop_map(|(sides, and)| {
                let enclosed: Vec<_> = sides.iter().map(|side| format!("({side})")).collect();
                enclosed.join(and)
            }),
            sides().prop_map(|sides| sides.join(" OR ")),
            sides().prop_map(|sides| sides.join(" ")),
        ]
    });
    recursive.boxed()
}

fn trace_predicate() -> BoxedStrategy<String> {
    let service = (entity(), block(segment_predicate()))
        .prop_map(|(entity, block)| format!("service({entity}){block}"));
    let edge = (entity(), entity(), block(call_predicate())).prop_map(|(source, called, block)| {
        match (source.is_empty(), called.is_empty()) {
            (true, true) => format!("edge(){block}"),
            (true, false) => format!("edge(id(), {called}){block}"),
            (false, true) => format!("edge({source}, id()) {block}"),
            (false, false) => format!("edge({source},{called}) {block}"),
        }
    });
    prop_oneof![
        4 => flag(&["ok", "error", "fault", "throttle", "partial", "inferred"]),
        3 => number(&["responsetime", "duration"], time()),
        1 => number(&["http.status"], status()),
        3 => request_text(),
        3 => segment_text(),
        1 => text(&["account.id"], words::ACCOUNTS),
        2 => annotation(&[""]),
        4 => service,
        4 => edge,
        3 => cause(),
        1 => cause_json(),
        1 => select(&["group.name = \"Default\"", "group.name != Default"][..]).prop_map(String::from),
    ]
    .boxed()
}

fn segment_predicate() -> BoxedStrategy<String> {
    element_predicate(&[""])
}

fn call_predicate() -> BoxedStrategy<String> {
    element_predicate(&["", "source.", "destination."])
}

fn element_predicate(places: &'static [&'static str]) -> BoxedStrategy<String> {
    prop_oneof![
        flag(&[
            "ok", "error", "fault", "throttle", "partial", "inferred", "root"
        ]),
        number(&["responsetime", "duration"], time()),
        number(&["http.status"], status()),
        request_text(),
        segment_text(),
        text(&["name"], words::NAMES),
        text(&["type"], words::TYPES),
        text(&["account.id"], words::ACCOUNTS),
        annotation(places),
    ]
    .boxed()
}

/// Nothing, or a block of one or more conditions.
fn block(leaf: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![
        Just(String::new()),
        leaf.clone().prop_map(|inner| format!("{{{inner}}}")),
        combined(leaf).prop_map(|inner| format!(" {{ {inner} }}")),
    ]
    .boxed()
}

/// Nothing, a name, or `id(…)`.
fn entity() -> BoxedStrategy<String> {
    let argument = prop_oneof![
        select(words::NAMES).prop_map(|name| format!("name: {}", quoted(name))),
        select(words::TYPES).prop_map(|kind| format!("type:{}", quoted(kind))),
        select(words::ACCOUNTS).prop_map(|account| format!("account.id :{}", quoted(account))),
    ];
    let pair = (select(words::NAMES), select(words::TYPES));
    prop_oneof![
        1 => Just(String::new()),
        3 => select(words::NAMES).prop_map(quoted),
        3 => argument.prop_map(|argument| format!("id({argument})")),
        1 => pair.prop_map(|(name, kind)| format!("ID(type:{}, name:{})", quoted(kind), quoted(name))),
        1 => Just("id()".to_owned()),
    ]
    .boxed()
}

fn flag(keywords: &'static [&'static str]) -> BoxedStrategy<String> {
    let forms = select(&["", "", " = true", "=false", " != TRUE", "!=\"false\""][..]);
    (select(keywords), forms)
        .prop_map(|(keyword, form)| format!("{keyword}{form}"))
        .boxed()
}

fn number(
    keywords: &'static [&'static str],
    values: BoxedStrategy<String>,
) -> BoxedStrategy<String> {
    let operators = select(&["=", "!=", "<", "<=", ">", ">="][..]);
    prop_oneof![
        1 => select(keywords).prop_map(String::from),
        6 => (select(keywords), operators, values)
            .prop_map(|(keyword, operator, value)| format!("{keyword} {operator} {value}")),
    ]
    .boxed()
}

/// Seconds: round ones, whole milliseconds, and such as no rounded time can equal.
fn time() -> BoxedStrategy<String> {
    prop_oneof![
        select(&["0", "0.5", "1", "1e0", "1.5", "-1", "1e300"][..]).prop_map(String::from),
        (0..3000u32).prop_map(|millis| format!("{}.{:03}", millis / 1000, millis % 1000)),
        (0..3_000_000u32).prop_map(|micros| format!(
            "{}.{:06}",
            micros / 1_000_000,
            micros % 1_000_000
        )),
    ]
    .boxed()
}

fn status() -> BoxedStrategy<String> {
    select(words::STATUSES)
        .prop_map(|status| status.to_string())
        .boxed()
}

fn request_text() -> BoxedStrategy<String> {
    prop_oneof![
        text(&["http.url"], words::URLS),
        text(&["http.method"], words::METHODS),
        text(&["http.useragent"], words::AGENTS),
        text(&["http.clientip"], words::ADDRESSES),
    ]
    .boxed()
}

fn segment_text() -> BoxedStrategy<String> {
    prop_oneof![
        text(&["user"], words::USERS),
        text(&["availabilityzone"], words::ZONES),
        text(&["instance.id"], words::INSTANCES),
        text(&["resource.arn"], words::ARNS),
    ]
    .boxed()
}

/// A keyword alone, or compared to a value, to its beginning, its end, or to nothing.
fn text(
    keywords: &'static [&'static str],
    values: &'static [&'static str],
) -> BoxedStrategy<String> {
    let (count, cut) = (values.len(), any::<prop::sample::Index>());
    let test = (0..count, cut, 0..6usize).prop_map(move |(value, cut, form)| {
        let value = values.get(value).copied().unwrap_or("");
        let mut at = cut.index(value.len() + 1);
        while !value.is_char_boundary(at) {
            at -= 1;
        }
        let (start, end) = value.split_at(at);
        match form {
            0 => format!(" = {}", quoted(value)),
            1 => format!("!={}", quoted(value)),
            2 => format!(" CONTAINS {}", quoted(end)),
            3 => format!(" beginswith {}", quoted(start)),
            4 => format!(" EndsWith {}", quoted(end)),
            _ => String::new(),
        }
    });
    (select(keywords), test)
        .prop_map(|(keyword, test)| format!("{keyword}{test}"))
        .boxed()
}

fn annotation(places: &'static [&'static str]) -> BoxedStrategy<String> {
    let key = select(words::KEYS).prop_map(|key| {
        if key.contains(':') {
            format!("[\"{key}\"]")
        } else if key.contains('.') {
            format!("[{key}]")
        } else {
            format!(".{key}")
        }
    });
    let number = (
        select(&["=", "!=", "<", "<=", ">", ">="][..]),
        select(words::NUMBERS),
    );
    let test = prop_oneof![
        1 => Just(String::new()),
        2 => text(&[""], words::STRINGS),
        2 => number.prop_map(|(operator, number)| format!(" {operator} {number}")),
        1 => select(&[" = true", " = false", " != true"][..]).prop_map(String::from),
    ];
    (select(places), key, test)
        .prop_map(|(place, key, test)| format!("{place}annotation{key}{test}"))
        .boxed()
}

fn cause() -> BoxedStrategy<String> {
    let place = || {
        prop_oneof![
            flag(&["first", "last"]),
            number(
                &["index"],
                select(&["0", "1", "2"][..]).prop_map(String::from).boxed()
            ),
        ]
    };
    let service = prop_oneof![
        place(),
        flag(&["inferred"]),
        text(&["name"], words::NAMES),
        text(&["type"], words::TYPES),
        text(&["account.id"], words::ACCOUNTS),
    ];
    let path = || prop_oneof![place(), flag(&["remote"]), text(&["name"], words::NAMES)];
    let timed = prop_oneof![path(), number(&["coverage"], time())];
    let exception = prop_oneof![
        place(),
        text(&["name"], words::EXCEPTIONS),
        text(&["message"], words::MESSAGES),
    ];
    let of = |keywords: &'static [&'static str], leaf: BoxedStrategy<String>| {
        (select(keywords), block(leaf)).prop_map(|(keyword, block)| format!("{keyword}{block}"))
    };
    let services = &[
        "rootcause.fault.service",
        "rootcause.error.service",
        "rootcause.responsetime.service",
    ];
    prop_oneof![
        of(services, service.boxed()),
        of(
            &["rootcause.fault.entity", "rootcause.error.entity"],
            path().boxed()
        ),
        of(&["rootcause.responsetime.entity"], timed.boxed()),
        of(
            &["rootcause.fault.exception", "rootCause.error.exception"],
            exception.boxed()
        ),
    ]
    .boxed()
}

fn cause_json() -> BoxedStrategy<String> {
    let keywords = select(&["rootcause.json = ", "json != ", "rootcause.fault.json="][..]);
    let patterns = select(
        &[
            "#[]",
            "#[{}]",
            r#"#[{"ClientImpacting":true}]"#,
            r#"#[{"Services":[{"Name":"web"},{}]}, {"Services":[{"Name":"web","Inferred":false}]}]"#,
        ][..],
    );
    (keywords, patterns)
        .prop_map(|(keyword, patterns)| format!("{keyword}{patterns}"))
        .boxed()
}

/// A string literal.
fn quoted(text: impl AsRef<str>) -> String {
    format!(
        "\"{}\"",
        text.as_ref().replace('\\', "\\\\").replace('"', "\\\"")
    )
}
