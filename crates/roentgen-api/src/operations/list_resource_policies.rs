//! `ListResourcePolicies` (security.md 4): all of them, in one page.

use bytes::Bytes;
use roentgen_query::token::TokenError;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::policies::ResourcePolicyShape;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListResourcePoliciesResult {
    resource_policies: Vec<ResourcePolicyShape>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    // Tokens are documented as not supported.
    if members.optional_text("NextToken", 1..=100)?.is_some() {
        return Err(TokenError::Foreign.into());
    }
    let policies = call.api().control.policies();
    json(&ListResourcePoliciesResult {
        resource_policies: policies.into_iter().map(Into::into).collect(),
    })
}
