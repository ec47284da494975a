//! Whose data: account and region.

use std::fmt;
use std::sync::Arc;

/// One account in one region. Log records, block directories, catalog keys and live traces each belong
/// to exactly one; reads take a set of them (SCOPE-1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// 12 digits (security.md 7).
    pub account: Arc<str>,
    /// A free label such as `eu-west-1`; safe as a directory name.
    pub region: Arc<str>,
}

impl Scope {
    /// The scope, if `account` is 12 digits and `region` is 1–64 of `[a-z0-9-]`.
    #[must_use]
    pub fn new(account: &str, region: &str) -> Option<Self> {
        let account_ok = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let region_byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let region_ok = (1..=64).contains(&region.len()) && region.bytes().all(region_byte);
        (account_ok && region_ok).then(|| Self {
            account: account.into(),
            region: region.into(),
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}
