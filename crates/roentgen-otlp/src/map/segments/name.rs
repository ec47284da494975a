//! Name and namespace (otlp.md 4 and 8).

use std::borrow::Cow;

use roentgen_model::document::cleaned_name;

use super::document::Source;
use super::keys::Key;
use super::settings::Profile;
use super::shape::{Kind, Part};

/// Bytes of a name (otlp.md 4.1).
const NAME_BYTES_MAX: usize = 200;
/// What a span is called whose name has no character that a name may have.
const NAMELESS: &str = "span";
const AWS_API: &str = "aws-api";

/// Name and namespace of one document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Naming<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) namespace: Option<&'static str>,
}

/// Names a document.
pub(super) fn naming<'a>(source: &Source<'a>, part: Part) -> Naming<'a> {
    let (ranked, is_aws_service) = ranked(source);
    let name = match (part, source.settings.profile) {
        (Part::Service, _) | (Part::Segment, Profile::Endpoint) => service(source).or(ranked),
        (Part::Dependency, Profile::Collector) => remote_service(source).or(ranked),
        (Part::Dependency | Part::Subsegment, Profile::Endpoint) => {
            endpoint_call(source).or(ranked)
        }
        (Part::Segment | Part::Subsegment, Profile::Collector) => ranked,
    };
    Naming {
        name: clean(name.unwrap_or(Cow::Borrowed(&source.span.name))),
        namespace: namespace(source, part, is_aws_service),
    }
}

/// The first rule that names the span, before its own name; and whether that was `aws.service`.
fn ranked<'a>(source: &Source<'a>) -> (Option<Cow<'a, str>>, bool) {
    let attributes = &source.attributes;
    let text = |key| attributes.peek_text(key).map(Cow::Borrowed);
    let names_service =
        source.kind == Kind::Server || source.kind == Kind::Internal && source.is_local_root;
    let first = || {
        let local = || text(Key::AwsLocalService).filter(|_| names_service);
        let remote = || remote_service(source).filter(|_| source.kind.is_dependency());
        let peer = || text(Key::PeerService).or_else(|| text(Key::ServicePeerName));
        local().or_else(remote).or_else(peer)
    };
    if let Some(name) = first() {
        return (Some(name), false);
    }
    if let Some(name) = text(Key::AwsService) {
        return (Some(name), true);
    }
    let service = || source.resource.service_name.map(Cow::Borrowed);
    let name = database(source)
        .or_else(|| service().filter(|_| source.kind == Kind::Server))
        .or_else(|| text(Key::RpcService))
        .or_else(|| http_host(source))
        .or_else(|| text(Key::NetPeerName))
        .or_else(|| text(Key::ServerAddress))
        // Our choice: else every call of a client that says only this would be one node, `GET`.
        .or_else(|| old_url_host(source));
    (name, false)
}

/// The service that sent the span.
fn service<'a>(source: &Source<'a>) -> Option<Cow<'a, str>> {
    let local = source.attributes.peek_text(Key::AwsLocalService);
    let is_endpoint = source.settings.profile == Profile::Endpoint;
    local
        .or(source.resource.service_name.filter(|_| is_endpoint))
        .map(Cow::Borrowed)
}

/// The service called.
fn remote_service<'a>(source: &Source<'a>) -> Option<Cow<'a, str>> {
    let remote = source.attributes.peek_text(Key::AwsRemoteService)?;
    let prefix = if is_aws_api(source) { "AWS.SDK." } else { "" };
    let cut = remote.strip_prefix(prefix).unwrap_or(remote);
    let cut = if is_aws_api(source) {
        cut.strip_prefix("AWS::").unwrap_or(cut)
    } else {
        cut
    };
    Some(Cow::Borrowed(cut))
}

fn endpoint_call<'a>(source: &Source<'a>) -> Option<Cow<'a, str>> {
    if !source.kind.is_dependency() {
        return Some(Cow::Borrowed(&source.span.name));
    }
    let remote = source.attributes.peek_text(Key::AwsRemoteService)?;
    Some(Cow::Borrowed(
        remote.strip_prefix("AWS::").unwrap_or(remote),
    ))
}

/// `<database>@<host>`, or the database alone.
fn database<'a>(source: &Source<'a>) -> Option<Cow<'a, str>> {
    let attributes = &source.attributes;
    let old = attributes.peek_text(Key::DbName);
    let database = old.or_else(|| attributes.peek_text(Key::DbNamespace))?;
    let connection = attributes.peek_text(Key::DbConnectionString);
    let host = connection.and_then(url_host).or_else(|| {
        let stable = old.is_none().then_some(Key::ServerAddress);
        stable.and_then(|key| attributes.peek_text(key))
    });
    Some(match host {
        Some(host) => Cow::Owned(format!("{database}@{host}")),
        None => Cow::Borrowed(database),
    })
}

/// `http.host` as it is, else the authority of the whole URL by the stable conventions.
fn http_host<'a>(source: &Source<'a>) -> Option<Cow<'a, str>> {
    let attributes = &source.attributes;
    let host = attributes.peek_text(Key::HttpHost);
    let url = || attributes.peek_text(Key::UrlFull).and_then(url_host);
    host.or_else(url).map(Cow::Borrowed)
}

/// The host of the whole URL by the old conventions.
fn old_url_host<'a>(source: &Source<'a>) -> Option<Cow<'a, str>> {
    let url = source.attributes.peek_text(Key::HttpUrl)?;
    url_host(url).map(Cow::Borrowed)
}

/// The host of a URL, without user and port.
fn url_host(url: &str) -> Option<&str> {
    let url = url.strip_prefix("jdbc:").unwrap_or(url);
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ';']).next()?;
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        None => authority
            .split_once(':')
            .map_or(authority, |(host, _)| host),
    };
    (!host.is_empty()).then_some(host)
}

pub(super) fn is_aws_api(source: &Source<'_>) -> bool {
    source.attributes.is_text(Key::RpcSystem, AWS_API)
}

fn namespace(source: &Source<'_>, part: Part, is_aws_service: bool) -> Option<&'static str> {
    let has_none = part == Part::Service
        || source.is_local_root && matches!(source.kind, Kind::Server | Kind::Internal);
    if has_none {
        return None;
    }
    if is_aws_api(source) || is_aws_service {
        return Some("aws");
    }
    let calls = source.kind.is_dependency()
        && part == Part::Subsegment
        && source.attributes.has(Key::AwsRemoteService);
    let produces = source.kind == Kind::Producer && source.settings.producer_is_remote;
    let is_remote = source.kind == Kind::Client || part == Part::Dependency || calls || produces;
    is_remote.then_some("remote")
}

/// Only characters that a name may have, at most 200 bytes.
fn clean(name: Cow<'_, str>) -> Cow<'_, str> {
    let mut clean = match name {
        Cow::Borrowed(name) => cleaned_name(name),
        Cow::Owned(name) => Cow::Owned(cleaned_name(&name).into_owned()),
    };
    if clean.len() > NAME_BYTES_MAX {
        let end = clean.floor_char_boundary(NAME_BYTES_MAX);
        clean = Cow::Owned(clean.get(..end).unwrap_or_default().to_owned());
    }
    if clean.is_empty() {
        clean = Cow::Borrowed(NAMELESS);
    }
    clean
}
