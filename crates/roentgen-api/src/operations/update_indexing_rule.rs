//! `UpdateIndexingRule` (api.md "Transaction Search").

use bytes::Bytes;
use roentgen_control::ControlError;
use roentgen_control::indexing::INDEXING_RULE_NAME;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::indexing::IndexingRuleShape;
use crate::wire::members::Members;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateIndexingRuleResult {
    indexing_rule: IndexingRuleShape,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let name = members.required("Name")?.text(0..=usize::MAX)?;
    let percentage = members
        .required("Rule")?
        .object()?
        .required("Probabilistic")?
        .object()?
        .required("DesiredSamplingPercentage")?
        .double(0.0..=100.0)?;
    if name != INDEXING_RULE_NAME {
        return Err(ControlError::NoResource { name }.into());
    }
    let control = &call.api().control;
    let rule = control
        .set_indexing_percentage(percentage, call.now)
        .await?;
    json(&UpdateIndexingRuleResult {
        indexing_rule: rule.into(),
    })
}
