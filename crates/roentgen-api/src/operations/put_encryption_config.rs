//! `PutEncryptionConfig` (api.md, security.md 5).

use bytes::Bytes;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::encryption::{EncryptionConfigResult, read_type};
use crate::wire::members::Members;

/// Characters of a `KeyId`.
const KEY_ID_CHARS_MAX: usize = 3_000;

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let encryption_type = read_type(members)?;
    let key_id = members.optional_text("KeyId", 1..=KEY_ID_CHARS_MAX)?;
    let configs = call.api().control.encryption();
    json(&EncryptionConfigResult::new(
        configs.put(encryption_type, key_id).await?,
    ))
}
