//! Time inside the house: integer nanoseconds since the Unix epoch.
//!
//! X-Ray writes decimal epoch seconds; a 64-bit float holds today's only to about a quarter of a
//! microsecond, so times are read from and written as decimal text.

use std::fmt;

#[cfg(test)]
mod tests;

const NANOS_PER_SEC: i64 = 1_000_000_000;

/// A point in time: nanoseconds since the Unix epoch, may be negative, range about ±292 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixNanos(pub i64);

/// Order of arrival (LOG-3): nanoseconds, strictly increasing per store over clock steps and restarts.
/// Wherever a spec says "later", the stamp decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(pub i64);

impl UnixNanos {
    /// The point `secs` whole seconds after the epoch (saturating).
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SEC))
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(NANOS_PER_SEC)
    }

    /// Reads a JSON number of epoch seconds exactly, from its text (`1568835610.432`,
    /// `1.568835610432E9`); digits beyond the nanosecond are rounded half away from zero.
    /// `None`: not a number, or beyond the range of this type.
    #[must_use]
    pub fn from_decimal_secs(text: &str) -> Option<Self> {
        decimal_nanos(text).map(Self)
    }

    /// Reads a float of epoch seconds, rounded to the microsecond a float can hold.
    #[must_use]
    pub fn from_f64_secs(secs: f64) -> Option<Self> {
        let micros = (secs * 1e6).round();
        if !micros.is_finite() || micros.abs() > 9.2e15 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded on the line above")]
        Some(Self(micros as i64 * 1000))
    }

    /// Nanoseconds from `earlier` to `self`, 0 if negative (clock skew, segments.md 2.1).
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        let d = self.0.saturating_sub(earlier.0);
        if d < 0 { 0 } else { d }
    }

    /// Epoch seconds as a float, for places where a client's JSON number is wanted.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        nanos_to_secs_f64(self.0)
    }
}

/// Prints decimal epoch seconds in the shortest exact form: `1568835610.432`, `12.0`.
impl fmt::Display for UnixNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let abs = self.0.unsigned_abs();
        let fraction = format!("{:09}", abs % 1_000_000_000);
        let trimmed = fraction.trim_end_matches('0');
        let shown = if trimmed.is_empty() { "0" } else { trimmed };
        write!(f, "{sign}{}.{shown}", abs / 1_000_000_000)
    }
}

/// Nanoseconds as seconds, correctly rounded from the decimal text (so that 0.3 s prints as `0.3`).
#[must_use]
pub fn nanos_to_secs_f64(nanos: i64) -> f64 {
    UnixNanos(nanos).to_string().parse().unwrap_or(0.0)
}

/// Duration rounded half up to whole milliseconds, as summaries show it (filter-expressions.md 4.2).
#[must_use]
pub const fn round_to_millis(nanos: i64) -> i64 {
    (nanos.saturating_add(500_000)).div_euclid(1_000_000)
}

fn decimal_nanos(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The value is 0.<digits> * 10^point; nanoseconds keep the first `point + 9` of the digits.
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let keep = point.checked_add(9)?;
    let mut nanos: i64 = 0;
    let mut seen: i64 = 0;
    for digit in digits().map(|b| i64::from(b - b'0')) {
        if seen >= keep {
            if seen == keep && digit >= 5 {
                nanos = nanos.checked_add(1)?;
            }
            break;
        }
        nanos = nanos.checked_mul(10)?.checked_add(digit)?;
        seen += 1;
    }
    while seen < keep && nanos != 0 {
        nanos = nanos.checked_mul(10)?;
        seen += 1;
    }
    Some(if negative { -nanos } else { nanos })
}
