//! Groups on the wire, and the one reader of the members that name one.

use roentgen_control::Control;
use roentgen_control::groups::{DEFAULT_GROUP_NAME, Group, InsightsConfiguration, InsightsUpdate};
use roentgen_model::filter::GroupSelector;
use roentgen_query::service_graph::CountedGroup;
use serde::Serialize;

use super::members::Members;
use crate::error::ApiError;

/// `Group` and `GroupSummary`, which have the same members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupShape {
    group_name: String,
    #[serde(rename = "GroupARN")]
    group_arn: String,
    /// Absent for groups that hold all traces, `Default` above all.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_expression: Option<String>,
    insights_configuration: InsightsConfigurationShape,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InsightsConfigurationShape {
    insights_enabled: bool,
    notifications_enabled: bool,
}

impl From<Group> for GroupShape {
    fn from(group: Group) -> Self {
        let Group {
            id: _,
            name,
            arn,
            version: _,
            expression,
            insights:
                InsightsConfiguration {
                    insights_enabled,
                    notifications_enabled,
                },
        } = group;
        Self {
            group_name: name.as_ref().to_owned(),
            group_arn: arn.as_ref().to_owned(),
            filter_expression: (!expression.is_empty()).then(|| expression.as_ref().to_owned()),
            insights_configuration: InsightsConfigurationShape {
                insights_enabled,
                notifications_enabled,
            },
        }
    }
}

/// The group that `GroupName` or `GroupARN` selects; both may be given if they agree. `None`: neither is
/// there.
///
/// # Errors
/// `InvalidRequestException` for broken lengths, an unknown group and a disagreement.
pub(crate) fn read_group(
    members: &Members<'_>,
    control: &Control,
) -> Result<Option<Group>, ApiError> {
    let name = members.optional_text("GroupName", 1..=32)?;
    let arn = members.optional_text("GroupARN", 1..=400)?;
    let by_name = name.map(|name| {
        let found = control.group(GroupSelector::Name(&name));
        found.ok_or_else(|| ApiError::invalid(format!("`GroupName`: no group `{name}`")))
    });
    let by_arn = arn.map(|arn| {
        let found = control.group(GroupSelector::Arn(&arn));
        found.ok_or_else(|| ApiError::invalid(format!("`GroupARN`: no group `{arn}`")))
    });
    match (by_name.transpose()?, by_arn.transpose()?) {
        (Some(named), Some(other)) if named.id != other.id => Err(ApiError::invalid(format!(
            "expected `GroupName` and `GroupARN` of one group, found `{}` and `{}`",
            named.name, other.arn
        ))),
        (by_name, by_arn) => Ok(by_name.or(by_arn)),
    }
}

/// As [`read_group`], of operations that need one.
///
/// # Errors
/// Those of [`read_group`], and `InvalidRequestException` if neither member is there.
pub(crate) fn read_required_group(
    members: &Members<'_>,
    control: &Control,
) -> Result<Group, ApiError> {
    read_group(members, control)?
        .ok_or_else(|| ApiError::invalid("`GroupName` or `GroupARN` is required"))
}

/// What to count by, `None` for `Default`: it holds all traces, recorded members or not.
pub(crate) fn counted(group: Group) -> Option<CountedGroup> {
    (!group.is_default()).then_some(CountedGroup {
        id: group.id,
        version: group.version,
    })
}

/// Reads `InsightsConfiguration`, all of which may be absent.
///
/// # Errors
/// `InvalidRequestException` for values of other types.
pub(crate) fn read_insights(members: &Members<'_>) -> Result<InsightsUpdate, ApiError> {
    let Some(member) = members.optional("InsightsConfiguration") else {
        return Ok(InsightsUpdate::default());
    };
    let configuration = member.object()?;
    let flag = |name| {
        configuration
            .optional(name)
            .map(|m| m.boolean())
            .transpose()
    };
    Ok(InsightsUpdate {
        insights_enabled: flag("InsightsEnabled")?,
        notifications_enabled: flag("NotificationsEnabled")?,
    })
}

/// `Default` goes before all names.
pub(crate) fn is_after(name: &str, last: &str) -> bool {
    name != DEFAULT_GROUP_NAME && (last == DEFAULT_GROUP_NAME || name > last)
}
