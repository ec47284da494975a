//! Filter expressions (spec filter-expressions.md): which traces match.
//!
//! ```text
//!   text ──lex──► tokens ──parse──► syntax (with positions) ──check──► Condition ──eval──► bool
//!                                                 ▲ expressions of groups, checked once each
//! ```
//!
//! [`Filter::parse`] does everything that can fail: grammar, which keyword may stand in which scope,
//! operand types, groups and all limits. What is left is a [`Condition`] that cannot fail, whose
//! keywords are resolved, and [`Filter::matches`] is the one evaluator of the house: stores and
//! searches may skip traces by columns (PLAN-1), never decide differently.
//!
//! Bounds: text, nesting and predicates as filter-expressions.md 5, found before anything recurses
//! deeper than they allow. Groups are put in place at parse time, each checked once however often it
//! is named, and the whole may not exceed [`EXPANDED_PREDICATES_MAX`] and [`EXPANDED_DEPTH_MAX`].

use std::borrow::Cow;
use std::sync::Arc;

use crate::assembly::facts::{TimeRange, TraceFacts};

mod check;
mod condition;
mod entity_selector;
mod eval;
mod groups;
mod keyword;
mod lex;
mod parse;
mod pattern;
#[cfg(test)]
mod tests;

pub use condition::{
    AnnotationPlace, AnnotationTest, AnnotationValueTest, CauseKind, CausePart, Condition, Flag,
    NodeSelector, Number, NumberOperator, NumberTest, Predicate, Text, TextOperator, TextTest,
};
pub use entity_selector::{EntitySelector, EntitySelectorError, SelectedEntities};
pub use pattern::CausePattern;

/// How deep references from group to group may go (filter-expressions.md 4.5, our choice).
pub const GROUP_DEPTH_MAX: usize = 16;
/// Predicates of an expression once its groups are put in (our choice: bounds evaluation).
pub const EXPANDED_PREDICATES_MAX: usize = 4_096;
/// Nesting of an expression once its groups are put in (our choice: bounds the stack).
pub const EXPANDED_DEPTH_MAX: usize = 256;

/// A checked filter expression. Cheap to share behind an `Arc`; immutable.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    condition: Condition,
}

/// What evaluation needs beside the trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvalContext {
    /// The range of a search with `TimeRangeType=Service`: `service`/`edge` selectors then see only
    /// segments (calls) that end inside it (filter-expressions.md 4.6). `None` for other searches.
    pub service_range: Option<TimeRange>,
}

/// Why a text is not a filter expression. Prints as X-Ray's message (filter-expressions.md 6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter expression: {reason} at position {position}")]
pub struct FilterError {
    reason: String,
    position: usize,
    length: usize,
}

/// Names a group in `group.name` or `group.arn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupSelector<'a> {
    /// Case-sensitive.
    Name(&'a str),
    Arn(&'a str),
}

/// Where [`Filter::parse`] looks up the current expressions of groups.
pub trait GroupExpressions {
    /// The current expression of a group, `""` if it matches everything (as `Default` does);
    /// `None`: there is no such group.
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>>;
}

/// An account without groups: knows only `Default`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGroups;

impl GroupExpressions for NoGroups {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let is_default = match selector {
            GroupSelector::Name(name) => name == "Default",
            // `arn:aws:xray:<region>:<account>:group/Default` (groups-insights.md 1).
            GroupSelector::Arn(arn) => {
                arn.starts_with("arn:aws") && arn.ends_with(":group/Default")
            }
        };
        is_default.then_some(Cow::Borrowed(""))
    }
}

impl Filter {
    /// Parses and checks an expression; an empty one matches every trace. Expressions of groups that
    /// it names are put in its place as they are now.
    ///
    /// # Errors
    /// [`FilterError`] for every case of filter-expressions.md 6, with the position in `text`: of the
    /// first problem of the grammar, else of the first group that cannot be used, else of the first
    /// keyword, operator or operand that is out of place. A problem inside a group's expression is
    /// reported where the group is named.
    pub fn parse(text: &str, groups: &dyn GroupExpressions) -> Result<Self, FilterError> {
        let condition = groups::expand(text, groups)?;
        Ok(Self { condition })
    }

    /// True if the trace matches.
    #[must_use]
    pub fn matches(&self, facts: &TraceFacts, context: &EvalContext) -> bool {
        eval::matches(&self.condition, facts, context)
    }

    /// The checked expression, for plans (PLAN-1).
    #[must_use]
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// True if no trace can fail to match because there is nothing to ask (empty expression).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.condition == Condition::And(Vec::new())
    }
}

impl From<Condition> for Filter {
    fn from(condition: Condition) -> Self {
        Self { condition }
    }
}

impl FilterError {
    fn new(reason: impl Into<String>, position: usize) -> Self {
        Self {
            reason: reason.into(),
            position,
            length: 0,
        }
    }

    /// The problem is this long.
    fn of_length(self, length: usize) -> Self {
        Self { length, ..self }
    }

    /// What is wrong, lower case, without the position.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// 0-based offset of the problem, in characters.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Characters of the word, number or sign at fault; 0 at the end of the text.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// What may stand there instead, where the reason names it (``did you mean `fault`?``).
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        let named = ["did you mean `", ", use `"]
            .iter()
            .find_map(|words| self.reason.split_once(words));
        let (_, rest) = named?;
        rest.split_once('`').map(|(word, _)| word)
    }
}

/// A word of the text in backticks for an error, cut so that messages stay short.
fn excerpt(word: &str) -> String {
    const CHARS_MAX: usize = 64;
    match word.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("`{}…`", word.get(..end).unwrap_or("")),
        None => format!("`{word}`"),
    }
}

/// A group's checked expression, shared by all its references.
type Shared = Arc<Condition>;
