//! `GetIndexingRules` (api.md "Transaction Search"): the one rule.

use bytes::Bytes;
use serde::Serialize;

use super::{Call, json, refuse_token};
use crate::error::ApiError;
use crate::wire::indexing::IndexingRuleShape;
use crate::wire::members::Members;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetIndexingRulesResult {
    indexing_rules: Vec<IndexingRuleShape>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    refuse_token(members)?;
    let rule = call.api().control.indexing_rule();
    json(&GetIndexingRulesResult {
        indexing_rules: vec![rule.into()],
    })
}
