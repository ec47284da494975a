//! Searches and totals over one view (VIEW-1): blocks and live snapshot by the same code.

use std::collections::VecDeque;
use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::EvalContext;
use roentgen_model::graph::{EdgeRow, RowTime, RowTotals};
use roentgen_model::{Scope, TraceFacts, TraceId, UnixNanos};

use super::Shared;
use super::reads::or_damaged;
use crate::block::{BlockScan, BlockSummary, MINUTE_SLOT_SECS, ScanBounds};
use crate::facts::{self, MINUTE_SECS};
use crate::live::LiveEntry;
use crate::plan::Plan;
use crate::search::{self, Examined, PageSource};
use crate::source::{
    PageKey, QueryControl, ScanPage, ScanRequest, StoreError, TimeBasis, TotalsRequest,
};
use crate::view::{BlockEntry, View};

/// How much earlier than its trace an orphan subsegment may start, or an item end by clock skew, and
/// still count in a minute that a range cuts (our choice: orphans are attached sooner or later).
const ORPHAN_LEAD_NANOS: i64 = 10 * 60 * 1_000_000_000;

const MINUTE_NANOS: i64 = MINUTE_SECS * 1_000_000_000;

/// One page of a search.
pub(crate) fn scan(
    shared: &Shared,
    request: &ScanRequest,
    control: &QueryControl,
) -> Result<ScanPage, StoreError> {
    let view = shared.view.current();
    let oldest = shared.settings.oldest_kept(shared.clock.now());
    let mut sources: Vec<Box<dyn PageSource + '_>> = Vec::new();
    let mut scopes: Vec<&Scope> = request.scopes.iter().collect();
    scopes.sort_unstable();
    scopes.dedup();
    for scope in scopes {
        let entries = view.live.newest_first(scope, request.after);
        let context = search::eval_context(request.basis, &request.range);
        sources.push(Box::new(LiveSource {
            entries,
            request,
            context,
            oldest,
        }));
        for entry in view.blocks_of(scope) {
            if may_hold(entry.handle.reader.summary(), request, oldest) {
                sources.push(Box::new(BlockSource::new(shared, entry, request, oldest)));
            }
        }
    }
    search::page(sources, request.matches_max, request.examined_max, control)
}

/// False: nothing in the block is in range, by the bounds of its catalog row (TIME-1).
fn may_hold(summary: &BlockSummary, request: &ScanRequest, oldest: UnixNanos) -> bool {
    if summary.t0.1 < oldest || request.after.is_some_and(|after| summary.t0.0 > after.t0) {
        return false;
    }
    let meets =
        |(min, max): (UnixNanos, UnixNanos)| min < request.range.end && max >= request.range.start;
    match request.basis {
        TimeBasis::TraceId => meets(summary.t0),
        TimeBasis::Event => meets(summary.event),
        TimeBasis::Service => summary.segment_ends.is_some_and(meets),
    }
}

/// The live traces of one scope.
struct LiveSource<'a, I> {
    entries: I,
    request: &'a ScanRequest,
    context: EvalContext,
    oldest: UnixNanos,
}

impl<'a, I: Iterator<Item = (&'a PageKey, &'a LiveEntry)>> PageSource for LiveSource<'_, I> {
    fn next(&mut self, _control: &QueryControl) -> Result<Option<Examined>, StoreError> {
        let ScanRequest {
            basis, range, plan, ..
        } = self.request;
        for (key, entry) in self.entries.by_ref() {
            if key.t0 < self.oldest {
                return Ok(None);
            }
            let facts = &entry.facts;
            if !facts.head.is_indexed || !search::is_in_range(facts, *basis, range) {
                continue;
            }
            let is_match = search::matches(plan, facts, &self.context);
            let found = is_match.then(|| Arc::clone(facts));
            return Ok(Some(Examined { key: *key, found }));
        }
        Ok(None)
    }
}

/// The traces at home in one block.
struct BlockSource<'a> {
    shared: &'a Shared,
    entry: &'a BlockEntry,
    scan: BlockScan,
    ready: VecDeque<Examined>,
    matches_max: usize,
    oldest: UnixNanos,
}

impl<'a> BlockSource<'a> {
    fn new(
        shared: &'a Shared,
        entry: &'a BlockEntry,
        request: &ScanRequest,
        oldest: UnixNanos,
    ) -> Self {
        let (basis, range, after) = (request.basis, request.range.clone(), request.after);
        let bounds = ScanBounds {
            basis,
            range,
            after,
        };
        let scan = entry.handle.reader.scan(bounds, Arc::clone(&request.plan));
        let (ready, matches_max) = (VecDeque::new(), request.matches_max.max(1));
        Self {
            shared,
            entry,
            scan,
            ready,
            matches_max,
            oldest,
        }
    }
}

impl PageSource for BlockSource<'_> {
    fn newest(&self) -> PageKey {
        PageKey {
            t0: self.entry.handle.reader.summary().t0.1,
            trace_id: TraceId::from_bytes([0xff; 16]),
        }
    }

    fn next(&mut self, control: &QueryControl) -> Result<Option<Examined>, StoreError> {
        while self.ready.is_empty() {
            let away = &self.entry.away;
            let skip = |id: &TraceId| away.contains_key(id);
            let chunk = self.scan.next_chunk(self.matches_max, &skip, control);
            let Some(Some(chunk)) = or_damaged(self.shared, self.entry, chunk)? else {
                return Ok(None);
            };
            let mut matches = chunk.matches.into_iter().peekable();
            for (at, key) in chunk.examined.into_iter().enumerate() {
                let found = matches
                    .next_if(|found| found.at == at)
                    .map(|found| found.facts);
                self.ready.push_back(Examined { key, found });
            }
        }
        Ok(self
            .ready
            .pop_front()
            .filter(|examined| examined.key.t0 >= self.oldest))
    }
}

/// The rows of the service graph in a range.
pub(crate) fn totals(
    shared: &Shared,
    request: &TotalsRequest,
    control: &QueryControl,
) -> Result<Vec<EdgeRow>, StoreError> {
    control.check()?;
    let view = shared.view.current();
    let range = kept_range(shared, &request.range);
    let mut totals = RowTotals::default();
    let mut scopes = request.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    for scope in &scopes {
        live_totals(&view, scope, request, &range, &mut totals, control)?;
        for entry in view.blocks_of(scope) {
            let added = block_totals(entry, request, &range, control);
            if let Some(rows) = or_damaged(shared, entry, added)? {
                let grain = |row| request.grain.of(row, request.time);
                totals.add_all(rows.added.into_iter().map(grain));
                totals.subtract_all(rows.subtracted.into_iter().map(grain));
            }
        }
    }
    Ok(totals.into_rows())
}

/// KEEP-1 for minutes: those that are not wholly within retention are gone.
fn kept_range(shared: &Shared, range: &TimeRange) -> TimeRange {
    let oldest = ceil_minute(shared.settings.oldest_kept(shared.clock.now()));
    range.start.max(oldest)..range.end
}

fn live_totals(
    view: &View,
    scope: &Scope,
    request: &TotalsRequest,
    range: &TimeRange,
    totals: &mut RowTotals,
    control: &QueryControl,
) -> Result<(), StoreError> {
    for (index, (_, entry)) in view.live.newest_first(scope, None).enumerate() {
        if index % 1024 == 0 {
            control.check()?;
        }
        let slots = || entry.rows.iter().map(|row| row.key.slot(request.time));
        if slots()
            .all(|slot| slot >= range.start && slot.0.saturating_add(MINUTE_NANOS) <= range.end.0)
        {
            let wanted = entry
                .rows
                .iter()
                .filter(|row| facts::is_wanted(row, request));
            if entry.facts.head.is_indexed {
                totals.add_all(wanted.map(|row| request.grain.of(row.clone(), request.time)));
            }
        } else if slots().any(|slot| meets(slot, range)) {
            let mut rows = Vec::new();
            facts::add_rows(&entry.facts, request, range, &mut rows);
            let grain = |row| request.grain.of(row, request.time);
            totals.add_all(rows.into_iter().map(grain));
        }
    }
    Ok(())
}

fn meets(slot: UnixNanos, range: &TimeRange) -> bool {
    slot < range.end && slot.0.saturating_add(MINUTE_NANOS) > range.start.0
}

/// What a block adds to totals, and what is taken from it for traces that are elsewhere (HOME-1).
#[derive(Default)]
struct BlockRows {
    added: Vec<EdgeRow>,
    subtracted: Vec<EdgeRow>,
}

fn block_totals(
    entry: &BlockEntry,
    request: &TotalsRequest,
    range: &TimeRange,
    control: &QueryControl,
) -> Result<BlockRows, StoreError> {
    let mut rows = BlockRows::default();
    if !may_have_rows(entry.handle.reader.summary(), request.time, range) {
        return Ok(rows);
    }
    let whole = ceil_minute(range.start)..floor_minute(range.end);
    if whole.start < whole.end {
        let found =
            entry
                .handle
                .reader
                .edge_rows(&whole, request.time, MINUTE_SLOT_SECS, control)?;
        rows.added.extend(
            found
                .into_iter()
                .filter(|row| facts::is_wanted(row, request)),
        );
        let away = entry.away.values().flat_map(|rows| rows.iter());
        let hidden = away.filter(|row| whole.contains(&row.key.slot(request.time)));
        rows.subtracted
            .extend(hidden.filter(|row| facts::is_wanted(row, request)).cloned());
        add_cut(
            entry,
            request,
            &(range.start..whole.start),
            &mut rows.added,
            control,
        )?;
        add_cut(
            entry,
            request,
            &(whole.end..range.end),
            &mut rows.added,
            control,
        )?;
    } else {
        add_cut(entry, request, range, &mut rows.added, control)?;
    }
    Ok(rows)
}

/// False: no row of the block is in range, by the bounds of its catalog row (TIME-1).
fn may_have_rows(summary: &BlockSummary, time: RowTime, range: &TimeRange) -> bool {
    let bounds = match time {
        RowTime::Start => summary.edge_slots,
        RowTime::Series => {
            let (earliest, latest) = summary.event;
            let skewed = UnixNanos(earliest.0.saturating_sub(ORPHAN_LEAD_NANOS));
            Some((floor_minute(skewed), floor_minute(latest)))
        }
    };
    bounds.is_some_and(|(least, greatest)| {
        least < range.end && greatest.0.saturating_add(MINUTE_NANOS) > range.start.0
    })
}

/// Rows for a part of a minute, from the facts of the traces that were active then.
fn add_cut(
    entry: &BlockEntry,
    request: &TotalsRequest,
    range: &TimeRange,
    rows: &mut Vec<EdgeRow>,
    control: &QueryControl,
) -> Result<(), StoreError> {
    if range.start >= range.end {
        return Ok(());
    }
    let widened = range.start..UnixNanos(range.end.0.saturating_add(ORPHAN_LEAD_NANOS));
    for facts in facts_active_in(entry, &widened, control)? {
        facts::add_rows(&facts, request, range, rows);
    }
    Ok(())
}

fn facts_active_in(
    entry: &BlockEntry,
    range: &TimeRange,
    control: &QueryControl,
) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
    let bounds = ScanBounds {
        basis: TimeBasis::Event,
        range: range.clone(),
        after: None,
    };
    let mut scan = entry.handle.reader.scan(bounds, Arc::new(Plan::default()));
    let skip = |id: &TraceId| entry.away.contains_key(id);
    let mut all = Vec::new();
    while let Some(chunk) = scan.next_chunk(usize::MAX, &skip, control)? {
        all.extend(chunk.matches.into_iter().map(|found| found.facts));
    }
    Ok(all)
}

fn floor_minute(time: UnixNanos) -> UnixNanos {
    UnixNanos(time.0.div_euclid(MINUTE_NANOS).saturating_mul(MINUTE_NANOS))
}

fn ceil_minute(time: UnixNanos) -> UnixNanos {
    floor_minute(UnixNanos(time.0.saturating_add(MINUTE_NANOS - 1)))
}
