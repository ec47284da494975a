//! `GetTimeSeriesServiceStatistics` (service-graph.md 7, filter-expressions.md 9).

use std::time::Duration;

use bytes::Bytes;
use roentgen_control::Control;
use roentgen_control::groups::{DEFAULT_GROUP_NAME, Group};
use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::{EntitySelector, GroupSelector};
use roentgen_model::insight::Band;
use roentgen_query::time_series::{
    SeriesCursor, SeriesPage, SeriesRequest, SeriesWindow, series_page,
};
use roentgen_query::token::Binding;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::groups::{counted, read_group};
use crate::wire::members::Members;
use crate::wire::numbers::Time;
use crate::wire::ranges::read_range;
use crate::wire::services::{HistogramEntry, StatisticsShape, histogram};

/// Our longest range with strict limits.
const STRICT_HOURS_MAX: i64 = 24;
/// Lengths of windows, seconds (observed: clients offer only these).
const PERIODS_SECS: [i64; 2] = [60, 300];
const NANOS_PER_SEC: i64 = 1_000_000_000;
/// How far ahead of the clock a series goes.
const AHEAD_NANOS: i64 = 24 * 3600 * NANOS_PER_SEC;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetTimeSeriesServiceStatisticsResult {
    time_series_service_statistics: Vec<WindowShape>,
    contains_old_group_versions: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// `TimeSeriesServiceStatistics`: exactly one of the two statistics is there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WindowShape {
    /// Start of the window.
    timestamp: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_summary_statistics: Option<StatisticsShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_summary_statistics: Option<StatisticsShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_forecast_statistics: Option<ForecastStatistics>,
    response_time_histogram: Vec<HistogramEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ForecastStatistics {
    fault_count_high: u64,
    fault_count_low: u64,
}

impl From<Band> for ForecastStatistics {
    fn from(band: Band) -> Self {
        let Band {
            fault_count_high,
            fault_count_low,
        } = band;
        Self {
            fault_count_high,
            fault_count_low,
        }
    }
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let strict = call.api().settings.strict_limits;
    let range = read_range(members, strict.then_some(STRICT_HOURS_MAX))?;
    let control = &call.api().control;
    let group = read_group(members, control)?;
    let period_secs = read_period(members)?;
    let text = members.optional_text("EntitySelectorExpression", 1..=500)?;
    let selector = text.as_deref().map(EntitySelector::parse).transpose()?;
    let wants_forecast = read_forecast(members, selector.as_ref())?;
    let binding = Binding::new("GetTimeSeriesServiceStatistics")
        .with("StartTime", &range.start.to_string())
        .with("EndTime", &range.end.to_string())
        .with_optional("Group", group.as_ref().map(|group| &*group.id))
        .with("Period", &period_secs.to_string())
        .with_optional("EntitySelectorExpression", text.as_deref())
        .with("ForecastStatistics", &wants_forecast.to_string());
    let from: Option<SeriesCursor> = call.open_token(&binding, members.next_token()?)?;
    let request = SeriesRequest {
        scopes: vec![call.principal.scope.clone()],
        range: kept(&range, call.api().settings.retention, call.now),
        period_nanos: period_secs * NANOS_PER_SEC,
        selector,
        with_forecast: wants_forecast && has_insights(control, group.as_ref()),
        group: group.and_then(counted),
    };
    call.read(move |call, reader, control| {
        let page = series_page(reader, &request, from, control)?;
        let next_token = page.next.map(|next| call.seal_token(&binding, &next));
        json(&GetTimeSeriesServiceStatisticsResult {
            contains_old_group_versions: page.contains_old_group_versions,
            time_series_service_statistics: windows(&request, page),
            next_token,
        })
    })
    .await
}

/// The part of a range in which there can be something, so that pages do not go through years of nothing:
/// back to the retention, ahead to what may still end tomorrow (our choice).
fn kept(range: &TimeRange, retention: Duration, now: UnixNanos) -> TimeRange {
    let retention = i64::try_from(retention.as_nanos()).unwrap_or(i64::MAX);
    let oldest = UnixNanos(now.0.saturating_sub(retention));
    let newest = UnixNanos(now.0.saturating_add(AHEAD_NANOS));
    let start = range.start.max(oldest);
    start..range.end.min(newest).max(start)
}

fn read_period(members: &Members<'_>) -> Result<i64, ApiError> {
    let [default, _] = PERIODS_SECS;
    let Some(member) = members.optional("Period") else {
        return Ok(default);
    };
    let period = member.integer(0..=i64::from(i32::MAX))?;
    if PERIODS_SECS.contains(&period) {
        return Ok(period);
    }
    Err(member.refuse(format!("expected 60 or 300, found {period}")))
}

/// Forecasts are of nodes, each known by `id(…)` (filter-expressions.md 9, our choice).
fn read_forecast(
    members: &Members<'_>,
    selector: Option<&EntitySelector>,
) -> Result<bool, ApiError> {
    let Some(member) = members.optional("ForecastStatistics") else {
        return Ok(false);
    };
    let is_wanted = member.boolean()?;
    if is_wanted && !selector.is_some_and(|selector| selector.is_by_id) {
        return Err(member
            .refuse("needs an `EntitySelectorExpression` with `id(…)`, alone or in `service(…)`"));
    }
    Ok(is_wanted)
}

/// Forecasts come of groups with insights; without a group of `Default`.
fn has_insights(control: &Control, group: Option<&Group>) -> bool {
    let is_enabled = |group: &Group| group.insights.insights_enabled;
    match group {
        Some(group) => is_enabled(group),
        None => {
            let default = control.group(GroupSelector::Name(DEFAULT_GROUP_NAME));
            default.as_ref().is_some_and(is_enabled)
        }
    }
}

fn windows(request: &SeriesRequest, page: SeriesPage) -> Vec<WindowShape> {
    let is_of_services = request.is_of_services();
    let shape = |(start, window): (UnixNanos, SeriesWindow)| {
        let SeriesWindow {
            statistics,
            response_time_histogram,
            forecast,
        } = window;
        let statistics = StatisticsShape::new(Some(&statistics));
        let (edges, services) = if is_of_services {
            (None, Some(statistics))
        } else {
            (Some(statistics), None)
        };
        WindowShape {
            timestamp: Time(start),
            edge_summary_statistics: edges,
            service_summary_statistics: services,
            service_forecast_statistics: forecast.map(ForecastStatistics::from),
            response_time_histogram: histogram(&response_time_histogram),
        }
    };
    page.windows.into_iter().map(shape).collect()
}
