//! What stands in the parentheses of `service` and `edge`.

use super::super::FilterError;
use super::super::condition::NodeSelector;
use super::super::lex::Token;
use super::Parser;

impl Parser<'_> {
    /// `[ "(" [ entity ] ")" ]`, and whether the entity is `id(…)`.
    pub(super) fn service_argument(&mut self) -> Result<(NodeSelector, bool), FilterError> {
        let opening = self.ahead.at;
        if !self.advance_over('(')? {
            return Ok(<_>::default());
        }
        if self.advance_over(')')? {
            return Ok(<_>::default());
        }
        let is_id = self.ahead_is_word("id");
        let entity = self.entity('(', opening)?;
        self.close('(', ')', opening)?;
        Ok((entity, is_id))
    }

    /// `[ "(" [ entity "," entity ] ")" ]`
    pub(super) fn edge_entities(&mut self) -> Result<(NodeSelector, NodeSelector), FilterError> {
        let opening = self.ahead.at;
        if !self.advance_over('(')? {
            return Ok(<_>::default());
        }
        if self.advance_over(')')? {
            return Ok(<_>::default());
        }
        let source = self.entity('(', opening)?;
        match self.ahead.token {
            Token::Mark(',') => self.advance()?,
            Token::Mark(')') => {
                return Err(self.error_ahead("`edge` takes two arguments or none, found one"));
            }
            _ => return Err(self.expected("`,`", '(', opening)),
        }
        let destination = self.entity('(', opening)?;
        self.close('(', ')', opening)?;
        Ok((source, destination))
    }

    /// A string, or `id(…)`.
    fn entity(&mut self, bracket: char, opening: usize) -> Result<NodeSelector, FilterError> {
        match &mut self.ahead.token {
            Token::String(name) => {
                let name = Some(std::mem::take(name).into());
                self.advance()?;
                Ok(NodeSelector {
                    name,
                    ..NodeSelector::default()
                })
            }
            Token::Word(word) if word.eq_ignore_ascii_case("id") => {
                self.advance()?;
                self.id_arguments()
            }
            _ => Err(self.expected("a string or `id(…)`", bracket, opening)),
        }
    }

    /// What follows `id`.
    pub(super) fn id_arguments(&mut self) -> Result<NodeSelector, FilterError> {
        let opening = self.ahead.at;
        if !self.advance_over('(')? {
            return Err(self.error_ahead("expected `(` after `id`, found {}"));
        }
        let mut selector = NodeSelector::default();
        if self.advance_over(')')? {
            return Ok(selector);
        }
        loop {
            self.id_argument(&mut selector, opening)?;
            if !self.advance_over(',')? {
                break;
            }
        }
        self.close('(', ')', opening)?;
        Ok(selector)
    }

    /// `name: "…"`
    fn id_argument(&mut self, into: &mut NodeSelector, opening: usize) -> Result<(), FilterError> {
        let Token::Word(word) = self.ahead.token else {
            return Err(self.expected("`name:`, `type:` or `account.id:`", '(', opening));
        };
        let slot = match word.to_ascii_lowercase().as_str() {
            "name" => &mut into.name,
            "type" => &mut into.node_type,
            // The second spelling is accepted by our choice.
            "account.id" | "accountid" => &mut into.account_id,
            _ => {
                let known = "expected `name:`, `type:` or `account.id:`";
                return Err(self.error_ahead(&format!("{known}, found {{}}")));
            }
        };
        if slot.is_some() {
            let reason = format!("argument `{word}` of `id` is given twice");
            return Err(self.lexer.error(reason, self.ahead.at));
        }
        self.advance()?;
        if !self.advance_over(':')? {
            return Err(self.expected("`:`", '(', opening));
        }
        *slot = Some(
            self.string("expected a string in double quotes, found {}")?
                .into(),
        );
        Ok(())
    }
}
