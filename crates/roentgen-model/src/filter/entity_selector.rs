//! `EntitySelectorExpression` of time series (filter-expressions.md 9): which nodes, or which edges,
//! are counted. The selectors of filters, joined by `OR`, without anything else.

use std::sync::Arc;

use super::condition::NodeSelector;
use super::lex::Lexer;
use super::{FilterError, parse};
use crate::assembly::facts::NodeKey;
use crate::limits::ENTITY_SELECTOR_CHARS_MAX;

/// A checked entity selector. Immutable; holds at most as many selectors as fit 500 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitySelector {
    pub entities: SelectedEntities,
    /// Every part is `id(…)`, alone or as the argument of `service(…)`: what forecasts ask for (our
    /// choice: a part that is not would count nodes that have no forecast).
    pub is_by_id: bool,
}

/// What is counted: one family, because one row has either service or edge statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectedEntities {
    /// Segments of nodes that one of the selectors selects; never empty.
    Services(Vec<NodeSelector>),
    /// Calls from a node of the first selector to one of the second; never empty. Client nodes are
    /// nodes: `edge(id(type: "client"), "api")` is an entry edge.
    Edges(Vec<(NodeSelector, NodeSelector)>),
}

/// Why a text is not an entity selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid entity selector expression: {} at position {}", .0.reason(), .0.position())]
pub struct EntitySelectorError(FilterError);

impl EntitySelector {
    /// Parses and checks `selector { "OR" selector }`.
    ///
    /// # Errors
    /// [`EntitySelectorError`], with the position of the first problem in characters: no selector at
    /// all, more than 500 characters, a block, a keyword, `!`, `AND`, parentheses around selectors,
    /// both nodes and edges, or a malformed selector.
    pub fn parse(text: &str) -> Result<Self, EntitySelectorError> {
        let lexer = Lexer::new(text);
        if let Some((over, _)) = text.char_indices().nth(ENTITY_SELECTOR_CHARS_MAX) {
            let reason =
                format!("expression is longer than {ENTITY_SELECTOR_CHARS_MAX} characters");
            return Err(EntitySelectorError(lexer.error(reason, over)));
        }
        parse::entity_selector(lexer).map_err(EntitySelectorError)
    }

    /// Whether segments of a node are counted: its key and the further names it goes by. Never of
    /// edge selectors.
    #[must_use]
    pub fn selects_node(&self, key: &NodeKey, other_names: &[Arc<str>]) -> bool {
        match &self.entities {
            SelectedEntities::Services(selectors) => {
                let selects = |selector: &NodeSelector| selector.selects_key(key, other_names);
                selectors.iter().any(selects)
            }
            SelectedEntities::Edges(_) => false,
        }
    }

    /// Whether calls from one node to another are counted; each with the further names it goes by.
    /// Never of node selectors.
    #[must_use]
    pub fn selects_edge(
        &self,
        source: (&NodeKey, &[Arc<str>]),
        destination: (&NodeKey, &[Arc<str>]),
    ) -> bool {
        match &self.entities {
            SelectedEntities::Edges(selectors) => selectors.iter().any(|(from, to)| {
                from.selects_key(source.0, source.1) && to.selects_key(destination.0, destination.1)
            }),
            SelectedEntities::Services(_) => false,
        }
    }
}

impl EntitySelectorError {
    /// What is wrong, lower case, without the position.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.0.reason()
    }

    /// 0-based offset of the problem, in characters.
    #[must_use]
    pub fn position(&self) -> usize {
        self.0.position()
    }
}

#[cfg(test)]
mod tests;
