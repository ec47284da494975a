//! Says which documents of datagrams were refused, damped (daemon.md 10 "L"): whoever can send
//! datagrams must not be able to fill the disk with log lines.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use roentgen_model::document::Refusal;

#[cfg(test)]
mod tests;

/// Between two lines about the same code.
const PAUSE: Duration = Duration::from_secs(10);

/// One line per code and pause; the counters have the exact numbers, `debug` every document.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    codes: HashMap<&'static str, Said>,
}

#[derive(Debug)]
struct Said {
    at: Instant,
    since: u64,
}

impl RefusalLog {
    /// Takes note of a refusal, and says so unless a line about its code was written a moment ago.
    pub(crate) fn refused(&mut self, refusal: &Refusal, now: Instant) {
        let (code, segment_id) = (refusal.code.as_str(), refusal.id.as_deref());
        tracing::debug!(code, segment_id, "document of a datagram refused");
        if let Some(documents) = self.due(code, now) {
            tracing::info!(
                code,
                segment_id,
                documents,
                "documents of datagrams refused, the last has this id"
            );
        }
    }

    /// The refusals since the last line, this one included, if it is time for a line.
    fn due(&mut self, code: &'static str, now: Instant) -> Option<u64> {
        let Some(said) = self.codes.get_mut(code) else {
            self.codes.insert(code, Said { at: now, since: 0 });
            return Some(1);
        };
        said.since += 1;
        if now.saturating_duration_since(said.at) < PAUSE {
            return None;
        }
        said.at = now;
        Some(std::mem::take(&mut said.since))
    }
}
