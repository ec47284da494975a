//! Numbers of answers, printed from integers so that no float dust shows.

use roentgen_model::UnixNanos;
use roentgen_model::time::round_to_millis;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

#[cfg(test)]
mod tests;

/// A time as a JSON number of epoch seconds with all its digits: `1568835610.432`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) UnixNanos);

/// Seconds with milliseconds, rounded half up: `0.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Millis {
    pub(crate) nanos: i64,
}

/// Seconds with all digits that nanoseconds have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds {
    pub(crate) nanos: i64,
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal(self.0.0, serializer)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal(
            round_to_millis(self.nanos).saturating_mul(1_000_000),
            serializer,
        )
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal(self.nanos, serializer)
    }
}

fn decimal<S: Serializer>(nanos: i64, serializer: S) -> Result<S::Ok, S::Error> {
    let number = RawValue::from_string(UnixNanos(nanos).to_string());
    number
        .expect("decimal seconds are a JSON number")
        .serialize(serializer)
}
