//! Which web pages may send (otlp.md 1.6, design.md 8).

use std::sync::Arc;

use ::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use ::http::{HeaderMap, HeaderValue};

/// What a preflight lets through beside what browsers never ask about.
const HEADERS: &str = "content-type,content-encoding,x-requested-with";

/// Origins whose pages may send, and how long browsers may remember it.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins {
    /// Lower case; `*` stands for any text.
    origins: Arc<[String]>,
    allowed_headers: Option<HeaderValue>,
    exposed_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

/// What is done with a request's `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OriginVerdict {
    /// None, or one that needs no answer (loopback).
    Plain,
    /// Listed: answers carry it.
    Listed(HeaderValue),
    Foreign,
}

impl AllowedOrigins {
    /// From the settings in `otlp.cors`; header names are lists with commas.
    ///
    /// # Errors
    /// Names the header list that is not one.
    pub fn new(
        origins: impl IntoIterator<Item = String>,
        allowed_headers: &str,
        exposed_headers: &str,
        max_age_secs: u64,
    ) -> Result<Self, &'static str> {
        let clean = |origin: String| origin.trim().trim_end_matches('/').to_ascii_lowercase();
        let more = if allowed_headers.is_empty() { "" } else { "," };
        let allowed = HeaderValue::try_from(format!("{HEADERS}{more}{allowed_headers}"));
        let exposed = HeaderValue::try_from(exposed_headers).map_err(|_| "exposed_headers")?;
        Ok(Self {
            origins: origins
                .into_iter()
                .map(clean)
                .filter(|o| !o.is_empty())
                .collect(),
            allowed_headers: Some(allowed.map_err(|_| "allowed_headers")?),
            exposed_headers: Some(exposed).filter(|exposed| !exposed.is_empty()),
            max_age: (max_age_secs > 0).then(|| HeaderValue::from(max_age_secs)),
        })
    }

    pub(super) fn judge(&self, headers: &HeaderMap) -> OriginVerdict {
        let mut verdict = OriginVerdict::Plain;
        for origin in headers.get_all(ORIGIN) {
            let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
            if self.origins.iter().any(|pattern| matches(pattern, &text)) {
                verdict = OriginVerdict::Listed(origin.clone());
            } else if !is_loopback(&text) {
                return OriginVerdict::Foreign;
            }
        }
        verdict
    }

    /// Headers of any answer to a listed origin.
    pub(super) fn mark(&self, verdict: &OriginVerdict, headers: &mut HeaderMap) {
        if let OriginVerdict::Listed(origin) = verdict {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.append(VARY, HeaderValue::from_static("Origin"));
            if let Some(exposed) = &self.exposed_headers {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
            }
        }
    }

    /// Headers of the answer to a preflight, beside those of any answer; `None` if it is none that we answer.
    pub(super) fn preflight(
        &self,
        verdict: &OriginVerdict,
        request: &HeaderMap,
    ) -> Option<HeaderMap> {
        let asks = request.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let is_listed = matches!(verdict, OriginVerdict::Listed(_));
        if !asks || !is_listed {
            return None;
        }
        let mut headers = HeaderMap::new();
        let vary = "Access-Control-Request-Method, Access-Control-Request-Headers";
        headers.append(VARY, HeaderValue::from_static(vary));
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        if let Some(allowed) = &self.allowed_headers {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
        }
        if let Some(max_age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
        Some(headers)
    }
}

/// `*` in a pattern stands for any text; there is little of it, so no backtracking is felt.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    while let Some((middle, tail)) = rest.split_once('*') {
        let Some(at) = text.find(middle) else {
            return false;
        };
        text = text.get(at + middle.len()..).unwrap_or_default();
        rest = tail;
    }
    text.ends_with(rest)
}

/// `http(s)://` and `localhost`, `*.localhost`, `127.0.0.0/8` or `[::1]`, with any port.
fn is_loopback(origin: &str) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    let uri = authority.and_then(|authority| authority.parse::<::http::uri::Authority>().ok());
    let Some(uri) = uri.filter(|uri| !uri.as_str().contains('@')) else {
        return false;
    };
    let host = uri.host().trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}
