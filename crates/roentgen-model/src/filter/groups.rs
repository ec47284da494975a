//! Puts the expressions of groups in the place of `group.name` and `group.arn` (filter-expressions.md
//! 4.5). Each group is checked once and shared, so that groups of groups cost what they hold.

use std::collections::HashMap;
use std::sync::Arc;

use super::check::{Checker, Groups};
use super::condition::{Condition, Predicate};
use super::keyword::Scope;
use super::parse::{self, Parsed};
use super::{
    EXPANDED_DEPTH_MAX, EXPANDED_PREDICATES_MAX, FilterError, GROUP_DEPTH_MAX, GroupExpressions,
    GroupSelector, Shared, excerpt,
};

/// The checked condition of a text with all groups in place.
pub(super) fn expand(text: &str, groups: &dyn GroupExpressions) -> Result<Condition, FilterError> {
    let mut expansion = Expansion {
        source: groups,
        known: HashMap::new(),
        path: Vec::new(),
    };
    match expansion.text(text) {
        Ok(expanded) => Ok(expanded.condition),
        Err(refusal) => Err(refusal.error),
    }
}

struct Expansion<'a> {
    source: &'a dyn GroupExpressions,
    known: HashMap<(bool, String), (Shared, Size)>,
    /// The groups being expanded, outermost first.
    path: Vec<(bool, String)>,
}

struct Expanded {
    condition: Condition,
    size: Size,
}

/// Why a text cannot be used.
struct Refusal {
    error: FilterError,
    /// The reason is about a group and names it. Texts around it add nothing, or a chain of groups
    /// would make the message grow.
    names_group: bool,
}

impl From<FilterError> for Refusal {
    fn from(error: FilterError) -> Self {
        Self {
            error,
            names_group: false,
        }
    }
}

/// What a condition costs with its groups in place.
#[derive(Clone, Copy, Default)]
struct Size {
    predicates: usize,
    depth: usize,
    /// Levels of groups below.
    groups: usize,
}

impl Expansion<'_> {
    /// Recursion goes through [`Self::group`], which bounds it.
    fn text(&mut self, text: &str) -> Result<Expanded, Refusal> {
        let Parsed {
            syntax,
            lexer,
            groups: references,
        } = parse::parse(text)?;
        let mut groups = Groups::new();
        let mut levels = 0;
        for (is_arn, name, at) in references {
            let key = (is_arn, name);
            if groups.contains_key(&key) {
                continue;
            }
            let found = self.group(&key).map_err(|reason| Refusal {
                error: lexer.error(reason, at),
                names_group: true,
            })?;
            levels = levels.max(found.1.groups + 1);
            groups.insert(key, found.0);
        }
        let checker = Checker {
            lexer: &lexer,
            groups: &groups,
        };
        let condition = match syntax {
            Some(syntax) => checker.condition(syntax, Scope::Trace)?,
            None => Condition::And(Vec::new()),
        };
        let size = self.size(&condition, levels);
        if size.predicates > EXPANDED_PREDICATES_MAX {
            let reason = format!("more than {EXPANDED_PREDICATES_MAX} conditions with its groups");
            return Err(FilterError::new(reason, 0).into());
        }
        if size.depth > EXPANDED_DEPTH_MAX {
            let reason = format!("nested deeper than {EXPANDED_DEPTH_MAX} levels with its groups");
            return Err(FilterError::new(reason, 0).into());
        }
        Ok(Expanded { condition, size })
    }

    /// One group, or why it cannot be used.
    fn group(&mut self, key: &(bool, String)) -> Result<(Shared, Size), String> {
        let (is_arn, name) = key;
        if self.path.contains(key) {
            return Err(format!("group {} refers to itself", excerpt(name)));
        }
        let known = self.known.get(key);
        let below = known.map_or(0, |(_, size)| size.groups);
        if self.path.len() + 1 + below > GROUP_DEPTH_MAX {
            return Err(format!(
                "groups refer to groups more than {GROUP_DEPTH_MAX} levels deep"
            ));
        }
        if let Some((shared, size)) = known {
            return Ok((Arc::clone(shared), *size));
        }
        let selector = if *is_arn {
            GroupSelector::Arn(name)
        } else {
            GroupSelector::Name(name)
        };
        let source = self.source;
        let text = source
            .expression(selector)
            .ok_or_else(|| format!("unknown group {}", excerpt(name)))?;
        self.path.push(key.clone());
        let expanded = self.text(&text);
        self.path.pop();
        let Expanded { condition, size } = expanded.map_err(|refusal| {
            let reason = refusal.error.reason;
            let context = || format!("group {} cannot be used: {reason}", excerpt(name));
            if refusal.names_group {
                reason.clone()
            } else {
                context()
            }
        })?;
        let found = (Arc::new(condition), size);
        self.known.insert(key.clone(), found.clone());
        Ok(found)
    }

    /// Recursion is as deep as the text is nested; groups were measured before.
    fn size(&self, condition: &Condition, groups: usize) -> Size {
        let mut size = Size {
            groups,
            ..Size::default()
        };
        let mut add = |inner: Size| {
            size.predicates = size.predicates.saturating_add(inner.predicates);
            size.depth = size.depth.max(inner.depth + 1);
        };
        match condition {
            Condition::And(sides) | Condition::Or(sides) => {
                sides.iter().for_each(|side| add(self.size(side, groups)));
            }
            Condition::Not(inner) => add(self.size(inner, groups)),
            Condition::Group(shared) => {
                let known = self
                    .known
                    .values()
                    .find(|(known, _)| Arc::ptr_eq(known, shared));
                add(known.map_or_else(Size::default, |(_, size)| *size));
                size.predicates += 1;
            }
            Condition::Is(predicate) => {
                if let Predicate::Service {
                    block: Some(block), ..
                }
                | Predicate::Edge {
                    block: Some(block), ..
                }
                | Predicate::Cause {
                    block: Some(block), ..
                } = predicate
                {
                    add(self.size(block, groups));
                }
                size.predicates += 1;
            }
        }
        size
    }
}
