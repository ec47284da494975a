//! `GetGroup` (api.md "Groups and insights").

use bytes::Bytes;

use super::{Call, GroupResult, json};
use crate::error::ApiError;
use crate::wire::groups::read_required_group;
use crate::wire::members::Members;

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let group = read_required_group(members, &call.api().control)?;
    json(&GroupResult {
        group: group.into(),
    })
}
