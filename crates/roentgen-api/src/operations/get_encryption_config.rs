//! `GetEncryptionConfig` (security.md 5).

use bytes::Bytes;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::encryption::EncryptionConfigResult;

pub(super) fn answer(call: &Call) -> Result<Bytes, ApiError> {
    let current = call.api().control.encryption().current();
    json(&EncryptionConfigResult::new(current))
}
