//! `GetGroups` (api.md "Groups and insights").

use bytes::Bytes;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::groups::GroupShape;
use crate::wire::members::Members;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetGroupsResult {
    groups: Vec<GroupShape>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    // The model asks for 1 to 100 characters, and there is one page.
    if let Some(token) = members.optional("NextToken") {
        token.text(1..=100)?;
        return Err(token.refuse("does not belong to this request"));
    }
    json(&GetGroupsResult {
        groups: vec![GroupShape::default_group(&call.principal.scope)],
    })
}
