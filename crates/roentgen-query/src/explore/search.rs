//! A search over everything in a range, step by step (docs/console-api.md): the caller shows what is
//! there, and may stop after every step.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::Filter;
use roentgen_model::summary::TraceSummary;
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_store::plan::Plan;
use roentgen_store::source::{
    PageKey, QueryControl, ScanRequest, StoreError, TimeBasis, TraceReader,
};

use super::aggregates::{Aggregates, AggregatesRequest};
use super::best::BestRows;
use crate::plan::compile;

#[cfg(test)]
mod tests;

/// Matches of the first step, so that something is there to be shown soon, and of the later ones.
const MATCHES_OF_STEP: (usize, usize) = (32, 1_024);
/// Traces examined in a step.
const EXAMINED_OF_STEP: u64 = 20_000;

/// In which order rows are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// (T0, id) descending; the only order that goes on after its last row.
    #[default]
    Newest,
    Oldest,
    /// By response time.
    Slowest,
    Fastest,
    /// By duration.
    Longest,
    Shortest,
}

/// What to search.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    pub scopes: Vec<Scope>,
    pub basis: TimeBasis,
    /// Half-open.
    pub range: TimeRange,
    /// `None` matches every trace.
    pub filter: Option<Arc<Filter>>,
    pub sort: Sort,
    pub rows_max: usize,
    /// Go on after this trace; with [`Sort::Newest`] only.
    pub after: Option<SearchCursor>,
    /// `None`: rows alone, and no further than they need.
    pub aggregates: Option<AggregatesRequest>,
}

/// The last row of a search (PAGE-1). Prints as text that holds nothing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchCursor(pub PageKey);

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub matched: u64,
    /// Examined, matching or not.
    pub scanned: u64,
    /// Everything in range from here on is searched. The range's start in the end.
    pub done_to: UnixNanos,
}

/// A search under way.
#[derive(Debug)]
pub struct Search {
    request: SearchRequest,
    scan: ScanRequest,
    best: BestRows,
    aggregates: Option<Aggregates>,
    progress: Progress,
    /// Rows handed out, newest first only.
    rows: usize,
    last_row: Option<PageKey>,
    has_more_rows: bool,
    is_over: bool,
}

impl Search {
    /// A search that has not looked at anything.
    #[must_use]
    pub fn new(request: SearchRequest) -> Self {
        let plan = match &request.filter {
            Some(filter) => compile(filter, request.basis),
            None => Plan::default(),
        };
        let (matches_max, _) = MATCHES_OF_STEP;
        let scan = ScanRequest {
            scopes: request.scopes.clone(),
            basis: request.basis,
            range: request.range.clone(),
            plan: Arc::new(plan),
            after: request.after.map(|SearchCursor(key)| key),
            matches_max,
            examined_max: EXAMINED_OF_STEP,
        };
        let aggregates = request.aggregates.clone();
        Self {
            best: BestRows::new(request.sort, request.rows_max),
            aggregates: aggregates
                .map(|wanted| Aggregates::new(&request.range, request.basis, wanted)),
            progress: Progress {
                matched: 0,
                scanned: 0,
                done_to: request.range.end,
            },
            rows: 0,
            last_row: None,
            has_more_rows: false,
            is_over: false,
            scan,
            request,
        }
    }

    /// Looks at some more traces. Answers the new rows of a search newest first; nothing when it is over.
    ///
    /// # Errors
    /// [`StoreError`] of the reader; the step may be tried again.
    pub fn step(
        &mut self,
        reader: &dyn TraceReader,
        control: &QueryControl,
    ) -> Result<Vec<TraceSummary>, StoreError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let page = reader.scan(&self.scan, control)?;
        let range = &self.request.range;
        let event_range = (self.request.basis == TimeBasis::Event).then_some(range);
        let mut rows = Vec::new();
        for facts in &page.matches {
            self.progress.matched += 1;
            if let Some(aggregates) = &mut self.aggregates {
                aggregates.add(facts);
            }
            if self.request.sort != Sort::Newest {
                self.best.offer(facts, event_range);
            } else if self.rows < self.request.rows_max {
                self.rows += 1;
                rows.push(TraceSummary::new(facts, event_range));
                self.last_row = Some(PageKey {
                    t0: facts.t0,
                    trace_id: facts.trace_id,
                });
            } else {
                self.has_more_rows = true;
            }
        }
        self.progress.scanned += page.examined;
        let done_to = page.next.map_or(range.start, |key| key.t0);
        self.progress.done_to = done_to.clamp(range.start, self.progress.done_to);
        let (_, matches_max) = MATCHES_OF_STEP;
        self.scan.matches_max = (self.scan.matches_max * 4).min(matches_max);
        self.scan.after = page.next;
        self.is_over = page.next.is_none() || self.has_all_that_is_wanted();
        self.has_more_rows |= page.next.is_some() && self.is_over;
        Ok(rows)
    }

    fn has_all_that_is_wanted(&self) -> bool {
        let has_rows = self.request.sort == Sort::Newest && self.rows >= self.request.rows_max;
        has_rows && self.aggregates.is_none()
    }

    /// Nothing is left to look at, or to look for.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Everything in range was looked at.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.is_over && self.scan.after.is_none()
    }

    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The best rows so far, for all orders but newest first.
    #[must_use]
    pub fn best_rows(&self) -> Vec<&TraceSummary> {
        self.best.rows()
    }

    #[must_use]
    pub fn aggregates(&self) -> Option<&Aggregates> {
        self.aggregates.as_ref()
    }

    /// More matches than rows: there are some that no row shows, or there may be.
    #[must_use]
    pub fn has_more_rows(&self) -> bool {
        match self.request.sort {
            Sort::Newest => self.has_more_rows,
            _ => self.progress.matched > self.request.rows_max as u64,
        }
    }

    /// Where rows go on, newest first; also of a search that was given up.
    #[must_use]
    pub fn cursor(&self) -> Option<SearchCursor> {
        if self.request.sort != Sort::Newest {
            return None;
        }
        let given_up = if self.is_over { None } else { self.scan.after };
        let after_rows = self.last_row.filter(|_| self.has_more_rows);
        after_rows.or(given_up).map(SearchCursor)
    }
}

impl fmt::Display for SearchCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PageKey { t0, trace_id } = self.0;
        write!(f, "{}.{trace_id}", t0.0)
    }
}

/// Not a cursor that a search printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a cursor that a search answered")]
pub struct CursorError;

impl FromStr for SearchCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (t0, trace_id) = text.split_once('.').ok_or(CursorError)?;
        let t0 = t0.parse().map_err(|_| CursorError)?;
        let trace_id = TraceId::parse_xray(trace_id).map_err(|_| CursorError)?;
        let t0 = UnixNanos(t0);
        Ok(Self(PageKey { t0, trace_id }))
    }
}
