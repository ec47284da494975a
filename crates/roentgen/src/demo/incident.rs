//! Troubles that come and go: each lasts about a minute; the first begins within ten seconds.

use roentgen_model::UnixNanos;

/// What is wrong in the shop at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incident {
    None,
    /// PostgreSQL answers ten times slower.
    SlowDatabase,
    /// The payment service answers 5xx to most calls.
    FailingPayments,
}

const CALM_SECS: i64 = 8;
const INCIDENT_SECS: i64 = 60;
const PAUSE_SECS: i64 = 45;

/// The incident `at` a time, in a shop that opened at `start`: eight calm seconds, then a minute of one
/// trouble, a pause, a minute of the other, and so on.
pub(crate) fn at(start: UnixNanos, at: UnixNanos) -> Incident {
    let since = at.secs() - start.secs() - CALM_SECS;
    if since < 0 {
        return Incident::None;
    }
    let period = INCIDENT_SECS + PAUSE_SECS;
    match (since % period < INCIDENT_SECS, since / period % 2) {
        (true, 0) => Incident::FailingPayments,
        (true, _) => Incident::SlowDatabase,
        (false, _) => Incident::None,
    }
}
