//! One datagram: a JSON header line, LF, one document (spec daemon.md 1.1, 1.2).

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

#[cfg(test)]
mod tests;

/// Why a datagram is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Nothing arrived.
    #[error("empty datagram")]
    Empty,
    /// No line feed, or nothing after it.
    #[error("missing header or segment")]
    MissingHeaderOrSegment,
    /// The header line is not `{"format":"json","version":1}` or a variant of it.
    #[error("invalid header")]
    InvalidHeader,
}

/// The document of a datagram: everything after the *first* line feed.
///
/// The header is read as leniently as the official daemon does: any JSON white space, key names and
/// `json` in any case, unknown keys ignored; the version must be the integer `1`.
///
/// # Errors
/// [`PacketError`]; the document itself is not looked at.
pub fn document(datagram: &[u8]) -> Result<&[u8], PacketError> {
    if datagram.is_empty() {
        return Err(PacketError::Empty);
    }
    let line_end = datagram.iter().position(|b| *b == b'\n');
    let line_end = line_end.ok_or(PacketError::MissingHeaderOrSegment)?;
    let (header, rest) = datagram.split_at(line_end);
    let document = rest.get(1..).unwrap_or_default();
    if document.is_empty() {
        return Err(PacketError::MissingHeaderOrSegment);
    }
    match serde_json::from_slice::<Header>(header) {
        Ok(Header {
            format_is_json: true,
            version_is_one: true,
        }) => Ok(document),
        _ => Err(PacketError::InvalidHeader),
    }
}

struct Header {
    format_is_json: bool,
    version_is_one: bool,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header {
            format_is_json: false,
            version_is_one: false,
        };
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key.eq_ignore_ascii_case("format") {
                let format = map.next_value::<std::borrow::Cow<'de, str>>()?;
                header.format_is_json = format.eq_ignore_ascii_case("json");
            } else if key.eq_ignore_ascii_case("version") {
                header.version_is_one = map.next_value::<Integer>()?.0 == 1;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(header)
    }
}

/// An integer written as one: `1.0`, `"1"` and `1e0` are errors.
struct Integer(i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer)
            .map(Self)
            .map_err(de::Error::custom)
    }
}
