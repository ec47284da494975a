//! The grammar of entity selectors (filter-expressions.md 9), on the parser of filters.

use super::super::entity_selector::{EntitySelector, SelectedEntities};
use super::super::keyword::{self, Keyword};
use super::super::lex::{Lexer, Token};
use super::super::{FilterError, excerpt};
use super::{Parser, annotation_word};
use crate::filter::condition::NodeSelector;

const EXPECTED: &str = "expected `service(…)`, `edge(…)` or `id(…)`, found {}";

/// `selector { "OR" selector }`
pub(in crate::filter) fn entity_selector(lexer: Lexer<'_>) -> Result<EntitySelector, FilterError> {
    let mut parser = Parser::new(lexer)?;
    let mut selector = match parser.selector()? {
        Part::Service(node, is_by_id) => EntitySelector {
            entities: SelectedEntities::Services(vec![node]),
            is_by_id,
        },
        Part::Edge(source, destination) => EntitySelector {
            entities: SelectedEntities::Edges(vec![(source, destination)]),
            is_by_id: false,
        },
    };
    while parser.ahead_is_word("OR") {
        parser.advance()?;
        let at = parser.ahead.at;
        match (&mut selector.entities, parser.selector()?) {
            (SelectedEntities::Services(nodes), Part::Service(node, is_by_id)) => {
                nodes.push(node);
                selector.is_by_id &= is_by_id;
            }
            (SelectedEntities::Edges(edges), Part::Edge(source, destination)) => {
                edges.push((source, destination));
            }
            _ => {
                let reason = "`edge(…)` cannot be joined with `service(…)` or `id(…)`";
                return Err(parser.lexer.error(reason, at));
            }
        }
    }
    match parser.ahead.token {
        Token::End => Ok(selector),
        _ => Err(parser.not_in_selector("expected `OR` or the end, found {}")),
    }
}

enum Part {
    /// Whether it is by `id(…)`.
    Service(NodeSelector, bool),
    Edge(NodeSelector, NodeSelector),
}

impl Parser<'_> {
    fn selector(&mut self) -> Result<Part, FilterError> {
        let Token::Word(word) = self.ahead.token else {
            return Err(self.not_in_selector(EXPECTED));
        };
        if word.eq_ignore_ascii_case("id") {
            self.advance()?;
            return Ok(Part::Service(self.id_arguments()?, true));
        }
        match keyword::lookup(word) {
            Some(Keyword::Service) => {
                self.advance()?;
                let (node, is_by_id) = self.service_argument()?;
                Ok(Part::Service(node, is_by_id))
            }
            Some(Keyword::Edge) => {
                self.advance()?;
                let (source, destination) = self.edge_entities()?;
                Ok(Part::Edge(source, destination))
            }
            _ => Err(self.not_in_selector(EXPECTED)),
        }
    }

    /// An error about the token ahead: what filters have and entity selectors do not is named,
    /// `otherwise` is for the rest.
    fn not_in_selector(&self, otherwise: &str) -> FilterError {
        let known = |word| keyword::lookup(word).is_some() || annotation_word(word).is_some();
        let reason = match self.ahead.token {
            Token::Mark('{') => "a block is not allowed in an entity selector".to_owned(),
            Token::Mark('!') => "`!` is not allowed in an entity selector".to_owned(),
            Token::Word(word) if word.eq_ignore_ascii_case("AND") => {
                "`AND` is not allowed in an entity selector, join with `OR`".to_owned()
            }
            Token::Word(word) if is_selector(word) => "selectors are joined with `OR`".to_owned(),
            Token::Word(word) if known(word) => format!(
                "keyword {} is not allowed in an entity selector",
                excerpt(word)
            ),
            _ => return self.error_ahead(otherwise),
        };
        self.lexer.error(reason, self.ahead.at)
    }
}

fn is_selector(word: &str) -> bool {
    let selectors = ["service", "edge", "id"];
    selectors.iter().any(|name| name.eq_ignore_ascii_case(word))
}
