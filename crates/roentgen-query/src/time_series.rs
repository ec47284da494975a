//! Statistics by windows of time (service-graph.md 7): nodes and calls by their end, entry edges by
//! their start (TIME-1).

use std::collections::BTreeMap;
use std::sync::Arc;

use roentgen_model::assembly::facts::{NodeKey, TimeRange};
use roentgen_model::filter::{EntitySelector, NodeSelector, SelectedEntities};
use roentgen_model::graph::{EdgeRow, RowTime, Statistics};
use roentgen_model::histogram::Histogram;
use roentgen_model::insight::Band;
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::source::{
    EdgeSelector, EndSelector, ErrorKind, QueryControl, RowGrain, RowSelector, StoreError,
    TotalsRequest, TraceReader,
};
use serde::{Deserialize, Serialize};

use crate::insights::forecast::{ForecastRequest, forecast};
use crate::service_graph::CountedGroup;

#[cfg(test)]
mod tests;

/// Windows of one page (limits.md, our choice): a day of minutes.
pub const WINDOWS_PER_PAGE_MAX: i64 = 1_440;
/// Rows are asked for in parts of this length at first, so that a page needs no more memory than that.
const PART_NANOS: i64 = 6 * 3_600 * NANOS_PER_SEC;
const NANOS_PER_SEC: i64 = 1_000_000_000;

/// Whose statistics over which time.
#[derive(Clone, Debug)]
pub struct SeriesRequest {
    pub scopes: Vec<Scope>,
    /// Half-open. A window that it cuts counts the part inside.
    pub range: TimeRange,
    /// Length of a window; windows begin at multiples of it since the epoch.
    pub period_nanos: i64,
    /// `None`: all entry edges.
    pub selector: Option<EntitySelector>,
    /// Members of this group alone.
    pub group: Option<CountedGroup>,
    /// Windows show how many faults were expected in them.
    pub with_forecast: bool,
}

/// What was counted in one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesWindow {
    /// At least one item.
    pub statistics: Statistics,
    pub response_time_histogram: Histogram,
    /// `None` also while the node has too little history.
    pub forecast: Option<Band>,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesCursor {
    from_nanos: i64,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesPage {
    /// By start of window; windows in which nothing was counted are left out.
    pub windows: BTreeMap<UnixNanos, SeriesWindow>,
    /// Some member was decided by an earlier version of the group's expression.
    pub contains_old_group_versions: bool,
    pub next: Option<SeriesCursor>,
}

impl SeriesRequest {
    /// Windows show statistics of nodes, not of edges.
    #[must_use]
    pub fn is_of_services(&self) -> bool {
        let entities = self.selector.as_ref().map(|selector| &selector.entities);
        matches!(entities, Some(SelectedEntities::Services(_)))
    }
}

/// The windows of a page: [`WINDOWS_PER_PAGE_MAX`] of them, empty ones included.
///
/// # Errors
/// [`StoreError`] of the reader; [`ErrorKind::OverBound`] if one window alone is too much.
pub fn series_page(
    reader: &dyn TraceReader,
    request: &SeriesRequest,
    from: Option<SeriesCursor>,
    control: &QueryControl,
) -> Result<SeriesPage, StoreError> {
    let range = &request.range;
    let start = from.map_or(range.start, |cursor| UnixNanos(cursor.from_nanos));
    let start = start.clamp(range.start, range.end);
    let first = window_of(start, request.period_nanos);
    let length = request.period_nanos.saturating_mul(WINDOWS_PER_PAGE_MAX);
    let end = UnixNanos(first.0.saturating_add(length)).min(range.end);
    let selector = row_selector(reader, request, &(start..end), control)?;
    let mut page = SeriesPage {
        next: (end < range.end).then_some(SeriesCursor { from_nanos: end.0 }),
        ..SeriesPage::default()
    };
    let mut part = Part {
        reader,
        request,
        selector,
        control,
        length_nanos: PART_NANOS,
    };
    let mut at = start;
    while at < end {
        let (rows, to) = part.rows(at, end)?;
        add(&mut page, request, &rows);
        at = to;
    }
    page.windows
        .retain(|_, window| window.statistics.total() > 0);
    if request.with_forecast {
        add_forecast(&mut page, &part, start..end)?;
    }
    Ok(page)
}

/// Asks for rows in parts that fit the memory of a query.
struct Part<'a> {
    reader: &'a dyn TraceReader,
    request: &'a SeriesRequest,
    selector: RowSelector,
    control: &'a QueryControl,
    length_nanos: i64,
}

impl Part<'_> {
    /// The rows from `at` on, and where they end: at a window's bound, or `end`.
    fn rows(
        &mut self,
        at: UnixNanos,
        end: UnixNanos,
    ) -> Result<(Vec<EdgeRow>, UnixNanos), StoreError> {
        let period = self.request.period_nanos;
        loop {
            let to = window_of(UnixNanos(at.0.saturating_add(self.length_nanos)), period);
            let to = to.max(UnixNanos(window_of(at, period).0.saturating_add(period)));
            let to = to.min(end);
            let found = self.reader.totals(
                &TotalsRequest {
                    scopes: self.request.scopes.clone(),
                    range: at..to,
                    time: RowTime::Series,
                    group_id: self
                        .request
                        .group
                        .as_ref()
                        .map(|group| Arc::clone(&group.id)),
                    selector: self.selector.clone(),
                    grain: RowGrain::Exact,
                },
                self.control,
            );
            match found {
                Err(error)
                    if error.kind() == ErrorKind::OverBound && self.length_nanos > period =>
                {
                    self.length_nanos /= 4;
                }
                rows => return Ok((rows?, to)),
            }
        }
    }
}

fn add_forecast(
    page: &mut SeriesPage,
    part: &Part<'_>,
    range: TimeRange,
) -> Result<(), StoreError> {
    let request = part.request;
    let asked = ForecastRequest {
        scopes: request.scopes.clone(),
        group_id: request.group.as_ref().map(|group| Arc::clone(&group.id)),
        node: part.selector.clone(),
        range,
        period_secs: request.period_nanos / NANOS_PER_SEC,
    };
    let bands = forecast(part.reader, &asked, part.control)?;
    for (start, window) in &mut page.windows {
        window.forecast = bands.get(start).copied();
    }
    Ok(())
}

fn add(page: &mut SeriesPage, request: &SeriesRequest, rows: &[EdgeRow]) {
    for EdgeRow { key, sums } in rows {
        let window = window_of(key.end_slot, request.period_nanos);
        let window = page.windows.entry(window).or_default();
        window.statistics.add(key.class, sums);
        let times = &mut window.response_time_histogram;
        times.add(key.response_time_nanos, sums.count);
    }
    let group = request.group.as_ref();
    page.contains_old_group_versions |= group.is_some_and(|group| group.has_old_versions(rows));
}

/// The start of the window that a time is in.
fn window_of(time: UnixNanos, period_nanos: i64) -> UnixNanos {
    let period = period_nanos.max(1);
    UnixNanos(time.0.div_euclid(period).saturating_mul(period))
}

/// The rows that are asked for: nodes that a selector means by another name than their own are looked
/// up among the calls of the page (our choice: names under which nobody called in this time are unknown).
fn row_selector(
    reader: &dyn TraceReader,
    request: &SeriesRequest,
    range: &TimeRange,
    control: &QueryControl,
) -> Result<RowSelector, StoreError> {
    let Some(EntitySelector { entities, .. }) = &request.selector else {
        return Ok(RowSelector::Entries);
    };
    let selectors: Vec<&NodeSelector> = match entities {
        SelectedEntities::Services(selectors) => selectors.iter().collect(),
        SelectedEntities::Edges(edges) => edges.iter().flat_map(|(a, b)| [a, b]).collect(),
    };
    let names = selectors
        .iter()
        .filter_map(|selector| selector.name.clone());
    let names: Vec<Arc<str>> = names.collect();
    let called = if names.is_empty() {
        Vec::new()
    } else {
        reader.totals(
            &TotalsRequest {
                scopes: request.scopes.clone(),
                range: range.clone(),
                time: RowTime::Series,
                group_id: None,
                selector: RowSelector::CalledBy(names),
                grain: RowGrain::Exact,
            },
            control,
        )?
    };
    let keys_of = |selector: &NodeSelector| keys(selector, &called);
    Ok(match entities {
        SelectedEntities::Services(selectors) => RowSelector::Nodes {
            selectors: selectors.clone(),
            keys: selectors.iter().flat_map(keys_of).collect(),
        },
        SelectedEntities::Edges(edges) => {
            let end = |selector: &NodeSelector| EndSelector {
                selector: selector.clone(),
                keys: keys(selector, &called),
            };
            let edge = |(source, destination): &(NodeSelector, NodeSelector)| EdgeSelector {
                source: end(source),
                destination: end(destination),
            };
            RowSelector::Edges(edges.iter().map(edge).collect())
        }
    })
}

/// The nodes that a selector means by a name they were called by.
fn keys(selector: &NodeSelector, called: &[EdgeRow]) -> Vec<NodeKey> {
    let rows = called.iter();
    let selected = rows.filter(|row| {
        let name = row.key.called_name.as_slice();
        selector.selects_key(&row.key.destination, name)
    });
    let mut keys: Vec<NodeKey> = selected.map(|row| row.key.destination.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
