//! The web console: the files of `console/dist/` inside this binary (spec console.md 1.3 and 11).
//!
//! The console's build writes `.br` and `.gz` beside each file worth it; which of the three goes out is
//! up to `Accept-Encoding`, nothing is compressed here. A build without Node has no files and serves one
//! page that says so. All references are relative, redirects too, so a proxy may put a prefix before.

use std::fmt::Write;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use roentgen_api::encoding;
use roentgen_api::origin::{AllowedOrigins, refuse_foreign_host};
use rust_embed::{EmbeddedFile, RustEmbed};

#[cfg(test)]
mod tests;

const INDEX: &str = "index.html";
const UNBUILT: &str = include_str!("console/unbuilt.html");
/// Vite's directory of files whose names carry a hash of their content.
const HASHED: &str = "assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept by browsers, asked for each time.
const ASK: &str = "no-cache";

/// Spec console.md 11, and what keeps browsers from guessing and telling.
const SAFETY: [(HeaderName, &str); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

/// The forms of a file, best first: coding and ending.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Dist;

/// Finds a file of the console by its path below `dist/`.
type Files = fn(&str) -> Option<EmbeddedFile>;

/// The routes of the console's pages. `/xray/home` and `/cloudwatch/home` are AWS's addresses: a link
/// copied there works here after its host is exchanged; browsers carry the fragment along.
pub(crate) fn routes(allowed: AllowedOrigins) -> Router {
    routes_over(Dist::get, allowed)
}

fn routes_over(files: Files, allowed: AllowedOrigins) -> Router {
    let index = move |headers: HeaderMap| async move { index(files, &headers) };
    let file = move |Path(path): Path<String>, headers: HeaderMap| async move {
        file(files, &path, &headers)
    };
    let to = |target: &'static str| {
        get(move |RawQuery(query): RawQuery| async move { redirect(target, query.as_deref()) })
    };
    Router::new()
        .route("/", to("console/"))
        .route("/console", to("console/"))
        .route("/xray/home", to("../console/"))
        .route("/cloudwatch/home", to("../console/"))
        .route("/console/", get(index))
        .route("/console/{*path}", get(file))
        .layer(from_fn_with_state(allowed, refuse_foreign_host))
}

fn redirect(target: &str, query: Option<&str>) -> Response<Body> {
    let location = match query {
        Some(query) => format!("{target}?{query}"),
        None => target.to_owned(),
    };
    let mut response = answer(StatusCode::FOUND, Body::empty());
    // A request's query is visible ASCII, or it would not be here.
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn index(files: Files, headers: &HeaderMap) -> Response<Body> {
    if files(INDEX).is_some() {
        return file(files, INDEX, headers);
    }
    let mut response = answer(StatusCode::OK, Body::from(UNBUILT));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    let ask = HeaderValue::from_static(ASK);
    response.headers_mut().insert(CACHE_CONTROL, ask);
    response
}

fn file(files: Files, path: &str, headers: &HeaderMap) -> Response<Body> {
    let content_type = content_type(path);
    let (Some(content_type), Some(plain)) = (content_type, files(path)) else {
        return answer(StatusCode::NOT_FOUND, Body::from("not found\n"));
    };
    let packed = CODINGS.iter().find_map(|(coding, ending)| {
        let packed = || files(&format!("{path}{ending}"));
        let wanted = encoding::accepts(headers, coding).then(packed).flatten()?;
        Some((*coding, wanted))
    });
    let etag = etag(&plain, packed.as_ref().map(|(coding, _)| *coding));
    let mut response = if is_known(headers, &etag) {
        answer(StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        let data = packed
            .as_ref()
            .map_or(plain.data, |(_, file)| file.data.clone());
        answer(StatusCode::OK, Body::from(data.into_owned()))
    };
    let is_hashed = path.starts_with(HASHED);
    let cached = if is_hashed { FOREVER } else { ASK };
    let told = response.headers_mut();
    told.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    told.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
    told.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        told.insert(ETAG, etag);
    }
    if let Some((coding, _)) = packed {
        told.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn answer(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in SAFETY {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `None` for what is not served: the packed forms by their own names, and everything unknown.
fn content_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

/// Strong, so each coding has its own.
fn etag(plain: &EmbeddedFile, coding: Option<&str>) -> String {
    let mut etag = String::from("\"");
    for byte in plain.metadata.sha256_hash().iter().take(16) {
        let _infallible = write!(etag, "{byte:02x}");
    }
    if let Some(coding) = coding {
        etag.push('-');
        etag.push_str(coding);
    }
    etag.push('"');
    etag
}

/// The browser has it already. Compares weakly, as `If-None-Match` does.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter();
    let lists = values.filter_map(|value| value.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
