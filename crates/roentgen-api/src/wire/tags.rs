//! Tags of a request (security.md 6).

use std::collections::BTreeMap;

use super::members::Members;
use crate::error::ApiError;

/// Items of `Tags` by the model.
const REQUEST_TAGS_MAX: usize = 200;
/// Tags of one resource.
const RESOURCE_TAGS_MAX: usize = 50;

/// Reads `Tags` of an operation that creates a resource.
///
/// # Errors
/// `InvalidRequestException` for broken lengths and characters, reserved or repeated keys, and more than
/// a resource may have.
pub(crate) fn read_tags(members: &Members<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    let Some(list) = members.optional("Tags") else {
        return Ok(tags);
    };
    for item in list.list(0..=REQUEST_TAGS_MAX)? {
        let tag = item.object()?;
        let key = tag.required("Key")?.text(1..=128)?;
        let value = tag.required("Value")?.text(0..=256)?;
        if !key.chars().chain(value.chars()).all(is_allowed) {
            return Err(item.refuse("expected letters, digits, spaces and `_.:/=+-@`"));
        }
        if key.starts_with("aws:") {
            return Err(item.refuse("keys that begin with `aws:` are reserved"));
        }
        if tags.insert(key, value).is_some() {
            return Err(item.refuse("the key is there twice"));
        }
    }
    if tags.len() > RESOURCE_TAGS_MAX {
        let found = tags.len();
        return Err(list.refuse(format!(
            "expected at most {RESOURCE_TAGS_MAX} tags, found {found}"
        )));
    }
    Ok(tags)
}

fn is_allowed(char: char) -> bool {
    char.is_alphanumeric() || " _.:/=+-@".contains(char)
}
