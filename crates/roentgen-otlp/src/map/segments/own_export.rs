//! What our own exports say in attributes that begin with `aws.xray.` (`map::spans`), so that a trace
//! that goes out and comes in again is the same trace (otlp.md 10.4).

use super::document::Source;
use super::keys::Attributes;
use super::text::Json;
use crate::proto::Value;

const PREFIX: &str = "aws.xray.";
/// Members of these objects are put back where they were.
const OBJECTS: [&str; 2] = ["aws.", "sql."];
/// What the document's blocks say in their own words again.
const SAID: [&str; 11] = [
    "error",
    "fault",
    "throttle",
    "traced",
    "x_forwarded_for",
    "inprogress",
    "origin",
    "resource_arn",
    "retries",
    "namespace",
    "service",
];

/// The value of an exported member.
pub(super) fn member<'a>(attributes: &Attributes<'a>, path: &str) -> Option<&'a Value> {
    if !attributes.has_own_export() {
        return None;
    }
    let mut exported = attributes.iter().filter(|attribute| {
        let rest = attribute.key.strip_prefix(PREFIX);
        rest == Some(path)
    });
    exported.next()?.value.value.as_ref()
}

/// A truth value of an exported member.
pub(super) fn flag(attributes: &Attributes<'_>, path: &str) -> Option<bool> {
    match member(attributes, path)? {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

/// True of an attribute that says a member of a document, which the document has again.
pub(super) fn is_member(key: &str) -> bool {
    let Some(path) = key.strip_prefix(PREFIX) else {
        return false;
    };
    SAID.contains(&path) || OBJECTS.iter().any(|object| path.starts_with(object))
}

/// True if members of `object` (`sql.`) were exported.
pub(super) fn has_members(source: &Source<'_>, object: &str) -> bool {
    source.attributes.has_own_export()
        && source
            .attributes
            .iter()
            .any(|attribute| of_object(attribute.key, object).is_some())
}

/// Writes the exported members of `object` but those named.
pub(super) fn write_members(json: &mut Json, source: &Source<'_>, object: &str, but: &[&str]) {
    if !source.attributes.has_own_export() {
        return;
    }
    for attribute in source.attributes.iter() {
        if let Some(name) = of_object(attribute.key, object).filter(|name| !but.contains(name)) {
            json.key(name).value(attribute.value);
        }
    }
}

fn of_object<'a>(key: &'a str, object: &str) -> Option<&'a str> {
    key.strip_prefix(PREFIX)?.strip_prefix(object)
}
