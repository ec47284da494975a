//! Who asks (design 8). With `auth = off` everybody is the administrator of the server's own account;
//! signatures are not looked at (security.md 1).

use roentgen_model::Scope;

/// Who a request comes from, passed from the edge inward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Where what it sends goes, and what it reads.
    pub scope: Scope,
    pub name: String,
}

impl Principal {
    /// The one who needs no credentials.
    #[must_use]
    pub fn administrator(scope: Scope) -> Self {
        Self {
            scope,
            name: "administrator".to_owned(),
        }
    }
}
