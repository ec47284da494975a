//! What a search finds, in sum: over time, by response time, by facet.

use roentgen_model::assembly::facts::{Class, Flags, TimeRange};
use roentgen_model::time::round_to_millis;
use roentgen_model::{TraceFacts, UnixNanos};
use roentgen_store::source::TimeBasis;

use super::facets::{Facets, FacetsRequest};
use super::response_times::ResponseTimes;

#[cfg(test)]
mod tests;

/// What to sum up.
#[derive(Clone, Debug)]
pub struct AggregatesRequest {
    /// Windows of the timeline; bounds its memory, about 8 kB each.
    pub timeline_windows: u32,
    pub facets: FacetsRequest,
}

/// Sums over the traces added.
#[derive(Clone, Debug)]
pub struct Aggregates {
    pub timeline: Timeline,
    pub response_times: ResponseTimes,
    pub facets: Facets,
}

/// The range in windows of equal length; the last may reach beyond the range.
#[derive(Clone, Debug)]
pub struct Timeline {
    pub start: UnixNanos,
    pub window_nanos: i64,
    pub windows: Vec<Window>,
}

/// Traces that start in a window, by class; those that started before the range are in the first.
#[derive(Clone, Debug, Default)]
pub struct Window {
    pub classes: ClassCounts,
    pub response_times: ResponseTimes,
}

/// Traces by their one class: fault before throttle before error, as everywhere (segments.md 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassCounts {
    pub ok: u64,
    pub error: u64,
    pub fault: u64,
    pub throttle: u64,
}

impl Aggregates {
    /// Sums of nothing.
    #[must_use]
    pub fn new(range: &TimeRange, basis: TimeBasis, request: AggregatesRequest) -> Self {
        let seen = (basis == TimeBasis::Service).then(|| range.clone());
        Self {
            timeline: Timeline::new(range, request.timeline_windows),
            response_times: ResponseTimes::default(),
            facets: Facets::new(request.facets, seen),
        }
    }

    /// Adds a trace.
    pub fn add(&mut self, facts: &TraceFacts) {
        let class = class(facts);
        let millis = facts.response_time_nanos.map(round_to_millis);
        if let Some(window) = self.timeline.window(facts.start) {
            window.classes.add(class);
            millis.inspect(|millis| window.response_times.add(*millis));
        }
        millis.inspect(|millis| self.response_times.add(*millis));
        self.facets.add(facts, class);
    }
}

/// The class of a whole trace: by its root, and by any throttled segment, as summaries tell.
fn class(facts: &TraceFacts) -> Class {
    let flags = Flags {
        error: facts.has_error,
        throttle: facts.has_throttle,
        fault: facts.has_fault,
    };
    flags.class()
}

impl Timeline {
    fn new(range: &TimeRange, windows: u32) -> Self {
        let length = range.end.0.saturating_sub(range.start.0).max(1);
        let windows = i64::from(windows.max(1));
        let window_nanos = length / windows + i64::from(length % windows != 0);
        let count = length / window_nanos + i64::from(length % window_nanos != 0);
        let count = usize::try_from(count).unwrap_or(0);
        Self {
            start: range.start,
            window_nanos,
            windows: vec![Window::default(); count],
        }
    }

    fn window(&mut self, time: UnixNanos) -> Option<&mut Window> {
        let from_start = time.0.saturating_sub(self.start.0).max(0);
        let at = usize::try_from(from_start / self.window_nanos).unwrap_or(usize::MAX);
        let at = at.min(self.windows.len().saturating_sub(1));
        self.windows.get_mut(at)
    }
}

impl ClassCounts {
    /// Counts one of a class.
    pub fn add(&mut self, class: Class) {
        *match class {
            Class::Ok => &mut self.ok,
            Class::Error => &mut self.error,
            Class::Throttle => &mut self.throttle,
            Class::Fault => &mut self.fault,
        } += 1;
    }

    /// Of all classes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ok + self.error + self.fault + self.throttle
    }
}
