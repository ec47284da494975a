//! Annotations and metadata (otlp.md 5.8 and 8): what is left of a span's attributes, and what of the
//! resource's is shown.

use std::borrow::Cow;
use std::collections::HashSet;

use roentgen_model::document::json::{Tape, is_json};

use super::document::Source;
use super::keys::{Attribute, Key, KeySet, set, texts};
use super::own_export;
use super::shape::{Kind, Part};
use super::text::Json;
use super::{aws, sql};
use crate::proto::Value;

/// What `http` uses up.
const HTTP_CONSUMED: KeySet = set(&[
    Key::HttpRequestMethod,
    Key::HttpMethod,
    Key::HttpRequestMethodOriginal,
    Key::ClientAddress,
    Key::HttpClientIp,
    Key::NetworkPeerAddress,
    Key::NetPeerIp,
    Key::UserAgentOriginal,
    Key::HttpUserAgent,
    Key::HttpResponseStatusCode,
    Key::HttpStatusCode,
    Key::UrlFull,
    Key::HttpUrl,
    Key::UrlScheme,
    Key::HttpScheme,
    Key::HttpHost,
    Key::HttpServerName,
    Key::HostName,
    Key::NetHostName,
    Key::NetHostPort,
    Key::NetPeerName,
    Key::NetPeerPort,
    Key::NetworkPeerPort,
    Key::ServerAddress,
    Key::ServerPort,
    Key::HttpTarget,
    Key::UrlPath,
    Key::UrlQuery,
]);
/// Used up only where a block says them.
const CONSUMED_IF_USED: KeySet = set(&[Key::HttpStatusText, Key::UserId]);
/// Never shown as they are.
const STEERING: KeySet = set(&[Key::AwsXrayAnnotations]);
/// What a service's document does not say of the call it makes (otlp.md 3).
const OF_THE_CALL: KeySet = set(&[
    Key::AwsRemoteService,
    Key::AwsRemoteOperation,
    Key::RemoteTarget,
    Key::K8sRemoteNamespace,
]);

const METADATA_PREFIX: &str = "aws.xray.metadata.";
const DEFAULT_NAMESPACE: &str = "default";
/// Nesting of JSON text in an attribute; what nests deeper stays text.
const JSON_TEXT_DEPTH_MAX: usize = 256;
/// The operation of a service that calls on its own account.
const INTERNAL_OPERATION: &str = "InternalOperation";

/// An attribute that becomes an annotation.
#[derive(Clone, Debug)]
pub(super) struct Annotation<'a> {
    /// Before cleaning.
    key: Cow<'a, str>,
    value: AnnotationValue<'a>,
}

#[derive(Clone, Copy, Debug)]
enum AnnotationValue<'a> {
    Some(&'a Value),
    Text(&'a str),
}

impl<'a> Annotation<'a> {
    /// Of a scalar.
    pub(super) fn new(key: Cow<'a, str>, value: &'a Value) -> Self {
        let value = AnnotationValue::Some(value);
        Self { key, value }
    }

    fn text(key: &'static str, text: &'a str) -> Self {
        Self {
            key: Cow::Borrowed(key),
            value: AnnotationValue::Text(text),
        }
    }
}

/// Text, number or truth value.
pub(super) const fn is_scalar(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Double(_) => true,
        Value::Array(_) | Value::Map(_) | Value::Bytes(_) => false,
    }
}

/// What keys of annotations lose.
#[derive(Clone, Copy, Debug)]
enum Cleaning {
    Whole,
    KeepsDots,
    /// Of our own exports, whose keys were keys before.
    None,
}

/// Where an attribute goes.
enum Place<'a> {
    Annotation(&'a Value),
    Metadata,
    /// A namespace of its own, and its JSON.
    Namespace(&'a str, &'a str),
    /// A block says it.
    Nowhere,
}

pub(super) fn write(json: &mut Json, source: &Source<'_>, part: Part) {
    let mut annotations = Vec::new();
    let mut namespaces = Vec::new();
    let shows_resource = source.is_endpoint() || !part.is_subsegment();
    json.object("metadata", |json| {
        let flat = source.is_endpoint();
        let members = |json: &mut Json| {
            if shows_resource {
                annotations.extend(source.resource.annotations.iter().cloned());
                if !source.resource.metadata.is_empty() {
                    json.raw(&source.resource.metadata);
                }
            }
            write_attributes(json, source, part, &mut annotations, &mut namespaces);
        };
        if flat {
            let mut members = members;
            members(json);
        } else {
            json.object(DEFAULT_NAMESPACE, members);
        }
        for (namespace, text) in namespaces {
            json.key(namespace).raw(text);
        }
    });
    if source.is_endpoint() {
        let (name, kind) = match part {
            Part::Service => (INTERNAL_OPERATION, Kind::Server),
            Part::Segment | Part::Subsegment | Part::Dependency => {
                (source.span.name.as_str(), source.kind)
            }
        };
        annotations.push(Annotation::text("span.name", name));
        annotations.push(Annotation::text("span.kind", kind.as_str()));
    }
    let cleaning = if source.scope.is_ours {
        Cleaning::None
    } else if source.settings.annotation_dots {
        Cleaning::KeepsDots
    } else {
        Cleaning::Whole
    };
    write_annotations(json, annotations, cleaning);
}

fn write_attributes<'a>(
    json: &mut Json,
    source: &Source<'a>,
    part: Part,
    annotations: &mut Vec<Annotation<'a>>,
    namespaces: &mut Vec<(&'a str, &'a str)>,
) {
    let places = Places::new(source);
    for attribute in source.attributes.iter() {
        let is_of_call = attribute
            .known
            .is_some_and(|key| OF_THE_CALL & key.bit() != 0);
        if part == Part::Service && is_of_call {
            continue;
        }
        match places.of(attribute) {
            Place::Annotation(value) => {
                annotations.push(Annotation::new(Cow::Borrowed(attribute.key), value));
            }
            Place::Nowhere => {}
            // The metadata of a service's document is that of its resource.
            Place::Metadata | Place::Namespace(..) if part == Part::Service => {}
            Place::Metadata => json.key(attribute.key).value(attribute.value),
            Place::Namespace(namespace, text) if is_default(namespace, source) => {
                let inside = text
                    .trim()
                    .strip_prefix('{')
                    .and_then(|t| t.strip_suffix('}'));
                let inside = inside.unwrap_or_default().trim();
                if !inside.is_empty() {
                    json.raw(inside);
                }
            }
            Place::Namespace(namespace, text) => namespaces.push((namespace, text)),
        }
    }
}

fn is_default(namespace: &str, source: &Source<'_>) -> bool {
    !source.is_endpoint() && namespace.eq_ignore_ascii_case(DEFAULT_NAMESPACE)
}

/// Decides where a span's attributes go.
struct Places<'s, 'a> {
    source: &'s Source<'a>,
    consumed: KeySet,
    /// The keys that the span itself wants indexed.
    wanted: Vec<&'a str>,
}

impl<'s, 'a> Places<'s, 'a> {
    fn new(source: &'s Source<'a>) -> Self {
        let attributes = &source.attributes;
        let used = attributes.used();
        let all = HTTP_CONSUMED
            | aws::CONSUMED
            | sql::consumed(attributes)
            | CONSUMED_IF_USED & used
            | Key::EnduserId.bit();
        let consumed = if source.is_endpoint() {
            0
        } else if source.settings.keep_consumed {
            all & used
        } else {
            all
        };
        let wanted = attributes.peek(Key::AwsXrayAnnotations).map(texts);
        let mut wanted = wanted.unwrap_or_default();
        wanted.sort_unstable();
        Self {
            source,
            consumed,
            wanted,
        }
    }

    fn of(&self, attribute: Attribute<'a>) -> Place<'a> {
        let settings = self.source.settings;
        let key = attribute.key;
        let bit = attribute.known.map_or(0, Key::bit);
        let is_annotated = self.is_wanted(key);
        let is_exported = self.source.attributes.has_own_export() && own_export::is_member(key);
        if bit & STEERING != 0 || is_exported && !is_annotated {
            return Place::Nowhere;
        }
        let is_consumed = bit & self.consumed != 0;
        let is_wanted = || settings.index_all_attributes || self.is_wanted(key);
        let is_indexed = settings.indexed_attributes.contains(key) || !is_consumed && is_wanted();
        let value = attribute.value.value.as_ref();
        match value {
            Some(value) if is_indexed && !key.is_empty() && is_scalar(value) => {
                Place::Annotation(value)
            }
            _ if is_consumed => Place::Nowhere,
            Some(Value::String(text)) => match key.strip_prefix(METADATA_PREFIX) {
                Some(namespace) if is_json_object(text) => Place::Namespace(namespace, text),
                _ => Place::Metadata,
            },
            _ => Place::Metadata,
        }
    }

    fn is_wanted(&self, key: &str) -> bool {
        self.wanted.binary_search(&key).is_ok()
    }
}

fn is_json_object(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{') && is_json(text) && Tape::new(text, JSON_TEXT_DEPTH_MAX).is_ok()
}

/// In lexical order of the keys; of those that become one key the first stays (our choice).
fn write_annotations(json: &mut Json, mut annotations: Vec<Annotation<'_>>, cleaning: Cleaning) {
    annotations.sort_by(|a, b| a.key.cmp(&b.key));
    let cleaned = |annotation: &Annotation<'_>| !is_clean(&annotation.key, cleaning);
    // Keys as they were sent differ already.
    let may_collide = annotations.iter().any(cleaned);
    let mut written = HashSet::new();
    json.object("annotations", |json| {
        for Annotation { key, value } in &annotations {
            let key = clean_key(key, cleaning);
            if may_collide && !written.insert(key.clone().into_owned()) {
                continue;
            }
            json.key(&key);
            match value {
                AnnotationValue::Text(text) => json.string(text),
                AnnotationValue::Some(value) => json.some_value(value),
            }
        }
    });
}

/// Letters, digits, `_` and, if so said, dots; everything else becomes `_`.
fn clean_key(key: &str, cleaning: Cleaning) -> Cow<'_, str> {
    if is_clean(key, cleaning) {
        return Cow::Borrowed(key);
    }
    let clean = |c: char| if may_stay(c, cleaning) { c } else { '_' };
    Cow::Owned(key.chars().map(clean).collect())
}

fn is_clean(key: &str, cleaning: Cleaning) -> bool {
    key.chars().all(|c| may_stay(c, cleaning))
}

const fn may_stay(c: char, cleaning: Cleaning) -> bool {
    c.is_ascii_alphanumeric()
        || c == '_'
        || match cleaning {
            Cleaning::Whole => false,
            Cleaning::KeepsDots => c == '.',
            Cleaning::None => true,
        }
}
