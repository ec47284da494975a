//! Pages of trace summaries (api.md GetTraceSummaries, PAGE-1).

use std::sync::Arc;

use crate::plan::compile;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::{Filter, NoGroups};
use roentgen_model::summary::TraceSummary;
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_store::plan::{Columns, Plan};
use roentgen_store::source::{
    PageKey, QueryControl, ScanRequest, StoreError, TimeBasis, TraceReader,
};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Summaries of one page (limits.md, our choice).
pub const SUMMARIES_PER_PAGE_MAX: usize = 1_000;
/// Traces examined for one page (limits.md, our choice).
pub const EXAMINED_PER_PAGE_MAX: u64 = 10_000;
/// Traces counted at a time for the share of a partial scan.
const COUNTED_AT_A_TIME: u64 = 100_000;

/// A search.
#[derive(Clone, Debug)]
pub struct SummariesRequest {
    pub scopes: Vec<Scope>,
    pub basis: TimeBasis,
    /// Half-open.
    pub range: TimeRange,
    /// `None` matches every trace.
    pub filter: Option<Arc<Filter>>,
    pub sampling: Sampling,
    /// Bounds of a page; the constants above but in tests.
    pub matches_max: usize,
    pub examined_max: u64,
}

/// Which of the matching traces to answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampling {
    All,
    /// Each with this probability, decided by a hash of its id: calls and pages agree.
    FixedRate(f64),
    /// Examine only this share of the range's traces, newest first.
    PartialScan(f64),
}

/// Where a page ended, as its token keeps it: the last key examined, no block, row or view (PAGE-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    t0_nanos: i64,
    trace_id: [u8; 16],
    /// Traces a partial scan may still examine.
    left: Option<u64>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct SummariesPage {
    /// Newest first: (T0, trace id) descending.
    pub summaries: Vec<TraceSummary>,
    /// The T0 down to which the scan has come; on the last page the start of the range.
    pub approximate_time: UnixNanos,
    /// Traces examined, matching or not, before sampling.
    pub processed: u64,
    pub next: Option<Cursor>,
}

/// The page after `cursor`, or the first.
///
/// # Errors
/// [`StoreError`] of the reader.
pub fn summaries_page(
    reader: &dyn TraceReader,
    request: &SummariesRequest,
    cursor: Option<Cursor>,
    control: &QueryControl,
) -> Result<SummariesPage, StoreError> {
    let left = match cursor {
        Some(cursor) => cursor.left,
        None => scan_budget(reader, request, control)?,
    };
    let plan = request
        .filter
        .as_ref()
        .map_or_else(Plan::default, |filter| compile(filter, request.basis));
    let scan = ScanRequest {
        scopes: request.scopes.clone(),
        basis: request.basis,
        range: request.range.clone(),
        plan: Arc::new(plan),
        after: cursor.map(|cursor| PageKey {
            t0: UnixNanos(cursor.t0_nanos),
            trace_id: TraceId::from_bytes(cursor.trace_id),
        }),
        matches_max: request.matches_max,
        examined_max: left.map_or(request.examined_max, |left| left.min(request.examined_max)),
    };
    let page = reader.scan(&scan, control)?;
    let left = left.map(|left| left.saturating_sub(page.examined));
    let next = page.next.filter(|_| left != Some(0)).map(|key| Cursor {
        t0_nanos: key.t0.0,
        trace_id: key.trace_id.bytes(),
        left,
    });
    let event_range = (request.basis == TimeBasis::Event).then_some(&request.range);
    let sampled = page
        .matches
        .iter()
        .filter(|facts| request.sampling.keeps(facts.trace_id));
    Ok(SummariesPage {
        summaries: sampled
            .map(|facts| TraceSummary::new(facts, event_range))
            .collect(),
        approximate_time: next.map_or(request.range.start, |cursor| UnixNanos(cursor.t0_nanos)),
        processed: page.examined,
        next,
    })
}

impl Sampling {
    fn keeps(self, trace_id: TraceId) -> bool {
        match self {
            Self::FixedRate(rate) => rate >= 1.0 || hash_share(trace_id) < rate,
            Self::All | Self::PartialScan(_) => true,
        }
    }
}

/// A number in 0–1 made of the id.
#[expect(clippy::cast_precision_loss, reason = "53 bits of a hash are enough")]
fn hash_share(trace_id: TraceId) -> f64 {
    trace_id.share_hash() as f64 / 2_f64.powi(64)
}

/// How many traces a partial scan may examine: its share of those in range, at least one.
fn scan_budget(
    reader: &dyn TraceReader,
    request: &SummariesRequest,
    control: &QueryControl,
) -> Result<Option<u64>, StoreError> {
    let Sampling::PartialScan(share) = request.sampling else {
        return Ok(None);
    };
    if share >= 1.0 {
        return Ok(None);
    }
    let total = count(reader, request, control)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count; one more or less does not matter"
    )]
    let budget = (total as f64 * share).ceil() as u64;
    Ok(Some(budget.max(1)))
}

/// Traces in range: what a search examines that matches nothing.
fn count(
    reader: &dyn TraceReader,
    request: &SummariesRequest,
    control: &QueryControl,
) -> Result<u64, StoreError> {
    let never = Filter::parse("responsetime < 0", &NoGroups)
        .expect("the text is a filter expression that no trace matches");
    let mut scan = ScanRequest {
        scopes: request.scopes.clone(),
        basis: request.basis,
        range: request.range.clone(),
        plan: Arc::new(Plan {
            filter: Some(Arc::new(never)),
            columns: Columns::None,
        }),
        after: None,
        matches_max: 1,
        examined_max: COUNTED_AT_A_TIME,
    };
    let mut total = 0;
    loop {
        control.check()?;
        let page = reader.scan(&scan, control)?;
        total += page.examined;
        if page.next.is_none() {
            return Ok(total);
        }
        scan.after = page.next;
    }
}
