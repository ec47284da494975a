//! Reads one document: the checks of segments.md 10 in their order, then the facts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::callee::{Call, callee};
use super::canonical::fingerprint;
use super::check::{
    EntityHead, Limits, Members, ahead, check, read_id, read_name, read_segment_id, read_start,
    read_time, read_trace_id,
};
use super::facts::{Cause, Document, DocumentEntity, Exception, Link};
use super::json::{Kind, Tape, Value, top_parts};
use super::{Refusal, RefusalCode, cut};
use crate::assembly::facts::{AnnotationValue, Flags, HttpFacts, LinkReference, Namespace};
use crate::ids::SegmentId;
use crate::limits::{
    ANNOTATION_KEY_CHARS_MAX, ANNOTATION_VALUE_CHARS_MAX, JSON_DEPTH_MAX, LINKS_PER_SEGMENT_MAX,
    SUBSEGMENT_DEPTH_MAX,
};
use crate::time::UnixNanos;

/// The member of a link's `attributes` that tells its direction (segments.md 2.8).
const REFERENCE_TYPE: &str = "aws.xray.reserved.reference_type";

/// A valid document with the way back into its text.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) document: Document,
    pub(super) tape: Tape<'a>,
    /// By pre-order ordinal: the entity's object, for [`Tape::value`].
    pub(super) objects: Vec<u32>,
}

/// Reads the one document that `text`, which is JSON, holds.
///
/// Recurses as deep as subsegments nest, at most [`SUBSEGMENT_DEPTH_MAX`], and for the fingerprint at
/// most [`JSON_DEPTH_MAX`]: both are measured before.
pub(super) fn read<'a>(text: &'a str, limits: &Limits) -> Result<Reading<'a>, Refusal> {
    if !text
        .trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{')
    {
        return Err(Refusal::new(None, RefusalCode::ParseError, false));
    }
    let depth_max = JSON_DEPTH_MAX;
    let small = text.len() <= limits.bytes_max;
    let tape = if small {
        Tape::new(text, depth_max).ok()
    } else {
        None
    };
    let Some(tape) = tape.filter(|tape| subsegments_nest_within_limit(tape.root())) else {
        return Err(refuse_unread(text, RefusalCode::InvalidSegment));
    };
    let root = tape.root();
    let members = Members::of(root);
    let is_subsegment = members.kind.is_some_and(|kind| kind.is_text("subsegment"));
    let head = check(&members, is_subsegment, limits).map_err(|code| {
        let id = members.id.and_then(Value::as_str);
        Refusal::new(id.as_deref(), code, is_subsegment)
    })?;
    let mut reader = Reader {
        limits,
        // Our choice: an embedded subsegment may start as far behind "now" or behind the start of its
        // document, so that reading the text again later, without that clock, gives the same.
        start_max: ahead(limits.now.max(head.entity.start)),
        seen: HashSet::new(),
        objects: Vec::new(),
    };
    let role = if is_subsegment {
        Role::Subsegment
    } else {
        Role::Segment
    };
    let entity = reader.entity(root, &members, head.entity, role);
    let document = Document {
        trace_id: head.trace_id,
        is_subsegment,
        parent_id: head.parent_id,
        entity,
        fingerprint: if limits.with_fingerprint {
            fingerprint(root)
        } else {
            0
        },
        text_bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
    };
    let objects = reader.objects;
    Ok(Reading {
        document,
        tape,
        objects,
    })
}

/// The refusal of a document that is too large or too deep to be read.
fn refuse_unread(text: &str, code: RefusalCode) -> Refusal {
    let mut parts = top_parts(text);
    let (mut id, mut is_subsegment) = (None, false);
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        match key {
            "\"id\"" => id = serde_json::from_str::<String>(value).ok(),
            "\"type\"" => is_subsegment = value == "\"subsegment\"",
            _ => {}
        }
    }
    Refusal::new(id.as_deref(), code, is_subsegment)
}

fn subsegments_nest_within_limit(root: Value<'_>) -> bool {
    let mut open = vec![(root, 0)];
    while let Some((object, depth)) = open.pop() {
        let Some(subsegments) = object.get("subsegments") else {
            continue;
        };
        for subsegment in subsegments.elements().filter(|s| s.kind() == Kind::Object) {
            if depth == SUBSEGMENT_DEPTH_MAX {
                return false;
            }
            open.push((subsegment, depth + 1));
        }
    }
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Segment,
    Subsegment,
}

struct Reader<'l> {
    limits: &'l Limits,
    start_max: UnixNanos,
    /// Ids met so far: of entities with one id the first stays (segments.md 5).
    seen: HashSet<SegmentId>,
    objects: Vec<u32>,
}

impl Reader<'_> {
    fn entity<'t>(
        &mut self,
        object: Value<'t>,
        members: &Members<'t>,
        head: EntityHead,
        role: Role,
    ) -> DocumentEntity {
        self.seen.insert(head.id);
        self.objects.push(object.index());
        let http = members.http.map(|http| self.http(http)).unwrap_or_default();
        let is_segment = role == Role::Segment;
        let own = |value: Option<Value<'t>>| value.filter(|_| is_segment);
        let namespace = members
            .namespace
            .filter(|_| !is_segment)
            .and_then(read_namespace);
        let aws = members.aws.filter(|aws| aws.kind() == Kind::Object);
        let account_id = self.text(aws.and_then(|aws| aws.get("account_id")));
        let ec2 = own(aws).and_then(|aws| aws.get("ec2"));
        let has_sql = members.sql.is_some_and(|sql| sql.kind() == Kind::Object);
        let callee = namespace.map(|namespace| {
            let call = Call {
                namespace,
                name: &head.name,
                aws,
                has_sql,
                account_id: account_id.as_ref(),
            };
            callee(call, self.limits.chars_max)
        });
        DocumentEntity {
            id: head.id,
            name: head.name,
            start: head.start,
            end: head.end,
            flags: effective_flags(members, http.status),
            namespace,
            origin: self.text(own(members.origin)),
            account_id,
            callee,
            http,
            user: self.text(own(members.user)),
            resource_arn: self.text(own(members.resource_arn)),
            instance_id: self.text(ec2.and_then(|ec2| ec2.get("instance_id"))),
            availability_zone: self.text(ec2.and_then(|ec2| ec2.get("availability_zone"))),
            annotations: members
                .annotations
                .map(read_annotations)
                .unwrap_or_default(),
            cause: members
                .cause
                .map(|cause| self.cause(cause))
                .unwrap_or_default(),
            links: own(members.links).map(read_links).unwrap_or_default(),
            subsegments: members
                .subsegments
                .map(|all| self.subsegments(all))
                .unwrap_or_default(),
        }
    }

    /// The embedded subsegments that pass their checks; the others go with their subtrees.
    fn subsegments(&mut self, all: Value<'_>) -> Vec<DocumentEntity> {
        let mut kept = Vec::new();
        for object in all.elements().filter(|s| s.kind() == Kind::Object) {
            let members = Members::of(object);
            if let Some(head) = self.embedded_head(&members) {
                kept.push(self.entity(object, &members, head, Role::Subsegment));
            }
        }
        // What stays in memory while the trace lives has no room to grow.
        kept.shrink_to_fit();
        kept
    }

    /// Checks 3, 4, 7, 8 and 9 of segments.md 10. No valid `end_time`: in progress (segments.md 1).
    fn embedded_head(&self, members: &Members<'_>) -> Option<EntityHead> {
        let id = read_id(members.id)
            .ok()
            .filter(|id| !self.seen.contains(id))?;
        let name = read_name(members.name, true).ok()?;
        let start = read_start(members.start_time)
            .ok()
            .filter(|start| *start <= self.start_max)?;
        let end = members.end_time.and_then(read_time);
        Some(EntityHead {
            id,
            name,
            start,
            end,
        })
    }

    /// A string, as far as it is indexed.
    fn text(&self, value: Option<Value<'_>>) -> Option<Arc<str>> {
        let text = value?.as_str()?;
        Some(cut(&text, self.limits.chars_max).into())
    }

    fn http(&self, http: Value<'_>) -> HttpFacts {
        let request = http.get("request");
        let text = |name: &str| self.text(request.and_then(|request| request.get(name)));
        let status = http
            .get("response")
            .and_then(|response| response.get("status"));
        HttpFacts {
            method: text("method"),
            url: text("url"),
            user_agent: text("user_agent"),
            client_ip: text("client_ip"),
            status: status.and_then(Value::as_integer),
        }
    }

    /// `cause` in all forms that SDKs send (sdk.md 1): an id, an object with exceptions, an object with
    /// the id of an exception told elsewhere, or an exception that only has a `cause`.
    fn cause(&self, cause: Value<'_>) -> Cause {
        if cause.kind() == Kind::String {
            return Cause {
                reference: read_segment_id(cause),
                ..Cause::default()
            };
        }
        let mut read = Cause {
            reference: cause.get("id").and_then(read_segment_id),
            ..Cause::default()
        };
        let Some(exceptions) = cause.get("exceptions") else {
            return read;
        };
        for exception in exceptions.elements().filter(|e| e.kind() == Kind::Object) {
            if is_reference(exception) {
                let refers_to = exception.get("cause").and_then(read_segment_id);
                read.reference = read.reference.or(refers_to);
                continue;
            }
            read.exceptions.push(Exception {
                id: exception.get("id").and_then(read_segment_id),
                name: self.text(exception.get("type")),
                message: self.text(exception.get("message")),
            });
        }
        read
    }
}

/// True for an element of `exceptions` that only names another exception (Java).
pub(super) fn is_reference(exception: Value<'_>) -> bool {
    let names = exception.members().filter(|(_, value)| !value.is_null());
    let mut names = names.map(|(key, _)| key).peekable();
    names.peek().is_some() && names.all(|key| key.is_text("cause"))
}

/// Other values are kept in the document but mean local work (segments.md 2.1, our choice).
fn read_namespace(namespace: Value<'_>) -> Option<Namespace> {
    match namespace.as_str()?.as_ref() {
        "aws" => Some(Namespace::Aws),
        "remote" => Some(Namespace::Remote),
        _ => None,
    }
}

/// segments.md 6: a flag that is there decides itself, the others follow from the HTTP status.
fn effective_flags(members: &Members<'_>, status: Option<i64>) -> Flags {
    let explicit = |flag: Option<Value<'_>>| flag.and_then(Value::as_bool);
    let status = status.unwrap_or(0);
    let throttle = explicit(members.throttle).unwrap_or(status == 429);
    Flags {
        throttle,
        error: explicit(members.error).unwrap_or(throttle || (400..500).contains(&status)),
        fault: explicit(members.fault).unwrap_or((500..600).contains(&status)),
    }
}

/// The annotations that may be indexed, in document order; of a key that comes twice the last value.
fn read_annotations(annotations: Value<'_>) -> Vec<(Arc<str>, AnnotationValue)> {
    let mut read: Vec<(Arc<str>, AnnotationValue)> = Vec::new();
    let mut places: HashMap<Arc<str>, usize> = HashMap::new();
    for (key, value) in annotations.members() {
        let Some(key) = key.as_str().filter(|key| is_indexable_key(key)) else {
            continue;
        };
        let Some(value) = read_annotation(value) else {
            continue;
        };
        let key: Arc<str> = key.into();
        match places.get(&key).and_then(|place| read.get_mut(*place)) {
            Some(earlier) => earlier.1 = value,
            None => {
                places.insert(Arc::clone(&key), read.len());
                read.push((key, value));
            }
        }
    }
    read.shrink_to_fit();
    read
}

/// Any characters are indexed (segments.md 2.3, our choice); only the length counts.
fn is_indexable_key(key: &str) -> bool {
    !key.is_empty() && cut(key, ANNOTATION_KEY_CHARS_MAX).len() == key.len()
}

fn read_annotation(value: Value<'_>) -> Option<AnnotationValue> {
    match value.kind() {
        Kind::String => {
            let text = value.as_str()?;
            Some(AnnotationValue::String(
                cut(&text, ANNOTATION_VALUE_CHARS_MAX).into(),
            ))
        }
        Kind::Number => {
            let number = value.raw().parse().ok().filter(|n: &f64| n.is_finite());
            number.map(AnnotationValue::Number)
        }
        Kind::Boolean => value.as_bool().map(AnnotationValue::Boolean),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

fn read_links(links: Value<'_>) -> Vec<Link> {
    let objects = links.elements().filter(|link| link.kind() == Kind::Object);
    objects
        .take(LINKS_PER_SEGMENT_MAX)
        .filter_map(read_link)
        .collect()
}

fn read_link(link: Value<'_>) -> Option<Link> {
    let trace_id = read_trace_id(link.get("trace_id")).ok()?;
    let id = link.get("id").and_then(read_segment_id)?;
    let reference = link.get("attributes").and_then(|a| a.get(REFERENCE_TYPE));
    let is_child = reference.is_some_and(|reference| reference.is_text("child"));
    let reference = if is_child {
        LinkReference::Child
    } else {
        LinkReference::Parent
    };
    Some(Link {
        trace_id,
        id,
        reference,
    })
}
