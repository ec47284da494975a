//! Page tokens (PAGE-1): opaque to clients, bound to the operation, to a hash of the other parameters
//! and to a time, and authenticated with a key of the control store, so that a token outlives sealing,
//! compaction and restarts and cannot be made up.
//!
//! Layout before base64url: version (1), issue time (8, seconds, big-endian), MAC (32), payload.
//! The MAC is HMAC-SHA256 over operation, parameters, issue time and payload.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use roentgen_model::UnixNanos;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

/// How long a token is good for (api.md "Wire protocol", our choice).
pub const VALID_SECS: i64 = 24 * 3600;
/// Longer texts are refused unread; the longest token we issue is a few hundred characters.
const TEXT_BYTES_MAX: usize = 4096;

const VERSION: u8 = 1;
const MAC_LEN: usize = 32;
const HEADER_LEN: usize = 1 + 8 + MAC_LEN;

/// Why a token is refused. All of them are the caller's: `InvalidRequestException`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not one of ours, altered, of another operation, or sent with other parameters.
    #[error("`NextToken` does not belong to this request")]
    Foreign,
    /// Older than [`VALID_SECS`].
    #[error("`NextToken` has expired")]
    Expired,
}

/// What a token is bound to beside its time: the operation and a hash of every parameter but the token.
#[derive(Clone, Debug)]
pub struct Binding {
    digest: Sha256,
}

impl Binding {
    /// A binding to an operation (`GetTraceSummaries`).
    #[must_use]
    pub fn new(operation: &str) -> Self {
        Self {
            digest: Sha256::new(),
        }
        .with("operation", operation)
    }

    /// Adds a parameter; order matters, and each text is delimited, so no two lists collide.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        for text in [name, value] {
            self.digest.update((text.len() as u64).to_be_bytes());
            self.digest.update(text.as_bytes());
        }
        self
    }

    /// Adds a parameter that may be absent; absent differs from empty.
    #[must_use]
    pub fn with_optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The hash itself, for keys of caches.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }
}

/// Makes and opens tokens.
#[derive(Clone)]
pub struct TokenSealer {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for TokenSealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSealer(key hidden)")
    }
}

impl TokenSealer {
    /// A sealer with a key of the control store.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            mac: Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
        }
    }

    /// A token that carries `payload`.
    #[must_use]
    pub fn seal<T: Serialize>(&self, binding: &Binding, now: UnixNanos, payload: &T) -> String {
        let payload = serde_json::to_vec(payload).expect("payloads are plain structures");
        let issued = now.secs().to_be_bytes();
        let mac = self.mac(binding, issued, &payload).finalize().into_bytes();
        let mut token = Vec::with_capacity(HEADER_LEN + payload.len());
        token.push(VERSION);
        token.extend_from_slice(&issued);
        token.extend_from_slice(&mac);
        token.extend_from_slice(&payload);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// What a token carries, if it is ours, of this binding, and not too old.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open<T: DeserializeOwned>(
        &self,
        binding: &Binding,
        now: UnixNanos,
        token: &str,
    ) -> Result<T, TokenError> {
        if token.len() > TEXT_BYTES_MAX {
            return Err(TokenError::Foreign);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| TokenError::Foreign)?;
        let (header, payload) = bytes
            .split_at_checked(HEADER_LEN)
            .ok_or(TokenError::Foreign)?;
        let (version, rest) = header.split_first().ok_or(TokenError::Foreign)?;
        let (issued, mac) = rest.split_first_chunk::<8>().ok_or(TokenError::Foreign)?;
        let known = self
            .mac(binding, *issued, payload)
            .verify_slice(mac)
            .is_ok();
        if *version != VERSION || !known {
            return Err(TokenError::Foreign);
        }
        if now.secs().saturating_sub(i64::from_be_bytes(*issued)) > VALID_SECS {
            return Err(TokenError::Expired);
        }
        serde_json::from_slice(payload).map_err(|_| TokenError::Foreign)
    }

    fn mac(&self, binding: &Binding, issued: [u8; 8], payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&binding.digest());
        mac.update(&issued);
        mac.update(payload);
        mac
    }
}
