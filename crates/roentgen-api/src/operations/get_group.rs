//! `GetGroup` (api.md "Groups and insights").

use bytes::Bytes;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::groups::{GroupShape, names_default_group};
use crate::wire::members::Members;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetGroupResult {
    group: GroupShape,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let scope = &call.principal.scope;
    if !names_default_group(members, scope)? {
        return Err(ApiError::invalid("`GroupName` or `GroupARN` is required"));
    }
    json(&GetGroupResult {
        group: GroupShape::default_group(scope),
    })
}
