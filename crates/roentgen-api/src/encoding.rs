//! Packing of answers for the console: as `Accept-Encoding` says, and only where it saves something.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

#[cfg(test)]
mod tests;

/// Shorter answers fit into a packet as they are.
const PACKED_FROM_BYTES: usize = 1024;

/// `Accept-Encoding` names this coding, and not with a weight of 0.
#[must_use]
pub fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let lists = values.filter_map(|value| value.to_str().ok());
    let mut items = lists.flat_map(|list| list.split(','));
    items.any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=");
        let is_zero = weight.is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0));
        name.trim().eq_ignore_ascii_case(coding) && !is_zero
    })
}

/// The whole of an answer as gzip; `None` if it is not worth it.
pub(crate) fn gzip(bytes: &[u8]) -> Option<Bytes> {
    if bytes.len() < PACKED_FROM_BYTES {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).ok()?;
    Some(encoder.finish().ok()?.into())
}

/// Gzip of a stream, in pieces that a client can unpack as they come.
#[derive(Debug)]
pub(crate) struct GzipStream(GzEncoder<Vec<u8>>);

impl GzipStream {
    pub(crate) fn new() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::fast()))
    }

    /// The next piece, with everything given so far in it.
    pub(crate) fn piece(&mut self, bytes: &[u8]) -> std::io::Result<Bytes> {
        self.0.write_all(bytes)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()).into())
    }

    /// The last piece.
    pub(crate) fn end(self) -> std::io::Result<Bytes> {
        Ok(self.0.finish()?.into())
    }
}
