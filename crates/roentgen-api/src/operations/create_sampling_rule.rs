//! `CreateSamplingRule` (api.md "Sampling", sampling.md 2).

use bytes::Bytes;

use super::{Call, SamplingRuleResult, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::sampling::{SamplingRuleRecordShape, read_rule};
use crate::wire::tags::read_tags;

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let rule = read_rule(&members.required("SamplingRule")?.object()?)?;
    let tags = read_tags(members)?;
    let control = &call.api().control;
    let record = control.create_sampling_rule(rule, tags, call.now).await?;
    let sampling_rule_record = SamplingRuleRecordShape::new(record, &call.principal.scope);
    json(&SamplingRuleResult {
        sampling_rule_record,
    })
}
