//! `http` (otlp.md 5.1): both generations of the conventions, the stable one first.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use super::document::Source;
use super::keys::{Attributes, Key};
use super::own_export;
use super::shape::Kind;
use super::text::Json;

/// One of them makes the block.
const TRIGGERS: &[Key] = &[
    Key::HttpRequestMethod,
    Key::HttpMethod,
    Key::HttpClientIp,
    Key::UserAgentOriginal,
    Key::HttpUserAgent,
    Key::HttpResponseStatusCode,
    Key::HttpStatusCode,
    Key::UrlFull,
    Key::HttpUrl,
    Key::UrlScheme,
    Key::HttpScheme,
    Key::HttpHost,
    Key::HttpTarget,
    Key::UrlPath,
    Key::UrlQuery,
    Key::NetHostPort,
    Key::HttpServerName,
];
/// One of them makes a URL.
const URL_KEYS: &[Key] = &[
    Key::UrlFull,
    Key::HttpUrl,
    Key::HttpHost,
    Key::HttpServerName,
    Key::HostName,
    Key::NetHostName,
    Key::NetPeerName,
    Key::NetPeerIp,
    Key::ServerAddress,
];

pub(super) fn write(json: &mut Json, source: &Source<'_>) {
    let attributes = &source.attributes;
    let is_client_known = || address(attributes, Key::ClientAddress).is_some();
    if !attributes.has_any(TRIGGERS) && !is_client_known() {
        return;
    }
    json.object("http", |json| {
        json.object("request", |json| request(json, source));
        json.object("response", |json| response(json, source));
    });
}

fn request(json: &mut Json, source: &Source<'_>) {
    let attributes = &source.attributes;
    if let Some(url) = url(source) {
        json.name("url").string(&url);
    }
    json.text_member("method", method(attributes));
    let user_agent = [Key::UserAgentOriginal, Key::HttpUserAgent];
    json.text_member("user_agent", attributes.first_text(&user_agent));
    let client =
        mark_address(attributes, Key::ClientAddress).or_else(|| attributes.text(Key::HttpClientIp));
    let peer = mark_address(attributes, Key::NetworkPeerAddress)
        .or_else(|| attributes.text(Key::NetPeerIp));
    json.text_member("client_ip", client.or(peer));
    // Our choice: said by a header if it is not where the bytes came from.
    let is_forwarded = client.is_some() && client != peer;
    let exported = own_export::flag(attributes, "x_forwarded_for");
    if let Some(is_forwarded) = exported.or(is_forwarded.then_some(true)) {
        json.name("x_forwarded_for").bool(is_forwarded);
    }
    if let Some(traced) = own_export::flag(attributes, "traced") {
        json.name("traced").bool(traced);
    }
}

fn method<'a>(attributes: &Attributes<'a>) -> Option<&'a str> {
    let method = attributes.first_text(&[Key::HttpRequestMethod, Key::HttpMethod])?;
    let original = || attributes.text(Key::HttpRequestMethodOriginal);
    match method {
        "_OTHER" => original().or(Some(method)),
        known => Some(known),
    }
}

fn response(json: &mut Json, source: &Source<'_>) {
    let attributes = &source.attributes;
    let status = attributes
        .integer(Key::HttpResponseStatusCode)
        .or_else(|| attributes.integer(Key::HttpStatusCode));
    if let Some(status) = status {
        json.name("status").integer(status);
    }
    if let Some(length) = content_length(source) {
        json.name("content_length").integer(length);
    }
}

/// The size of what was received, by the span or its first event that says so; else of the response's
/// body (our choice).
fn content_length(source: &Source<'_>) -> Option<i64> {
    const SIZES: [Key; 2] = [Key::MessageBodySize, Key::MessagePayloadSize];
    let attributes = &source.attributes;
    let size = |attributes: &Attributes<'_>| {
        let is_received = attributes.is_text(Key::MessageType, "RECEIVED");
        let mut sizes = SIZES.iter().filter_map(|key| attributes.peek_integer(*key));
        sizes.next().filter(|_| is_received)
    };
    let events = || {
        let mut events = source.span.events.iter();
        events.find_map(|event| {
            let says_type = event
                .attributes
                .iter()
                .any(|pair| pair.key == "message.type");
            says_type.then(|| size(&Attributes::new(&event.attributes)))?
        })
    };
    let body = || {
        let keys = [Key::HttpResponseBodySize, Key::HttpResponseContentLength];
        keys.iter().find_map(|key| attributes.peek_integer(*key))
    };
    size(attributes).or_else(events).or_else(body)
}

/// The URL, whole or put together.
fn url<'a>(source: &Source<'a>) -> Option<Cow<'a, str>> {
    let attributes = &source.attributes;
    if let Some(url) = attributes.first_text(&[Key::UrlFull, Key::HttpUrl]) {
        return Some(Cow::Borrowed(url));
    }
    let is_address = address(attributes, Key::NetworkPeerAddress).is_some();
    if !attributes.has_any(URL_KEYS) && !is_address {
        return None;
    }
    let scheme = attributes.first_text(&[Key::UrlScheme, Key::HttpScheme]);
    let scheme = scheme.unwrap_or("http");
    let authority = authority(source, scheme)?;
    let mut url = format!("{scheme}://{authority}");
    push_target(&mut url, attributes);
    Some(Cow::Owned(url))
}

fn authority<'a>(source: &Source<'a>, scheme: &str) -> Option<Cow<'a, str>> {
    use Key::{
        HostName, HttpHost, HttpServerName, NetHostName, NetHostPort, NetPeerIp, NetPeerName,
        NetPeerPort, NetworkPeerPort, ServerAddress, ServerPort,
    };
    let attributes = &source.attributes;
    if let Some(host) = attributes.text(HttpHost) {
        return Some(Cow::Borrowed(host));
    }
    let (hosts, ports): (&[Key], &[Key]) = if source.kind == Kind::Server {
        (
            &[HttpServerName, NetHostName, ServerAddress, HostName],
            &[NetHostPort, ServerPort],
        )
    } else {
        (
            &[NetPeerName, NetPeerIp, ServerAddress],
            &[NetPeerPort, NetworkPeerPort, ServerPort],
        )
    };
    let host = attributes
        .first_text(hosts)
        .or_else(|| mark_address(attributes, Key::NetworkPeerAddress))?;
    let is_bare_v6 = host.parse::<Ipv6Addr>().is_ok();
    let host = if is_bare_v6 {
        Cow::Owned(format!("[{host}]"))
    } else {
        Cow::Borrowed(host)
    };
    let port = ports.iter().find_map(|key| attributes.integer(*key));
    // Python's instrumentations put the port into the address as well.
    let port = port.filter(|_| !has_port(&host));
    match (scheme, port) {
        (_, None | Some(0)) | ("http", Some(80)) | ("https", Some(443)) => Some(host),
        (_, Some(port)) => Some(Cow::Owned(format!("{host}:{port}"))),
    }
}

/// Whether a host, its brackets on if it is an IPv6 address, has a port behind it.
fn has_port(host: &str) -> bool {
    let port = host.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn push_target(url: &mut String, attributes: &Attributes<'_>) {
    if let Some(target) = attributes.text(Key::HttpTarget) {
        if !target.starts_with(['/', '?']) {
            url.push('/');
        }
        url.push_str(target);
        return;
    }
    let path = attributes.text(Key::UrlPath).unwrap_or("/");
    if !path.starts_with('/') {
        url.push('/');
    }
    url.push_str(path);
    if let Some(query) = attributes.text(Key::UrlQuery) {
        let query = query.strip_prefix('?').unwrap_or(query);
        url.push(if path.contains('?') { '&' } else { '?' });
        url.push_str(query);
    }
}

/// The value of a key of the stable conventions, which counts if it is an address.
fn address<'a>(attributes: &Attributes<'a>, key: Key) -> Option<&'a str> {
    let text = attributes.peek_text(key)?;
    text.parse::<IpAddr>().is_ok().then_some(text)
}

fn mark_address<'a>(attributes: &Attributes<'a>, key: Key) -> Option<&'a str> {
    let address = address(attributes, key)?;
    attributes.mark(key);
    Some(address)
}
