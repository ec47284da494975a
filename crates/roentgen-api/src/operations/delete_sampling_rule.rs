//! `DeleteSamplingRule` (api.md "Sampling"): answers the deleted record.

use bytes::Bytes;

use super::{Call, SamplingRuleResult, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::sampling::{SamplingRuleRecordShape, read_rule_selector};

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let selector = read_rule_selector(members)?;
    let record = call
        .api()
        .control
        .delete_sampling_rule(&selector, call.now)
        .await?;
    let sampling_rule_record = SamplingRuleRecordShape::new(record, &call.principal.scope);
    json(&SamplingRuleResult {
        sampling_rule_record,
    })
}
