//! The encryption configuration (security.md 5): what data is written under from now on.
//!
//! A change is kept as `UPDATING` before it is answered. Whoever writes the data follows
//! [`EncryptionConfigs::changes`] and calls [`EncryptionConfigs::activate`] once nothing is written under
//! the setting before any more; a change that a restart interrupts is found in `UPDATING` and finished
//! then. Keys themselves are not kept here: a [`KeyResolver`] knows their names.

use std::fmt;
use std::sync::{Arc, OnceLock};

use roentgen_model::Scope;
use sqlx::SqlitePool;
use tokio::sync::watch;

use crate::ControlError;

#[cfg(test)]
mod tests;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS encryption_config (
    account TEXT NOT NULL, region TEXT NOT NULL,
    key_id TEXT, key_arn TEXT, is_active INTEGER NOT NULL,
    PRIMARY KEY (account, region)) STRICT";

/// A key as it was resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredKey {
    /// Names the key wherever data is written under it.
    pub id: String,
    /// What answers say.
    pub arn: String,
}

/// Whether all data is written as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptionStatus {
    /// Data may still be written under the setting before.
    Updating,
    Active,
}

/// The configuration of one account and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionConfig {
    /// `None`: type `NONE`, plain files.
    pub key: Option<ConfiguredKey>,
    pub status: EncryptionStatus,
    /// Counts changes in this process, so that an old one is not taken for the present one.
    revision: u64,
}

/// What a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptionType {
    None,
    Kms,
}

/// Finds keys by name: alias, key id or ARN. May read files, so it is called where that may block.
pub trait KeyResolver: Send + Sync + fmt::Debug {
    /// The key of that name.
    ///
    /// # Errors
    /// See [`KeyRefusal`].
    fn resolve(&self, name: &str) -> Result<ConfiguredKey, KeyRefusal>;
}

/// Why a name is no key to write under.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRefusal {
    #[error("no key has this alias, id or ARN")]
    Unknown,
    #[error("the key is disabled")]
    Disabled,
    /// Keys cannot be read now; the reason is for the server's log.
    #[error("read the encryption keys")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The configuration, and whoever follows it.
#[derive(Debug)]
pub struct EncryptionConfigs {
    pool: SqlitePool,
    scope: Scope,
    resolver: OnceLock<Arc<dyn KeyResolver>>,
    current: watch::Sender<EncryptionConfig>,
    /// One change at a time, over its write to the file.
    changing: tokio::sync::Mutex<()>,
}

impl EncryptionConfigs {
    pub(crate) async fn open(pool: &SqlitePool, scope: &Scope) -> Result<Self, ControlError> {
        let storage = || ControlError::storage("read the encryption configuration");
        sqlx::query(TABLE).execute(pool).await.map_err(storage())?;
        let row: Option<(Option<String>, Option<String>, bool)> = sqlx::query_as(
            "SELECT key_id, key_arn, is_active FROM encryption_config WHERE account = ? AND region = ?",
        )
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .fetch_optional(pool)
        .await
        .map_err(storage())?;
        let (id, arn, is_active) = row.unwrap_or((None, None, true));
        let status = if is_active {
            EncryptionStatus::Active
        } else {
            EncryptionStatus::Updating
        };
        let current = EncryptionConfig {
            key: id.zip(arn).map(|(id, arn)| ConfiguredKey { id, arn }),
            status,
            revision: 0,
        };
        Ok(Self {
            pool: pool.clone(),
            scope: scope.clone(),
            resolver: OnceLock::new(),
            current: watch::Sender::new(current),
            changing: tokio::sync::Mutex::new(()),
        })
    }

    /// Names of keys are looked up here from now on; without it every key is unknown. The first call
    /// counts.
    pub fn resolve_keys_with(&self, resolver: Arc<dyn KeyResolver>) {
        let _ = self.resolver.set(resolver);
    }

    /// The configuration in force, or on its way to be.
    #[must_use]
    pub fn current(&self) -> EncryptionConfig {
        self.current.borrow().clone()
    }

    /// The configuration as it changes; the present one counts as seen.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<EncryptionConfig> {
        self.current.subscribe()
    }

    /// Changes the configuration and returns it, in `UPDATING`. What is in force already begins anew.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] when type and key do not go together, and for an unknown or disabled
    /// key; [`ControlError::Keys`] when keys cannot be read.
    pub async fn put(
        &self,
        encryption_type: EncryptionType,
        key_id: Option<String>,
    ) -> Result<EncryptionConfig, ControlError> {
        let _one_change = self.changing.lock().await;
        let key = match (encryption_type, key_id) {
            (EncryptionType::None, None) => None,
            (EncryptionType::Kms, Some(name)) => Some(self.resolve(name).await?),
            (EncryptionType::None, Some(_)) => {
                let message = "`KeyId` must not be given with `Type` NONE";
                return Err(ControlError::invalid(message));
            }
            (EncryptionType::Kms, None) => {
                let message =
                    "`KeyId` is required with `Type` KMS: an alias, a key id or a key ARN";
                return Err(ControlError::invalid(message));
            }
        };
        let revision = self.current.borrow().revision + 1;
        let config = EncryptionConfig {
            key,
            status: EncryptionStatus::Updating,
            revision,
        };
        self.write(&config).await?;
        self.current.send_replace(config.clone());
        Ok(config)
    }

    async fn resolve(&self, name: String) -> Result<ConfiguredKey, ControlError> {
        let unknown = format!("`KeyId`: no key has the alias, id or ARN `{name}`");
        let Some(resolver) = self.resolver.get().cloned() else {
            return Err(ControlError::invalid(unknown));
        };
        let disabled = format!("`KeyId`: the key `{name}` is disabled");
        let looked_up = tokio::task::spawn_blocking(move || resolver.resolve(&name)).await;
        let failed = |error: tokio::task::JoinError| KeyRefusal::Unavailable(error.into());
        match looked_up.map_err(failed).flatten() {
            Ok(key) => Ok(key),
            Err(KeyRefusal::Unknown) => Err(ControlError::invalid(unknown)),
            Err(KeyRefusal::Disabled) => Err(ControlError::invalid(disabled)),
            Err(refusal @ KeyRefusal::Unavailable(_)) => Err(ControlError::Keys(refusal)),
        }
    }

    /// All data is written under this configuration now. False: it is not the present one any more.
    ///
    /// # Errors
    /// [`ControlError::Storage`]; it stays in `UPDATING` then.
    pub async fn activate(&self, config: &EncryptionConfig) -> Result<bool, ControlError> {
        let _one_change = self.changing.lock().await;
        if self.current.borrow().revision != config.revision {
            return Ok(false);
        }
        let config = EncryptionConfig {
            status: EncryptionStatus::Active,
            ..config.clone()
        };
        self.write(&config).await?;
        self.current.send_replace(config);
        Ok(true)
    }

    async fn write(&self, config: &EncryptionConfig) -> Result<(), ControlError> {
        let EncryptionConfig {
            key,
            status,
            revision: _,
        } = config;
        sqlx::query("INSERT OR REPLACE INTO encryption_config VALUES (?, ?, ?, ?, ?)")
            .bind(self.scope.account.as_ref())
            .bind(self.scope.region.as_ref())
            .bind(key.as_ref().map(|key| key.id.as_str()))
            .bind(key.as_ref().map(|key| key.arn.as_str()))
            .bind(*status == EncryptionStatus::Active)
            .execute(&self.pool)
            .await
            .map(|_| ())
            .map_err(ControlError::storage("write the encryption configuration"))
    }
}
