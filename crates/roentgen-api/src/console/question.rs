//! What searches and completions are asked alike: a range, a filter, a group, keys of facets.

use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::filter::{Condition, Filter, GroupExpressions, GroupSelector};
use roentgen_query::explore::facets::FacetKey;

use crate::error::ApiError;
use crate::state::ApiState;
use crate::wire::members::{Member, Members};

/// Characters of a group's name, and more.
const NAME_CHARS_MAX: usize = 500;

/// `startUnixNanos` and `endUnixNanos`, half-open.
pub(super) fn read_range(members: &Members<'_>) -> Result<TimeRange, ApiError> {
    let start = members.required("startUnixNanos")?.nanos_text()?;
    let end = members.required("endUnixNanos")?.nanos_text()?;
    if start >= end {
        return Err(ApiError::invalid(format!(
            "expected `startUnixNanos` before `endUnixNanos`, found {} and {}",
            start.0, end.0
        )));
    }
    Ok(start..end)
}

/// `filter` and `group` as one; `None` matches every trace.
pub(super) fn read_filter(
    members: &Members<'_>,
    api: &ApiState,
) -> Result<Option<Arc<Filter>>, ApiError> {
    let history = api.control.history();
    let text = members.optional_text("filter", 0..=usize::MAX)?;
    let filter = Filter::parse(&text.unwrap_or_default(), &*history)?;
    let Some(group) = members.optional_text("group", 0..=NAME_CHARS_MAX)? else {
        return Ok((!filter.is_empty()).then(|| Arc::new(filter)));
    };
    let expression = history.expression(GroupSelector::Name(&group));
    let expression = expression
        .ok_or_else(|| ApiError::invalid(format!("`group`: no group has the name `{group}`")))?;
    let members = Filter::parse(&expression, &*history)
        .map_err(|error| ApiError::invalid(format!("`group`: {error}")))?;
    let both = [&members, &filter].into_iter();
    let both = both.filter(|filter| !filter.is_empty());
    let both: Vec<Condition> = both.map(|filter| filter.condition().clone()).collect();
    let filter = Filter::from(Condition::And(both));
    Ok((!filter.is_empty()).then(|| Arc::new(filter)))
}

/// A key of facets.
pub(super) fn read_key(member: &Member<'_>) -> Result<FacetKey, ApiError> {
    let text = member.text(1..=NAME_CHARS_MAX + 11)?;
    FacetKey::parse(&text).ok_or_else(|| {
        let known: Vec<String> = FacetKey::FIXED.iter().map(ToString::to_string).collect();
        let known = known.join("`, `");
        member.refuse(format!("expected one of `{known}` or `annotation.<name>`"))
    })
}

/// A whole number that may be absent.
pub(super) fn read_count(
    members: &Members<'_>,
    name: &str,
    default: usize,
    range: std::ops::RangeInclusive<i64>,
) -> Result<usize, ApiError> {
    let Some(member) = members.optional(name) else {
        return Ok(default);
    };
    usize::try_from(member.integer(range)?).map_err(ApiError::fault)
}
