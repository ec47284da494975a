//! Syntax to [`Condition`]: which keyword may stand where, operators and operands of the right type.

use std::collections::HashMap;
use std::sync::Arc;

use super::condition::{
    AnnotationPlace, AnnotationTest, AnnotationValueTest, CauseKind, CausePart, Condition,
    NumberOperator, NumberTest, Predicate, TextOperator, TextTest,
};
use super::keyword::{Keyword, Scope};
use super::lex::{Comparison, Lexer};
use super::parse::{Operand, Operator, Question, Statement, Syntax, Test};
use super::pattern::CausePattern;
use super::{FilterError, Shared, excerpt};

/// The groups that an expression names, by (is ARN, operand).
pub(super) type Groups = HashMap<(bool, String), Shared>;

pub(super) struct Checker<'a> {
    /// Of the text, for positions of errors.
    pub(super) lexer: &'a Lexer<'a>,
    pub(super) groups: &'a Groups,
}

impl Checker<'_> {
    pub(super) fn condition(&self, syntax: Syntax<'_>, scope: Scope) -> Checked {
        Ok(match syntax {
            Syntax::And(sides) => Condition::And(self.sides(sides, scope)?),
            Syntax::Or(sides) => Condition::Or(self.sides(sides, scope)?),
            Syntax::Not(inner) => negate(self.condition(*inner, scope)?),
            Syntax::Is(statement) => self.statement(*statement, scope)?,
        })
    }

    fn sides(&self, sides: Vec<Syntax<'_>>, scope: Scope) -> Result<Vec<Condition>, FilterError> {
        sides
            .into_iter()
            .map(|side| self.condition(side, scope))
            .collect()
    }

    fn statement(&self, statement: Statement<'_>, scope: Scope) -> Checked {
        let Statement { at, word, question } = statement;
        let not_here = || {
            let reason = format!(
                "keyword {} is not allowed {}",
                excerpt(word),
                scope.describe()
            );
            Err(self.lexer.error(reason, at))
        };
        match question {
            Question::Simple(keyword, test) => {
                if !scope.allows(keyword) {
                    return not_here();
                }
                self.simple(keyword, word, at, test)
            }
            Question::Annotation(place, key, test) => {
                let allowed = match scope {
                    Scope::Edge => true,
                    Scope::Trace | Scope::Service => place == AnnotationPlace::Own,
                    Scope::Cause(..) => false,
                };
                if !allowed {
                    return not_here();
                }
                let test = self.annotation_test(test)?;
                let key = key.into();
                Ok(is(Predicate::Annotation(AnnotationTest {
                    place,
                    key,
                    test,
                })))
            }
            Question::Service(..) | Question::Edge(..) | Question::Cause(..)
                if scope != Scope::Trace =>
            {
                not_here()
            }
            Question::Service(selector, block) => {
                let block = self.block(block, Scope::Service)?;
                Ok(is(Predicate::Service { selector, block }))
            }
            Question::Edge(source, destination, block) => {
                let block = self.block(block, Scope::Edge)?;
                Ok(is(Predicate::Edge {
                    source,
                    destination,
                    block,
                }))
            }
            Question::Cause(CauseKind::ResponseTime, CausePart::Exception, _) => Err(self
                .lexer
                .error("response-time root causes have no exceptions", at)),
            Question::Cause(kind, part, block) => {
                let block = self.block(block, Scope::Cause(kind, part))?;
                Ok(is(Predicate::Cause { kind, part, block }))
            }
        }
    }

    fn block(
        &self,
        block: Option<Syntax<'_>>,
        scope: Scope,
    ) -> Result<Option<Box<Condition>>, FilterError> {
        block
            .map(|block| self.condition(block, scope).map(Box::new))
            .transpose()
    }

    fn simple(&self, keyword: Keyword, word: &str, at: usize, test: Option<Test<'_>>) -> Checked {
        match keyword {
            Keyword::Flag(flag) => {
                let expected = test.map_or(Ok(true), |test| self.boolean(&test))?;
                let is = is(Predicate::Flag(flag));
                Ok(if expected { is } else { negate(is) })
            }
            Keyword::Number(number) => {
                let test = test.map_or(Ok(NumberTest::Set), |test| self.number(&test))?;
                Ok(is(Predicate::Number(number, test)))
            }
            Keyword::Text(text) => {
                let test = test.map_or(Ok(TextTest::Set), |test| self.text(&test))?;
                Ok(is(Predicate::Text(text, test)))
            }
            Keyword::CauseJson(kind) => {
                let test = test.ok_or_else(|| self.needs_operand(word, "#[…]", at))?;
                let negated = self.equality(&test, "a JSON literal")?;
                let Operand::Json(array) = test.operand else {
                    return Err(self
                        .lexer
                        .error("expected a JSON literal `#[…]`", test.operand_at));
                };
                let patterns = array
                    .into_iter()
                    .map(CausePattern::new)
                    .collect::<Option<_>>();
                let patterns = patterns.ok_or_else(|| {
                    let reason = "bad JSON literal, each pattern must be an object";
                    self.lexer.error(reason, test.operand_at)
                })?;
                let is = is(Predicate::CauseJson { kind, patterns });
                Ok(if negated { negate(is) } else { is })
            }
            Keyword::GroupName | Keyword::GroupArn => {
                let test = test.ok_or_else(|| self.needs_operand(word, "\"…\"", at))?;
                let negated = self.equality(&test, "groups")?;
                let name = test
                    .operand
                    .as_text()
                    .ok_or_else(|| self.not_a_string(&test))?;
                let group = self
                    .groups
                    .get(&(keyword == Keyword::GroupArn, name.to_owned()));
                let group = group.expect("all groups named in a text are looked up before");
                let group = Condition::Group(Arc::clone(group));
                Ok(if negated { negate(group) } else { group })
            }
            Keyword::Service | Keyword::Edge | Keyword::Cause(..) => {
                unreachable!("the parser makes questions of their own of these")
            }
        }
    }

    /// The value a flag is compared to.
    fn boolean(&self, test: &Test<'_>) -> Result<bool, FilterError> {
        let negated = self.equality(test, "true or false")?;
        let value = match &test.operand {
            Operand::Boolean(value) => Some(*value),
            Operand::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Operand::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        let value = value.ok_or_else(|| {
            self.lexer
                .error("expected `true` or `false`", test.operand_at)
        })?;
        Ok(value != negated)
    }

    /// `=` (false) or `!=` (true).
    fn equality(&self, test: &Test<'_>, with: &str) -> Result<bool, FilterError> {
        match test.operator {
            Operator::Is(Comparison::Equal) => Ok(false),
            Operator::Is(Comparison::NotEqual) => Ok(true),
            _ => Err(self.bad_operator(test, with)),
        }
    }

    fn number(&self, test: &Test<'_>) -> Result<NumberTest, FilterError> {
        let operator =
            number_operator(test.operator).ok_or_else(|| self.bad_operator(test, "a number"))?;
        match test.operand {
            Operand::Number(value) => Ok(NumberTest::Compare(operator, value)),
            _ => Err(self.lexer.error("expected a number", test.operand_at)),
        }
    }

    fn text(&self, test: &Test<'_>) -> Result<TextTest, FilterError> {
        let operator =
            text_operator(test.operator).ok_or_else(|| self.bad_operator(test, "a string"))?;
        let value = test
            .operand
            .as_text()
            .ok_or_else(|| self.not_a_string(test))?;
        if operator == TextOperator::Contains && value.is_empty() {
            return Ok(TextTest::Set);
        }
        Ok(TextTest::Compare(operator, value.into()))
    }

    /// The test of an annotation's values.
    fn annotation_test(&self, test: Option<Test<'_>>) -> Result<AnnotationValueTest, FilterError> {
        let Some(test) = test else {
            return Ok(AnnotationValueTest::Truthy);
        };
        match &test.operand {
            Operand::Boolean(value) => {
                let negated = self.equality(&test, "true or false")?;
                Ok(AnnotationValueTest::Boolean {
                    value: *value,
                    negated,
                })
            }
            Operand::Number(value) => {
                let operator = number_operator(test.operator);
                let operator = operator.ok_or_else(|| self.bad_operator(&test, "a number"))?;
                Ok(AnnotationValueTest::Number(operator, *value))
            }
            Operand::String(_) | Operand::Bare(_) => Ok(match self.text(&test)? {
                TextTest::Set => AnnotationValueTest::Set,
                TextTest::Compare(operator, value) => AnnotationValueTest::Text(operator, value),
            }),
            Operand::Json(_) => Err(self
                .lexer
                .error("an annotation is not compared to JSON", test.operand_at)),
        }
    }

    fn bad_operator(&self, test: &Test<'_>, with: &str) -> FilterError {
        let reason = format!(
            "operator `{}` cannot be used with {with}",
            test.operator.sign()
        );
        self.lexer.error(reason, test.operator_at)
    }

    fn not_a_string(&self, test: &Test<'_>) -> FilterError {
        self.lexer.error("expected a string", test.operand_at)
    }

    fn needs_operand(&self, word: &str, operand: &str, at: usize) -> FilterError {
        self.lexer.error(
            format!("`{word}` needs `= {operand}` or `!= {operand}`"),
            at,
        )
    }
}

type Checked = Result<Condition, FilterError>;

fn is(predicate: Predicate) -> Condition {
    Condition::Is(predicate)
}

/// The opposite; two negations leave nothing behind, so deep `!!!!` costs no stack later.
fn negate(condition: Condition) -> Condition {
    match condition {
        Condition::Not(inner) => *inner,
        other => Condition::Not(Box::new(other)),
    }
}

fn number_operator(operator: Operator) -> Option<NumberOperator> {
    let Operator::Is(comparison) = operator else {
        return None;
    };
    Some(match comparison {
        Comparison::Equal => NumberOperator::Equal,
        Comparison::NotEqual => NumberOperator::NotEqual,
        Comparison::Less => NumberOperator::Less,
        Comparison::LessOrEqual => NumberOperator::LessOrEqual,
        Comparison::Greater => NumberOperator::Greater,
        Comparison::GreaterOrEqual => NumberOperator::GreaterOrEqual,
    })
}

fn text_operator(operator: Operator) -> Option<TextOperator> {
    match operator {
        Operator::Is(Comparison::Equal) => Some(TextOperator::Equal),
        Operator::Is(Comparison::NotEqual) => Some(TextOperator::NotEqual),
        Operator::Is(_) => None,
        Operator::Contains => Some(TextOperator::Contains),
        Operator::BeginsWith => Some(TextOperator::BeginsWith),
        Operator::EndsWith => Some(TextOperator::EndsWith),
    }
}
