//! `TraceIds` of a request.

use roentgen_model::TraceId;

use super::members::Members;
use crate::error::ApiError;

/// AWS's bound, there with strict limits only (LIMIT-1).
const STRICT_IDS_MAX: usize = 5;
/// Our bound without them: what a page of summaries gives, ten times over.
const IDS_MAX: usize = 10_000;
/// Ids of one retrieval (limits.md).
const RETRIEVED_IDS_MAX: usize = 100;

/// Reads at least one id, in X-Ray's form or W3C's (our choice); repeated ones once, in the order of
/// the request.
///
/// # Errors
/// `InvalidRequestException` naming the malformed id, or the wrong number of them.
pub(crate) fn read_trace_ids(
    members: &Members<'_>,
    strict_limits: bool,
) -> Result<Vec<TraceId>, ApiError> {
    let ids_max = if strict_limits {
        STRICT_IDS_MAX
    } else {
        IDS_MAX
    };
    read_ids(members, ids_max)
}

/// Reads the ids of traces to retrieve, as [`read_trace_ids`] does; their number is the model's.
///
/// # Errors
/// As [`read_trace_ids`].
pub(crate) fn read_retrieved_ids(members: &Members<'_>) -> Result<Vec<TraceId>, ApiError> {
    read_ids(members, RETRIEVED_IDS_MAX)
}

fn read_ids(members: &Members<'_>, ids_max: usize) -> Result<Vec<TraceId>, ApiError> {
    let list = members.required("TraceIds")?.list(1..=ids_max)?;
    let mut seen = std::collections::HashSet::with_capacity(list.len());
    let mut ids = Vec::with_capacity(list.len());
    for item in &list {
        let id = TraceId::parse_any(&item.text(1..=TraceId::TEXT_LEN)?)
            .map_err(|error| item.refuse(error))?;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    Ok(ids)
}
