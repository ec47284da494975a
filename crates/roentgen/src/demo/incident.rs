//! Troubles that come and go. While somebody looks, each lasts about a minute, and the first begins within ten
//! seconds; before, there was one of each, long enough to be seen on a chart and found as an insight.

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

/// Minutes before the opening, half-open: from, to.
pub(crate) const PAST_SLOW_DATABASE: (i64, i64) = (70, 58);
pub(crate) const PAST_FAILING_PAYMENTS: (i64, i64) = (22, 5);

/// The incident so many minutes before the opening.
pub(crate) fn before(minutes: i64) -> Incident {
    let within = |(from, to): (i64, i64)| minutes <= from && minutes > to;
    if within(PAST_FAILING_PAYMENTS) {
        Incident::FailingPayments
    } else if within(PAST_SLOW_DATABASE) {
        Incident::SlowDatabase
    } else {
        Incident::None
    }
}
