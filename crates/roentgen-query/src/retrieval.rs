//! Trace retrieval (api.md "Transaction Search"): background jobs that find traces by id, whether they
//! are indexed or not (INDEX-1).
//!
//! A job ends with the ids it found and nothing more; [`retrieved_page`] and [`retrieved_graph`] read the
//! traces again when they are asked for, so that what is kept of a finished job is small. A trace that
//! has gone meanwhile is left out.
//!
//! Jobs live in memory: after a restart their tokens are unknown. They have places of their own, apart
//! from those of queries (LOAD-1): whoever starts one calls [`Retrievals::work`] on a blocking thread,
//! which runs what waits and returns when nothing does, or when enough others are at it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use roentgen_model::assembly::facts::TraceFacts;
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_store::clock::{Clock, Randomness};
use roentgen_store::source::{ErrorKind, QueryControl, StoreError, TraceReader};

mod graph;
mod pages;
#[cfg(test)]
mod tests;

pub use graph::{GraphLink, RetrievedGraph, links_of, retrieved_graph};
pub use pages::{
    PageBounds, RetrievedPage, RetrievedSpan, RetrievedTrace, SpansOfDocument, TakeSpan,
    TraceCursor, retrieved_page,
};

/// A job that has not finished so long after it was asked for ends with `TIMEOUT` (documented).
pub const TIMEOUT_SECS: i64 = 3_600;
/// How long a finished job is known (api.md, our choice).
pub const KEPT_SECS: i64 = 3_600;

/// Bounds of [`Retrievals`] (our choices).
#[derive(Clone, Copy, Debug)]
pub struct RetrievalSettings {
    /// Jobs that run at a time.
    pub running_max: usize,
    /// Jobs that wait for one that runs.
    pub waiting_max: usize,
    /// Jobs known at once, finished ones included; 2.4 kB each at most.
    pub kept_max: usize,
    /// Memory of one job, beside shared caches.
    pub memory_bytes_max: usize,
}

impl Default for RetrievalSettings {
    fn default() -> Self {
        Self {
            running_max: 2,
            waiting_max: 100,
            kept_max: 2_000,
            memory_bytes_max: 256 << 20,
        }
    }
}

/// What to retrieve.
#[derive(Clone, Debug)]
pub struct RetrievalRequest {
    pub scope: Scope,
    /// Distinct, in the order of the answer.
    pub trace_ids: Vec<TraceId>,
    /// Both ends count (documented): a trace is retrieved if anything between its earliest start and its
    /// latest end lies in the range (our choice).
    pub start: UnixNanos,
    pub end: UnixNanos,
}

/// Where a job is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetrievalStatus {
    Scheduled,
    Running,
    /// With the ids of the traces found, in the order of the request.
    Complete(Arc<[TraceId]>),
    Failed,
    Cancelled,
    Timeout,
}

impl RetrievalStatus {
    /// As the API spells it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Running => "RUNNING",
            Self::Complete(_) => "COMPLETE",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Timeout => "TIMEOUT",
        }
    }

    const fn is_final(&self) -> bool {
        !matches!(self, Self::Scheduled | Self::Running)
    }
}

/// As many jobs are known, or wait, as may be; the caller may come back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many trace retrievals are waiting or kept; try again later")]
pub struct TooManyRetrievals;

/// All jobs.
#[derive(Debug)]
pub struct Retrievals {
    settings: RetrievalSettings,
    clock: Arc<dyn Clock>,
    randomness: Randomness,
    jobs: Mutex<Jobs>,
}

#[derive(Debug, Default)]
struct Jobs {
    known: HashMap<String, Job>,
    /// Tokens of jobs that wait, oldest first.
    waiting: VecDeque<String>,
    /// Callers of [`Retrievals::work`] that have a place.
    workers: usize,
}

#[derive(Debug)]
struct Job {
    request: Arc<RetrievalRequest>,
    asked: UnixNanos,
    status: RetrievalStatus,
    /// `None` until `status` is final.
    finished: Option<UnixNanos>,
    control: QueryControl,
}

impl Job {
    /// Does nothing to a job that has finished: its first end counts.
    fn finish(&mut self, status: RetrievalStatus, now: UnixNanos) {
        if !self.status.is_final() {
            self.status = status;
            self.finished = Some(now);
            self.control.cancel();
        }
    }
}

impl Jobs {
    /// Ends what took too long, forgets what was kept long enough.
    fn sweep(&mut self, now: UnixNanos) {
        let passed = |since: UnixNanos| now.secs().saturating_sub(since.secs());
        self.known.retain(|_, job| {
            if passed(job.asked) >= TIMEOUT_SECS {
                job.finish(RetrievalStatus::Timeout, now);
            }
            job.finished.is_none_or(|at| passed(at) < KEPT_SECS)
        });
        let Self { known, waiting, .. } = self;
        waiting.retain(|token| {
            let job = known.get(token);
            job.is_some_and(|job| job.status == RetrievalStatus::Scheduled)
        });
    }
}

/// A job in the hands of a worker. One that is dropped unfinished (a panic) has failed.
struct Running<'a> {
    retrievals: &'a Retrievals,
    token: String,
    request: Arc<RetrievalRequest>,
    control: QueryControl,
}

impl Running<'_> {
    /// Ends with [`ErrorKind::Cancelled`] once the job is cancelled or late.
    fn check(&self) -> Result<(), StoreError> {
        let retrievals = self.retrievals;
        retrievals.jobs.lock().sweep(retrievals.clock.now());
        self.control.check()
    }

    fn finish(&self, status: RetrievalStatus) {
        let now = self.retrievals.clock.now();
        let mut jobs = self.retrievals.jobs.lock();
        jobs.sweep(now);
        if let Some(job) = jobs.known.get_mut(&self.token) {
            job.finish(status, now);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.finish(RetrievalStatus::Failed);
    }
}

/// A worker's place.
struct Place<'a> {
    retrievals: &'a Retrievals,
    is_held: bool,
}

impl<'a> Place<'a> {
    /// The job that waits longest. Without one the place is given back in the same step: a job that
    /// comes later finds it free.
    fn next_job(&mut self) -> Option<Running<'a>> {
        let retrievals = self.retrievals;
        let mut jobs = retrievals.jobs.lock();
        jobs.sweep(retrievals.clock.now());
        let Some(token) = jobs.waiting.pop_front() else {
            jobs.workers -= 1;
            self.is_held = false;
            return None;
        };
        let job = jobs.known.get_mut(&token);
        let job = job.expect("only known jobs wait after a sweep");
        job.status = RetrievalStatus::Running;
        Some(Running {
            retrievals,
            request: job.request.clone(),
            control: job.control.clone(),
            token,
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.is_held {
            self.retrievals.jobs.lock().workers -= 1;
        }
    }
}

impl Retrievals {
    /// No jobs yet. Tokens are drawn from `randomness`, which must not be predictable.
    #[must_use]
    pub fn new(settings: RetrievalSettings, clock: Arc<dyn Clock>, randomness: Randomness) -> Self {
        Self {
            settings,
            clock,
            randomness,
            jobs: Mutex::default(),
        }
    }

    /// Adds a job and gives its token: 64 hex digits that cannot be guessed. Nothing happens to it until
    /// somebody calls [`Self::work`].
    ///
    /// # Errors
    /// [`TooManyRetrievals`].
    pub fn start(&self, request: RetrievalRequest) -> Result<String, TooManyRetrievals> {
        let now = self.clock.now();
        let mut jobs = self.jobs.lock();
        jobs.sweep(now);
        if jobs.waiting.len() >= self.settings.waiting_max
            || jobs.known.len() >= self.settings.kept_max
        {
            return Err(TooManyRetrievals);
        }
        let (high, low) = (self.randomness.next_u128(), self.randomness.next_u128());
        let token = format!("{high:032x}{low:032x}");
        let job = Job {
            request: Arc::new(request),
            asked: now,
            status: RetrievalStatus::Scheduled,
            finished: None,
            control: QueryControl::new(self.settings.memory_bytes_max),
        };
        jobs.known.insert(token.clone(), job);
        jobs.waiting.push_back(token.clone());
        Ok(token)
    }

    /// Where a job of this scope is; `None`: there is none with this token, or it has been forgotten.
    #[must_use]
    pub fn status(&self, scope: &Scope, token: &str) -> Option<RetrievalStatus> {
        let mut jobs = self.jobs.lock();
        jobs.sweep(self.clock.now());
        let job = jobs.known.get(token)?;
        (job.request.scope == *scope).then(|| job.status.clone())
    }

    /// Cancels a job that has not finished; a finished one stays as it is. False: as
    /// [`Self::status`] without an answer.
    pub fn cancel(&self, scope: &Scope, token: &str) -> bool {
        let now = self.clock.now();
        let mut jobs = self.jobs.lock();
        jobs.sweep(now);
        let job = jobs.known.get_mut(token);
        let Some(job) = job.filter(|job| job.request.scope == *scope) else {
            return false;
        };
        job.finish(RetrievalStatus::Cancelled, now);
        jobs.sweep(now);
        true
    }

    /// Runs jobs until none waits; returns at once if enough others do. Blocks, like all reading.
    /// Returns why jobs failed, for the log.
    pub fn work(&self, reader: &dyn TraceReader) -> Vec<StoreError> {
        let mut failures = Vec::new();
        let Some(mut place) = self.take_place() else {
            return failures;
        };
        while let Some(job) = place.next_job() {
            match find_traces(reader, &job) {
                Ok(found) => job.finish(RetrievalStatus::Complete(found.into())),
                // Whoever cancelled has said why.
                Err(error) if error.kind() == ErrorKind::Cancelled => {}
                Err(error) => {
                    job.finish(RetrievalStatus::Failed);
                    failures.push(error);
                }
            }
        }
        failures
    }

    fn take_place(&self) -> Option<Place<'_>> {
        let mut jobs = self.jobs.lock();
        (jobs.workers < self.settings.running_max.max(1)).then(|| {
            jobs.workers += 1;
            Place {
                retrievals: self,
                is_held: true,
            }
        })
    }
}

/// The ids of the job whose traces are there and in the range. One trace is in memory at a time.
fn find_traces(reader: &dyn TraceReader, job: &Running<'_>) -> Result<Vec<TraceId>, StoreError> {
    let request = &*job.request;
    let scopes = std::slice::from_ref(&request.scope);
    let mut seen = HashSet::with_capacity(request.trace_ids.len());
    let mut found = Vec::new();
    for id in &request.trace_ids {
        job.check()?;
        if !seen.insert(*id) {
            continue;
        }
        let parts = reader.facts(scopes, std::slice::from_ref(id), &job.control)?;
        if parts.iter().any(|facts| is_in_range(facts, request)) {
            found.push(*id);
        }
    }
    Ok(found)
}

fn is_in_range(facts: &TraceFacts, request: &RetrievalRequest) -> bool {
    let end = facts.end.unwrap_or(facts.start).max(facts.start);
    facts.start <= request.end && end >= request.start
}
