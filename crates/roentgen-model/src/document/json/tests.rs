use proptest::prelude::*;

use super::{Kind, Tape, TapeError, is_json, push_compact, top_parts};

/// Shows every value of `text` in document order, containers by kind.
fn kinds(text: &str) -> String {
    let tape = Tape::new(text, 512).unwrap();
    let show = |at| {
        let value = tape.value(at);
        match value.kind() {
            Kind::Array => "[".to_owned(),
            Kind::Object => "{".to_owned(),
            _ => value.raw().to_owned(),
        }
    };
    (0..u32::try_from(tape.entries.len()).unwrap())
        .map(show)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn tape_holds_every_value_with_its_text() {
    assert_eq!(kinds("1e3"), "1e3");
    assert_eq!(
        kinds(r#" { "a" : [ 1 , -2.50 ] , "b":{} } "#),
        r#"{ "a" [ 1 -2.50 "b" {"#
    );
    assert_eq!(
        kinds(r#"["\"]",null,true,"\\"]"#),
        r#"[ "\"]" null true "\\""#
    );
}

#[test]
fn members_and_elements_step_over_what_they_hold() {
    let tape = Tape::new(r#"{"a":[[1],{"x":2}],"b":3,"a":4}"#, 9).unwrap();
    let root = tape.root();
    let shown: Vec<_> = root
        .members()
        .map(|(k, v)| format!("{}{}", k.raw(), v.raw()))
        .collect();
    assert_eq!(shown, [r#""a"[[1],{"x":2}]"#, r#""b"3"#, r#""a"4"#]);
    assert_eq!(
        root.get("a").unwrap().raw(),
        "4",
        "the last of two members counts"
    );
    assert!(root.get("x").is_none());
    assert_eq!(root.elements().count(), 0);
    assert_eq!(root.members().next().unwrap().1.elements().count(), 2);
}

#[test]
fn nesting_beyond_the_bound_is_found() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(Tape::new(&nested(512), 512).is_ok());
    assert_eq!(Tape::new(&nested(513), 512).err(), Some(TapeError::TooDeep));
    assert!(
        is_json(&nested(1_000_000)),
        "the grammar check does not recurse"
    );
    assert!(!is_json(&"[".repeat(1_000_000)));
    assert_eq!(Tape::new("[", 512).err(), Some(TapeError::Malformed));
    assert_eq!(Tape::new("]", 512).err(), Some(TapeError::Malformed));
    assert_eq!(Tape::new("", 512).err(), Some(TapeError::Malformed));
}

#[test]
fn strings_unescape_and_lone_surrogates_are_replaced() {
    let read = |raw: &str| {
        Tape::new(raw, 1)
            .unwrap()
            .root()
            .as_str()
            .unwrap()
            .into_owned()
    };
    assert_eq!(read(r#""plain""#), "plain");
    assert_eq!(read(r#""a\u0062\n\"\/""#), "ab\n\"/");
    assert_eq!(read(r#""\ud83d\ude00""#), "😀");
    assert_eq!(read(r#""x\ud800y\t\u0041""#), "x\u{fffd}y\tA");
    assert_eq!(read(r#""\udc00\ud83d\ude00""#), "\u{fffd}😀");
}

#[test]
fn integers_are_read_from_numbers_and_numeric_strings() {
    let read = |raw: &str| Tape::new(raw, 1).unwrap().root().as_integer();
    let cases = [
        ("200", Some(200)),
        ("\"200\"", Some(200)),
        ("\" 404 \"", Some(404)),
        ("2e2", Some(200)),
        ("200.0", Some(200)),
        ("-1", Some(-1)),
        ("200.5", None),
        ("1e300", None),
        ("\"\"", None),
        ("\"abc\"", None),
        ("\"NaN\"", None),
        ("\"inf\"", None),
        ("true", None),
        ("null", None),
        ("[]", None),
    ];
    for (raw, expected) in cases {
        assert_eq!(read(raw), expected, "{raw}");
    }
}

#[test]
fn top_parts_are_the_elements_or_members_of_the_outermost_value() {
    let parts = |text| top_parts(text).collect::<Vec<_>>();
    assert_eq!(
        parts(r#" [ {"a":[1]} , 2,"x", [ ] ,{}] "#),
        [r#"{"a":[1]}"#, "2", "\"x\"", "[ ]", "{}"]
    );
    assert_eq!(
        parts(r#"{"id":"a","b":{"id":1}}"#),
        ["\"id\"", "\"a\"", "\"b\"", r#"{"id":1}"#]
    );
    assert!(parts("[]").is_empty());
    assert!(parts("7").is_empty());
}

#[test]
fn compacting_removes_white_space_between_values_only() {
    let mut out = String::new();
    push_compact(&mut out, "{ \"a b\" :\t[ 1 ,\n2 ], \"c\\\" d\" : \" \" }");
    assert_eq!(out, r#"{"a b":[1,2],"c\" d":" "}"#);
}

proptest! {
    #[test]
    fn any_text_is_indexed_without_panic(text in "[\\[\\]{}\",:\\\\ux0 1nte.-]{0,40}") {
        let _ = top_parts(&text).count();
        let mut out = String::new();
        push_compact(&mut out, &text);
        if let Ok(tape) = Tape::new(&text, 8) {
            let root = tape.root();
            let _ = (root.as_str(), root.as_integer(), root.members().count(), root.elements().count());
        }
    }
}
