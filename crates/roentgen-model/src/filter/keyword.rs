//! The keywords (filter-expressions.md 3) and where each may stand.

use super::condition::{CauseKind, CausePart, Flag, Number, Text};

/// What the words of an expression are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Trace,
    Service,
    Edge,
    Cause(CauseKind, CausePart),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Flag(Flag),
    Number(Number),
    Text(Text),
    Service,
    Edge,
    Cause(CauseKind, CausePart),
    CauseJson(Option<CauseKind>),
    GroupName,
    GroupArn,
}

use CauseKind::{Error, Fault, ResponseTime};
use CausePart::{Entity, Exception, Service};

/// In the grammar, but always an error: response-time causes have no exceptions (4.4).
const NEVER_ALLOWED: Keyword = Keyword::Cause(ResponseTime, Exception);

/// All keywords but annotations, lower case.
const KEYWORDS: &[(&str, Keyword)] = &[
    ("ok", Keyword::Flag(Flag::Ok)),
    ("error", Keyword::Flag(Flag::Error)),
    ("fault", Keyword::Flag(Flag::Fault)),
    ("throttle", Keyword::Flag(Flag::Throttle)),
    ("partial", Keyword::Flag(Flag::Partial)),
    ("inferred", Keyword::Flag(Flag::Inferred)),
    ("root", Keyword::Flag(Flag::Root)),
    ("first", Keyword::Flag(Flag::First)),
    ("last", Keyword::Flag(Flag::Last)),
    ("remote", Keyword::Flag(Flag::Remote)),
    ("responsetime", Keyword::Number(Number::ResponseTime)),
    ("duration", Keyword::Number(Number::Duration)),
    ("http.status", Keyword::Number(Number::HttpStatus)),
    ("index", Keyword::Number(Number::Index)),
    ("coverage", Keyword::Number(Number::Coverage)),
    ("http.url", Keyword::Text(Text::HttpUrl)),
    ("http.method", Keyword::Text(Text::HttpMethod)),
    ("http.useragent", Keyword::Text(Text::HttpUserAgent)),
    ("http.clientip", Keyword::Text(Text::HttpClientIp)),
    ("user", Keyword::Text(Text::User)),
    ("availabilityzone", Keyword::Text(Text::AvailabilityZone)),
    ("instance.id", Keyword::Text(Text::InstanceId)),
    ("resource.arn", Keyword::Text(Text::ResourceArn)),
    ("name", Keyword::Text(Text::Name)),
    ("type", Keyword::Text(Text::Type)),
    ("message", Keyword::Text(Text::Message)),
    ("account.id", Keyword::Text(Text::AccountId)),
    ("service", Keyword::Service),
    ("edge", Keyword::Edge),
    ("rootcause.fault.service", Keyword::Cause(Fault, Service)),
    ("rootcause.fault.entity", Keyword::Cause(Fault, Entity)),
    (
        "rootcause.fault.exception",
        Keyword::Cause(Fault, Exception),
    ),
    ("rootcause.error.service", Keyword::Cause(Error, Service)),
    ("rootcause.error.entity", Keyword::Cause(Error, Entity)),
    (
        "rootcause.error.exception",
        Keyword::Cause(Error, Exception),
    ),
    (
        "rootcause.responsetime.service",
        Keyword::Cause(ResponseTime, Service),
    ),
    (
        "rootcause.responsetime.entity",
        Keyword::Cause(ResponseTime, Entity),
    ),
    // In the grammar, but always an error: response-time causes have no exceptions (4.4).
    (
        "rootcause.responsetime.exception",
        Keyword::Cause(ResponseTime, Exception),
    ),
    ("json", Keyword::CauseJson(None)),
    ("rootcause.json", Keyword::CauseJson(None)),
    ("rootcause.fault.json", Keyword::CauseJson(Some(Fault))),
    ("rootcause.error.json", Keyword::CauseJson(Some(Error))),
    (
        "rootcause.responsetime.json",
        Keyword::CauseJson(Some(ResponseTime)),
    ),
    ("group.name", Keyword::GroupName),
    ("group.arn", Keyword::GroupArn),
];

/// Words that stand beside the keywords, for suggestions.
const OTHER_WORDS: &[&str] = &[
    "and",
    "or",
    "contains",
    "beginswith",
    "endswith",
    "annotation",
];

/// Words of other languages, and a keyword that never was one (filter-expressions.md 3).
const HABITS: &[(&str, &str)] = &[("not", "!"), ("coldstart", "annotation.ColdStart")];

/// The keyword written `word`, in any case.
pub(super) fn lookup(word: &str) -> Option<Keyword> {
    KEYWORDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, keyword)| *keyword)
}

/// A word that somebody who wrote `word` may have meant.
pub(super) fn suggestion(word: &str) -> Option<&'static str> {
    // Longer than any keyword and its typos: not worth comparing.
    if word.len() > 48 {
        return None;
    }
    let written = word.to_ascii_lowercase();
    let habit = HABITS.iter().find(|(other, _)| *other == written);
    if let Some((_, meant)) = habit {
        return Some(meant);
    }
    let usable = KEYWORDS
        .iter()
        .filter(|(_, keyword)| *keyword != NEVER_ALLOWED);
    let names = || {
        usable
            .clone()
            .map(|(name, _)| *name)
            .chain(OTHER_WORDS.iter().copied())
    };
    let nearest = names().map(|name| (distance(&written, name), name)).min()?;
    if nearest.0 <= (word.len() / 3).clamp(1, 4) {
        return Some(nearest.1);
    }
    // Half a keyword: `rootcause.fault`, `instance`.
    names().find(|name| {
        name.strip_prefix(&*written)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Edits (insert, remove, replace) between two ASCII words.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut last = i + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(b.bytes()) {
            let replaced = diagonal + usize::from(left != right);
            diagonal = *cell;
            last = replaced.min(last + 1).min(*cell + 1);
            *cell = last;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

impl Scope {
    /// Whether a keyword may stand here (the table of filter-expressions.md 3).
    pub(super) fn allows(self, keyword: Keyword) -> bool {
        match (self, keyword) {
            (Self::Trace, Keyword::Flag(flag)) => is_common_flag(flag),
            (Self::Service | Self::Edge, Keyword::Flag(flag)) => {
                is_common_flag(flag) || flag == Flag::Root
            }
            (Self::Cause(_, part), Keyword::Flag(flag)) => match flag {
                Flag::First | Flag::Last => true,
                Flag::Inferred => part == Service,
                Flag::Remote => part == Entity,
                Flag::Ok
                | Flag::Error
                | Flag::Fault
                | Flag::Throttle
                | Flag::Partial
                | Flag::Root => false,
            },
            (Self::Trace | Self::Service | Self::Edge, Keyword::Number(number)) => {
                !matches!(number, Number::Index | Number::Coverage)
            }
            (Self::Cause(kind, part), Keyword::Number(number)) => match number {
                Number::Index => true,
                Number::Coverage => (kind, part) == (ResponseTime, Entity),
                Number::ResponseTime | Number::Duration | Number::HttpStatus => false,
            },
            (Self::Trace, Keyword::Text(text)) => {
                !matches!(text, Text::Name | Text::Type | Text::Message)
            }
            (Self::Service | Self::Edge, Keyword::Text(text)) => text != Text::Message,
            (Self::Cause(_, part), Keyword::Text(text)) => match text {
                Text::Name => true,
                Text::Type | Text::AccountId => part == Service,
                Text::Message => part == Exception,
                _ => false,
            },
            (scope, _) => scope == Self::Trace,
        }
    }

    /// For error texts: `… is not allowed <here>`.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Trace => "outside a block",
            Self::Service => "in a `service` block",
            Self::Edge => "in an `edge` block",
            Self::Cause(..) => "in this `rootcause` block",
        }
    }
}

fn is_common_flag(flag: Flag) -> bool {
    !matches!(flag, Flag::Root | Flag::First | Flag::Last | Flag::Remote)
}
