//! Resource policies on the wire (api.md "Structures").

use roentgen_control::policies::ResourcePolicy;
use serde::Serialize;

use super::members::Members;
use super::numbers::Time;
use crate::error::ApiError;

/// `ResourcePolicy`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ResourcePolicyShape {
    policy_name: String,
    policy_document: String,
    policy_revision_id: String,
    last_updated_time: Time,
}

impl From<ResourcePolicy> for ResourcePolicyShape {
    fn from(policy: ResourcePolicy) -> Self {
        let ResourcePolicy {
            name,
            document,
            revision,
            updated_at,
        } = policy;
        Self {
            policy_name: name,
            policy_document: document,
            policy_revision_id: revision.to_string(),
            last_updated_time: Time(updated_at),
        }
    }
}

/// Reads `PolicyName`: 1 to 128 of `[\w+=,.@-]`.
///
/// # Errors
/// `InvalidRequestException`, also for operations that do not list it.
pub(crate) fn read_policy_name(members: &Members<'_>) -> Result<String, ApiError> {
    let member = members.required("PolicyName")?;
    let name = member.text(1..=128)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !name.chars().all(is_allowed) {
        return Err(member.refuse("expected letters, digits and `_+=,.@-`"));
    }
    Ok(name)
}
