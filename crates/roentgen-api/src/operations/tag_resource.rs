//! `TagResource` (api.md "Encryption, policies, tags", security.md 6).

use bytes::Bytes;

use super::{Call, EmptyResult, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::tags::{read_resource_arn, read_tag_list};

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let arn = read_resource_arn(members)?;
    let tags = read_tag_list(&members.required("Tags")?)?;
    call.api().control.tag(&arn, tags).await?;
    json(&EmptyResult {})
}
