//! `ListTagsForResource` (api.md "Encryption, policies, tags"): all tags by key, in one page.

use bytes::Bytes;
use serde::Serialize;

use super::{Call, json, refuse_token};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::tags::{TagShape, read_resource_arn};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListTagsForResourceResponse {
    tags: Vec<TagShape>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let arn = read_resource_arn(members)?;
    refuse_token(members)?;
    let tags = call.api().control.tags(&arn)?;
    json(&ListTagsForResourceResponse {
        tags: tags.into_iter().map(TagShape::from).collect(),
    })
}
