//! Shapes of the encryption configuration (api.md "Structures").

use roentgen_control::encryption::{EncryptionConfig, EncryptionStatus, EncryptionType};
use serde::Serialize;

use super::members::Members;
use crate::error::ApiError;

/// The result of both operations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EncryptionConfigResult {
    encryption_config: EncryptionConfigShape,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EncryptionConfigShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    status: &'static str,
    r#type: &'static str,
}

impl EncryptionConfigResult {
    pub(crate) fn new(config: EncryptionConfig) -> Self {
        let r#type = if config.key.is_some() { "KMS" } else { "NONE" };
        let status = match config.status {
            EncryptionStatus::Updating => "UPDATING",
            EncryptionStatus::Active => "ACTIVE",
        };
        Self {
            encryption_config: EncryptionConfigShape {
                key_id: config.key.map(|key| key.arn),
                status,
                r#type,
            },
        }
    }
}

/// `Type` of a request.
pub(crate) fn read_type(members: &Members<'_>) -> Result<EncryptionType, ApiError> {
    let choice = members.required("Type")?.choice(&["NONE", "KMS"])?;
    Ok([EncryptionType::None, EncryptionType::Kms][choice])
}
