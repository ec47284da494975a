//! The types of known members (segments.md 2), and how a value is written back under them.
//!
//! Known members of a wrong type are removed, unknown ones kept; what stays is written as sent, without
//! the white space between values. Ids are lowered, integers sent as text become numbers.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::json::{Kind, Value, push_compact};
use super::read::is_reference;
use crate::ids::{SegmentId, TraceId};
use crate::limits::LINKS_PER_SEGMENT_MAX;

/// The type of a member. `null` is of no type but `Any`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Any,
    String,
    Number,
    /// A number without fraction, or a string that holds one.
    Integer,
    Boolean,
    /// A string; 16 hex digits are lowered.
    Id,
    /// A string; a trace id is lowered.
    TraceId,
    /// An object with these known members.
    Object(&'static [(&'static str, Shape)]),
    /// An array; elements of another type are removed.
    Array(&'static Shape),
    /// The first 20 objects of an array.
    Links,
    /// An object of strings, numbers and booleans.
    Annotations,
    /// An array of objects; Ruby's single object becomes an array of one.
    LogGroups,
    /// An id, or an object with exceptions.
    Cause,
    /// An array of exceptions; those without an id get one.
    Exceptions,
}

/// Where a value stands, for ids that are made up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) trace_id: TraceId,
    pub(super) entity_id: SegmentId,
}

/// The members between times and `trace_id`, in the order they are written (segments.md 8).
pub(super) const BODY: &[(&str, Shape)] = &[
    ("http", Shape::Object(HTTP)),
    ("aws", Shape::Object(AWS)),
    ("sql", Shape::Object(SQL)),
    ("error", Shape::Boolean),
    ("throttle", Shape::Boolean),
    ("fault", Shape::Boolean),
    ("cause", Shape::Cause),
    ("namespace", Shape::String),
    // Node puts it here instead of into `http.request` (sdk.md 1).
    ("traced", Shape::Boolean),
    ("service", Shape::Object(&[("version", Shape::String)])),
    ("user", Shape::String),
    ("annotations", Shape::Annotations),
    ("metadata", Shape::Object(&[])),
    ("precursor_ids", Shape::Array(&Shape::Id)),
    ("links", Shape::Links),
    ("resource_arn", Shape::String),
];

/// How many of [`BODY`] an inferred segment copies: those up to `fault` (segments.md 7).
pub(super) const INFERRED_BODY_LEN: usize = 6;

const HTTP: &[(&str, Shape)] = &[
    ("request", Shape::Object(REQUEST)),
    ("response", Shape::Object(RESPONSE)),
];
const REQUEST: &[(&str, Shape)] = &[
    ("method", Shape::String),
    ("url", Shape::String),
    ("user_agent", Shape::String),
    ("client_ip", Shape::String),
    ("x_forwarded_for", Shape::Boolean),
    ("traced", Shape::Boolean),
];
const RESPONSE: &[(&str, Shape)] = &[
    ("status", Shape::Integer),
    ("content_length", Shape::Integer),
];

/// Documented members of `aws` only; those merely seen in practice are kept whatever they are.
const AWS: &[(&str, Shape)] = &[
    ("account_id", Shape::String),
    ("cloudwatch_logs", Shape::LogGroups),
    ("ec2", Shape::Object(EC2)),
    ("ecs", Shape::Object(ECS)),
    ("eks", Shape::Object(EKS)),
    ("elastic_beanstalk", Shape::Object(ELASTIC_BEANSTALK)),
    ("xray", Shape::Object(XRAY)),
    ("operation", Shape::String),
    ("region", Shape::String),
    ("request_id", Shape::String),
    ("queue_url", Shape::String),
    ("table_name", Shape::String),
];
const LOG_GROUP: &[(&str, Shape)] = &[("log_group", Shape::String), ("arn", Shape::String)];
const EC2: &[(&str, Shape)] = &[
    ("instance_id", Shape::String),
    ("instance_size", Shape::String),
    ("ami_id", Shape::String),
    ("availability_zone", Shape::String),
];
const ECS: &[(&str, Shape)] = &[
    ("container", Shape::String),
    ("container_id", Shape::String),
    ("container_arn", Shape::String),
];
const EKS: &[(&str, Shape)] = &[
    ("pod", Shape::String),
    ("cluster_name", Shape::String),
    ("container_id", Shape::String),
];
const ELASTIC_BEANSTALK: &[(&str, Shape)] = &[
    ("environment_name", Shape::String),
    ("version_label", Shape::String),
    ("deployment_id", Shape::Number),
];
const XRAY: &[(&str, Shape)] = &[
    ("sdk", Shape::String),
    ("sdk_version", Shape::String),
    ("auto_instrumentation", Shape::Boolean),
];
const SQL: &[(&str, Shape)] = &[
    ("connection_string", Shape::String),
    ("url", Shape::String),
    ("sanitized_query", Shape::String),
    ("database_type", Shape::String),
    ("database_version", Shape::String),
    ("driver_version", Shape::String),
    ("user", Shape::String),
    ("preparation", Shape::String),
];
const LINK: &[(&str, Shape)] = &[
    ("trace_id", Shape::TraceId),
    ("id", Shape::Id),
    ("attributes", Shape::Object(&[])),
];
const CAUSE: &[(&str, Shape)] = &[
    ("id", Shape::Id),
    ("working_directory", Shape::String),
    ("paths", Shape::Array(&Shape::String)),
    ("exceptions", Shape::Exceptions),
];
const EXCEPTION: &[(&str, Shape)] = &[
    ("id", Shape::Id),
    ("message", Shape::String),
    ("type", Shape::String),
    ("remote", Shape::Boolean),
    ("truncated", Shape::Integer),
    ("skipped", Shape::Integer),
    ("cause", Shape::Id),
    ("stack", Shape::Array(&Shape::Object(FRAME))),
];
const FRAME: &[(&str, Shape)] = &[
    ("path", Shape::String),
    ("line", Shape::Integer),
    ("label", Shape::String),
];

/// Appends the value cleaned; `false`, and nothing appended, if it is of another type.
pub(super) fn write(out: &mut String, value: Value<'_>, shape: Shape, place: Place) -> bool {
    let kind = value.kind();
    let fits = match shape {
        Shape::Any => true,
        Shape::String | Shape::Id | Shape::TraceId => kind == Kind::String,
        Shape::Number => kind == Kind::Number,
        Shape::Boolean => kind == Kind::Boolean,
        Shape::Integer => value.as_integer().is_some(),
        Shape::Object(_) | Shape::Annotations => kind == Kind::Object,
        Shape::Array(_) | Shape::Links | Shape::Exceptions => kind == Kind::Array,
        Shape::LogGroups => matches!(kind, Kind::Array | Kind::Object),
        Shape::Cause => matches!(kind, Kind::String | Kind::Object),
    };
    if !fits {
        return false;
    }
    match shape {
        Shape::Any | Shape::String | Shape::Number | Shape::Boolean => {
            push_compact(out, value.raw())
        }
        Shape::Integer => write_integer(out, value),
        Shape::Id => write_parsed(out, value, |text| text.parse::<SegmentId>().ok()),
        Shape::TraceId => write_parsed(out, value, |text| TraceId::parse_xray(text).ok()),
        Shape::Object(known) => write_object(out, value, known, place),
        Shape::Array(element) => write_array(out, value.elements(), *element, place),
        Shape::Links => {
            let objects = value.elements().filter(|link| link.kind() == Kind::Object);
            write_array(
                out,
                objects.take(LINKS_PER_SEGMENT_MAX),
                Shape::Object(LINK),
                place,
            );
        }
        Shape::Annotations => write_annotations(out, value),
        Shape::LogGroups if kind == Kind::Object => {
            write_array(out, std::iter::once(value), Shape::Object(LOG_GROUP), place);
        }
        Shape::LogGroups => write_array(out, value.elements(), Shape::Object(LOG_GROUP), place),
        Shape::Cause if kind == Kind::Object => write_object(out, value, CAUSE, place),
        Shape::Cause => write_parsed(out, value, |text| text.parse::<SegmentId>().ok()),
        Shape::Exceptions => write_exceptions(out, value, place),
    }
    true
}

/// The members of an object by unescaped key; of a key that comes twice the last value, at the place
/// of the first.
pub(super) fn distinct_members<'t>(object: Value<'t>) -> Vec<(Cow<'t, str>, Value<'t>, Value<'t>)> {
    let mut members: Vec<(Cow<'t, str>, Value<'t>, Value<'t>)> = Vec::new();
    let mut places: HashMap<Cow<'t, str>, usize> = HashMap::new();
    for (key, value) in object.members() {
        let text = key.as_str().unwrap_or_default();
        match places.get(&text).and_then(|place| members.get_mut(*place)) {
            Some(earlier) => earlier.2 = value,
            None => {
                places.insert(text.clone(), members.len());
                members.push((text, key, value));
            }
        }
    }
    members
}

/// Appends `,` unless a container has just been opened.
pub(super) fn separate(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

/// Appends `"name":value` with its separator, if the value fits.
pub(super) fn write_member(
    out: &mut String,
    name: &str,
    value: Value<'_>,
    shape: Shape,
    place: Place,
) -> bool {
    let before = out.len();
    separate(out);
    out.push_str(name);
    out.push(':');
    let fits = write(out, value, shape, place);
    if !fits {
        out.truncate(before);
    }
    fits
}

fn write_integer(out: &mut String, value: Value<'_>) {
    match (value.kind(), value.as_integer()) {
        (Kind::String, Some(integer)) => out.push_str(&integer.to_string()),
        _ => out.push_str(value.raw()),
    }
}

/// Writes an id in lower case; what is none, as sent.
fn write_parsed<T: ToString>(
    out: &mut String,
    value: Value<'_>,
    parse: impl FnOnce(&str) -> Option<T>,
) {
    match value.as_str().and_then(|text| parse(&text)) {
        Some(id) => {
            out.push('"');
            out.push_str(&id.to_string());
            out.push('"');
        }
        None => out.push_str(value.raw()),
    }
}

fn write_object(
    out: &mut String,
    value: Value<'_>,
    known: &'static [(&'static str, Shape)],
    place: Place,
) {
    out.push('{');
    write_members(out, value, known, place);
    out.push('}');
}

fn write_members(
    out: &mut String,
    value: Value<'_>,
    known: &'static [(&'static str, Shape)],
    place: Place,
) {
    for (text, key, member) in distinct_members(value) {
        let shape = known
            .iter()
            .find(|(name, _)| *name == text)
            .map_or(Shape::Any, |k| k.1);
        write_member(out, key.raw(), member, shape, place);
    }
}

fn write_array<'t>(
    out: &mut String,
    elements: impl Iterator<Item = Value<'t>>,
    shape: Shape,
    place: Place,
) {
    out.push('[');
    for element in elements {
        let before = out.len();
        separate(out);
        if !write(out, element, shape, place) {
            out.truncate(before);
        }
    }
    out.push(']');
}

/// Entries that are objects, arrays or null are dropped (segments.md 2.3).
fn write_annotations(out: &mut String, value: Value<'_>) {
    out.push('{');
    for (_, key, member) in distinct_members(value) {
        if matches!(member.kind(), Kind::String | Kind::Number | Kind::Boolean) {
            separate(out);
            out.push_str(key.raw());
            out.push(':');
            out.push_str(member.raw());
        }
    }
    out.push('}');
}

fn write_exceptions(out: &mut String, value: Value<'_>, place: Place) {
    out.push('[');
    let objects = value.elements().filter(|e| e.kind() == Kind::Object);
    for (ordinal, exception) in objects.enumerate() {
        separate(out);
        out.push('{');
        let has_id = exception
            .get("id")
            .is_some_and(|id| id.kind() == Kind::String);
        if !has_id && !is_reference(exception) {
            out.push_str(&format!("\"id\":\"{}\"", exception_id(place, ordinal)));
        }
        write_members(out, exception, EXCEPTION, place);
        out.push('}');
    }
    out.push(']');
}

/// The id of an exception sent without one (segments.md 2.9): stable between reads.
fn exception_id(place: Place, ordinal: usize) -> SegmentId {
    let Place {
        trace_id,
        entity_id,
    } = place;
    hashed_id(&format!("{trace_id}/{entity_id}/exception/{ordinal}"))
}

/// The first 16 hex digits of a text's SHA-256, as an id.
pub(super) fn hashed_id(text: &str) -> SegmentId {
    let digest = Sha256::digest(text.as_bytes());
    let value = digest
        .iter()
        .take(8)
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    SegmentId::from_u64(value)
}
