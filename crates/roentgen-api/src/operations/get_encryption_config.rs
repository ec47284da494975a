//! `GetEncryptionConfig` (security.md 5): files are plain until encryption is built.

use bytes::Bytes;
use serde::Serialize;

use super::json;
use crate::error::ApiError;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetEncryptionConfigResult {
    encryption_config: EncryptionConfig,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EncryptionConfig {
    status: &'static str,
    r#type: &'static str,
}

pub(super) fn answer() -> Result<Bytes, ApiError> {
    json(&GetEncryptionConfigResult {
        encryption_config: EncryptionConfig {
            status: "ACTIVE",
            r#type: "NONE",
        },
    })
}
