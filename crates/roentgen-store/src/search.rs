//! What every store does alike in a search: who is in range, who matches, and how sources that are
//! each in page order become one page (PAGE-1).

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::EvalContext;
use roentgen_model::{TraceFacts, TraceId, UnixNanos};

use crate::plan::Plan;
use crate::source::{PageKey, QueryControl, ScanPage, StoreError, TimeBasis};

#[cfg(test)]
mod tests;

/// How many steps go between two looks at the query's control.
const STEPS_PER_CHECK: u64 = 1024;

/// The place of a trace in page order.
pub(crate) fn page_key(facts: &TraceFacts) -> PageKey {
    PageKey {
        t0: facts.t0,
        trace_id: facts.trace_id,
    }
}

/// True if the trace is in the half-open range (api.md GetTraceSummaries, TIME-1).
pub(crate) fn is_in_range(facts: &TraceFacts, basis: TimeBasis, range: &TimeRange) -> bool {
    match basis {
        TimeBasis::TraceId => range.contains(&facts.t0),
        TimeBasis::Event => {
            let end = facts.end.unwrap_or(facts.start).max(facts.start);
            facts.start < range.end && end >= range.start
        }
        TimeBasis::Service => {
            let segments = facts.entities.iter().filter(|entity| entity.node.is_some());
            segments
                .filter_map(|entity| entity.end)
                .any(|end| range.contains(&end))
        }
    }
}

/// What evaluation needs to know of a search.
pub(crate) fn eval_context(basis: TimeBasis, range: &TimeRange) -> EvalContext {
    EvalContext {
        service_range: (basis == TimeBasis::Service).then(|| range.clone()),
    }
}

/// The exact answer of a plan for one trace, by the one evaluator (PLAN-1).
pub(crate) fn matches(plan: &Plan, facts: &TraceFacts, context: &EvalContext) -> bool {
    plan.filter
        .as_ref()
        .is_none_or(|filter| filter.matches(facts, context))
}

/// A trace that a source examined.
#[derive(Clone, Debug)]
pub(crate) struct Examined {
    pub(crate) key: PageKey,
    /// The facts, if the trace matches.
    pub(crate) found: Option<Arc<TraceFacts>>,
}

/// Traces in page order; sources of one page hold different traces (HOME-1).
pub(crate) trait PageSource {
    /// The next trace examined; `None` at the end of the range.
    fn next(&mut self, control: &QueryControl) -> Result<Option<Examined>, StoreError>;

    /// No trace of the source is newer than this: until the page comes down to it, the source is not
    /// touched.
    fn newest(&self) -> PageKey {
        PageKey {
            t0: UnixNanos(i64::MAX),
            trace_id: TraceId::from_bytes([0xff; 16]),
        }
    }
}

/// The first traces of all sources together, newest first, until one of the bounds is reached.
pub(crate) fn page(
    mut sources: Vec<Box<dyn PageSource + '_>>,
    matches_max: usize,
    examined_max: u64,
    control: &QueryControl,
) -> Result<ScanPage, StoreError> {
    control.check()?;
    let untouched = sources.iter().enumerate().map(|(source, reader)| Head {
        key: reader.newest(),
        source,
        examined: None,
    });
    let mut heads: BinaryHeap<Head> = untouched.collect();
    let mut page = ScanPage::default();
    let mut last = None;
    while let Some(head) = heads.pop() {
        let source = head.source;
        if let Some(examined) = head.examined {
            let is_full =
                page.matches.len() >= matches_max.max(1) || page.examined >= examined_max.max(1);
            // One id in two scopes is one place in page order: a page never ends between them.
            if is_full && last != Some(examined.key) {
                page.next = last;
                break;
            }
            debug_assert!(
                last.is_none_or(|last| examined.key <= last),
                "PAGE-1: newest first"
            );
            last = Some(examined.key);
            page.examined += 1;
            page.matches.extend(examined.found);
            if page.examined % STEPS_PER_CHECK == 0 {
                control.check()?;
            }
        }
        if let Some(reader) = sources.get_mut(source) {
            heads.extend(reader.next(control)?.map(|examined| Head {
                key: examined.key,
                source,
                examined: Some(examined),
            }));
        }
    }
    Ok(page)
}

/// The next trace of one source, or a source not touched yet (`examined` is `None`), which comes
/// before a trace of the same key. The greatest key comes first.
struct Head {
    key: PageKey,
    source: usize,
    examined: Option<Examined>,
}

impl Head {
    fn place(&self) -> (PageKey, bool, usize) {
        (self.key, self.examined.is_none(), self.source)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}
