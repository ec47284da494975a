//! Tokens to syntax (filter-expressions.md 2): a recursive descent whose depth is counted before it
//! is taken. Knows the keywords, because the grammar depends on them, but not where they may stand.

use std::borrow::Cow;

use serde_json::Value;

use super::condition::{AnnotationPlace, CauseKind, CausePart, NodeSelector};
use super::keyword::{self, Keyword};
use super::lex::{Comparison, Lexer, Spanned, Token};
use super::{FilterError, excerpt};
use crate::limits::{FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_PREDICATES_MAX};

mod entity_selector;
mod selector;

pub(super) use entity_selector::entity_selector;

/// An expression as written. Positions are bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Syntax<'a> {
    And(Vec<Syntax<'a>>),
    Or(Vec<Syntax<'a>>),
    Not(Box<Syntax<'a>>),
    Is(Box<Statement<'a>>),
}

/// One predicate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement<'a> {
    pub(super) at: usize,
    /// As written, for error texts.
    pub(super) word: &'a str,
    pub(super) question: Question<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Question<'a> {
    Simple(Keyword, Option<Test<'a>>),
    Annotation(AnnotationPlace, Cow<'a, str>, Option<Test<'a>>),
    Service(NodeSelector, Option<Syntax<'a>>),
    Edge(NodeSelector, NodeSelector, Option<Syntax<'a>>),
    Cause(CauseKind, CausePart, Option<Syntax<'a>>),
}

/// Operator and operand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Test<'a> {
    pub(super) operator: Operator,
    pub(super) operator_at: usize,
    pub(super) operand: Operand<'a>,
    pub(super) operand_at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Is(Comparison),
    Contains,
    BeginsWith,
    EndsWith,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand<'a> {
    Boolean(bool),
    Number(f64),
    /// In quotes.
    String(Cow<'a, str>),
    /// Without quotes.
    Bare(&'a str),
    Json(Vec<Value>),
}

/// A parsed text.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    /// `None`: nothing but white space.
    pub(super) syntax: Option<Syntax<'a>>,
    pub(super) lexer: Lexer<'a>,
    /// Operands of `group.name` (false) and `group.arn` (true), with where they stand.
    pub(super) groups: Vec<(bool, String, usize)>,
}

pub(super) fn parse(text: &str) -> Result<Parsed<'_>, FilterError> {
    let lexer = Lexer::new(text);
    if text.len() > FILTER_BYTES_MAX {
        let at = (0..=FILTER_BYTES_MAX)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        return Err(lexer.error(
            format!("expression is longer than {FILTER_BYTES_MAX} bytes"),
            at,
        ));
    }
    let mut parser = Parser::new(lexer)?;
    let syntax = match parser.ahead.token {
        Token::End => None,
        _ => Some(parser.or()?),
    };
    if parser.ahead.token != Token::End {
        return Err(parser.unexpected());
    }
    Ok(Parsed {
        syntax,
        lexer: parser.lexer,
        groups: parser.groups,
    })
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    ahead: Spanned<'a>,
    depth: usize,
    predicates: usize,
    groups: Vec<(bool, String, usize)>,
}

impl<'a> Parser<'a> {
    /// A parser before its first token.
    fn new(mut lexer: Lexer<'a>) -> Result<Self, FilterError> {
        let ahead = lexer.next()?;
        Ok(Self {
            lexer,
            ahead,
            depth: 0,
            predicates: 0,
            groups: Vec::new(),
        })
    }

    fn or(&mut self) -> Result<Syntax<'a>, FilterError> {
        let first = self.and()?;
        if !self.ahead_is_word("OR") {
            return Ok(first);
        }
        let mut sides = vec![first];
        while self.ahead_is_word("OR") {
            self.advance()?;
            sides.push(self.and()?);
        }
        Ok(Syntax::Or(sides))
    }

    fn and(&mut self) -> Result<Syntax<'a>, FilterError> {
        let first = self.unary()?;
        let mut sides = vec![first];
        loop {
            let begins = match &self.ahead.token {
                Token::Word(word) => !word.eq_ignore_ascii_case("OR"),
                Token::Mark(mark) => matches!(mark, '!' | '('),
                _ => false,
            };
            if !begins {
                break;
            }
            if self.ahead_is_word("AND") {
                self.advance()?;
            }
            sides.push(self.unary()?);
        }
        match (sides.pop(), sides.is_empty()) {
            (Some(only), true) => Ok(only),
            (last, _) => {
                sides.extend(last);
                Ok(Syntax::And(sides))
            }
        }
    }

    fn unary(&mut self) -> Result<Syntax<'a>, FilterError> {
        match self.ahead.token {
            Token::Mark('!') => {
                self.enter()?;
                self.advance()?;
                let inner = self.unary()?;
                self.depth -= 1;
                Ok(Syntax::Not(Box::new(inner)))
            }
            Token::Mark('(') => self.enclosed('(', ')'),
            Token::Word(word) => {
                if is_reserved(word) {
                    return Err(self.error_ahead("expected a condition, found {}"));
                }
                self.predicate(word)
            }
            Token::End => Err(self.error_ahead("expected a condition, found {}")),
            Token::Mark(')' | '}' | ']') if self.depth == 0 => Err(self.unexpected()),
            _ => Err(self.error_ahead("expected a condition, found {}")),
        }
    }

    /// `( … )` or `{ … }`; the opening bracket is ahead.
    fn enclosed(&mut self, opening: char, closing: char) -> Result<Syntax<'a>, FilterError> {
        let at = self.ahead.at;
        self.enter()?;
        self.advance()?;
        if self.ahead.token == Token::End {
            return Err(self.never_closed(opening, at));
        }
        let inner = self.or()?;
        self.close(opening, closing, at)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn predicate(&mut self, word: &'a str) -> Result<Syntax<'a>, FilterError> {
        let at = self.ahead.at;
        self.predicates += 1;
        if self.predicates > FILTER_PREDICATES_MAX {
            let reason = format!("more than {FILTER_PREDICATES_MAX} conditions");
            return Err(self.lexer.error(reason, at));
        }
        let question = match annotation_word(word) {
            Some((place, key)) => self.annotation(place, key, at)?,
            None => self.keyword(word, at)?,
        };
        Ok(Syntax::Is(Box::new(Statement { at, word, question })))
    }

    /// The word of a keyword is ahead.
    fn keyword(&mut self, word: &'a str, at: usize) -> Result<Question<'a>, FilterError> {
        let Some(keyword) = keyword::lookup(word) else {
            let mut reason = format!("unknown keyword {}", excerpt(word));
            if let Some(advice) = keyword::advice(word) {
                reason = format!("{reason}, {advice}");
            }
            return Err(self.lexer.error(reason, at));
        };
        self.advance()?;
        match keyword {
            Keyword::Service => {
                let (selector, _) = self.service_argument()?;
                Ok(Question::Service(selector, self.block()?))
            }
            Keyword::Edge => {
                let (source, destination) = self.edge_entities()?;
                Ok(Question::Edge(source, destination, self.block()?))
            }
            Keyword::Cause(kind, part) => Ok(Question::Cause(kind, part, self.block()?)),
            Keyword::Flag(_) | Keyword::Number(_) | Keyword::Text(_) | Keyword::CauseJson(_) => {
                Ok(Question::Simple(keyword, self.test()?))
            }
            Keyword::GroupName | Keyword::GroupArn => {
                let test = self.test()?;
                if let Some((name, at)) = test.as_ref().and_then(Test::group) {
                    let is_arn = keyword == Keyword::GroupArn;
                    self.groups.push((is_arn, name.to_owned(), at));
                }
                Ok(Question::Simple(keyword, test))
            }
        }
    }

    /// `annotation.key …` (with the key given) or `annotation[key] …`; the word is ahead.
    fn annotation(
        &mut self,
        place: AnnotationPlace,
        dotted: Option<&'a str>,
        at: usize,
    ) -> Result<Question<'a>, FilterError> {
        if let Some(key) = dotted {
            if key.is_empty() {
                return Err(self.lexer.error("missing annotation key", at));
            }
            if key.contains('.') {
                let bracketed = excerpt(&format!("[{key}]"));
                let reason = format!("annotation keys with a period need brackets: {bracketed}");
                return Err(self.lexer.error(reason, at));
            }
            self.advance()?;
            return Ok(Question::Annotation(place, key.into(), self.test()?));
        }
        self.advance()?;
        if self.ahead.token != Token::Mark('[') {
            return Err(self.error_ahead("expected `.` or `[` and an annotation key, found {}"));
        }
        let opening = self.ahead.at;
        let key = if let Some(Spanned {
            token: Token::Word(key),
            ..
        }) = self.lexer.bracket_word()
        {
            if let Some(at) = self.lexer.before_other_than(']') {
                let reason = "expected `]`; a key with other characters stands in double quotes";
                return Err(self.lexer.error(reason, at));
            }
            self.advance()?;
            Cow::Borrowed(key)
        } else {
            self.advance()?;
            self.string("expected an annotation key, found {}")?
        };
        self.close('[', ']', opening)?;
        Ok(Question::Annotation(place, key, self.test()?))
    }

    /// `[ operator value ]`
    fn test(&mut self) -> Result<Option<Test<'a>>, FilterError> {
        let operator = match self.ahead.token {
            Token::Comparison(comparison) => Operator::Is(comparison),
            Token::Word(word) => match text_operator(word) {
                Some(operator) => operator,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let operator_at = self.ahead.at;
        let takes_bare = matches!(
            operator,
            Operator::Is(Comparison::Equal | Comparison::NotEqual)
        );
        let bare = if takes_bare {
            self.lexer.bare_word()
        } else {
            None
        };
        let (operand, operand_at) = if let Some(Spanned {
            token: Token::Word(word),
            at,
        }) = bare
        {
            (self.bare_operand(word, at)?, at)
        } else {
            self.advance()?;
            let at = self.ahead.at;
            (self.operand()?, at)
        };
        self.advance()?;
        Ok(Some(Test {
            operator,
            operator_at,
            operand,
            operand_at,
        }))
    }

    fn bare_operand(&self, word: &'a str, at: usize) -> Result<Operand<'a>, FilterError> {
        if word.eq_ignore_ascii_case("AND") || word.eq_ignore_ascii_case("OR") {
            return Err(self
                .lexer
                .error(format!("expected a value, found `{word}`"), at));
        }
        Ok(boolean(word).map_or(Operand::Bare(word), Operand::Boolean))
    }

    /// The token ahead as an operand; it stays ahead.
    fn operand(&mut self) -> Result<Operand<'a>, FilterError> {
        let missing = "expected a value, found {}";
        match &mut self.ahead.token {
            Token::String(string) => Ok(Operand::String(std::mem::take(string))),
            Token::Number(number) => Ok(Operand::Number(*number)),
            Token::Json(array) => Ok(Operand::Json(std::mem::take(array))),
            Token::Word(word) => match boolean(word) {
                Some(value) => Ok(Operand::Boolean(value)),
                None if is_reserved(word) => Err(self.error_ahead(missing)),
                None => Err(self.error_ahead("expected a value in double quotes, found {}")),
            },
            _ => Err(self.error_ahead(missing)),
        }
    }

    fn block(&mut self) -> Result<Option<Syntax<'a>>, FilterError> {
        if self.ahead.token != Token::Mark('{') {
            return Ok(None);
        }
        self.enclosed('{', '}').map(Some)
    }

    fn string(&mut self, otherwise: &str) -> Result<Cow<'a, str>, FilterError> {
        let Token::String(string) = &mut self.ahead.token else {
            return Err(self.error_ahead(otherwise));
        };
        let string = std::mem::take(string);
        self.advance()?;
        Ok(string)
    }

    fn advance(&mut self) -> Result<(), FilterError> {
        self.ahead = self.lexer.next()?;
        Ok(())
    }

    /// Takes a mark if it is ahead.
    fn advance_over(&mut self, mark: char) -> Result<bool, FilterError> {
        let is_ahead = self.ahead.token == Token::Mark(mark);
        if is_ahead {
            self.advance()?;
        }
        Ok(is_ahead)
    }

    fn close(&mut self, opening: char, closing: char, at: usize) -> Result<(), FilterError> {
        if self.advance_over(closing)? {
            return Ok(());
        }
        Err(self.expected(&format!("`{closing}`"), opening, at))
    }

    fn enter(&mut self) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > FILTER_DEPTH_MAX {
            let reason = format!("nested deeper than {FILTER_DEPTH_MAX} levels");
            return Err(self.lexer.error(reason, self.ahead.at));
        }
        Ok(())
    }

    fn ahead_is_word(&self, wanted: &str) -> bool {
        matches!(self.ahead.token, Token::Word(word) if word.eq_ignore_ascii_case(wanted))
    }

    /// An error about the token ahead; `{}` stands for it.
    fn error_ahead(&self, reason: &str) -> FilterError {
        self.lexer.error(
            reason.replace("{}", &self.ahead.token.describe()),
            self.ahead.at,
        )
    }

    /// Something that cannot go on what stands before it.
    fn unexpected(&self) -> FilterError {
        self.error_ahead(match self.ahead.token {
            Token::Mark(')' | '}' | ']') => "unexpected {}",
            _ => "expected `AND`, `OR` or a condition, found {}",
        })
    }

    fn never_closed(&self, opening: char, at: usize) -> FilterError {
        self.lexer.error(format!("`{opening}` is never closed"), at)
    }

    /// Something else was expected inside a bracket; at the end of the text it is the bracket that
    /// is to blame.
    fn expected(&self, what: &str, opening: char, opening_at: usize) -> FilterError {
        if self.ahead.token == Token::End {
            return self.never_closed(opening, opening_at);
        }
        let found = self.ahead.token.describe();
        self.lexer
            .error(format!("expected {what}, found {found}"), self.ahead.at)
    }
}

impl Test<'_> {
    /// The group that is meant, and where it is named; `None` if the test makes no sense for groups.
    fn group(&self) -> Option<(&str, usize)> {
        let Operator::Is(Comparison::Equal | Comparison::NotEqual) = self.operator else {
            return None;
        };
        Some((self.operand.as_text()?, self.operand_at))
    }
}

impl Operand<'_> {
    /// The operand as a string value, in quotes or bare.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            Self::Bare(word) => Some(word),
            Self::Boolean(_) | Self::Number(_) | Self::Json(_) => None,
        }
    }
}

impl Operator {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Is(comparison) => comparison.sign(),
            Self::Contains => "CONTAINS",
            Self::BeginsWith => "BEGINSWITH",
            Self::EndsWith => "ENDSWITH",
        }
    }
}

/// Splits `[source.|destination.]annotation[.key]`; `None` for other words.
fn annotation_word(word: &str) -> Option<(AnnotationPlace, Option<&str>)> {
    let places = [
        ("source.", AnnotationPlace::Source),
        ("destination.", AnnotationPlace::Destination),
        ("", AnnotationPlace::Own),
    ];
    places.into_iter().find_map(|(prefix, place)| {
        let rest = strip_prefix_ignoring_case(word, prefix)?;
        let rest = strip_prefix_ignoring_case(rest, "annotation")?;
        match rest.strip_prefix('.') {
            Some(key) => Some((place, Some(key))),
            None => rest.is_empty().then_some((place, None)),
        }
    })
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn text_operator(word: &str) -> Option<Operator> {
    let operators = [Operator::Contains, Operator::BeginsWith, Operator::EndsWith];
    operators
        .into_iter()
        .find(|operator| operator.sign().eq_ignore_ascii_case(word))
}

/// Words that are never a keyword or a bare value.
fn is_reserved(word: &str) -> bool {
    let others = ["AND", "OR", "true", "false"];
    others.iter().any(|name| name.eq_ignore_ascii_case(word)) || text_operator(word).is_some()
}

fn boolean(word: &str) -> Option<bool> {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("true") {
        Some(true)
    } else {
        is("false").then_some(false)
    }
}
