//! Groups on the wire. Only `Default`, which every account has, exists so far.

use roentgen_model::Scope;
use serde::Serialize;

use super::members::Members;
use crate::error::ApiError;

/// The group of all traces.
const DEFAULT_NAME: &str = "Default";

/// `Group` and `GroupSummary`, which have the same members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupShape {
    group_name: &'static str,
    #[serde(rename = "GroupARN")]
    group_arn: String,
    insights_configuration: InsightsConfigurationShape,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InsightsConfigurationShape {
    insights_enabled: bool,
    notifications_enabled: bool,
}

impl GroupShape {
    /// `Default`: no expression, so that member is absent; insights are off at first.
    pub(crate) fn default_group(scope: &Scope) -> Self {
        let insights_configuration = InsightsConfigurationShape {
            insights_enabled: false,
            notifications_enabled: false,
        };
        Self {
            group_name: DEFAULT_NAME,
            group_arn: default_arn(scope),
            insights_configuration,
        }
    }
}

/// Reads `GroupName` and `GroupARN`, which may both be given if they agree. True: `Default` is meant;
/// false: neither is there.
///
/// # Errors
/// `InvalidRequestException` for any other group and for a disagreement.
pub(crate) fn names_default_group(members: &Members<'_>, scope: &Scope) -> Result<bool, ApiError> {
    let name = members.optional_text("GroupName", 1..=32)?;
    let arn = members.optional_text("GroupARN", 1..=400)?;
    if let Some(name) = &name
        && name != DEFAULT_NAME
    {
        return Err(ApiError::invalid(format!("`GroupName`: no group `{name}`")));
    }
    if let Some(arn) = &arn
        && *arn != default_arn(scope)
    {
        return Err(ApiError::invalid(format!("`GroupARN`: no group `{arn}`")));
    }
    Ok(name.is_some() || arn.is_some())
}

fn default_arn(scope: &Scope) -> String {
    format!(
        "arn:aws:xray:{}:{}:group/{DEFAULT_NAME}",
        scope.region, scope.account
    )
}
