//! A filter as two masks over columns (PLAN-1): *sure* ⊆ truth ⊆ *possible*.
//!
//! Only what stands in a column of its own is exact. Selectors with blocks ask for one segment or call
//! that meets all conditions, which no column knows: they are possible where the nodes they name
//! occur. With [`TimeBasis::Service`] selectors see only what ends in the range, so nothing on nodes
//! and calls is sure.

use std::sync::Arc;

use roentgen_model::filter::{
    Condition, Filter, Flag, NodeSelector, Number, NumberTest, Predicate, Text, TextOperator,
    TextTest,
};
use roentgen_store::plan::{Columns, FlagColumn, NumberColumn, Plan, SetColumn, TextColumn};
use roentgen_store::source::TimeBasis;

#[cfg(test)]
mod tests;

/// Beyond any time in milliseconds that facts can hold (292 years), and halves are still exact.
const MILLIS_MAX: f64 = 1e15;

/// The plan of a filter for a search by this time basis.
#[must_use]
pub fn compile(filter: &Arc<Filter>, basis: TimeBasis) -> Plan {
    if filter.is_empty() {
        return Plan::default();
    }
    let columns = columns(filter.condition(), basis);
    Plan {
        filter: Some(Arc::clone(filter)),
        columns,
    }
}

fn columns(condition: &Condition, basis: TimeBasis) -> Columns {
    match condition {
        Condition::And(sides) => and(sides.iter().map(|side| columns(side, basis))),
        Condition::Or(sides) => {
            Columns::Or(sides.iter().map(|side| columns(side, basis)).collect())
        }
        Condition::Not(inner) => not(columns(inner, basis)),
        Condition::Group(group) => columns(group, basis),
        Condition::Is(predicate) => predicate_columns(predicate, basis),
    }
}

fn predicate_columns(predicate: &Predicate, basis: TimeBasis) -> Columns {
    match predicate {
        Predicate::Flag(flag) => flag_column(*flag).map_or(Columns::Unknown, Columns::Flag),
        Predicate::Number(number, test) => number_columns(*number, *test),
        Predicate::Text(text, test) => text_columns(*text, test),
        Predicate::Service { selector, block } => {
            node(selector, block.is_none() && basis != TimeBasis::Service)
        }
        // Both nodes occurring does not make a call between them.
        Predicate::Edge {
            source,
            destination,
            ..
        } => Columns::And(vec![node(source, false), node(destination, false)]),
        Predicate::Annotation(_) | Predicate::Cause { .. } | Predicate::CauseJson { .. } => {
            Columns::Unknown
        }
    }
}

/// `All` is left out, one side stands alone.
fn and(sides: impl Iterator<Item = Columns>) -> Columns {
    let mut sides: Vec<_> = sides.filter(|side| *side != Columns::All).collect();
    match (sides.pop(), sides.is_empty()) {
        (None, _) => Columns::All,
        (Some(only), true) => only,
        (Some(last), false) => {
            sides.push(last);
            Columns::And(sides)
        }
    }
}

fn not(inner: Columns) -> Columns {
    match inner {
        Columns::All => Columns::None,
        Columns::None => Columns::All,
        Columns::Unknown => Columns::Unknown,
        Columns::Not(inner) => *inner,
        other => Columns::Not(Box::new(other)),
    }
}

fn flag_column(flag: Flag) -> Option<FlagColumn> {
    match flag {
        Flag::Ok => Some(FlagColumn::RootOk),
        Flag::Error => Some(FlagColumn::HasError),
        Flag::Fault => Some(FlagColumn::HasFault),
        Flag::Throttle => Some(FlagColumn::HasThrottle),
        Flag::Partial => Some(FlagColumn::IsPartial),
        Flag::Inferred => Some(FlagColumn::HasInferred),
        Flag::Root | Flag::First | Flag::Last | Flag::Remote => None,
    }
}

fn number_columns(number: Number, test: NumberTest) -> Columns {
    let (column, is_time) = match number {
        Number::ResponseTime => (NumberColumn::ResponseTimeMillis, true),
        Number::Duration => (NumberColumn::DurationMillis, true),
        Number::HttpStatus => (NumberColumn::HttpStatus, false),
        Number::Index | Number::Coverage => return Columns::Unknown,
    };
    match test {
        NumberTest::Set => Columns::Set(SetColumn::Number(column)),
        NumberTest::Compare(operator, value) => {
            let value = if is_time { millis_like(value) } else { value };
            Columns::Number {
                column,
                compare: operator,
                value,
            }
        }
    }
}

/// A number of milliseconds that compares to whole milliseconds as `secs` compares to those divided
/// by 1,000, which is what the evaluator does: a plain product would be off by a last bit at times
/// (1.005 × 1,000 < 1,005).
fn millis_like(secs: f64) -> f64 {
    let product = (secs * 1000.0).clamp(-MILLIS_MAX, MILLIS_MAX);
    let whole = product.round();
    let shown = whole / 1000.0;
    if product.abs() >= MILLIS_MAX || shown == secs {
        whole
    } else if shown < secs {
        whole + 0.5
    } else {
        whole - 0.5
    }
}

fn text_columns(text: Text, test: &TextTest) -> Columns {
    let column = match text {
        Text::HttpUrl => TextColumn::HttpUrl,
        Text::HttpMethod => TextColumn::HttpMethod,
        Text::HttpUserAgent => TextColumn::UserAgent,
        Text::HttpClientIp => TextColumn::ClientIp,
        Text::AccountId => return account_columns(test),
        Text::User
        | Text::AvailabilityZone
        | Text::InstanceId
        | Text::ResourceArn
        | Text::Name
        | Text::Type
        | Text::Message => return Columns::Unknown,
    };
    match test {
        TextTest::Set => Columns::Set(SetColumn::Text(column)),
        TextTest::Compare(operator, value) => {
            let (compare, value) = (*operator, Arc::clone(value));
            Columns::Text {
                column,
                compare,
                value,
            }
        }
    }
}

/// `account.id = "…"` outside blocks asks about nodes, but is no selector: exact for every basis.
fn account_columns(test: &TextTest) -> Columns {
    match test {
        TextTest::Compare(TextOperator::Equal, account) => {
            let account_id = Some(Arc::clone(account));
            node(
                &NodeSelector {
                    account_id,
                    ..NodeSelector::default()
                },
                true,
            )
        }
        TextTest::Set | TextTest::Compare(..) => Columns::Unknown,
    }
}

fn node(selector: &NodeSelector, exact: bool) -> Columns {
    let NodeSelector {
        name,
        node_type,
        account_id,
    } = selector.clone();
    Columns::Node {
        name,
        node_type,
        account_id,
        exact,
    }
}
