//! PLAN-1: a filter as two masks over columns of `traces`, *sure* ⊆ truth ⊆ *possible*.
//!
//! A store evaluates [`Plan::columns`] on whole columns; rows that are possible and not sure meet the
//! exact [`Filter`]. A store without columns just evaluates the filter.

use std::sync::Arc;

use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::{EntityFacts, EntityKind};
use roentgen_model::filter::{Filter, NodeSelector, NumberOperator, TextOperator};
use roentgen_model::time::round_to_millis;

/// A search condition, ready for a store.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// `None` matches every trace.
    pub filter: Option<Arc<Filter>>,
    pub columns: Columns,
}

/// A condition on columns. AND and OR act on both masks, NOT inverts and swaps them, and what has no
/// column is [`Columns::Unknown`]: (sure none, possible all).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Columns {
    #[default]
    All,
    None,
    Unknown,
    And(Vec<Columns>),
    Or(Vec<Columns>),
    Not(Box<Columns>),
    /// Exact: sure = possible = the flag.
    Flag(FlagColumn),
    /// Exact; false where the column is null. Times in whole milliseconds, rounded as filters compare.
    Number {
        column: NumberColumn,
        compare: NumberOperator,
        value: f64,
    },
    /// Exact; false where the column is null.
    Text {
        column: TextColumn,
        compare: TextOperator,
        value: Arc<str>,
    },
    /// The column has a value.
    Set(SetColumn),
    /// Some node of the trace matches every given part (client nodes included). `exact` is false when
    /// it only stands for a condition that asks more of the node: possible, never sure.
    Node {
        name: Option<Arc<str>>,
        node_type: Option<Arc<str>>,
        account_id: Option<Arc<str>>,
        exact: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagColumn {
    HasFault,
    HasError,
    HasThrottle,
    IsPartial,
    /// The root segment has no error, throttle or fault.
    RootOk,
    HasInferred,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberColumn {
    ResponseTimeMillis,
    DurationMillis,
    HttpStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextColumn {
    HttpUrl,
    HttpMethod,
    UserAgent,
    ClientIp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetColumn {
    Number(NumberColumn),
    Text(TextColumn),
}

impl Columns {
    /// The two masks for one trace, from its facts: (sure, possible). The reference for stores that
    /// evaluate on columns: for every trace, `sure` implies `possible`.
    #[must_use]
    pub fn masks(&self, facts: &TraceFacts) -> (bool, bool) {
        let exact = |holds: bool| (holds, holds);
        let root = facts.root.map(|root| facts.entity(root));
        match self {
            Self::All => exact(true),
            Self::None => exact(false),
            Self::Unknown => (false, true),
            Self::And(sides) => sides.iter().fold((true, true), |(sure, possible), side| {
                let (s, p) = side.masks(facts);
                (sure && s, possible && p)
            }),
            Self::Or(sides) => sides.iter().fold((false, false), |(sure, possible), side| {
                let (s, p) = side.masks(facts);
                (sure || s, possible || p)
            }),
            Self::Not(inner) => {
                let (sure, possible) = inner.masks(facts);
                (!possible, !sure)
            }
            Self::Flag(flag) => exact(flag.of(facts, root)),
            Self::Number {
                column,
                compare,
                value,
            } => exact(
                column
                    .of(facts, root)
                    .is_some_and(|found| compare.holds(found, *value)),
            ),
            Self::Text {
                column,
                compare,
                value,
            } => exact(
                root.and_then(|r| column.of(r))
                    .is_some_and(|t| compare.holds(t, value)),
            ),
            Self::Set(SetColumn::Number(column)) => exact(column.of(facts, root).is_some()),
            Self::Set(SetColumn::Text(column)) => {
                exact(root.and_then(|root| column.of(root)).is_some())
            }
            Self::Node {
                name,
                node_type,
                account_id,
                exact,
            } => {
                let selector = NodeSelector {
                    name: name.clone(),
                    node_type: node_type.clone(),
                    account_id: account_id.clone(),
                };
                let found = facts.nodes.iter().any(|node| selector.selects(node));
                (found && *exact, found)
            }
        }
    }
}

impl FlagColumn {
    fn of(self, facts: &TraceFacts, root: Option<&EntityFacts>) -> bool {
        match self {
            Self::HasFault => facts.has_fault,
            Self::HasError => facts.has_error,
            Self::HasThrottle => facts.has_throttle,
            Self::IsPartial => facts.is_partial,
            Self::RootOk => root.is_some_and(|root| root.flags.ok()),
            Self::HasInferred => facts
                .entities
                .iter()
                .any(|e| e.kind == EntityKind::Inferred),
        }
    }
}

impl NumberColumn {
    fn of(self, facts: &TraceFacts, root: Option<&EntityFacts>) -> Option<f64> {
        let number = match self {
            Self::ResponseTimeMillis => facts.response_time_nanos.map(round_to_millis),
            Self::DurationMillis => facts.duration_nanos.map(round_to_millis),
            Self::HttpStatus => root.and_then(|root| root.http.status),
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds and status codes fit"
        )]
        number.map(|number| number as f64)
    }
}

impl TextColumn {
    fn of(self, root: &EntityFacts) -> Option<&str> {
        match self {
            Self::HttpUrl => root.http.url.as_deref(),
            Self::HttpMethod => root.http.method.as_deref(),
            Self::UserAgent => root.http.user_agent.as_deref(),
            Self::ClientIp => root.http.client_ip.as_deref(),
        }
    }
}
