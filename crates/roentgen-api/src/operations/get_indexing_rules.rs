//! `GetIndexingRules` (api.md "Transaction Search"): the one rule, with AWS's default.

use bytes::Bytes;
use roentgen_model::UnixNanos;
use serde::Serialize;

use super::{json, refuse_token};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::numbers::Time;

/// Percent of traces indexed once Transaction Search is on (limits.md).
const DEFAULT_PERCENTAGE: f64 = 1.0;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetIndexingRulesResult {
    indexing_rules: Vec<IndexingRule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct IndexingRule {
    name: &'static str,
    modified_at: Time,
    rule: IndexingRuleValue,
}

/// A union: exactly one member.
#[derive(Debug, Serialize)]
enum IndexingRuleValue {
    Probabilistic(ProbabilisticRuleValue),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProbabilisticRuleValue {
    desired_sampling_percentage: f64,
    actual_sampling_percentage: f64,
}

pub(super) fn answer(members: &Members<'_>) -> Result<Bytes, ApiError> {
    refuse_token(members)?;
    let rule = IndexingRuleValue::Probabilistic(ProbabilisticRuleValue {
        desired_sampling_percentage: DEFAULT_PERCENTAGE,
        actual_sampling_percentage: DEFAULT_PERCENTAGE,
    });
    let modified_at = Time(UnixNanos(0));
    json(&GetIndexingRulesResult {
        indexing_rules: vec![IndexingRule {
            name: "Default",
            modified_at,
            rule,
        }],
    })
}
