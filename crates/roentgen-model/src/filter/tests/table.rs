//! The table of filter-expressions.md 3, each keyword in each scope with each operator and operand.

use super::*;

/// Name, type, and where it may stand: `t`race, `s`ervice or edge block, root-cause `.s`ervice,
/// `.e`ntity, e`x`ception.
pub(super) const TABLE: &str = "
    ok               bool  t s
    error            bool  t s
    fault            bool  t s
    throttle         bool  t s
    partial          bool  t s
    inferred         bool  t s .s
    root             bool  s
    first            bool  .s .e .x
    last             bool  .s .e .x
    remote           bool  .e
    responsetime     num   t s
    duration         num   t s
    http.status      num   t s
    index            num   .s .e .x
    coverage         num   .c
    http.url         str   t s
    http.method      str   t s
    http.useragent   str   t s
    http.clientip    str   t s
    user             str   t s
    availabilityzone str   t s
    instance.id      str   t s
    resource.arn     str   t s
    name             str   s .s .e .x
    type             str   s .s
    message          str   .x
    account.id       str   t s .s
    annotation.a     any   t s
    annotation[a.b]  any   t s
    source.annotation.a       any  e
    destination.annotation[b] any  e
    service          none  t
    edge             none  t
    rootcause.fault.service         none t
    rootcause.error.service         none t
    rootcause.responsetime.service  none t
    rootcause.fault.entity          none t
    rootcause.error.entity          none t
    rootcause.responsetime.entity   none t
    rootcause.fault.exception       none t
    rootcause.error.exception       none t
    rootcause.responsetime.exception none
    json                   json  t
    rootcause.json         json  t
    group.name             group t
    group.arn              group t
";

/// Opening of a block, and which marks of the table mean it.
pub(super) const SCOPES: &[(&str, &[&str])] = &[
    ("", &["t"]),
    ("service", &["s"]),
    ("edge", &["s", "e"]),
    ("rootcause.fault.service", &[".s"]),
    ("rootcause.error.service", &[".s"]),
    ("rootcause.responsetime.service", &[".s"]),
    ("rootcause.fault.entity", &[".e"]),
    ("rootcause.error.entity", &[".e"]),
    ("rootcause.responsetime.entity", &[".e", ".c"]),
    ("rootcause.fault.exception", &[".x"]),
    ("rootcause.error.exception", &[".x"]),
];

const OPERATORS: &[&str] = &[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "CONTAINS",
    "BEGINSWITH",
    "ENDSWITH",
];

/// (kind, text)
const OPERANDS: &[(&str, &str)] = &[
    ("boolean", "true"),
    ("boolean string", "\"FALSE\""),
    ("number", "-1.5e0"),
    ("string", "\"Default\""),
    ("bare", "Default"),
    ("json", "#[{}]"),
];

/// 4.2, 4.3 and the grammar: which operator takes which operand for a keyword of this type.
fn takes(kind: &str, operator: &str, operand: &str) -> bool {
    let equality = matches!(operator, "=" | "!=");
    let ordering = matches!(operator, "<" | "<=" | ">" | ">=");
    let is_text = matches!(operand, "string" | "boolean string");
    let text = (is_text && !ordering) || (operand == "bare" && equality);
    let number = operand == "number" && (equality || ordering);
    match kind {
        "bool" => equality && matches!(operand, "boolean" | "boolean string"),
        "num" => number,
        "str" => text,
        "any" => text || number || (operand == "boolean" && equality),
        "json" => equality && operand == "json",
        // Known groups only: `Default`, whose ARN is longer.
        "group" => equality && matches!(operand, "string" | "bare"),
        _ => false,
    }
}

fn is_legal(text: &str) -> bool {
    Filter::parse(text, &AnyGroup).is_ok()
}

/// Every group but `FALSE` exists and matches everything.
struct AnyGroup;

impl GroupExpressions for AnyGroup {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let (GroupSelector::Name(name) | GroupSelector::Arn(name)) = selector;
        (name != "FALSE").then_some(Cow::Borrowed(""))
    }
}

#[test]
fn each_keyword_stands_in_its_scopes_with_its_operators_and_nothing_else() {
    let mut combinations = 0;
    for row in TABLE.lines().filter(|row| !row.trim().is_empty()) {
        let mut words = row.split_whitespace();
        let (keyword, kind) = (words.next().unwrap(), words.next().unwrap());
        let marks: Vec<&str> = words.collect();
        for (scope, meant) in SCOPES {
            let stands = meant.iter().any(|mark| marks.contains(mark));
            let mut check = |test: &str, expected: bool| {
                let predicate = format!("{keyword}{test}");
                let text = match *scope {
                    "" => predicate,
                    block => format!("{block} {{ {predicate} }}"),
                };
                assert_eq!(is_legal(&text), expected, "{text}");
                let upper = text.replace(keyword, &keyword.to_ascii_uppercase());
                assert_eq!(is_legal(&upper), expected, "{upper}");
                combinations += 1;
            };
            check("", stands && !matches!(kind, "json" | "group"));
            for operator in OPERATORS {
                for (operand_kind, operand) in OPERANDS {
                    let expected = stands && takes(kind, operator, operand_kind);
                    check(&format!(" {operator} {operand}"), expected);
                }
                check(&format!(" {operator}"), false);
            }
        }
    }
    assert_eq!(combinations, 46 * 11 * (1 + 9 * 7));
}

#[test]
fn only_entity_causes_of_response_time_have_coverage() {
    assert!(is_legal("rootcause.responsetime.entity { coverage > 0.5 }"));
    assert!(!is_legal("rootcause.fault.entity { coverage > 0.5 }"));
}
