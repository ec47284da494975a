use http::HeaderValue;

use super::*;

#[test]
fn weight_of_zero_is_a_refusal() {
    for (header, expected) in [
        ("gzip", true),
        ("br, GZIP;q=0.5", true),
        ("gzip;q=0", false),
        ("gzip; q=0.000", false),
        ("x-gzip", false),
        ("", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(header));
        assert_eq!(accepts(&headers, "gzip"), expected, "{header}");
    }
}

#[test]
fn short_answers_are_not_packed() {
    assert_eq!(gzip(&[b'a'; 1023]), None);
    assert!(gzip(&[b'a'; 1024]).unwrap().len() < 100);
}
