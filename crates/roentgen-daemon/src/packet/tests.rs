use super::*;

#[track_caller]
fn check(datagram: &[u8], expect: Result<&[u8], PacketError>) {
    assert_eq!(
        document(datagram),
        expect,
        "{}",
        String::from_utf8_lossy(datagram)
    );
}

#[test]
fn headers_of_all_sdks_are_accepted() {
    for header in [
        r#"{"format":"json","version":1}"#,
        r#"{"format": "json", "version": 1}"#,
        r#"{"Format":"JSON","VERSION":1}"#,
        "  {\"version\":1,\t\"format\":\"json\", \"x\":{\"y\":[1,2]}} \r",
        r#"{"f\u006frmat":"json","version":1}"#,
    ] {
        let datagram = format!("{header}\n{{}}");
        check(datagram.as_bytes(), Ok(b"{}"));
    }
}

#[test]
fn document_is_all_after_the_first_line_feed() {
    check(
        b"{\"format\":\"json\",\"version\":1}\n{\n\"a\":1\n}\n",
        Ok(b"{\n\"a\":1\n}\n"),
    );
    check(b"{\"format\":\"json\",\"version\":1}\n\n", Ok(b"\n"));
}

#[test]
fn bad_datagrams_name_their_fault() {
    check(b"", Err(PacketError::Empty));
    check(
        b"{\"format\":\"json\",\"version\":1}",
        Err(PacketError::MissingHeaderOrSegment),
    );
    check(
        b"{\"format\":\"json\",\"version\":1}\n",
        Err(PacketError::MissingHeaderOrSegment),
    );
    for header in [
        "",
        "json",
        "[]",
        "null",
        r#"{"format":"json"}"#,
        r#"{"version":1}"#,
        r#"{"format":"xml","version":1}"#,
        r#"{"format":"json","version":2}"#,
        r#"{"format":"json","version":1.0}"#,
        r#"{"format":"json","version":1e0}"#,
        r#"{"format":"json","version":"1"}"#,
        r#"{"format":1,"version":1}"#,
        r#"{"format":"json","version":1} x"#,
        r#"{"format":"json","version":1"#,
    ] {
        let datagram = format!("{header}\n{{}}");
        check(datagram.as_bytes(), Err(PacketError::InvalidHeader));
    }
    check(b"\xff\xfe\n{}", Err(PacketError::InvalidHeader));
    let nested = format!("{{\"x\":{}\n{{}}", "[".repeat(60_000));
    check(nested.as_bytes(), Err(PacketError::InvalidHeader));
}
