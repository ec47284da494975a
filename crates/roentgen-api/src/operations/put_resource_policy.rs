//! `PutResourcePolicy` (security.md 4).

use bytes::Bytes;
use roentgen_control::policies::{PolicyCaller, PolicyWrite};
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::policies::{ResourcePolicyShape, read_policy_name};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutResourcePolicyResult {
    resource_policy: ResourcePolicyShape,
}

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let may_lock_out = members
        .optional("BypassPolicyLockoutCheck")
        .map_or(Ok(false), |m| m.boolean())?;
    let policy = PolicyWrite {
        name: read_policy_name(members)?,
        document: members.required("PolicyDocument")?.text(0..=usize::MAX)?,
        revision: members.optional_text("PolicyRevisionId", 0..=usize::MAX)?,
        may_lock_out,
    };
    let caller = PolicyCaller {
        account: &call.principal.scope.account,
        user: &call.principal.name,
    };
    let control = &call.api().control;
    let policy = control.put_policy(policy, caller, call.now).await?;
    json(&PutResourcePolicyResult {
        resource_policy: policy.into(),
    })
}
