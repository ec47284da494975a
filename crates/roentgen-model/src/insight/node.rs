//! When a node is in an incident (groups-insights.md 4, "Open", "Close").

use std::collections::VecDeque;

use super::{Baseline, Counts, RECENT_MINUTES, minutes_after, minutes_between};
use crate::time::UnixNanos;

#[cfg(test)]
mod tests;

/// Anomalous minutes among the recent ones that open an incident; of a learning node all must be.
const OPEN_MINUTES: usize = 3;
/// Normal minutes with requests, or minutes without any, that close one.
const QUIET_MINUTES: u32 = 10;
const SILENT_MINUTES: i64 = 30;

/// One node of a group: what is usual, the recent minutes, and the incident it is in.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeState {
    pub baseline: Baseline,
    /// The minutes with requests among the last [`RECENT_MINUTES`], oldest first.
    pub recent: VecDeque<RecentMinute>,
    pub incident: Option<Incident>,
}

/// A minute as it was judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecentMinute {
    pub minute: UnixNanos,
    pub is_anomalous: bool,
    pub counts: Counts,
    /// Faults beyond the expected ones; negative below them.
    pub excess: f64,
}

/// A run of minutes in which a node failed more than usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incident {
    pub start: UnixNanos,
    pub last_anomalous: UnixNanos,
    pub last_request: UnixNanos,
    /// Minutes with requests since the last anomalous one.
    pub quiet_minutes: u32,
    /// Up to the last anomalous minute, and since then.
    pub counts: Counts,
    pub quiet_counts: Counts,
    /// Faults beyond the expected ones up to the last anomalous minute.
    pub excess: f64,
}

/// What a minute did to a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    None,
    Opened,
    /// Its incident is over; the state says no more about it.
    Closed(Incident),
}

impl Incident {
    /// End of the last anomalous minute, where the quiet run begins.
    #[must_use]
    pub const fn quiet_since(&self) -> UnixNanos {
        minutes_after(self.last_anomalous, 1)
    }

    /// Of the incident so far.
    #[must_use]
    pub const fn counts_so_far(&self) -> Counts {
        self.counts.plus(self.quiet_counts)
    }

    fn add(&mut self, judged: &RecentMinute) {
        self.last_request = judged.minute;
        if judged.is_anomalous {
            self.last_anomalous = judged.minute;
            self.counts = self.counts_so_far().plus(judged.counts);
            self.quiet_counts = Counts::default();
            self.quiet_minutes = 0;
            self.excess += judged.excess;
        } else {
            self.quiet_minutes += 1;
            self.quiet_counts = self.quiet_counts.plus(judged.counts);
        }
    }

    fn is_over(&self, minute: UnixNanos) -> bool {
        self.quiet_minutes >= QUIET_MINUTES
            || minutes_between(self.last_request, minute) >= SILENT_MINUTES
    }
}

impl NodeState {
    /// A node first seen in this minute.
    #[must_use]
    pub const fn new(minute: UnixNanos) -> Self {
        Self {
            baseline: Baseline::new(minute),
            recent: VecDeque::new(),
            incident: None,
        }
    }

    /// The newest minute that this state knows of.
    #[must_use]
    pub fn last_request(&self) -> UnixNanos {
        let last = self.recent.back().map(|recent| recent.minute);
        last.map_or(self.baseline.as_of, |last| last.max(self.baseline.as_of))
    }

    /// What is usual as of a later minute, before that is judged.
    #[must_use]
    pub fn expected(&self, minute: UnixNanos) -> Baseline {
        match self.incident {
            Some(_) => self.baseline,
            None => self.baseline.at(minute),
        }
    }

    /// Judges the next minute with requests.
    pub fn judge(&mut self, minute: UnixNanos, counts: Counts) -> Change {
        self.baseline = self.expected(minute);
        let judged = RecentMinute {
            minute,
            is_anomalous: self.baseline.is_anomalous(counts),
            counts,
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            excess: counts.faults as f64 - self.baseline.mean(counts.total),
        };
        self.remember(judged);
        if let Some(incident) = &mut self.incident {
            incident.add(&judged);
            return self.close_if_over(minute);
        }
        if self.opens() {
            self.open(minute);
            return Change::Opened;
        }
        if !judged.is_anomalous {
            self.baseline.add(counts);
        }
        Change::None
    }

    /// Judges the next minute without requests; only nodes in an incident need it.
    pub fn judge_silence(&mut self, minute: UnixNanos) -> Change {
        self.close_if_over(minute)
    }

    /// Anomalous within the recent minutes.
    #[must_use]
    pub fn burns(&self, minute: UnixNanos) -> bool {
        let since = minutes_after(minute, 1 - RECENT_MINUTES);
        let incident = self.incident.as_ref();
        incident.is_some_and(|incident| incident.last_anomalous >= since)
    }

    fn close_if_over(&mut self, minute: UnixNanos) -> Change {
        match self.incident {
            Some(incident) if incident.is_over(minute) => {
                self.incident = None;
                self.baseline.skip_to(minute);
                Change::Closed(incident)
            }
            _ => Change::None,
        }
    }

    fn remember(&mut self, judged: RecentMinute) {
        let since = minutes_after(judged.minute, 1 - RECENT_MINUTES);
        self.recent.retain(|recent| recent.minute >= since);
        self.recent.push_back(judged);
    }

    /// The last minute is anomalous, and so are enough of the recent ones.
    fn opens(&self) -> bool {
        let needed = if self.baseline.is_learning() {
            usize::try_from(RECENT_MINUTES).unwrap_or(usize::MAX)
        } else {
            OPEN_MINUTES
        };
        let anomalous = self.recent.iter().filter(|recent| recent.is_anomalous);
        let is_last = self.recent.back().is_some_and(|last| last.is_anomalous);
        is_last && anomalous.count() >= needed
    }

    /// The incident began with the first of the recent anomalous minutes.
    fn open(&mut self, minute: UnixNanos) {
        let first = self.recent.iter().position(|recent| recent.is_anomalous);
        let minutes = self.recent.iter().skip(first.unwrap_or(0));
        let mut incident = Incident {
            start: minute,
            last_anomalous: minute,
            last_request: minute,
            quiet_minutes: 0,
            counts: Counts::default(),
            quiet_counts: Counts::default(),
            excess: 0.0,
        };
        for recent in minutes {
            incident.start = incident.start.min(recent.minute);
            incident.add(recent);
        }
        self.incident = Some(incident);
    }
}
