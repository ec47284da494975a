//! `GetSamplingRules` (api.md "Sampling"): all rules in one page, since no SDK follows a token.

use bytes::Bytes;
use serde::Serialize;

use super::{Call, json, refuse_token};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::sampling::SamplingRuleRecordShape;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetSamplingRulesResult {
    sampling_rule_records: Vec<SamplingRuleRecordShape>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    refuse_token(members)?;
    let shape = |record| SamplingRuleRecordShape::new(record, &call.principal.scope);
    let rules = call.api().control.sampling_rules();
    json(&GetSamplingRulesResult {
        sampling_rule_records: rules.into_iter().map(shape).collect(),
    })
}
