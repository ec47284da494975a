//! Makes segment documents whose times and ids are fresh, and otherwise the same every time.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The seconds since the Unix epoch: the server refuses what is too old, so tests need today's.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the server under test has the machine's clock"
)]
pub fn now_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A maker of documents around one start time.
#[derive(Debug, Clone)]
pub struct Documents {
    /// The start of everything, in whole seconds since the epoch.
    pub start_secs: u64,
    /// Distinguishes the ids of this maker from those of others.
    pub series: u16,
}

impl Documents {
    /// Returns a maker whose traces began `ago_secs` before now.
    #[must_use]
    pub fn new(series: u16, ago_secs: u64) -> Documents {
        Documents {
            start_secs: now_secs() - ago_secs,
            series,
        }
    }

    /// The id of the trace `number`.
    #[must_use]
    pub fn trace_id(&self, number: u32) -> String {
        format!(
            "1-{:08x}-{:04x}{:012x}{number:08x}",
            self.start_secs, self.series, 0
        )
    }

    /// The id of the entity `number` of the trace `trace`.
    #[must_use]
    pub fn id(&self, trace: u32, number: u16) -> String {
        format!("{:04x}{trace:08x}{number:04x}", self.series)
    }

    /// A time `millis` after the start.
    #[must_use]
    pub fn at(&self, millis: u32) -> f64 {
        let secs = self.start_secs + u64::from(millis / 1000);
        // Through the decimal text: a sum of doubles is not always the nearest one.
        let text = format!("{secs}.{:03}", millis % 1000);
        text.parse().expect("digits with a point are a number")
    }

    /// A complete segment of the trace `trace` from `from` to `to` (milliseconds after the start).
    #[must_use]
    pub fn segment(&self, trace: u32, number: u16, name: &str, from: u32, to: u32) -> Value {
        json!({
            "name": name,
            "id": self.id(trace, number),
            "trace_id": self.trace_id(trace),
            "start_time": self.at(from),
            "end_time": self.at(to),
        })
    }
}
