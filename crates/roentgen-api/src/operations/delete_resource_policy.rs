//! `DeleteResourcePolicy` (security.md 4).

use bytes::Bytes;

use super::{Call, EmptyResult, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::policies::read_policy_name;

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let name = read_policy_name(members)?;
    let revision = members.optional_text("PolicyRevisionId", 0..=usize::MAX)?;
    let control = &call.api().control;
    control.delete_policy(&name, revision.as_deref()).await?;
    json(&EmptyResult {})
}
