//! Scans a block in page order, newest first, stopping as early as the caller does.
//!
//! Row groups come from the last to the first. Of each, the columns that the time basis and the plan
//! need are decoded whole and give for every row: is it in range, is it a match (PLAN-1: surely,
//! possibly, no). Facts are read only of rows that are to be returned or that the masks leave open.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::TimestampNanosecondArray;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::{TraceFacts, TraceId, UnixNanos};

use super::columns::{ColumnError, Rows, time_at};
use super::facts::spans_of_group;
use super::masks::{Masks, add_columns, masks};
use super::reader::{BlockReader, FactsTables};
use super::writer::event_of;
use crate::plan::Plan;
use crate::search::{eval_context, is_in_range, matches};
use crate::source::{PageKey, QueryControl, StoreError, TimeBasis};

/// Rows whose facts are read at once when some may turn out not to match.
const OPEN_ROWS_AT_ONCE: usize = 256;
/// Entities read at once: bounds memory when traces are huge.
const ENTITIES_AT_ONCE: u64 = 64 << 10;

/// Which rows a scan looks at.
#[derive(Clone, Debug)]
pub struct ScanBounds {
    pub basis: TimeBasis,
    /// Half-open.
    pub range: TimeRange,
    /// Only traces with a lesser (T0, id) than this (PAGE-1).
    pub after: Option<PageKey>,
}

/// A stretch of a scan: what was examined in it, and which of that matches.
#[derive(Clone, Debug, Default)]
pub struct ScanChunk {
    /// Every trace examined, newest first: those in range, indexed (INDEX-1) and not skipped,
    /// whether pruned or evaluated. `TracesProcessedCount` counts them down to the page's end.
    pub examined: Vec<PageKey>,
    /// Those that match, newest first.
    pub matches: Vec<ScanMatch>,
}

/// A trace that matches.
#[derive(Clone, Debug)]
pub struct ScanMatch {
    /// Index of the trace in [`ScanChunk::examined`].
    pub at: usize,
    pub facts: Arc<TraceFacts>,
}

/// A scan of one block, pulled chunk by chunk, so that the scans of several blocks can be merged in
/// page order and left off when a page is full.
#[derive(Debug)]
pub struct BlockScan {
    block: Arc<BlockReader>,
    bounds: ScanBounds,
    plan: Arc<Plan>,
    tables: Option<FactsTables>,
    /// Row groups not yet begun, with their rows; the next one is the last.
    groups: Vec<(usize, Range<u64>)>,
    group: Option<GroupScan>,
    is_over: bool,
}

/// What is known of a row before its facts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    No,
    Maybe,
    Yes,
}

/// A row group being scanned.
#[derive(Debug)]
struct GroupScan {
    rows: Range<u64>,
    columns: Rows,
    in_range: Vec<Answer>,
    masks: Masks,
    /// Where entities begin, once asked for.
    spans: Option<Vec<u64>>,
    /// Rows (from the start of the group) not yet looked at: all below this.
    left: usize,
    /// Facts read ahead, of rows below `left`, newest first.
    ready: VecDeque<(usize, Arc<TraceFacts>)>,
}

impl BlockScan {
    pub(super) fn new(block: Arc<BlockReader>, bounds: ScanBounds, plan: Arc<Plan>) -> Self {
        let (groups, tables, group) = (Vec::new(), None, None);
        Self {
            block,
            bounds,
            plan,
            tables,
            groups,
            group,
            is_over: false,
        }
    }

    /// The next stretch in page order: ends at the latest with the `matches_max`-th match (at least
    /// 1), and at the latest with a row group; may be empty. `None` when the block is exhausted.
    /// Traces for which `skip` says true (moved, beyond retention) are neither examined nor matched.
    ///
    /// # Errors
    /// See [`BlockReader`]; after an error the scan is over.
    pub fn next_chunk(
        &mut self,
        matches_max: usize,
        skip: &dyn Fn(&TraceId) -> bool,
        control: &QueryControl,
    ) -> Result<Option<ScanChunk>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let chunk = self.advance(matches_max.max(1), skip, control);
        self.is_over = !matches!(chunk, Ok(Some(_)));
        chunk
    }

    fn advance(
        &mut self,
        matches_max: usize,
        skip: &dyn Fn(&TraceId) -> bool,
        control: &QueryControl,
    ) -> Result<Option<ScanChunk>, StoreError> {
        let tables = match self.tables.take() {
            Some(tables) => tables,
            None => {
                let tables = self.block.facts_tables()?;
                self.groups = tables.traces.group_rows().into_iter().enumerate().collect();
                tables
            }
        };
        control.check()?;
        while self.group.is_none() {
            let Some((group, rows)) = self.groups.pop() else {
                return Ok(None);
            };
            if may_have_rows(&tables, group, &self.bounds) {
                let scan = GroupScan::new(&tables, rows, &self.bounds, &self.plan);
                self.group = Some(scan?).filter(|scan| scan.left > 0);
            }
        }
        let mut chunk = ScanChunk::default();
        if let Some(scan) = &mut self.group {
            let request = Request {
                bounds: &self.bounds,
                plan: &self.plan,
                skip,
                control,
            };
            scan.advance(&tables, &request, matches_max, &mut chunk)?;
            if scan.left == 0 {
                self.group = None;
            }
        }
        self.tables = Some(tables);
        Ok(Some(chunk))
    }
}

/// What does not change during one call.
struct Request<'a> {
    bounds: &'a ScanBounds,
    plan: &'a Plan,
    skip: &'a dyn Fn(&TraceId) -> bool,
    control: &'a QueryControl,
}

/// False: by its statistics, no row of the row group is in range.
fn may_have_rows(tables: &FactsTables, group: usize, bounds: &ScanBounds) -> bool {
    let of = |column| tables.traces.number_bounds(group, column);
    let ScanBounds {
        basis,
        range,
        after,
    } = bounds;
    let t0 = of("t0");
    if after
        .zip(t0)
        .is_some_and(|(after, (least, _))| least > after.t0.0)
    {
        return false;
    }
    let meets = |least: i64, greatest: i64| least < range.end.0 && greatest >= range.start.0;
    match basis {
        TimeBasis::TraceId => t0.is_none_or(|(least, greatest)| meets(least, greatest)),
        TimeBasis::Event => {
            let ends = of("end").map_or(i64::MIN, |(_, greatest)| greatest);
            of("start").is_none_or(|(least, greatest)| meets(least, greatest.max(ends)))
        }
        TimeBasis::Service => {
            let ends = of("segment_end_least").zip(of("segment_end_greatest"));
            ends.is_none_or(|((least, _), (_, greatest))| meets(least, greatest))
        }
    }
}

impl GroupScan {
    fn new(
        tables: &FactsTables,
        rows: Range<u64>,
        bounds: &ScanBounds,
        plan: &Plan,
    ) -> Result<Self, StoreError> {
        let traces = &tables.traces;
        let mut names = vec!["t0", "trace_id", "is_indexed"];
        match bounds.basis {
            TimeBasis::TraceId => {}
            TimeBasis::Event => names.extend(["start", "end"]),
            TimeBasis::Service => {
                names.extend(["segment_end_least", "segment_end_greatest"]);
            }
        }
        if plan.filter.is_some() {
            add_columns(&plan.columns, &mut names);
        }
        let columns = traces.read_whole(&names, &rows)?;
        let columns = columns.ok_or_else(|| traces.file.damaged("a row group is empty"))?;
        if columns.len() as u64 != rows.end - rows.start {
            return Err(traces.file.damaged("a row group has too few rows"));
        }
        let evaluated = Self::evaluate(&columns, bounds, plan).map_err(|e| traces.wrong(e));
        let (in_range, masks) = evaluated?;
        let first_in_range = in_range.iter().rposition(|answer| *answer != Answer::No);
        let left = first_in_range.map_or(0, |row| row + 1);
        let ready = VecDeque::new();
        Ok(Self {
            rows,
            columns,
            in_range,
            masks,
            spans: None,
            left,
            ready,
        })
    }

    fn evaluate(
        columns: &Rows,
        bounds: &ScanBounds,
        plan: &Plan,
    ) -> Result<(Vec<Answer>, Masks), ColumnError> {
        let in_range = rows_in_range(columns, bounds)?;
        // A plan without a filter matches every trace, whatever its columns say.
        let all = crate::plan::Columns::All;
        let condition = if plan.filter.is_some() {
            &plan.columns
        } else {
            &all
        };
        Ok((in_range, masks(condition, columns)?))
    }

    fn advance(
        &mut self,
        tables: &FactsTables,
        request: &Request<'_>,
        matches_max: usize,
        chunk: &mut ScanChunk,
    ) -> Result<(), StoreError> {
        let columns = self.columns.clone();
        let keys = columns
            .times("t0")
            .and_then(|t0| Ok((t0, columns.ids("trace_id")?)));
        let (t0, ids) = keys.map_err(|e| tables.traces.wrong(e))?;
        let bounds = request.bounds;
        while self.left > 0 && chunk.matches.len() < matches_max {
            let row = self.left - 1;
            if row.is_multiple_of(4_096) {
                request.control.check()?;
            }
            let key = PageKey {
                t0: UnixNanos(t0.value(row)),
                trace_id: ids.get(row),
            };
            let in_range = self.in_range.get(row).copied().unwrap_or(Answer::No);
            if in_range == Answer::No || (request.skip)(&key.trace_id) {
                self.forget(row);
                self.left = row;
                continue;
            }
            let mut is_examined = true;
            let mut found = None;
            if self.needs_facts(row) {
                let facts = self.facts(tables, request, row, matches_max - chunk.matches.len())?;
                is_examined =
                    in_range == Answer::Yes || is_in_range(&facts, bounds.basis, &bounds.range);
                let context = eval_context(bounds.basis, &bounds.range);
                let is_sure = self.masks.sure.value(row);
                let is_match = is_sure || matches(request.plan, &facts, &context);
                found = (is_examined && is_match).then_some(facts);
            }
            self.left = row;
            if is_examined {
                chunk.examined.push(key);
            }
            if let Some(facts) = found {
                chunk.matches.push(ScanMatch {
                    at: chunk.examined.len() - 1,
                    facts,
                });
            }
        }
        Ok(())
    }

    /// True if only facts say whether the row is examined, or it may be a match.
    fn needs_facts(&self, row: usize) -> bool {
        match self.in_range.get(row) {
            Some(Answer::Yes) => self.masks.possible.value(row),
            Some(Answer::Maybe) => true,
            Some(Answer::No) | None => false,
        }
    }

    /// Drops facts read ahead for a row that is passed over.
    fn forget(&mut self, row: usize) {
        if self.ready.front().is_some_and(|(at, _)| *at == row) {
            self.ready.pop_front();
        }
    }

    /// The facts of a row, read together with those of the rows that will be asked for next.
    fn facts(
        &mut self,
        tables: &FactsTables,
        request: &Request<'_>,
        row: usize,
        matches_left: usize,
    ) -> Result<Arc<TraceFacts>, StoreError> {
        if let Some((at, facts)) = self.ready.pop_front() {
            assert_eq!(
                at, row,
                "facts are read ahead in the order they are asked for"
            );
            return Ok(facts);
        }
        if self.spans.is_none() {
            let group = tables
                .traces
                .group_rows()
                .iter()
                .position(|g| *g == self.rows);
            self.spans = Some(spans_of_group(
                &tables.traces,
                group.unwrap_or(0),
                &self.rows,
            )?);
        }
        let spans = self.spans.as_deref().unwrap_or_default();
        let ids = self
            .columns
            .ids("trace_id")
            .map_err(|e| tables.traces.wrong(e))?;
        let mut wanted = VecDeque::new();
        let (mut sure, mut entities) = (0, 0);
        for at in (0..=row).rev() {
            if !self.needs_facts(at) || (at != row && (request.skip)(&ids.get(at))) {
                continue;
            }
            let place = spans.get(at).zip(spans.get(at + 1));
            entities += place.map_or(0, |(start, end)| end.saturating_sub(*start));
            if !wanted.is_empty() && entities > ENTITIES_AT_ONCE {
                break;
            }
            wanted.push_front(self.rows.start + at as u64);
            sure += usize::from(self.masks.sure.value(at));
            if sure >= matches_left || wanted.len() >= OPEN_ROWS_AT_ONCE {
                break;
            }
        }
        request.control.check()?;
        let rows: Vec<u64> = wanted.into();
        let facts = tables.facts(&self.rows, spans, &rows)?;
        let at = |row: u64| usize::try_from(row - self.rows.start).unwrap_or(usize::MAX);
        let pairs = rows.into_iter().map(at).zip(facts).rev();
        self.ready = pairs.collect();
        let first = self.ready.pop_front();
        first
            .map(|(_, facts)| facts)
            .ok_or_else(|| tables.traces.file.damaged("a row is missing"))
    }
}

/// Which rows are in range, after the page's beginning and indexed.
fn rows_in_range(columns: &Rows, bounds: &ScanBounds) -> Result<Vec<Answer>, ColumnError> {
    let ScanBounds {
        basis,
        range,
        after,
    } = bounds;
    let (t0, ids) = (columns.times("t0")?, columns.ids("trace_id")?);
    let is_indexed = columns.flags("is_indexed")?;
    let by_basis: Box<dyn Fn(usize) -> Answer + '_> = match basis {
        TimeBasis::TraceId => Box::new(|row| yes_if(range.contains(&UnixNanos(t0.value(row))))),
        TimeBasis::Event => {
            let (starts, ends) = (columns.times("start")?, columns.times("end")?);
            Box::new(move |row| {
                let (start, end) = event_of(UnixNanos(starts.value(row)), time_at(ends, row));
                yes_if(start < range.end && end >= range.start)
            })
        }
        TimeBasis::Service => {
            let ends = SegmentEnds::new(columns)?;
            Box::new(move |row| match ends.get(row) {
                None => Answer::No,
                Some((least, greatest)) if range.contains(&least) || range.contains(&greatest) => {
                    Answer::Yes
                }
                // Between an end before the range and one after it, some may lie inside.
                Some((least, greatest)) if least < range.start && greatest >= range.end => {
                    Answer::Maybe
                }
                Some(_) => Answer::No,
            })
        }
    };
    let answer = |row| {
        let key = || PageKey {
            t0: UnixNanos(t0.value(row)),
            trace_id: ids.get(row),
        };
        let is_asked = is_indexed.value(row) && after.is_none_or(|after| key() < after);
        if is_asked { by_basis(row) } else { Answer::No }
    };
    Ok((0..columns.len()).map(answer).collect())
}

fn yes_if(is_true: bool) -> Answer {
    if is_true { Answer::Yes } else { Answer::No }
}

/// Least and greatest end of each trace's segments.
struct SegmentEnds<'a> {
    least: &'a TimestampNanosecondArray,
    greatest: &'a TimestampNanosecondArray,
}

impl<'a> SegmentEnds<'a> {
    fn new(columns: &'a Rows) -> Result<Self, ColumnError> {
        let least = columns.times("segment_end_least")?;
        Ok(Self {
            least,
            greatest: columns.times("segment_end_greatest")?,
        })
    }

    fn get(&self, row: usize) -> Option<(UnixNanos, UnixNanos)> {
        time_at(self.least, row).zip(time_at(self.greatest, row))
    }
}
