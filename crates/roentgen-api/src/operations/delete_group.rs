//! `DeleteGroup` (api.md "Groups and insights").

use bytes::Bytes;
use roentgen_model::filter::GroupSelector;

use super::{Call, EmptyResult, json};
use crate::error::ApiError;
use crate::wire::groups::read_required_group;
use crate::wire::members::Members;

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let control = &call.api().control;
    let group = read_required_group(members, control)?;
    let selector = GroupSelector::Arn(&group.arn);
    control.delete_group(selector, call.now).await?;
    json(&EmptyResult {})
}
