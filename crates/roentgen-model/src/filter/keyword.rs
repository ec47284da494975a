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
    "AND",
    "OR",
    "CONTAINS",
    "BEGINSWITH",
    "ENDSWITH",
    "annotation",
    "source.annotation",
    "destination.annotation",
];

/// Words of other languages and of summaries, and a keyword that never was one (filter-expressions.md
/// 3), lower case, with what is meant.
const HABITS: &[(&str, &str)] = &[
    ("not", "did you mean `!`?"),
    ("coldstart", "did you mean `annotation.ColdStart`?"),
    ("in", "compare with `=` and join with `OR`"),
    ("like", "use `CONTAINS`, `BEGINSWITH` or `ENDSWITH`"),
    ("matches", "use `CONTAINS`, `BEGINSWITH` or `ENDSWITH`"),
    ("startswith", "did you mean `BEGINSWITH`?"),
    ("http.code", "did you mean `http.status`?"),
    ("latency", "did you mean `responsetime`?"),
    ("hasfault", "did you mean `fault`?"),
    ("haserror", "did you mean `error`?"),
    ("hasthrottle", "did you mean `throttle`?"),
    ("ispartial", "did you mean `partial`?"),
    ("id", "`id(…)` stands in `service(…)` or `edge(…)`"),
];

/// The keyword written `word`, in any case.
pub(super) fn lookup(word: &str) -> Option<Keyword> {
    KEYWORDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, keyword)| *keyword)
}

/// Advice for somebody who wrote `word` where a keyword is expected; `None` if it is like none.
pub(super) fn advice(word: &str) -> Option<String> {
    // Longer than any keyword and its typos: not worth comparing.
    if word.len() > 48 {
        return None;
    }
    let written = word.to_ascii_lowercase();
    if let Some((_, advice)) = HABITS.iter().find(|(other, _)| *other == written) {
        return Some((*advice).to_owned());
    }
    Some(format!("did you mean `{}`?", nearest(&written)?))
}

/// The keyword within few typing errors, or else the one that has the word for an end or beginning.
fn nearest(written: &str) -> Option<&'static str> {
    let usable = KEYWORDS
        .iter()
        .filter(|(_, keyword)| *keyword != NEVER_ALLOWED);
    let names = || {
        let keywords = usable.clone().map(|(name, _)| *name);
        keywords.chain(OTHER_WORDS.iter().copied())
    };
    let edits = |name: &str| strsim::osa_distance(written, &name.to_ascii_lowercase());
    let (errors, name) = names().map(|name| (edits(name), name)).min()?;
    let errors_max = (written.len() / 3).clamp(1, 4);
    let is_part = |name: &&str| {
        // `status` of `http.status`; `rootcause.fault`, `instance`.
        let end = name.strip_suffix(written);
        let beginning = name.strip_prefix(written);
        end.is_some_and(|rest| rest.ends_with('.'))
            || beginning.is_some_and(|rest| rest.starts_with('.'))
    };
    if errors <= 1 {
        return Some(name);
    }
    (names().find(is_part)).or_else(|| (errors <= errors_max).then_some(name))
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
