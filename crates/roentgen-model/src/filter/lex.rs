//! Text to tokens (filter-expressions.md 1). Works on demand, because what a word may contain depends
//! on where it stands: bare values and annotation keys have rules of their own.

use std::borrow::Cow;

use serde_json::Value;

use super::{FilterError, excerpt};

/// One token and where it begins (bytes).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spanned<'a> {
    pub(super) token: Token<'a>,
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// `[A-Za-z_][A-Za-z0-9_.]*`
    Word(&'a str),
    String(Cow<'a, str>),
    Number(f64),
    /// `#[…]`
    Json(Vec<Value>),
    Comparison(Comparison),
    /// One of `( ) { } [ ] , : !`
    Mark(char),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// An error at a byte offset of the text, which is printed in characters.
    pub(super) fn error(&self, reason: impl Into<String>, at: usize) -> FilterError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let rest = self.text.get(at..).unwrap_or("");
        FilterError::new(reason, before.chars().count()).of_length(token_chars(rest))
    }

    /// The next token; `End` again and again after the last.
    pub(super) fn next(&mut self) -> Result<Spanned<'a>, FilterError> {
        self.skip_space();
        let at = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(Spanned {
                token: Token::End,
                at,
            });
        };
        let token = match first {
            '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' => {
                self.at += 1;
                Token::Mark(first)
            }
            '!' | '=' | '<' | '>' => self.comparison_or_not(first)?,
            '"' => Token::String(self.string()?),
            '#' => Token::Json(self.json()?),
            '-' | '0'..='9' => Token::Number(self.number()?),
            'A'..='Z' | 'a'..='z' | '_' => Token::Word(self.take_while(is_word)),
            _ => return Err(self.error(unexpected(first), at)),
        };
        Ok(Spanned { token, at })
    }

    /// A bare word as a value (`[A-Za-z_][A-Za-z0-9_.:/-]*`), if one stands here.
    pub(super) fn bare_word(&mut self) -> Option<Spanned<'a>> {
        self.skip_space();
        let at = self.at;
        let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
        if !self.rest().starts_with(begins) {
            return None;
        }
        let word = self.take_while(|c| is_word(c) || matches!(c, ':' | '/' | '-'));
        Some(Spanned {
            token: Token::Word(word),
            at,
        })
    }

    /// The key in `annotation[key]` (may begin with a digit or a period), if it is not in quotes.
    pub(super) fn bracket_word(&mut self) -> Option<Spanned<'a>> {
        self.skip_space();
        let at = self.at;
        let word = self.take_while(is_word);
        (!word.is_empty()).then_some(Spanned {
            token: Token::Word(word),
            at,
        })
    }

    /// Where the next character stands, if there is one and it is not the wanted one.
    pub(super) fn before_other_than(&mut self, wanted: char) -> Option<usize> {
        self.skip_space();
        self.rest()
            .chars()
            .next()
            .filter(|next| *next != wanted)
            .map(|_| self.at)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_space(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    fn comparison_or_not(&mut self, first: char) -> Result<Token<'a>, FilterError> {
        let at = self.at;
        let second = self.rest().as_bytes().get(1).copied();
        let (token, length) = match (first, second) {
            ('!', Some(b'=')) => (Token::Comparison(Comparison::NotEqual), 2),
            ('!', _) => (Token::Mark('!'), 1),
            ('<', Some(b'=')) => (Token::Comparison(Comparison::LessOrEqual), 2),
            ('>', Some(b'=')) => (Token::Comparison(Comparison::GreaterOrEqual), 2),
            ('=', Some(b'=')) => return Err(self.error("`==` is not an operator, use `=`", at)),
            ('=', Some(b'>')) => return Err(self.error("`=>` is not an operator, use `>=`", at)),
            ('=', Some(b'<')) => return Err(self.error("`=<` is not an operator, use `<=`", at)),
            ('=', Some(b'!')) => return Err(self.error("`=!` is not an operator, use `!=`", at)),
            ('=', Some(b'~')) => {
                return Err(self.error("`=~` is not an operator, use `CONTAINS`", at));
            }
            ('<', Some(b'>')) => return Err(self.error("`<>` is not an operator, use `!=`", at)),
            ('<', _) => (Token::Comparison(Comparison::Less), 1),
            ('>', _) => (Token::Comparison(Comparison::Greater), 1),
            _ => (Token::Comparison(Comparison::Equal), 1),
        };
        self.at += length;
        Ok(token)
    }

    fn number(&mut self) -> Result<f64, FilterError> {
        let at = self.at;
        let rest = self.rest();
        let malformed = |lexer: &Self| lexer.error("malformed number", at);
        self.at += usize::from(rest.starts_with('-'));
        let digits = |lexer: &mut Self| {
            let some = lexer.take_while(|c| c.is_ascii_digit());
            if some.is_empty() {
                Err(malformed(lexer))
            } else {
                Ok(())
            }
        };
        digits(self)?;
        if self.rest().starts_with('.') {
            self.at += 1;
            digits(self)?;
        }
        if self.rest().starts_with(['e', 'E']) {
            self.at += 1;
            self.at += usize::from(self.rest().starts_with(['+', '-']));
            digits(self)?;
        }
        if self.rest().starts_with(is_word) {
            return Err(malformed(self));
        }
        let value: f64 = (self.text.get(at..self.at))
            .and_then(|t| t.parse().ok())
            .unwrap_or(f64::NAN);
        if value.is_finite() {
            Ok(value)
        } else {
            Err(self.error("number out of range", at))
        }
    }

    /// A string in double quotes. Escapes as in JSON (our choice beyond `\"` and `\\`).
    fn string(&mut self) -> Result<Cow<'a, str>, FilterError> {
        let opening = self.at;
        self.at += 1;
        let plain = self.take_while(|c| c != '"' && c != '\\');
        let mut owned = String::new();
        loop {
            match self.rest().as_bytes().first() {
                Some(b'"') => {
                    self.at += 1;
                    let is_plain = self.at == opening + plain.len() + 2;
                    return Ok(if is_plain {
                        plain.into()
                    } else {
                        (plain.to_owned() + &owned).into()
                    });
                }
                Some(_) => owned.push(self.escape()?),
                None => return Err(self.error("unterminated string", opening)),
            }
            owned.push_str(self.take_while(|c| c != '"' && c != '\\'));
        }
    }

    /// The character that an escape stands for; the rest begins with a backslash.
    fn escape(&mut self) -> Result<char, FilterError> {
        let at = self.at;
        let letter = self.rest().chars().nth(1);
        let Some(letter) = letter else {
            self.at += 1;
            // The string ends in a backslash: what is missing is its end.
            return Ok('\\');
        };
        self.at += 1 + letter.len_utf8();
        let plain = match letter {
            '"' | '\\' | '/' => letter,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let found = self.unicode_escape();
                return found.ok_or_else(|| self.error("malformed `\\u` escape in string", at));
            }
            _ => return Err(self.error(format!("unknown escape `\\{letter}` in string",), at)),
        };
        Ok(plain)
    }

    /// What follows `\u`: four hex digits, or a pair of surrogates.
    fn unicode_escape(&mut self) -> Option<char> {
        let unit = self.hex4()?;
        if !(0xD800..0xDC00).contains(&unit) {
            return char::from_u32(unit);
        }
        self.at += self.rest().starts_with("\\u").then_some(2)?;
        let low = self.hex4()?;
        let low = (0xDC00..0xE000).contains(&low).then(|| low - 0xDC00)?;
        char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + low)
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// `#[…]`: ends at the array's closing bracket. Nesting is bounded by the JSON parser (128).
    fn json(&mut self) -> Result<Vec<Value>, FilterError> {
        let at = self.at;
        let bad = |lexer: &Self| lexer.error("bad JSON literal, expected `#[…]`", at);
        self.at += 1;
        if !self.rest().starts_with('[') {
            return Err(bad(self));
        }
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<Vec<Value>>();
        let Some(Ok(array)) = values.next() else {
            return Err(bad(self));
        };
        self.at += values.byte_offset();
        Ok(array)
    }
}

/// Characters of what stands first in a text: a word, a number, an operator, a string up to its end, or
/// one character.
fn token_chars(text: &str) -> usize {
    let run = |wanted: fn(char) -> bool| text.chars().take_while(|c| wanted(*c)).count();
    match text.chars().next() {
        None => 0,
        Some('"') => {
            let inner = text.get(1..).unwrap_or("");
            let closing = inner.chars().position(|c| c == '"');
            closing.map_or(text.chars().count(), |at| at + 2)
        }
        Some(c) if is_word(c) => run(is_word),
        Some('=' | '<' | '>' | '!') => run(|c| matches!(c, '=' | '<' | '>' | '!' | '~')),
        Some(_) => 1,
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}

/// Why a character can begin nothing, and what may be meant by it.
fn unexpected(first: char) -> String {
    let advice = match first {
        '&' => ", did you mean `AND`?",
        '|' => ", did you mean `OR`?",
        '\'' | '`' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}' => {
            ", strings stand in double quotes `\"`"
        }
        '+' | '.' => ", a number begins with a digit or `-`",
        _ => "",
    };
    format!("unexpected character {}{advice}", quote_char(first))
}

/// A character for an error text; control characters are escaped.
fn quote_char(c: char) -> String {
    if c.is_control() {
        format!("`{}`", c.escape_default())
    } else {
        format!("`{c}`")
    }
}

impl Token<'_> {
    /// For error texts.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(word) => excerpt(word),
            Self::String(_) => "a string".into(),
            Self::Number(_) => "a number".into(),
            Self::Json(_) => "a JSON literal".into(),
            Self::Comparison(comparison) => format!("`{}`", comparison.sign()),
            Self::Mark(mark) => format!("`{mark}`"),
            Self::End => "the end".into(),
        }
    }
}

impl Comparison {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}
