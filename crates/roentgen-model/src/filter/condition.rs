//! The checked form of an expression: keywords resolved, operand types right, nothing that can fail.

use std::sync::Arc;

use super::pattern::CausePattern;
use crate::assembly::facts::{Node, NodeKey};

/// A condition on a trace, or inside a block on one segment, call or root-cause element. The checker
/// lets only such keywords into a block as exist there.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All hold; the empty list holds.
    And(Vec<Condition>),
    /// Some hold; never empty.
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Is(Predicate),
    /// A group's expression (always trace scope).
    Group(Arc<Condition>),
}

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    Flag(Flag),
    Number(Number, NumberTest),
    Text(Text, TextTest),
    Annotation(AnnotationTest),
    /// `service(…) {…}`
    Service {
        selector: NodeSelector,
        block: Option<Box<Condition>>,
    },
    /// `edge(…, …) {…}`
    Edge {
        source: NodeSelector,
        destination: NodeSelector,
        block: Option<Box<Condition>>,
    },
    /// `rootcause.<kind>.<part> {…}`
    Cause {
        kind: CauseKind,
        part: CausePart,
        block: Option<Box<Condition>>,
    },
    /// `rootcause.json = #[…]`: some root cause (of the kind, if given) matches some pattern.
    CauseJson {
        kind: Option<CauseKind>,
        patterns: Vec<CausePattern>,
    },
}

/// Keywords with a truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    Ok,
    Error,
    Fault,
    Throttle,
    Partial,
    Inferred,
    Root,
    First,
    Last,
    Remote,
}

/// Keywords with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Number {
    /// Seconds, rounded to whole milliseconds.
    ResponseTime,
    /// Seconds, rounded to whole milliseconds.
    Duration,
    HttpStatus,
    /// 0-based (our choice).
    Index,
    /// 0–1, rounded to 3 decimals.
    Coverage,
}

/// Keywords with a string, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Text {
    HttpUrl,
    HttpMethod,
    HttpUserAgent,
    HttpClientIp,
    User,
    AvailabilityZone,
    InstanceId,
    ResourceArn,
    Name,
    Type,
    Message,
    AccountId,
}

/// A question about a number; unset numbers answer no to all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberTest {
    Set,
    Compare(NumberOperator, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A question about strings; unset ones answer no to all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextTest {
    /// Bare keyword, or `CONTAINS ""`.
    Set,
    Compare(TextOperator, Arc<str>),
}

/// By code point, case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextOperator {
    Equal,
    /// Set, and no value equals.
    NotEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

/// A question about the values of one annotation key.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationTest {
    pub place: AnnotationPlace,
    pub key: Arc<str>,
    pub test: AnnotationValueTest,
}

/// Whose annotations are meant; other than `Own` only in edge blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnnotationPlace {
    Own,
    Source,
    Destination,
}

/// Values of another type than the operand's answer no, and count as unequal.
#[derive(Clone, Debug, PartialEq)]
pub enum AnnotationValueTest {
    /// Bare `annotation.k`: set, and not just to `false`.
    Truthy,
    /// `CONTAINS ""`: set.
    Set,
    Boolean {
        value: bool,
        negated: bool,
    },
    Number(NumberOperator, f64),
    Text(TextOperator, Arc<str>),
}

/// Which nodes a selector means; an absent part is a wildcard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeSelector {
    /// Equals the node's name or any of its names.
    pub name: Option<Arc<str>>,
    pub node_type: Option<Arc<str>>,
    pub account_id: Option<Arc<str>>,
}

impl NodeSelector {
    /// True for `service()`: every node.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it means this node (filter-expressions.md 4.1).
    #[must_use]
    pub fn selects(&self, node: &Node) -> bool {
        self.selects_key(&node.key, &node.other_names)
    }

    /// The same for a node of which only key and further names are at hand, as in stored rows.
    #[must_use]
    pub fn selects_key(&self, key: &NodeKey, other_names: &[Arc<str>]) -> bool {
        let goes_by = |name: &str| other_names.iter().any(|other| **other == *name);
        let named = self.has_name(key) || self.name.as_deref().is_some_and(goes_by);
        named && self.has_type_and_account(key)
    }

    pub(super) fn has_name(&self, key: &NodeKey) -> bool {
        self.name.as_ref().is_none_or(|name| *name == key.name)
    }

    pub(super) fn has_type_and_account(&self, key: &NodeKey) -> bool {
        (self.node_type.is_none() || self.node_type == key.node_type)
            && (self.account_id.is_none() || self.account_id == key.account_id)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CauseKind {
    Fault,
    Error,
    ResponseTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CausePart {
    Service,
    Entity,
    Exception,
}

impl NumberOperator {
    /// `left <operator> right`.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

impl TextOperator {
    /// `left <operator> right`, for one value; `NotEqual` of several values is for the caller.
    #[must_use]
    pub fn holds(self, left: &str, right: &str) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Contains => left.contains(right),
            Self::BeginsWith => left.starts_with(right),
            Self::EndsWith => left.ends_with(right),
        }
    }
}
