//! `UpdateGroup` (api.md "Groups and insights", groups-insights.md 2).

use bytes::Bytes;
use roentgen_control::groups::GroupUpdate;
use roentgen_model::filter::GroupSelector;

use super::{Call, GroupResult, json};
use crate::error::ApiError;
use crate::wire::groups::{read_insights, read_required_group};
use crate::wire::members::Members;

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let control = &call.api().control;
    let group = read_required_group(members, control)?;
    let update = GroupUpdate {
        expression: members.optional_text("FilterExpression", 0..=usize::MAX)?,
        insights: read_insights(members)?,
    };
    let selector = GroupSelector::Arn(&group.arn);
    let changed = control.update_group(selector, update, call.now).await?;
    json(&GroupResult {
        group: changed.into(),
    })
}
