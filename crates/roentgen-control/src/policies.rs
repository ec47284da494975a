//! Resource policies (spec security.md 4; api.md "Encryption, policies, tags"): kept and given back as
//! they came. They act on requests of other accounts only.

use roentgen_model::{Scope, UnixNanos};
use sqlx::SqlitePool;

use crate::{Control, ControlError, PolicyRefusal};

mod document;
#[cfg(test)]
mod tests;

/// Policies of one account.
pub const POLICIES_MAX: usize = 5;
/// Bytes of a policy's text ("5 kB", our choice of kB).
pub const POLICY_BYTES_MAX: usize = 5_120;
/// Asks for a policy that does not exist yet.
const NO_REVISION: &str = "0";

/// A policy as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePolicy {
    pub name: String,
    /// The text as it was sent.
    pub document: String,
    /// 1 on creation, +1 per write (our choice).
    pub revision: i64,
    pub updated_at: UnixNanos,
}

/// A policy to create or overwrite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyWrite {
    pub name: String,
    pub document: String,
    /// `None`: whatever is there; `"0"`: nothing must be there; else what must be there.
    pub revision: Option<String>,
    /// The caller does not mind being kept from changing policies.
    pub may_lock_out: bool,
}

/// Who asks, as a policy may name it.
#[derive(Clone, Copy, Debug)]
pub struct PolicyCaller<'a> {
    /// 12 digits.
    pub account: &'a str,
    pub user: &'a str,
}

impl Control {
    /// All policies by name, at most [`POLICIES_MAX`].
    #[must_use]
    pub fn policies(&self) -> Vec<ResourcePolicy> {
        self.policies.read().clone()
    }

    /// Creates or overwrites a policy.
    ///
    /// # Errors
    /// [`ControlError::Policy`] for each rule of security.md 4; the caller has checked the name.
    pub async fn put_policy(
        &self,
        policy: PolicyWrite,
        caller: PolicyCaller<'_>,
        now: UnixNanos,
    ) -> Result<ResourcePolicy, ControlError> {
        let _one_change = self.changing.lock().await;
        let PolicyWrite {
            name,
            document,
            revision,
            may_lock_out,
        } = policy;
        if document.len() > POLICY_BYTES_MAX {
            let found = document.len();
            return Err(refusal(
                PolicyRefusal::Size,
                format!(
                    "`PolicyDocument`: expected at most {POLICY_BYTES_MAX} bytes, found {found}"
                ),
            ));
        }
        let checked = document::parse(&document).map_err(|problem| {
            refusal(
                PolicyRefusal::Malformed,
                format!("`PolicyDocument`: {problem}"),
            )
        })?;
        let mut policies = self.policies();
        let known = policies.iter().position(|policy| policy.name == name);
        let before = known.and_then(|at| policies.get(at)).map(|p| p.revision);
        check_revision(&name, revision.as_deref(), before)?;
        if known.is_none() && policies.len() >= POLICIES_MAX {
            return Err(refusal(
                PolicyRefusal::Count,
                format!(
                    "the account already has {POLICIES_MAX} resource policies, the most allowed"
                ),
            ));
        }
        if !may_lock_out && checked.locks_out(caller) {
            return Err(refusal(
                PolicyRefusal::Lockout,
                "`PolicyDocument` would deny you xray:PutResourcePolicy; \
                 `BypassPolicyLockoutCheck` puts it all the same",
            ));
        }
        let policy = ResourcePolicy {
            name,
            document,
            revision: before.map_or(1, |before| before.saturating_add(1)),
            updated_at: now,
        };
        self.write_policy(&policy).await?;
        policies.retain(|other| other.name != policy.name);
        policies.push(policy.clone());
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        *self.policies.write() = policies;
        Ok(policy)
    }

    /// Deletes a policy, of a certain revision if one is given.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for an unknown name, [`ControlError::Policy`] for another revision.
    pub async fn delete_policy(
        &self,
        name: &str,
        revision: Option<&str>,
    ) -> Result<(), ControlError> {
        let _one_change = self.changing.lock().await;
        let mut policies = self.policies();
        let known = policies.iter().find(|policy| policy.name == name);
        let known = known.ok_or_else(|| {
            ControlError::invalid(format!("`PolicyName`: no resource policy `{name}`"))
        })?;
        check_revision(name, revision, Some(known.revision))?;
        sqlx::query("DELETE FROM resource_policy WHERE account = ? AND region = ? AND name = ?")
            .bind(self.scope().account.as_ref())
            .bind(self.scope().region.as_ref())
            .bind(name)
            .execute(&self.pool)
            .await
            .map_err(ControlError::storage("delete a resource policy"))?;
        policies.retain(|policy| policy.name != name);
        *self.policies.write() = policies;
        Ok(())
    }

    async fn write_policy(&self, policy: &ResourcePolicy) -> Result<(), ControlError> {
        let ResourcePolicy {
            name,
            document,
            revision,
            updated_at,
        } = policy;
        sqlx::query("INSERT OR REPLACE INTO resource_policy VALUES (?, ?, ?, ?, ?, ?)")
            .bind(self.scope().account.as_ref())
            .bind(self.scope().region.as_ref())
            .bind(name)
            .bind(document)
            .bind(revision)
            .bind(updated_at.0)
            .execute(&self.pool)
            .await
            .map(|_| ())
            .map_err(ControlError::storage("write a resource policy"))
    }
}

fn check_revision(
    name: &str,
    wanted: Option<&str>,
    before: Option<i64>,
) -> Result<(), ControlError> {
    let problem = match (wanted, before) {
        (None, _) | (Some(NO_REVISION), None) => return Ok(()),
        (Some(wanted), Some(before)) if wanted == before.to_string() => return Ok(()),
        (Some(NO_REVISION), Some(_)) => format!("a resource policy `{name}` exists"),
        (Some(_), Some(before)) => format!("`{name}` is at revision {before}"),
        (Some(_), None) => format!("there is no resource policy `{name}`"),
    };
    Err(refusal(
        PolicyRefusal::Revision,
        format!("`PolicyRevisionId`: {problem}"),
    ))
}

fn refusal(refusal: PolicyRefusal, message: impl Into<String>) -> ControlError {
    ControlError::Policy {
        refusal,
        message: message.into(),
    }
}

pub(crate) async fn load(
    pool: &SqlitePool,
    scope: &Scope,
) -> Result<Vec<ResourcePolicy>, ControlError> {
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT name, document, revision, updated FROM resource_policy
         WHERE account = ? AND region = ? ORDER BY name",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(pool)
    .await
    .map_err(ControlError::storage("read resource policies"))?;
    let policy = |(name, document, revision, updated)| ResourcePolicy {
        name,
        document,
        revision,
        updated_at: UnixNanos(updated),
    };
    Ok(rows.into_iter().map(policy).collect())
}
