//! A span from a segment or subsegment (otlp.md 10.1 and 10.3).

use roentgen_model::SegmentId;
use roentgen_model::document::SIDE_RECORD;
use roentgen_model::document::json::{Kind, Value};

use super::attribute::{
    AnyValue, Attributes, add_leftovers, any_value, at_path, json_text, leftover_key,
};
use super::event::events_from_cause;
use super::link::links_from_segment;
use super::original::{original, record};
use super::resource::describes_resource;
use super::status::status_from_segment;
use super::{Conventions, Segment, Span, SpanKind, id_member, time_member};

/// Path of a member, and its attribute by the stable and by the old conventions; without one there it
/// is a leftover.
const ATTRIBUTES: &[(&str, Option<&str>, Option<&str>)] = &[
    both("http.request.method", "http.request.method", "http.method"),
    both("http.request.url", "url.full", "http.url"),
    both(
        "http.request.user_agent",
        "user_agent.original",
        "http.user_agent",
    ),
    both("http.request.client_ip", "client.address", "http.client_ip"),
    same("http.request.x_forwarded_for", "aws.xray.x_forwarded_for"),
    same("traced", "aws.xray.traced"),
    same("http.request.traced", "aws.xray.traced"),
    both(
        "http.response.status",
        "http.response.status_code",
        "http.status_code",
    ),
    both(
        "http.response.content_length",
        "http.response.body.size",
        "http.response_content_length",
    ),
    same("aws.account_id", "aws.account_id"),
    same("aws.operation", "aws.operation"),
    same("aws.region", "aws.region"),
    same("aws.request_id", "aws.request_id"),
    same("aws.queue_url", "aws.queue_url"),
    same("aws.table_name", "aws.table_name"),
    same("aws.retries", "aws.xray.retries"),
    both("sql.database_type", "db.system.name", "db.system"),
    both("sql.sanitized_query", "db.query.text", "db.statement"),
    ("sql.user", None, Some("db.user")),
    same("user", "enduser.id"),
];

/// Members that become something else than an attribute, or one by a rule of their own.
const PLACED: &[&str] = &[
    "id",
    "name",
    "trace_id",
    "parent_id",
    "type",
    "start_time",
    "end_time",
    "in_progress",
    "inferred",
    "namespace",
    "subsegments",
    "links",
    "cause.exceptions",
    "annotations",
    "metadata",
    "sql.url",
    SIDE_RECORD,
];

/// Objects whose members are mapped one by one.
const OPENED: &[&str] = &[
    "http",
    "http.request",
    "http.response",
    "aws",
    "sql",
    "cause",
];

const fn both(
    path: &'static str,
    stable: &'static str,
    old: &'static str,
) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    (path, Some(stable), Some(old))
}

const fn same(
    path: &'static str,
    key: &'static str,
) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    both(path, key, key)
}

/// The id of an object that has what a span needs.
pub(super) fn complete_id(object: Value<'_>) -> Option<SegmentId> {
    let is_complete =
        object.get("name")?.as_str().is_some() && time_member(object, "start_time").is_some();
    id_member(object, "id").filter(|_| is_complete)
}

/// The span of one segment or subsegment; `None` if `name`, `id` or `start_time` is missing.
#[must_use]
pub fn span_from_segment(segment: Segment<'_>, conventions: Conventions) -> Option<Span> {
    let Segment {
        object,
        trace_id,
        parent_id,
        is_outer,
    } = segment;
    let span_id = complete_id(object)?;
    let end = time_member(object, "end_time");
    Some(Span {
        trace_id,
        span_id,
        parent_span_id: parent_id,
        name: object.get("name")?.as_str()?.into_owned(),
        kind: kind_from_segment(object, is_outer),
        start: time_member(object, "start_time")?,
        end,
        attributes: attributes_from_segment(object, is_outer, conventions),
        events: events_from_cause(object, end),
        links: links_from_segment(object),
        status: status_from_segment(object),
        original: original(object),
    })
}

/// The last of these that holds: internal; server with a client's address; client with a namespace;
/// server for a segment.
fn kind_from_segment(object: Value<'_>, is_outer: bool) -> SpanKind {
    let says = |name: &str, text: &str| object.get(name).is_some_and(|value| value.is_text(text));
    if is_outer && !says("type", "subsegment") {
        SpanKind::Server
    } else if says("namespace", "aws") || says("namespace", "remote") {
        SpanKind::Client
    } else if at_path(object, "http.request.client_ip").is_some() {
        SpanKind::Server
    } else {
        SpanKind::Internal
    }
}

fn attributes_from_segment(
    object: Value<'_>,
    is_outer: bool,
    conventions: Conventions,
) -> Attributes {
    let mut attributes = Attributes::default();
    for (path, stable, old) in ATTRIBUTES {
        let Some(value) = at_path(object, path).and_then(any_value) else {
            continue;
        };
        let leftover = leftover_key(path);
        let keys = match conventions {
            Conventions::Stable => [*stable, None],
            Conventions::Old => [None, *old],
            Conventions::Both => [*stable, *old],
        };
        for key in keys.iter().flatten() {
            attributes.add_or(key, &leftover, value.clone());
        }
        if keys == [None; 2] {
            attributes.add(&leftover, value);
        }
    }
    add_namespace(&mut attributes, object);
    add_database(&mut attributes, object, conventions);
    if object.get("in_progress").and_then(Value::as_bool) == Some(true) {
        attributes.add("aws.xray.inprogress", true);
    }
    let cause_is_reference = object
        .get("cause")
        .is_some_and(|c| c.kind() == Kind::String);
    let has_home = |path: &str| {
        PLACED.contains(&path)
            // The status says it.
            || path == "cause" && cause_is_reference
            || ATTRIBUTES.iter().any(|(known, ..)| *known == path)
            || is_outer && describes_resource(path)
    };
    let is_opened = |path: &str| OPENED.contains(&path);
    add_leftovers(&mut attributes, object, "", &has_home, &is_opened);
    add_metadata(&mut attributes, object);
    add_annotations(&mut attributes, object);
    attributes
}

/// `aws` names the service called, `remote` whoever it is; values that mean nothing to X-Ray are kept.
fn add_namespace(attributes: &mut Attributes, object: Value<'_>) {
    let namespace = object.get("namespace").and_then(Value::as_str);
    let name = object.get("name").and_then(Value::as_str);
    match (namespace.as_deref(), name) {
        (Some("aws"), Some(name)) => attributes.add("aws.service", name.as_ref()),
        // Else the URL would name it when the span comes in again.
        (Some("remote"), Some(name)) => attributes.add("peer.service", name.as_ref()),
        (None, Some(name)) if is_renamed(object) => attributes.add("peer.service", name.as_ref()),
        (Some("remote") | None, _) => {}
        (Some(other), _) => attributes.add("aws.xray.namespace", other),
    }
}

/// True of a subsegment that another rule than the span's name has named.
fn is_renamed(object: Value<'_>) -> bool {
    let is_subsegment = object
        .get("type")
        .is_some_and(|kind| kind.is_text("subsegment"));
    is_subsegment && record(object).is_some_and(|record| record.get("name").is_some())
}

/// The database's name, cut out of `sql.url`. The text itself stays where the conventions cannot say
/// all of it.
fn add_database(attributes: &mut Attributes, object: Value<'_>, conventions: Conventions) {
    let Some(url) = at_path(object, "sql.url").and_then(Value::as_str) else {
        return;
    };
    let parts = split_database(&url);
    if let Some((connection, database, _)) = parts {
        if conventions != Conventions::Old {
            attributes.add("db.namespace", database);
        }
        if conventions != Conventions::Stable {
            attributes.add("db.connection_string", connection);
            attributes.add("db.name", database);
        }
    }
    let is_said = parts.is_some_and(|(.., query)| query.is_empty());
    if !is_said || conventions == Conventions::Stable {
        attributes.add("aws.xray.sql.url", url.as_ref());
    }
}

/// `X/<database>?<query>` as its three parts.
fn split_database(url: &str) -> Option<(&str, &str, &str)> {
    let (head, query) = url.split_once('?').unwrap_or((url, ""));
    let (connection, database) = head.rsplit_once('/')?;
    let is_split =
        !database.is_empty() && !connection.is_empty() && !connection.ends_with(['/', ':']);
    is_split.then_some((connection, database, query))
}

/// One attribute per namespace, its JSON as text.
fn add_metadata(attributes: &mut Attributes, object: Value<'_>) {
    let metadata = object.get("metadata").into_iter();
    for (key, value) in metadata.flat_map(Value::members) {
        let key = key.as_str().unwrap_or_default();
        attributes.add(&format!("aws.xray.metadata.{key}"), json_text(value));
    }
}

/// Each under its own key, and the list of them, so that they can become annotations again.
fn add_annotations(attributes: &mut Attributes, object: Value<'_>) {
    let annotations = object.get("annotations").into_iter();
    let mut keys = Vec::new();
    for (key, value) in annotations.flat_map(Value::members) {
        let key = key.as_str().unwrap_or_default();
        if let Some(value) = any_value(value) {
            let other = format!("aws.xray.annotation.{key}");
            attributes.add_or(&key, &other, value);
            keys.push(AnyValue::String(key.into_owned()));
        }
    }
    if !keys.is_empty() {
        attributes.add("aws.xray.annotations", AnyValue::Array(keys));
    }
}
