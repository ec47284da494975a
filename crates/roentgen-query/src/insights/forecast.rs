//! Expected fault counts of past windows: `ServiceForecastStatistics` (service-graph.md 7).

use std::collections::BTreeMap;
use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::graph::{EdgeRow, RowKind, RowTime};
use roentgen_model::insight::node::NodeState;
use roentgen_model::insight::{Band, Counts, MINUTE_NANOS, PAST_MINUTES, minute_of, minutes_after};
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::source::{
    QueryControl, RowGrain, RowSelector, StoreError, TotalsRequest, TraceReader,
};

#[cfg(test)]
mod tests;

/// Minutes read at a time.
const MINUTES_AT_A_TIME: i64 = 60;

/// Which node's faults to forecast, and for which windows.
#[derive(Clone, Debug)]
pub struct ForecastRequest {
    pub scopes: Vec<Scope>,
    /// Unique id of the group whose members alone count; `None`: all traces, as of `Default`.
    pub group_id: Option<Arc<str>>,
    /// Selects the rows of the node; where several nodes match, they are taken as one.
    pub node: RowSelector,
    /// Half-open.
    pub range: TimeRange,
    /// Length of a window, whole minutes: 60 or 300.
    pub period_secs: i64,
}

/// The expected band of each window that has requests, by its start; windows are aligned to multiples of
/// the period since the epoch. A window is absent when the node had too little history before it.
///
/// Past forecasts replay the same way as insights are judged: the 24 h before the range are gone through
/// minute by minute. So a band says what was expected just before its window, whenever it is asked for. What
/// an incident of the node covered does not count as usual.
///
/// # Errors
/// [`StoreError`] of any kind.
pub fn forecast(
    reader: &dyn TraceReader,
    request: &ForecastRequest,
    control: &QueryControl,
) -> Result<BTreeMap<UnixNanos, Band>, StoreError> {
    let period_minutes = request.period_secs.max(60) / 60;
    let window_of = |time: UnixNanos| {
        let nanos = period_minutes.saturating_mul(MINUTE_NANOS);
        UnixNanos(time.0.saturating_sub(time.0.rem_euclid(nanos)))
    };
    let first_window = window_of(request.range.start);
    let mut replay = Replay::default();
    let mut minute = minutes_after(first_window, -PAST_MINUTES);
    while minute < request.range.end {
        let until = minutes_after(minute, MINUTES_AT_A_TIME);
        let counts = minutes(reader, request, minute..until, control)?;
        while minute < until {
            if minute >= first_window {
                replay.enter(window_of(minute), minute);
            }
            replay.judge(minute, counts.get(&minute).copied());
            minute = minutes_after(minute, 1);
        }
    }
    Ok(replay.bands(&request.range))
}

/// The node's counts of these minutes.
fn minutes(
    reader: &dyn TraceReader,
    request: &ForecastRequest,
    range: TimeRange,
    control: &QueryControl,
) -> Result<BTreeMap<UnixNanos, Counts>, StoreError> {
    let request = TotalsRequest {
        scopes: request.scopes.clone(),
        range,
        time: RowTime::Series,
        group_id: request.group_id.clone(),
        selector: request.node.clone(),
        grain: RowGrain::Counts,
    };
    let mut counts: BTreeMap<UnixNanos, Counts> = BTreeMap::new();
    for EdgeRow { key, sums } in reader.totals(&request, control)? {
        let is_node = matches!(key.kind, RowKind::RealNode | RowKind::InferredNode);
        let count = u64::try_from(sums.count).unwrap_or(0);
        if let Some(class) = key.class
            && is_node
            && count > 0
        {
            let minute = counts.entry(minute_of(key.end_slot)).or_default();
            minute.add(class, count);
        }
    }
    Ok(counts)
}

/// The node's past, gone through minute by minute.
#[derive(Debug, Default)]
struct Replay {
    node: Option<NodeState>,
    /// Of each window what was usual before it, and its requests.
    windows: BTreeMap<UnixNanos, Window>,
    open: Option<UnixNanos>,
}

#[derive(Debug)]
struct Window {
    before: Option<NodeState>,
    minute: UnixNanos,
    total: u64,
}

impl Replay {
    fn enter(&mut self, window: UnixNanos, minute: UnixNanos) {
        if self.open != Some(window) {
            let before = self.node.clone();
            let new = Window {
                before,
                minute,
                total: 0,
            };
            self.windows.insert(window, new);
            self.open = Some(window);
        }
    }

    fn judge(&mut self, minute: UnixNanos, counts: Option<Counts>) {
        if let Some(counts) = counts {
            let node = self.node.get_or_insert_with(|| NodeState::new(minute));
            node.judge(minute, counts);
            if let Some(window) = self.open.and_then(|open| self.windows.get_mut(&open)) {
                window.total = window.total.saturating_add(counts.total);
            }
        } else if let Some(node) = &mut self.node {
            node.judge_silence(minute);
        }
    }

    fn bands(&self, range: &TimeRange) -> BTreeMap<UnixNanos, Band> {
        let in_range = self.windows.range(..range.end);
        let bands = in_range.filter_map(|(start, window)| {
            let node = window.before.as_ref().filter(|_| window.total > 0)?;
            let usual = node.expected(window.minute);
            (!usual.is_learning()).then(|| (*start, usual.band(window.total)))
        });
        bands.collect()
    }
}
