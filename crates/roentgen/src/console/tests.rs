use std::borrow::Cow;

use axum::http::Request;
use rust_embed::Metadata;
use tower::ServiceExt;

use super::*;

fn built(path: &str) -> Option<EmbeddedFile> {
    let data: &'static [u8] = match path {
        "index.html" => b"<!doctype html>",
        "assets/main-1a2b.js" => b"plain",
        "assets/main-1a2b.js.br" => b"brotli",
        "assets/main-1a2b.js.gz" => b"gzip",
        "icon.svg" => b"<svg/>",
        ".keep" => b"",
        _ => return None,
    };
    Some(EmbeddedFile {
        data: Cow::Borrowed(data),
        metadata: Metadata::__rust_embed_new([7; 32], None, None),
    })
}

async fn ask_of(files: Files, path: &str, headers: &[(&str, &str)]) -> (Response<()>, Vec<u8>) {
    let mut request = Request::get(path).header("host", "localhost:2001");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let routes = routes_over(files, AllowedOrigins::default());
    let (head, body) = routes.oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (Response::from_parts(head, ()), body.to_vec())
}

async fn ask(path: &str, headers: &[(&str, &str)]) -> (Response<()>, Vec<u8>) {
    ask_of(built, path, headers).await
}

fn header<'a>(response: &'a Response<()>, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |v| v.to_str().unwrap())
}

#[tokio::test]
async fn addresses_lead_to_the_console_with_their_query() {
    for (path, target) in [
        ("/", "console/"),
        ("/?region=eu-west-1", "console/?region=eu-west-1"),
        ("/console", "console/"),
        ("/xray/home?region=x", "../console/?region=x"),
        ("/cloudwatch/home?region=x", "../console/?region=x"),
    ] {
        let (response, _) = ask(path, &[]).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{path}");
        assert_eq!(header(&response, "location"), target, "{path}");
    }
}

#[tokio::test]
async fn hashed_file_is_kept_for_ever_in_the_best_form_accepted() {
    let path = "/console/assets/main-1a2b.js";
    for (accepted, coding, body) in [
        ("", "", "plain"),
        ("gzip, deflate, br", "br", "brotli"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", "gzip"),
        ("br;q=0", "", "plain"),
        ("brotli", "", "plain"),
    ] {
        let (response, found) = ask(path, &[("accept-encoding", accepted)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(found, body.as_bytes(), "{accepted}");
        assert_eq!(header(&response, "content-encoding"), coding, "{accepted}");
        assert_eq!(header(&response, "cache-control"), FOREVER);
        assert_eq!(header(&response, "vary"), "accept-encoding");
        let kind = header(&response, "content-type");
        assert_eq!(kind, "text/javascript; charset=utf-8");
    }
}

#[tokio::test]
async fn page_is_asked_for_each_time_and_sent_once() {
    let (first, body) = ask("/console/", &[]).await;
    assert_eq!(body, b"<!doctype html>");
    assert_eq!(header(&first, "cache-control"), "no-cache");
    let etag = header(&first, "etag");
    assert_eq!(etag, format!("\"{}\"", "07".repeat(16)));
    for known in [etag, &format!("\"other\", W/{etag}"), "*"] {
        let (again, body) = ask("/console/", &[("if-none-match", known)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert!(body.is_empty());
        assert_eq!(header(&again, "etag"), etag);
    }
    let (changed, _) = ask("/console/", &[("if-none-match", "\"other\"")]).await;
    assert_eq!(changed.status(), StatusCode::OK);
}

#[tokio::test]
async fn every_answer_has_the_safety_headers() {
    for files in [built, |_: &str| None] {
        for path in ["/", "/console/", "/console/none.js", "/console/icon.svg"] {
            let (response, _) = ask_of(files, path, &[]).await;
            let policy = header(&response, "content-security-policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
            assert!(policy.contains("frame-ancestors 'none'"));
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
            assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        }
    }
}

#[tokio::test]
async fn what_is_no_file_is_not_found() {
    for path in [
        "/console/none.js",
        "/console/traces",
        "/console/.keep",
        "/console/assets/main-1a2b.js.br",
        "/console/../Cargo.toml",
        "/console/%2e%2e/Cargo.toml",
    ] {
        let (response, body) = ask(path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(!body.starts_with(b"<"), "{path}");
    }
}

#[tokio::test]
async fn build_without_console_says_how_to_get_it() {
    let (response, body) = ask_of(|_| None, "/console/", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let kind = header(&response, "content-type");
    assert_eq!(kind, "text/html; charset=utf-8");
    assert!(String::from_utf8_lossy(&body).contains("cargo xtask run"));
}

#[tokio::test]
async fn foreign_pages_and_hosts_are_refused() {
    for headers in [
        [("host", "evil.example"), ("accept", "*/*")],
        [("host", "localhost"), ("origin", "https://evil.example")],
    ] {
        let mut request = Request::get("/console/");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let routes = routes_over(built, AllowedOrigins::default());
        let request = request.body(Body::empty()).unwrap();
        let response = routes.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{headers:?}");
    }
}
