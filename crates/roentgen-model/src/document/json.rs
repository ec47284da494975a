//! One JSON text as a flat index ([`Tape`]): every value's place in the text, found without recursing.
//!
//! Segment documents must come back as they were sent, numbers digit by digit, and hostile ones must
//! not cost a stack. So the grammar is checked by `serde_json` (which skips values with a loop), then
//! one pass writes down kind, range and successor of each value; all reading happens on that index.
//! Where an object names a member twice, the last one counts (our choice, as most parsers do).

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

#[cfg(test)]
mod tests;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// One value of the text. Members of an object follow it as key, value, key, value.
#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    start: u32,
    end: u32,
    /// Index of the first entry after this value and all it holds.
    next: u32,
}

/// The index of one JSON text.
#[derive(Debug)]
pub struct Tape<'a> {
    text: &'a str,
    entries: Vec<Entry>,
}

/// Why a text has no tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapeError {
    /// Values nest deeper than asked for.
    TooDeep,
    /// Longer than a tape can address, or not JSON.
    Malformed,
}

/// True if `text` is one JSON value, by the grammar; does not recurse. Escapes of lone surrogates pass.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

impl<'a> Tape<'a> {
    /// Indexes `text`, for which [`is_json`] holds (else the index is of no use, but harmless).
    pub fn new(text: &'a str, depth_max: usize) -> Result<Self, TapeError> {
        if u32::try_from(text.len()).is_err() {
            return Err(TapeError::Malformed);
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(text.len() / 12);
        let mut open: Vec<usize> = Vec::new();
        let mut cursor = Cursor {
            bytes: text.as_bytes(),
            at: 0,
        };
        while let Some(token) = cursor.next_token() {
            let (kind, range) = match token {
                Token::Close => {
                    let container = open.pop().ok_or(TapeError::Malformed)?;
                    let next = index(entries.len());
                    let entry = entries.get_mut(container).ok_or(TapeError::Malformed)?;
                    entry.end = index(cursor.at);
                    entry.next = next;
                    continue;
                }
                Token::Value(kind, range) => (kind, range),
            };
            let at = entries.len();
            let next = index(at + 1);
            entries.push(Entry {
                kind,
                start: index(range.start),
                end: index(range.end),
                next,
            });
            if matches!(kind, Kind::Array | Kind::Object) {
                if open.len() == depth_max {
                    return Err(TapeError::TooDeep);
                }
                open.push(at);
            }
        }
        let whole = !entries.is_empty() && open.is_empty();
        whole
            .then_some(Self { text, entries })
            .ok_or(TapeError::Malformed)
    }

    /// The value the text is.
    pub fn root(&self) -> Value<'_> {
        Value { tape: self, at: 0 }
    }

    /// The value with this [`Value::index`].
    pub fn value(&self, index: u32) -> Value<'_> {
        Value {
            tape: self,
            at: index,
        }
    }
}

/// One value of a tape.
#[derive(Clone, Copy, Debug)]
pub struct Value<'t> {
    tape: &'t Tape<'t>,
    at: u32,
}

impl<'t> Value<'t> {
    fn entry(self) -> Entry {
        let none = Entry {
            kind: Kind::Null,
            start: 0,
            end: 0,
            next: self.at + 1,
        };
        self.tape
            .entries
            .get(self.at as usize)
            .copied()
            .unwrap_or(none)
    }

    /// Its place in the tape, see [`Tape::value`].
    pub const fn index(self) -> u32 {
        self.at
    }

    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// Its text, as sent.
    pub fn raw(self) -> &'t str {
        let entry = self.entry();
        self.tape
            .text
            .get(entry.start as usize..entry.end as usize)
            .unwrap_or_default()
    }

    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The string, unescaped; lone surrogates become U+FFFD (our choice). `None`: another kind.
    pub fn as_str(self) -> Option<Cow<'t, str>> {
        (self.kind() == Kind::String).then(|| unescape(self.raw()))
    }

    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Boolean).then(|| self.raw() == "true")
    }

    /// The number's text, as sent.
    pub fn as_number(self) -> Option<&'t str> {
        (self.kind() == Kind::Number).then(|| self.raw())
    }

    /// An integer: a number without a fraction (`200`, `2e2`), or a string that holds one (`"200"`,
    /// segments.md 2.2).
    pub fn as_integer(self) -> Option<i64> {
        let text = match self.kind() {
            Kind::Number => Cow::Borrowed(self.raw()),
            Kind::String => unescape(self.raw()),
            Kind::Null | Kind::Boolean | Kind::Array | Kind::Object => return None,
        };
        integer(text.trim())
    }

    /// Elements of an array; nothing for other kinds.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        let is_array = self.kind() == Kind::Array;
        let end = if is_array { self.entry().next } else { 0 };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let value = Self {
                    tape: self.tape,
                    at,
                };
                at = value.entry().next;
                value
            })
        })
    }

    /// Members of an object in the order sent, as (key, value); nothing for other kinds. A key that
    /// comes twice comes twice here.
    pub fn members(self) -> impl Iterator<Item = (Self, Self)> {
        let is_object = self.kind() == Kind::Object;
        let end = if is_object { self.entry().next } else { 0 };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let key = Self {
                    tape: self.tape,
                    at,
                };
                let value = Self {
                    tape: self.tape,
                    at: key.entry().next,
                };
                at = value.entry().next;
                (key, value)
            })
        })
    }

    /// The last member of that name which is there and not null; `None` for other kinds.
    pub fn get(self, name: &str) -> Option<Self> {
        let named = |(key, _): &(Self, Self)| key.is_text(name);
        let last = self.members().filter(named).last().map(|(_, value)| value);
        last.filter(|value| !value.is_null())
    }

    /// True for a string that says `text`.
    pub fn is_text(self, text: &str) -> bool {
        let raw = self.raw();
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        if raw.contains('\\') {
            unescape(raw) == text
        } else {
            inner == text
        }
    }
}

/// The top-level parts of a JSON object (`key, value` pairs flattened) or array, without a tape: for
/// texts that are too large or too deep for one. `text` must be JSON by [`is_json`].
pub fn top_parts(text: &str) -> impl Iterator<Item = &str> {
    let mut cursor = Cursor {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut depth = 0usize;
    let mut start = 0;
    std::iter::from_fn(move || {
        loop {
            let range = match cursor.next_token()? {
                Token::Value(Kind::Array | Kind::Object, range) => {
                    depth += 1;
                    if depth == 2 {
                        start = range.start;
                    }
                    continue;
                }
                Token::Value(_, range) if depth == 1 => range,
                Token::Value(..) => continue,
                Token::Close => {
                    depth = depth.saturating_sub(1);
                    if depth != 1 {
                        continue;
                    }
                    start..cursor.at
                }
            };
            return text.get(range);
        }
    })
}

/// Text without the white space between values.
pub fn push_compact(out: &mut String, raw: &str) {
    let mut from = 0;
    let mut cursor = Cursor {
        bytes: raw.as_bytes(),
        at: 0,
    };
    while let Some(&byte) = cursor.bytes.get(cursor.at) {
        match byte {
            b'"' => cursor.skip_string(),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.push_str(raw.get(from..cursor.at).unwrap_or_default());
                cursor.at += 1;
                from = cursor.at;
            }
            _ => cursor.at += 1,
        }
    }
    out.push_str(raw.get(from..).unwrap_or_default());
}

/// A JSON string's text (with its quotes), unescaped.
fn unescape(raw: &str) -> Cow<'_, str> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    serde_json::from_str::<String>(raw).map_or_else(|_| unescape_lossy(inner), Into::into)
}

/// Unescapes where `serde_json` will not: surrogates without their partner become U+FFFD.
fn unescape_lossy(inner: &str) -> Cow<'_, str> {
    let mut units: Vec<u16> = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    let mut buffer = [0; 2];
    while let Some(c) = chars.next() {
        if c != '\\' {
            units.extend_from_slice(c.encode_utf16(&mut buffer));
            continue;
        }
        let plain = match chars.next() {
            Some('u') => {
                let digits = chars.by_ref().take(4).filter_map(|d| d.to_digit(16));
                let unit = digits.fold(0, |unit, digit| unit << 4 | digit);
                units.push(u16::try_from(unit).unwrap_or(0xfffd));
                continue;
            }
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
            None => break,
        };
        units.extend_from_slice(plain.encode_utf16(&mut buffer));
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

fn integer(text: &str) -> Option<i64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let value: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked whole and within 2^53"
    )]
    (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

enum Token {
    /// A scalar with its range, or the opening of a container.
    Value(Kind, Range<usize>),
    Close,
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn next_token(&mut self) -> Option<Token> {
        loop {
            let start = self.at;
            let byte = *self.bytes.get(start)?;
            self.at += 1;
            let kind = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => continue,
                b'{' => Kind::Object,
                b'[' => Kind::Array,
                b'}' | b']' => return Some(Token::Close),
                b'"' => {
                    self.at = start;
                    self.skip_string();
                    Kind::String
                }
                _ => {
                    self.skip_scalar();
                    match byte {
                        b'n' => Kind::Null,
                        b't' | b'f' => Kind::Boolean,
                        _ => Kind::Number,
                    }
                }
            };
            return Some(Token::Value(kind, start..self.at));
        }
    }

    /// From the opening quote to behind the closing one.
    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => 2,
                _ => 1,
            };
        }
        self.at = self.bytes.len();
    }

    fn skip_scalar(&mut self) {
        let ends = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'}' | b']');
        while self.bytes.get(self.at).is_some_and(|b| !ends(b)) {
            self.at += 1;
        }
    }
}
