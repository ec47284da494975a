//! `GetTraceSummaries` (api.md "Traces and graphs", filter-expressions.md).

use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::filter::Filter;
use roentgen_query::summaries::{
    Cursor, EXAMINED_PER_PAGE_MAX, SUMMARIES_PER_PAGE_MAX, Sampling, SummariesRequest,
    summaries_page,
};
use roentgen_query::token::Binding;
use roentgen_store::source::TimeBasis;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::numbers::Time;
use crate::wire::ranges::read_range;
use crate::wire::summaries::TraceSummaryShape;

/// Our longest range with strict limits.
const STRICT_HOURS_MAX: i64 = 24;

const BASES: [(&str, TimeBasis); 3] = [
    ("TraceId", TimeBasis::TraceId),
    ("Event", TimeBasis::Event),
    ("Service", TimeBasis::Service),
];

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetTraceSummariesResult<'a> {
    trace_summaries: Vec<TraceSummaryShape<'a>>,
    approximate_time: Time,
    traces_processed_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let strict = call.api().settings.strict_limits;
    let range = read_range(members, strict.then_some(STRICT_HOURS_MAX))?;
    let (basis_name, basis) = read_basis(members)?;
    let sampling = read_sampling(members)?;
    let expression = members.optional_text("FilterExpression", 0..=usize::MAX)?;
    let expression = expression.unwrap_or_default();
    let filter = Filter::parse(&expression, &*call.api().control.history())?;
    let binding = Binding::new("GetTraceSummaries")
        .with("StartTime", &range.start.to_string())
        .with("EndTime", &range.end.to_string())
        .with("TimeRangeType", basis_name)
        .with("Sampling", &sampling_text(sampling))
        .with("FilterExpression", &expression);
    let cursor: Option<Cursor> = call.open_token(&binding, members.next_token()?)?;
    let request = SummariesRequest {
        scopes: vec![call.principal.scope.clone()],
        basis,
        range,
        filter: (!filter.is_empty()).then(|| Arc::new(filter)),
        sampling,
        matches_max: SUMMARIES_PER_PAGE_MAX,
        examined_max: EXAMINED_PER_PAGE_MAX,
    };
    call.read(move |call, reader, control| {
        let page = summaries_page(reader, &request, cursor, control)?;
        json(&GetTraceSummariesResult {
            trace_summaries: page.summaries.iter().map(TraceSummaryShape::new).collect(),
            approximate_time: Time(page.approximate_time),
            traces_processed_count: page.processed,
            next_token: page.next.map(|next| call.seal_token(&binding, &next)),
        })
    })
    .await
}

fn read_basis(members: &Members<'_>) -> Result<(&'static str, TimeBasis), ApiError> {
    let [default, ..] = BASES;
    let Some(member) = members.optional("TimeRangeType") else {
        return Ok(default);
    };
    let chosen = member.choice(&BASES.map(|(name, _)| name))?;
    Ok(BASES.get(chosen).copied().unwrap_or(default))
}

/// A strategy applies unless `Sampling` is false, one without a name is `PartialScan`; without a strategy
/// everything is answered (our choices).
fn read_sampling(members: &Members<'_>) -> Result<Sampling, ApiError> {
    let wanted = members
        .optional("Sampling")
        .map(|m| m.boolean())
        .transpose()?;
    let Some(strategy) = members.optional("SamplingStrategy") else {
        return Ok(Sampling::All);
    };
    let strategy = strategy.object()?;
    let name = strategy
        .optional("Name")
        .map(|m| m.choice(&["PartialScan", "FixedRate"]));
    let name = name.transpose()?;
    let value = match strategy.optional("Value") {
        None => 1.0,
        Some(member) => {
            let value = member.double(0.0..=1.0)?;
            if value <= 0.0 {
                return Err(member.refuse("expected a number above 0 and up to 1"));
            }
            value
        }
    };
    Ok(match name {
        _ if wanted == Some(false) => Sampling::All,
        Some(1) => Sampling::FixedRate(value),
        _ => Sampling::PartialScan(value),
    })
}

fn sampling_text(sampling: Sampling) -> String {
    match sampling {
        Sampling::All => String::new(),
        Sampling::FixedRate(value) => format!("FixedRate {value}"),
        Sampling::PartialScan(value) => format!("PartialScan {value}"),
    }
}
