//! The task that judges: on the injected clock, once for every minute that is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use roentgen_control::insight_state::InsightRecord;
use roentgen_control::{Control, ControlError};
use roentgen_model::UnixNanos;
use roentgen_model::insight::{InsightEvent, MINUTE_NANOS, minute_of};
use roentgen_store::clock::Clock;
use roentgen_store::source::{QueryControl, StoreError, TraceReader};
use tokio::sync::{mpsc, watch};

use super::judge::{Judge, SETTLE_NANOS, Verdict};
use super::published::PublishedInsights;

/// Memory of the judge's reads.
const READ_BYTES_MAX: usize = 256 << 20;
/// How often the clock is looked at, and how long a run that failed is left alone.
const POLL: Duration = Duration::from_secs(1);
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// An event that a group wants to be told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The insight as it is after the event.
    pub record: InsightRecord,
    pub event: InsightEvent,
}

/// What the judge stands on.
#[derive(Clone, Debug)]
pub struct InsightParts {
    pub reader: Arc<dyn TraceReader>,
    pub control: Arc<Control>,
    pub clock: Arc<dyn Clock>,
    /// How long traces are kept; insights as long.
    pub retention: Duration,
    /// Takes notifications; what does not fit is lost and counted. `None`: nobody is told.
    pub notifications: Option<mpsc::Sender<Notification>>,
}

/// Why a run failed. The next one makes up for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InsightError {
    #[error("read what insights are judged by")]
    Store(#[from] StoreError),
    #[error("keep what insights were found")]
    Control(#[from] ControlError),
    #[error("a bug stopped the judge")]
    Panicked,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunReport {
    pub minutes_read: u64,
    pub minutes_judged: u64,
    pub events: u64,
    pub notifications_dropped: u64,
    /// How long reading and judging took.
    pub took: Duration,
}

/// Judges minutes and publishes insights (INS-1).
#[derive(Debug)]
pub struct InsightRunner {
    parts: InsightParts,
    judge: Arc<Mutex<Judge>>,
    published: Arc<PublishedInsights>,
    /// Cancelled when the server stops.
    query: QueryControl,
}

impl InsightRunner {
    /// A runner that goes on where the last one stopped.
    ///
    /// # Errors
    /// [`ControlError`] of the settings' store.
    pub async fn open(parts: InsightParts) -> Result<Self, ControlError> {
        let state = parts.control.insight_state().await?;
        let retention = i64::try_from(parts.retention.as_nanos()).unwrap_or(i64::MAX);
        let judge = Judge::new(parts.control.scope().clone(), retention, &state);
        Ok(Self {
            judge: Arc::new(Mutex::new(judge)),
            published: Arc::new(PublishedInsights::restored(&state)),
            query: QueryControl::new(READ_BYTES_MAX),
            parts,
        })
    }

    /// What clients see; the same for the life of the runner.
    #[must_use]
    pub fn published(&self) -> Arc<PublishedInsights> {
        Arc::clone(&self.published)
    }

    /// Judges what is over and not judged yet, or was judged by counts that changed since, writes what that
    /// says, shows it, and tells who wants to know. An event is written before it is told and told only
    /// when it was newly written: after a crash in between it is not told at all, never twice.
    ///
    /// # Errors
    /// [`InsightError`]; nothing is shown that is not written.
    pub async fn run_once(&self) -> Result<RunReport, InsightError> {
        let now = self.parts.clock.now();
        let groups = self.parts.control.groups();
        let published = self.published.all();
        let (judge, reader) = (Arc::clone(&self.judge), Arc::clone(&self.parts.reader));
        let query = self.query.clone();
        let run = move || {
            let begun = Instant::now();
            let verdict = judge.lock().run(&*reader, &groups, &published, now, &query);
            verdict.map(|verdict| (verdict, begun.elapsed()))
        };
        let run = tokio::task::spawn_blocking(run);
        let (verdict, took) = run.await.map_err(|_| InsightError::Panicked)??;
        if !verdict.changes.is_empty() {
            self.parts.control.write_insights(&verdict.changes).await?;
        }
        self.published.apply(&verdict.changes);
        let report = RunReport {
            minutes_read: verdict.minutes_read,
            minutes_judged: verdict.minutes_judged,
            events: verdict.changes.events.len() as u64,
            notifications_dropped: self.tell(&verdict),
            took,
        };
        self.judge.lock().take_over(verdict);
        Ok(report)
    }

    /// Runs until told to stop, which ends a read in progress too. `report` learns of every run.
    pub async fn run(
        self,
        mut stop: watch::Receiver<bool>,
        mut report: impl FnMut(Result<RunReport, InsightError>) + Send,
    ) {
        let mut judged = None;
        loop {
            let mut pause = POLL;
            let due = due_minute(self.parts.clock.now());
            if judged != Some(due) {
                tokio::select! {
                    outcome = self.run_once() => {
                        match outcome {
                            Ok(_) => judged = Some(due),
                            Err(_) => pause = AFTER_FAILURE,
                        }
                        report(outcome);
                    }
                    _ = stop.wait_for(|stop| *stop) => {
                        self.query.cancel();
                        return;
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Hands notifications on; says how many were lost.
    fn tell(&self, verdict: &Verdict) -> u64 {
        let Some(sender) = &self.parts.notifications else {
            return 0;
        };
        let mut dropped = 0;
        for (id, event) in &verdict.notifications {
            if let Some(published) = self.published.find(*id) {
                let notification = Notification {
                    record: published.record.clone(),
                    event: event.clone(),
                };
                dropped += u64::from(sender.try_send(notification).is_err());
            }
        }
        dropped
    }
}

/// The last minute that a run at this time judges.
fn due_minute(now: UnixNanos) -> UnixNanos {
    minute_of(UnixNanos(now.0.saturating_sub(SETTLE_NANOS + MINUTE_NANOS)))
}
