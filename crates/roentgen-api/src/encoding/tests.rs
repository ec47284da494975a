use std::io::Read;

use flate2::read::GzDecoder;
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
fn pieces_can_be_unpacked_as_they_come() {
    let mut stream = GzipStream::new();
    let mut packed = stream.piece(b"event: rows\n").unwrap().to_vec();
    let mut seen = [0; 12];
    GzDecoder::new(&packed[..]).read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"event: rows\n");
    packed.extend(stream.piece(b"more").unwrap());
    packed.extend(stream.end().unwrap());
    let mut all = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut all)
        .unwrap();
    assert_eq!(all, "event: rows\nmore");
}

#[test]
fn short_answers_are_not_packed() {
    assert_eq!(gzip(&[b'a'; 1023]), None);
    assert!(gzip(&[b'a'; 1024]).unwrap().len() < 100);
}
