//! `GetGroups` (api.md "Groups and insights").

use bytes::Bytes;
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::groups::{GroupShape, is_after};
use crate::wire::members::Members;

/// Groups of one page (our choice).
const PAGE_MAX: usize = 100;
/// Characters of a token by the model. A name of 32 makes one of exactly 100.
const TOKEN_CHARS_MAX: usize = 100;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetGroupsResult {
    groups: Vec<GroupShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let binding = Binding::new("GetGroups");
    let token = members.optional_text("NextToken", 1..=TOKEN_CHARS_MAX)?;
    // The name of the last group of the page before.
    let after: Option<String> = call.open_token(&binding, token)?;
    let mut groups = call.api().control.groups();
    if let Some(last) = &after {
        groups.retain(|group| is_after(&group.name, last));
    }
    let more = groups.len() > PAGE_MAX;
    groups.truncate(PAGE_MAX);
    let last = groups.last().filter(|_| more).map(|group| &*group.name);
    let next_token = last.map(|last| call.seal_token(&binding, &last));
    json(&GetGroupsResult {
        groups: groups.into_iter().map(GroupShape::from).collect(),
        next_token,
    })
}
