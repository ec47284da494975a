//! The filter clause of a value.

use std::sync::Arc;

use roentgen_model::limits::FILTER_BYTES_MAX;

use super::{FacetKey, FacetValue};

/// Values this short have a clause within bounds, however they are escaped.
const SHORT_BYTES: usize = 600;

impl FacetKey {
    /// False for a value that is too long for any expression.
    pub(super) fn can_select(&self, value: &FacetValue) -> bool {
        value.text_bytes() <= SHORT_BYTES || self.clause(value).len() <= FILTER_BYTES_MAX
    }

    /// The expression that selects the traces that have this annotation; none for other keys.
    #[must_use]
    pub fn presence(&self) -> Option<String> {
        match self {
            Self::Annotation(name) => Some(format!("{} CONTAINS \"\"", annotation(name))),
            _ => None,
        }
    }

    /// The expression that selects the traces with this value of the key.
    pub(super) fn clause(&self, value: &FacetValue) -> String {
        let operand = operand(value);
        let cause = |kind: &str| format!("rootcause.{kind}.json = {operand}");
        match self {
            Self::Service => format!("service({operand})"),
            Self::Url => format!("http.url = {operand}"),
            Self::Method => format!("http.method = {operand}"),
            Self::Status => format!("http.status = {operand}"),
            Self::User => format!("user = {operand}"),
            Self::ResourceArn => format!("resource.arn = {operand}"),
            Self::Instance => format!("instance.id = {operand}"),
            Self::Zone => format!("availabilityzone = {operand}"),
            Self::ErrorRootCause => cause("error"),
            Self::FaultRootCause => cause("fault"),
            Self::ResponseTimeRootCause => cause("responsetime"),
            Self::Exception => format!(
                "(rootcause.fault.exception {{ name = {operand} }} \
                 OR rootcause.error.exception {{ name = {operand} }})"
            ),
            Self::Annotation(name) => format!("{} = {operand}", annotation(name)),
        }
    }
}

/// An annotation as a keyword: with a dot where its name allows that.
pub(super) fn annotation(name: &Arc<str>) -> String {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_plain {
        format!("annotation.{name}")
    } else {
        format!("annotation[{}]", string(name))
    }
}

fn operand(value: &FacetValue) -> String {
    match value {
        FacetValue::Text(text) => string(text),
        FacetValue::Number(bits) => number(f64::from_bits(*bits)),
        FacetValue::Boolean(value) => value.to_string(),
        FacetValue::Path(names) => {
            let named = |name: &Arc<str>| format!("{{\"Name\":{}}}", string(name));
            let services: Vec<String> = names.iter().map(named).collect();
            format!("#[{{\"Services\":[{}]}}]", services.join(","))
        }
    }
}

/// Strings of expressions are escaped as in JSON (filter-expressions.md 1).
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// With all digits, so that it reads back equal; whole numbers as such while that is not long.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    serde_json::Value::from(value).to_string()
}
