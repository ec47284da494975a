//! `UntagResource` (api.md "Encryption, policies, tags").

use bytes::Bytes;

use super::{Call, EmptyResult, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::tags::{read_resource_arn, read_tag_keys};

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let arn = read_resource_arn(members)?;
    let keys = read_tag_keys(members)?;
    call.api().control.untag(&arn, &keys).await?;
    json(&EmptyResult {})
}
