//! `UpdateSamplingRule` (api.md "Sampling"): absent members stay.

use bytes::Bytes;

use super::{Call, SamplingRuleResult, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::sampling::{SamplingRuleRecordShape, read_rule_selector, read_rule_update};

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let update = members.required("SamplingRuleUpdate")?.object()?;
    let selector = read_rule_selector(&update)?;
    let update = read_rule_update(&update)?;
    let record = call
        .api()
        .control
        .update_sampling_rule(&selector, update, call.now)
        .await?;
    let sampling_rule_record = SamplingRuleRecordShape::new(record, &call.principal.scope);
    json(&SamplingRuleResult {
        sampling_rule_record,
    })
}
