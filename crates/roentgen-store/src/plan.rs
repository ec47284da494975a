//! PLAN-1: a filter as two masks over columns of `traces`, *sure* ⊆ truth ⊆ *possible*.
//!
//! A store evaluates [`Plan::columns`] on whole columns; rows that are possible and not sure meet the
//! exact [`Filter`]. A store without columns just evaluates the filter.

use std::sync::Arc;

use roentgen_model::filter::Filter;

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
        compare: NumberCompare,
        value: f64,
    },
    /// Exact; false where the column is null.
    Text {
        column: TextColumn,
        compare: TextCompare,
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
pub enum NumberCompare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextColumn {
    HttpUrl,
    HttpMethod,
    UserAgent,
    ClientIp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextCompare {
    Equal,
    NotEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetColumn {
    Number(NumberColumn),
    Text(TextColumn),
}
