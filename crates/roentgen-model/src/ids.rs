//! Trace ids and segment ids: newtypes over bytes that print in X-Ray's form.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

/// A trace id: 16 bytes. Prints as X-Ray's `1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx` (35 characters, lower
/// case); `1-` is the only version (spec segments.md 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// The id of a segment, subsegment or exception: 16 hex digits. Prints in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(u64);

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Neither `1-8hex-24hex` nor (where allowed) 32 hex digits.
    #[error("expected a trace id of the form `1-<8 hex>-<24 hex>`")]
    MalformedTraceId,
    /// Not exactly 16 hex digits.
    #[error("expected an id of 16 hex digits")]
    MalformedSegmentId,
}

impl TraceId {
    /// Length of the X-Ray form in characters.
    pub const TEXT_LEN: usize = 35;

    /// The id with these 16 bytes (4 bytes of conventional epoch seconds, 12 of randomness).
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, in the order of the printed form.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Parses X-Ray's form only, as `PutTraceSegments` does; hex in either case.
    ///
    /// # Errors
    /// [`IdError::MalformedTraceId`] for anything else, a W3C id without dashes included.
    pub fn parse_xray(text: &str) -> Result<Self, IdError> {
        let b = text.as_bytes();
        let shape = b.len() == Self::TEXT_LEN && b.starts_with(b"1-") && b.get(10) == Some(&b'-');
        let (Some(time), Some(rest), true) = (b.get(2..10), b.get(11..35), shape) else {
            return Err(IdError::MalformedTraceId);
        };
        let mut out = [0; 16];
        let digits = time.chunks_exact(2).chain(rest.chunks_exact(2));
        for (byte, pair) in out.iter_mut().zip(digits) {
            *byte = hex_byte(pair).ok_or(IdError::MalformedTraceId)?;
        }
        Ok(Self(out))
    }

    /// Parses X-Ray's form or the 32 hex digits of W3C Trace Context, as read operations do
    /// (segments.md 3, our choice).
    ///
    /// # Errors
    /// [`IdError::MalformedTraceId`] for anything else.
    pub fn parse_any(text: &str) -> Result<Self, IdError> {
        let b = text.as_bytes();
        if b.len() != 32 {
            return Self::parse_xray(text);
        }
        let mut out = [0; 16];
        for (byte, pair) in out.iter_mut().zip(b.chunks_exact(2)) {
            *byte = hex_byte(pair).ok_or(IdError::MalformedTraceId)?;
        }
        Ok(Self(out))
    }

    /// The first 4 bytes read as epoch seconds: the time of the original request by X-Ray's
    /// convention, meaningless in ids made elsewhere.
    #[must_use]
    pub const fn epoch_secs(self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// A number that decides about shares of traces: the first 8 bytes, big-endian, of SHA-256 of the 16
    /// id bytes (api.md UpdateIndexingRule, our choice).
    #[must_use]
    pub fn share_hash(self) -> u64 {
        let digest: [u8; 32] = Sha256::digest(self.0).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// 32 lower-case hex digits, the W3C form.
    #[must_use]
    pub fn w3c(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

impl SegmentId {
    /// The id with this numeric value.
    #[must_use]
    pub const fn from_u64(value: u64) -> Self {
        Self(value)
    }

    /// The numeric value; orders like the printed form.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for SegmentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let b = text.as_bytes();
        if b.len() != 16 {
            return Err(IdError::MalformedSegmentId);
        }
        let mut value = 0u64;
        for digit in b {
            value = value << 4 | u64::from(hex_digit(*digit).ok_or(IdError::MalformedSegmentId)?);
        }
        Ok(Self(value))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = u128::from_be_bytes(self.0);
        write!(f, "1-{:08x}-{:024x}", all >> 96, all & ((1 << 96) - 1))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    Some(hex_digit(*high)? << 4 | hex_digit(*low)?)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}
