//! `StartTime` and `EndTime` of a request (api.md "Time ranges").

use roentgen_model::assembly::facts::TimeRange;

use super::members::Members;
use crate::error::ApiError;

/// Reads a half-open range. `hours_max` is AWS's bound, there with strict limits only (LIMIT-1).
///
/// # Errors
/// `InvalidRequestException` for a missing or malformed end, an empty or reversed range, one too long.
pub(crate) fn read_range(
    members: &Members<'_>,
    hours_max: Option<i64>,
) -> Result<TimeRange, ApiError> {
    let start = members.required("StartTime")?.time()?;
    let end = members.required("EndTime")?.time()?;
    if start >= end {
        return Err(ApiError::invalid(format!(
            "expected `StartTime` before `EndTime`, found {start} and {end}"
        )));
    }
    match hours_max {
        Some(hours) if end.0.saturating_sub(start.0) > hours * 3600 * 1_000_000_000 => {
            // Observed wording.
            Err(ApiError::invalid(format!(
                "Time range cannot be longer than {hours} hours"
            )))
        }
        _ => Ok(start..end),
    }
}
