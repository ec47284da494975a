//! Tags of a request (security.md 6).

use std::collections::BTreeMap;

use roentgen_control::tags::RESOURCE_TAGS_MAX;
use serde::Serialize;

use super::members::{Member, Members};
use crate::error::ApiError;

/// Items of `Tags` by the model.
const REQUEST_TAGS_MAX: usize = 200;
/// Keys of the service itself.
const RESERVED: &str = "aws:";

/// `Tag`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagShape {
    key: String,
    value: String,
}

impl From<(String, String)> for TagShape {
    fn from((key, value): (String, String)) -> Self {
        Self { key, value }
    }
}

/// Reads `Tags` of an operation that creates a resource.
///
/// # Errors
/// As [`read_tag_list`], and `InvalidRequestException` for more than a resource may have.
pub(crate) fn read_tags(members: &Members<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let Some(list) = members.optional("Tags") else {
        return Ok(BTreeMap::new());
    };
    let tags = read_tag_list(&list)?;
    if tags.len() > RESOURCE_TAGS_MAX {
        let found = tags.len();
        return Err(list.refuse(format!(
            "expected at most {RESOURCE_TAGS_MAX} tags, found {found}"
        )));
    }
    Ok(tags)
}

/// Reads a list of tags.
///
/// # Errors
/// `InvalidRequestException` for broken lengths and characters, reserved or repeated keys.
pub(crate) fn read_tag_list(list: &Member<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for item in list.list(0..=REQUEST_TAGS_MAX)? {
        let tag = item.object()?;
        let key = tag.required("Key")?.text(1..=128)?;
        let value = tag.required("Value")?.text(0..=256)?;
        if !key.chars().chain(value.chars()).all(is_allowed) {
            return Err(item.refuse("expected letters, digits, spaces and `_.:/=+-@`"));
        }
        check_reserved(&item, &key)?;
        if tags.insert(key, value).is_some() {
            return Err(item.refuse("the key is there twice"));
        }
    }
    Ok(tags)
}

/// Reads `TagKeys`.
///
/// # Errors
/// `InvalidRequestException` for broken lengths and reserved keys.
pub(crate) fn read_tag_keys(members: &Members<'_>) -> Result<Vec<String>, ApiError> {
    let list = members.required("TagKeys")?.list(0..=REQUEST_TAGS_MAX)?;
    let keys = list.iter().map(|item| {
        let key = item.text(1..=128)?;
        check_reserved(item, &key)?;
        Ok(key)
    });
    keys.collect()
}

/// Reads `ResourceARN`.
///
/// # Errors
/// `InvalidRequestException` if it is missing or too long.
pub(crate) fn read_resource_arn(members: &Members<'_>) -> Result<String, ApiError> {
    members.required("ResourceARN")?.text(1..=1_011)
}

fn check_reserved(item: &Member<'_>, key: &str) -> Result<(), ApiError> {
    if key.starts_with(RESERVED) {
        return Err(item.refuse("keys that begin with `aws:` are reserved"));
    }
    Ok(())
}

fn is_allowed(char: char) -> bool {
    char.is_alphanumeric() || " _.:/=+-@".contains(char)
}
