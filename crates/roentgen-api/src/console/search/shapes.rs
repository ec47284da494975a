//! The events of a search on the wire.

use std::time::Duration;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::summary::TraceSummary;
use roentgen_query::explore::aggregates::{Aggregates, ClassCounts, Timeline, Window};
use roentgen_query::explore::facets::{Facet, FacetCount};
use roentgen_query::explore::response_times::{ResponseTimes, TimeBucket};
use roentgen_query::explore::search::{Progress, Search};
use serde::Serialize;

use crate::wire::numbers::Millis;
use crate::wire::summaries::TraceSummaryShape;

/// Buckets of the response-time histogram.
const BUCKETS_MAX: usize = 60;
/// Annotations that are facets without being asked for.
const ANNOTATIONS: usize = 20;

#[derive(Debug, Serialize)]
pub(super) struct RowsShape<'a> {
    replace: bool,
    summaries: Vec<TraceSummaryShape<'a>>,
}

impl<'a> RowsShape<'a> {
    pub(super) fn appended(rows: &'a [TraceSummary]) -> Self {
        Self {
            replace: false,
            summaries: rows.iter().map(TraceSummaryShape::new).collect(),
        }
    }

    pub(super) fn replaced(rows: &[&'a TraceSummary]) -> Self {
        Self {
            replace: true,
            summaries: rows.iter().map(|row| TraceSummaryShape::new(row)).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProgressShape {
    matched: u64,
    scanned: u64,
    range_done_to: String,
    range_total: String,
    elapsed_ms: u64,
    approximate: bool,
}

impl ProgressShape {
    pub(super) fn new(search: &Search, range: &TimeRange, took: Duration) -> Self {
        let Progress {
            matched,
            scanned,
            done_to,
        } = search.progress();
        Self {
            matched,
            scanned,
            range_done_to: done_to.0.to_string(),
            range_total: range.end.0.saturating_sub(range.start.0).to_string(),
            elapsed_ms: millis(took),
            approximate: false,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DoneShape {
    matched: u64,
    scanned: u64,
    elapsed_ms: u64,
    /// Everything in range was looked at.
    complete: bool,
    next: Option<String>,
    limit: Option<&'static str>,
}

impl DoneShape {
    pub(super) fn new(search: &Search, took: Duration) -> Self {
        let progress = search.progress();
        let limit = if !search.is_over() {
            Some("time")
        } else if search.has_more_rows() {
            Some("rows")
        } else {
            None
        };
        Self {
            matched: progress.matched,
            scanned: progress.scanned,
            elapsed_ms: millis(took),
            complete: search.is_exhausted(),
            next: search.cursor().map(|cursor| cursor.to_string()),
            limit,
        }
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AggregatesShape {
    timeline: TimelineShape,
    response_time: ResponseTimeShape,
    facets: Vec<FacetShape>,
}

impl AggregatesShape {
    pub(super) fn new(sums: &Aggregates, facet_values: usize) -> Self {
        let Aggregates {
            timeline,
            response_times,
            facets,
        } = sums;
        let facets = facets.top(ANNOTATIONS, facet_values).into_iter();
        Self {
            timeline: TimelineShape::new(timeline),
            response_time: ResponseTimeShape::new(response_times),
            facets: facets.map(facet_shape).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TimelineShape {
    start_unix_nanos: String,
    bucket_nanos: String,
    ok: Vec<u64>,
    error: Vec<u64>,
    fault: Vec<u64>,
    throttle: Vec<u64>,
    p50: Vec<Option<Millis>>,
    p90: Vec<Option<Millis>>,
    p99: Vec<Option<Millis>>,
}

impl TimelineShape {
    fn new(timeline: &Timeline) -> Self {
        let Timeline {
            start,
            window_nanos,
            windows,
        } = timeline;
        let counts = |of: fn(&ClassCounts) -> u64| {
            let count = |window: &Window| of(&window.classes);
            windows.iter().map(count).collect()
        };
        let times = |permille| {
            let time = |window: &Window| window.response_times.permille(permille).map(seconds);
            windows.iter().map(time).collect()
        };
        Self {
            start_unix_nanos: start.0.to_string(),
            bucket_nanos: window_nanos.to_string(),
            ok: counts(|classes| classes.ok),
            error: counts(|classes| classes.error),
            fault: counts(|classes| classes.fault),
            throttle: counts(|classes| classes.throttle),
            p50: times(500),
            p90: times(900),
            p99: times(990),
        }
    }
}

#[derive(Debug, Serialize)]
struct ResponseTimeShape {
    buckets: Vec<BucketShape>,
    p50: Option<Millis>,
    p90: Option<Millis>,
    p99: Option<Millis>,
    min: Option<Millis>,
    max: Option<Millis>,
    count: u64,
}

#[derive(Debug, Serialize)]
struct BucketShape {
    from: Millis,
    to: Millis,
    count: u64,
}

impl ResponseTimeShape {
    fn new(times: &ResponseTimes) -> Self {
        let bucket = |bucket: TimeBucket| {
            let TimeBucket {
                from_millis,
                to_millis,
                count,
            } = bucket;
            BucketShape {
                from: seconds(from_millis),
                to: seconds(to_millis),
                count,
            }
        };
        let permille = |permille| times.permille(permille).map(seconds);
        let bounds = times.bounds_millis();
        Self {
            buckets: times.buckets(BUCKETS_MAX).into_iter().map(bucket).collect(),
            p50: permille(500),
            p90: permille(900),
            p99: permille(990),
            min: bounds.map(|(least, _)| seconds(least)),
            max: bounds.map(|(_, greatest)| seconds(greatest)),
            count: times.count(),
        }
    }
}

fn seconds(millis: i64) -> Millis {
    Millis {
        nanos: millis.saturating_mul(1_000_000),
    }
}

#[derive(Debug, Serialize)]
struct FacetShape {
    key: String,
    distinct: usize,
    capped: bool,
    values: Vec<ValueShape>,
}

#[derive(Debug, Serialize)]
struct ValueShape {
    value: String,
    filter: String,
    count: u64,
    fault: u64,
    error: u64,
    throttle: u64,
}

fn facet_shape(facet: Facet) -> FacetShape {
    let Facet {
        key,
        traces: _,
        distinct,
        is_capped,
        values,
    } = facet;
    FacetShape {
        key: key.to_string(),
        distinct,
        capped: is_capped,
        values: values.into_iter().map(value_shape).collect(),
    }
}

fn value_shape(value: FacetCount) -> ValueShape {
    let FacetCount {
        text,
        filter,
        classes,
    } = value;
    let ClassCounts {
        ok: _,
        error,
        fault,
        throttle,
    } = classes;
    ValueShape {
        value: text,
        filter,
        count: classes.total(),
        fault,
        error,
        throttle,
    }
}
