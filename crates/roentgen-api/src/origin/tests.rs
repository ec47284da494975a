use http::HeaderMap;
use http::header::{HOST, ORIGIN};

use super::AllowedOrigins;

fn allowed() -> AllowedOrigins {
    AllowedOrigins::new(["https://Traces.example.com/".to_owned()])
}

fn origin_passes(origin: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(ORIGIN, origin.parse().unwrap());
    allowed().check_origin(&headers).is_ok()
}

fn host_passes(host: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, host.parse().unwrap());
    allowed().check_host(&headers).is_ok()
}

#[test]
fn origin_passes_when_absent_loopback_or_configured() {
    assert!(allowed().check_origin(&HeaderMap::new()).is_ok());
    let good = [
        "http://localhost:5173",
        "http://127.0.0.1:2001",
        "https://127.8.9.1",
        "http://[::1]:2001",
        "http://[::1]",
        "https://traces.example.com",
    ];
    for origin in good {
        assert!(origin_passes(origin), "{origin}");
    }
}

#[test]
fn origin_of_a_foreign_page_is_refused() {
    let bad = [
        "null",
        "https://evil.example",
        "http://traces.example.com",
        "https://traces.example.com.evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost:2001.evil.example",
        "http://localhost@evil.example",
        "http://[::1]evil.example",
        "file://localhost",
        "",
    ];
    for origin in bad {
        assert!(!origin_passes(origin), "{origin}");
    }
}

#[test]
fn host_passes_only_when_loopback_or_configured() {
    for host in [
        "localhost:2001",
        "127.0.0.1:2001",
        "[::1]:2001",
        "Traces.Example.com",
    ] {
        assert!(host_passes(host), "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:2001",
        "traces.example.com:81",
        "",
    ] {
        assert!(!host_passes(host), "{host}");
    }
    assert!(allowed().check_host(&HeaderMap::new()).is_err());
}
