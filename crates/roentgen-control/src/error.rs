use crate::encryption::KeyRefusal;

/// Why a settings call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The request cannot be done as asked; the message is for the caller and names the member.
    #[error("{0}")]
    Invalid(String),
    /// One sampling rule more than allowed.
    #[error("the account already has {limit} sampling rules, the most allowed")]
    RuleLimit { limit: usize },
    /// Encryption keys cannot be read.
    #[error("look up the encryption key")]
    Keys(#[source] KeyRefusal),
    /// No group or sampling rule, or no other named thing, is called so.
    #[error("no resource `{name}`")]
    NoResource { name: String },
    /// More tags than a resource may have.
    #[error("`{arn}` would have {found} tags, at most {limit} are allowed")]
    TooManyTags {
        arn: String,
        found: usize,
        limit: usize,
    },
    /// A resource policy that cannot be kept; the message is for the caller.
    #[error("{message}")]
    Policy {
        refusal: PolicyRefusal,
        message: String,
    },
    /// The settings file cannot be read or written.
    #[error("{action} in the settings file")]
    Storage {
        action: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// The settings file holds what this version does not understand.
    #[error("the settings file holds an unreadable {what}: {reason}")]
    Damaged { what: &'static str, reason: String },
}

/// Why a resource policy is refused (security.md 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyRefusal {
    Malformed,
    /// It would keep the caller from changing it.
    Lockout,
    /// Another revision is there than the caller has seen.
    Revision,
    Size,
    Count,
}

impl ControlError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    pub(crate) fn storage(action: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Storage { action, source }
    }
}
