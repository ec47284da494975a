//! Filter expressions (spec filter-expressions.md): lex, parse, check, evaluate.

/// A checked filter expression.
#[derive(Clone, Debug)]
pub struct Filter {}
