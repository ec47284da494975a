//! Names of segments and subsegments (segments.md 2.1).

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::limits::NAME_CHARS_MAX;

/// 1–200 characters: Unicode letters, numbers, separators, and `_ . : / % & # = + \ - @`.
pub(super) fn is_segment_name(name: &str) -> bool {
    length_ok(name) && name.chars().all(is_segment_name_char)
}

/// 1–200 characters without control characters (our choice: SDKs emit all kinds of symbols).
pub(super) fn is_subsegment_name(name: &str) -> bool {
    length_ok(name) && !name.chars().any(char::is_control)
}

/// The text without the characters that a segment's name may not have; its length is not looked at.
#[must_use]
pub fn cleaned_name(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_segment_name_char) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| is_segment_name_char(*c)).collect())
}

fn length_ok(name: &str) -> bool {
    !name.is_empty() && super::cut(name, NAME_CHARS_MAX).len() == name.len()
}

fn is_segment_name_char(c: char) -> bool {
    use GeneralCategory::{
        DecimalNumber, LetterNumber, LineSeparator, LowercaseLetter, ModifierLetter, OtherLetter,
        OtherNumber, ParagraphSeparator, SpaceSeparator, TitlecaseLetter, UppercaseLetter,
    };
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || " _.:/%&#=+\\-@".contains(c);
    }
    // The standard library's classes are wider: `is_alphabetic` also holds marks.
    matches!(
        get_general_category(c),
        UppercaseLetter
            | LowercaseLetter
            | TitlecaseLetter
            | ModifierLetter
            | OtherLetter
            | DecimalNumber
            | LetterNumber
            | OtherNumber
            | SpaceSeparator
            | LineSeparator
            | ParagraphSeparator
    )
}
