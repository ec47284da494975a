//! Carries the encryption configuration from control, which keeps it, to the store, which writes by it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use roentgen_control::Control;
use roentgen_control::encryption::{EncryptionConfig, EncryptionStatus};
use roentgen_store::EmbeddedStore;
use roentgen_store::clock::Randomness;
use roentgen_store::encryption::{KeyId, StoreKeys};
use tokio::sync::watch;

use crate::keys::LocalKeys;

/// How long a change that could not be noted as done waits for the next try.
const RETRY: Duration = Duration::from_secs(1);

/// What the store is opened with: the configuration as it was last, done or not.
pub(crate) fn store_keys(control: &Control, keys: Arc<LocalKeys>) -> anyhow::Result<StoreKeys> {
    let key = key_id(&control.encryption().current())?;
    let settings = key.map(|key| (control.scope().clone(), key));
    Ok(StoreKeys {
        ring: keys,
        randomness: Arc::new(Randomness::from_system()),
        settings: settings.into_iter().collect(),
    })
}

fn key_id(config: &EncryptionConfig) -> anyhow::Result<Option<KeyId>> {
    let key = config.key.as_ref().map(|key| key.id.parse());
    key.transpose()
        .context("read the encryption configuration (control.db)")
}

/// Brings each change to the store, and notes it as active once nothing is written otherwise any more;
/// also one that a stop interrupted.
pub(crate) async fn follow(
    control: Arc<Control>,
    store: Arc<EmbeddedStore>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut changes = control.encryption().changes();
    loop {
        let config = changes.borrow_and_update().clone();
        let is_done = match apply(&control, &store, config).await {
            Ok(()) => true,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(
                    error,
                    "a change of the encryption is not done yet, trying again"
                );
                false
            }
        };
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(RETRY), if !is_done => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

async fn apply(
    control: &Control,
    store: &Arc<EmbeddedStore>,
    config: EncryptionConfig,
) -> anyhow::Result<()> {
    if config.status == EncryptionStatus::Active {
        return Ok(());
    }
    let (store, scope, key) = (Arc::clone(store), control.scope().clone(), key_id(&config)?);
    let publish = move || store.publish_encryption(&scope, key);
    tokio::task::spawn_blocking(publish)
        .await
        .context("change what the store writes under")?;
    if control.encryption().activate(&config).await? {
        let key = config.key.map_or_else(|| "none".to_owned(), |key| key.arn);
        tracing::info!(key, "the encryption is active");
    }
    Ok(())
}
