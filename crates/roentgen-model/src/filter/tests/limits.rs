use super::cases::{CaseGroups, trace_named};
use super::*;
use crate::limits::{FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_PREDICATES_MAX};

fn position_of_error(text: &str) -> Option<usize> {
    Filter::parse(text, &CaseGroups)
        .err()
        .map(|error| error.position())
}

#[test]
fn nesting_of_64_levels_is_read_and_of_65_refused_where_it_begins() {
    for (opening, closing) in [("(", ")"), ("!", ""), ("!(", ")")] {
        let nested = |levels: usize| {
            let times = levels / opening.len();
            format!("{}ok{}", opening.repeat(times), closing.repeat(times))
        };
        assert_eq!(
            position_of_error(&nested(FILTER_DEPTH_MAX)),
            None,
            "{opening}"
        );
        let over = FILTER_DEPTH_MAX + opening.len();
        assert_eq!(
            position_of_error(&nested(over)),
            Some(FILTER_DEPTH_MAX),
            "{opening}"
        );
    }
    let in_block = |levels: usize| {
        format!(
            "service{{{}ok{}}}",
            "(".repeat(levels - 1),
            ")".repeat(levels - 1)
        )
    };
    assert_eq!(position_of_error(&in_block(64)), None);
    assert_eq!(
        position_of_error(&in_block(65)),
        Some("service{".len() + 63)
    );
}

#[test]
fn many_brackets_that_never_close_are_refused_without_recursion() {
    for piece in ["(", "!", "service{", "(!"] {
        let text = piece.repeat(FILTER_BYTES_MAX / piece.len());
        assert!(position_of_error(&text).is_some(), "{piece}");
    }
    let json = format!("json = #{}", "[".repeat(8_000));
    assert_eq!(position_of_error(&json), Some(7));
}

#[test]
fn conditions_are_counted_over_the_whole_text_and_its_blocks() {
    assert_eq!(
        position_of_error(&"ok ".repeat(FILTER_PREDICATES_MAX)),
        None
    );
    assert_eq!(
        position_of_error(&"ok ".repeat(FILTER_PREDICATES_MAX + 1)),
        Some(3 * 256)
    );
    let with_block = format!("service {{ {} }}", "ok ".repeat(FILTER_PREDICATES_MAX));
    assert_eq!(
        position_of_error(&with_block),
        Some("service { ".len() + 3 * 255)
    );
}

#[test]
fn text_of_8192_bytes_is_read_and_longer_refused() {
    let spaces = |bytes: usize| format!("ok{}", " ".repeat(bytes - 2));
    assert_eq!(position_of_error(&spaces(FILTER_BYTES_MAX)), None);
    assert_eq!(
        position_of_error(&spaces(FILTER_BYTES_MAX + 1)),
        Some(FILTER_BYTES_MAX)
    );
    // Two bytes each: the limit is in bytes, the position in characters.
    let text = format!("user = \"{}\"", "é".repeat(5_000));
    assert_eq!(
        position_of_error(&text),
        Some(8 + (FILTER_BYTES_MAX - 8) / 2)
    );
}

#[test]
fn groups_of_groups_go_16_levels_deep() {
    assert_eq!(position_of_error("group.name = \"16 deep\""), None);
    assert_eq!(position_of_error("ok group.name = \"17 deep\""), Some(16));
    // A level counts however it is reached, a group known from elsewhere in the text included.
    let text = "group.name = \"16 deep\" AND group.name = \"17 deep\"";
    assert!(position_of_error(text).is_some());
}

/// Each group names the next one twice: 2^16 conditions if nothing stopped it.
struct Doubling;

impl GroupExpressions for Doubling {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let GroupSelector::Name(name) = selector else {
            return None;
        };
        let level: u32 = name.parse().ok()?;
        let next = level.saturating_sub(1);
        Some(if level == 0 {
            "ok".into()
        } else {
            format!("group.name = \"{next}\" OR !(group.name != \"{next}\")").into()
        })
    }
}

#[test]
fn groups_that_multiply_are_refused_before_they_cost_anything() {
    assert!(Filter::parse("group.name = \"9\"", &Doubling).is_ok());
    let error = Filter::parse("group.name = \"15\"", &Doubling).unwrap_err();
    assert!(
        error.reason().contains("more than 4096 conditions"),
        "{error}"
    );
}

#[test]
fn default_is_the_only_group_of_an_account_without_groups() {
    let parses = |text: &str| Filter::parse(text, &NoGroups).is_ok();
    assert!(parses("group.name = \"Default\""));
    assert!(parses(
        "group.arn = \"arn:aws:xray:eu-west-1:000000000000:group/Default\""
    ));
    assert!(!parses("group.name = \"default\""));
    assert!(!parses("group.arn = \"Default\""));
}

/// Each group nests 40 levels around the next.
struct Nesting;

impl GroupExpressions for Nesting {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let GroupSelector::Name(name) = selector else {
            return None;
        };
        let level: u32 = name.parse().ok()?;
        let inner = match level {
            0 => "ok".to_owned(),
            _ => format!("group.name = \"{}\"", level - 1),
        };
        Some(format!("{}{inner}{}", "(fault OR ok (".repeat(20), "))".repeat(20)).into())
    }
}

#[test]
fn groups_that_nest_are_refused_before_they_cost_stack() {
    let filter = Filter::parse("group.name = \"3\"", &Nesting).unwrap();
    let facts = trace_named("T1");
    assert!(filter.matches(&facts, &EvalContext::default()));
    let error = Filter::parse("group.name = \"15\"", &Nesting).unwrap_err();
    assert!(
        error.reason().contains("nested deeper than 256 levels"),
        "{error}"
    );
}

#[test]
fn error_about_a_long_word_quotes_its_beginning_only() {
    let word = "x".repeat(8_000);
    for text in [
        word.clone(),
        format!("group.name = {word}"),
        format!("annotation.{word}.a"),
    ] {
        let error = Filter::parse(&text, &NoGroups).unwrap_err().to_string();
        assert!(error.len() < 200, "{error}");
    }
}
