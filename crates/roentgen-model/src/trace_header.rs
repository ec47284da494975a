//! The tracing header `X-Amzn-Trace-Id` (spec trace-header.md 1–3).

use std::fmt;

use crate::ids::{SegmentId, TraceId};

#[cfg(test)]
mod tests;

/// The header's name; compared without regard to case.
pub const TRACE_HEADER_NAME: &str = "X-Amzn-Trace-Id";
/// Bytes of extra fields (keys and values) that are written; what does not fit is left out.
pub const EXTRA_BYTES_MAX: usize = 256;

/// `Sampled`, where the caller wrote one; absent means undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sampled {
    /// `1`: record.
    Yes,
    /// `0`: do not record.
    No,
    /// `?`: decide, and tell the caller in the response.
    Requested,
}

/// A header's content. `Self` is never kept (it belongs to one hop through a load balancer).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceHeader {
    /// `None`: begin a new trace.
    pub root: Option<TraceId>,
    /// The caller's segment or subsegment; only there with a `root`.
    pub parent: Option<SegmentId>,
    pub sampled: Option<Sampled>,
    /// `Lineage` and free fields in the order received, to be copied unchanged.
    pub extras: Vec<(String, String)>,
    /// Malformed `Root`s met (0 or 1), for a counter.
    pub bad_roots: u32,
    /// Fields met more than once and ignored, for a counter.
    pub duplicates: u32,
}

impl TraceHeader {
    /// Reads a header's value, leniently: what is malformed is left out. `None`: nothing in it that
    /// counts, as if there were no header.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut read = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        let (mut root, mut parent) = (None, None);
        for field in value.split(';') {
            let Some((key, value)) = field.trim_matches([' ', '\t']).split_once('=') else {
                continue;
            };
            if key.is_empty() || value.is_empty() || !is_printable(key) || !is_printable(value) {
                continue;
            }
            if seen.iter().any(|earlier| earlier.eq_ignore_ascii_case(key)) {
                read.duplicates = read.duplicates.saturating_add(1);
                continue;
            }
            seen.push(key);
            match key.to_ascii_lowercase().as_str() {
                "root" => root = Some(value),
                "parent" => parent = Some(value),
                "sampled" => read.sampled = Sampled::parse(value),
                "self" => {}
                _ => read.extras.push((key.to_owned(), value.to_owned())),
            }
        }
        if seen.is_empty() {
            return None;
        }
        read.root = root.and_then(parse_root);
        read.bad_roots = u32::from(root.is_some() && read.root.is_none());
        read.parent = read.root.and(parent).and_then(parse_parent);
        Some(read)
    }
}

/// Writes `Root;Parent;Sampled;<extras>` without spaces. Extras that pass [`EXTRA_BYTES_MAX`] in total
/// are left out one by one.
impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut field = |key: &str, value: &dyn fmt::Display| {
            write!(f, "{separator}{key}={value}")?;
            separator = ";";
            Ok(())
        };
        if let Some(root) = self.root {
            field("Root", &root)?;
        }
        if let Some(parent) = self.parent {
            field("Parent", &parent)?;
        }
        if let Some(sampled) = self.sampled {
            field("Sampled", &sampled.as_str())?;
        }
        let mut room = EXTRA_BYTES_MAX;
        for (key, value) in &self.extras {
            if let Some(left) = room.checked_sub(key.len() + value.len()) {
                room = left;
                field(key, value)?;
            }
        }
        Ok(())
    }
}

impl Sampled {
    /// `1`, `0` or `?`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "1",
            Self::No => "0",
            Self::Requested => "?",
        }
    }

    fn parse(value: &str) -> Option<Self> {
        match value {
            "1" => Some(Self::Yes),
            "0" => Some(Self::No),
            "?" => Some(Self::Requested),
            _ => None,
        }
    }
}

/// An id whose 24-digit part is all zeros names no trace.
fn parse_root(value: &str) -> Option<TraceId> {
    let id = TraceId::parse_xray(value).ok()?;
    let [_, _, _, _, random @ ..] = id.bytes();
    (random != [0; 12]).then_some(id)
}

fn parse_parent(value: &str) -> Option<SegmentId> {
    value.parse().ok().filter(|id: &SegmentId| id.as_u64() != 0)
}

/// Our choice: fields that could not be written into a header again are skipped.
fn is_printable(text: &str) -> bool {
    text.bytes()
        .all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
}
