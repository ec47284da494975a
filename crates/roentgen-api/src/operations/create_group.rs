//! `CreateGroup` (api.md "Groups and insights", groups-insights.md 1).

use bytes::Bytes;
use roentgen_control::groups::NewGroup;

use super::{Call, GroupResult, json};
use crate::error::ApiError;
use crate::wire::groups::read_insights;
use crate::wire::members::Members;
use crate::wire::tags::read_tags;

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let expression = members.optional_text("FilterExpression", 0..=usize::MAX)?;
    let new = NewGroup {
        name: members.required("GroupName")?.text(1..=32)?,
        expression: expression.unwrap_or_default(),
        insights: read_insights(members)?,
        tags: read_tags(members)?,
    };
    let group = call.api().control.create_group(new, call.now).await?;
    json(&GroupResult {
        group: group.into(),
    })
}
