use std::path::PathBuf;

use roentgen_model::UnixNanos;

use super::*;
use crate::{Control, ControlSettings};

/// Knows a key by its alias, id and ARN, and a disabled one.
#[derive(Debug)]
struct OneKey;

impl KeyResolver for OneKey {
    fn resolve(&self, name: &str) -> Result<ConfiguredKey, KeyRefusal> {
        match name {
            "alias/orders" | "one" | "arn:one" => Ok(one()),
            "off" => Err(KeyRefusal::Disabled),
            "broken" => Err(KeyRefusal::Unavailable("the file is torn".into())),
            _ => Err(KeyRefusal::Unknown),
        }
    }
}

fn one() -> ConfiguredKey {
    ConfiguredKey {
        id: "one".into(),
        arn: "arn:one".into(),
    }
}

async fn control(path: Option<PathBuf>) -> Control {
    let scope = Scope::new("000000000000", "us-east-1").unwrap();
    let settings = ControlSettings::new(path, scope);
    let control = Control::open(settings, [7; 32], UnixNanos(0))
        .await
        .unwrap();
    control.encryption().resolve_keys_with(Arc::new(OneKey));
    control
}

#[tokio::test]
async fn default_is_plain_and_active() {
    let control = control(None).await;
    let current = control.encryption().current();
    assert_eq!(
        (current.key, current.status),
        (None, EncryptionStatus::Active)
    );
}

#[tokio::test]
async fn changes_are_updating_until_activated_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("control.db"));
    let first = control(path.clone()).await;
    let mut changes = first.encryption().changes();
    for name in ["alias/orders", "one", "arn:one"] {
        let put = first
            .encryption()
            .put(EncryptionType::Kms, Some(name.into()));
        let put = put.await.unwrap();
        assert_eq!(
            (put.key.clone(), put.status),
            (Some(one()), EncryptionStatus::Updating)
        );
        assert_eq!(*changes.borrow_and_update(), put);
    }
    drop(first);

    let second = control(path.clone()).await;
    let interrupted = second.encryption().current();
    assert_eq!(interrupted.key, Some(one()));
    assert_eq!(interrupted.status, EncryptionStatus::Updating);
    assert!(second.encryption().activate(&interrupted).await.unwrap());
    assert_eq!(
        second.encryption().current().status,
        EncryptionStatus::Active
    );
    drop(second);

    let third = control(path).await;
    let active = third.encryption().current();
    assert_eq!(
        (active.key.clone(), active.status),
        (Some(one()), EncryptionStatus::Active)
    );
    let plain = third
        .encryption()
        .put(EncryptionType::None, None)
        .await
        .unwrap();
    assert!(
        !third.encryption().activate(&active).await.unwrap(),
        "an old change"
    );
    assert_eq!(third.encryption().current(), plain);
    assert!(third.encryption().activate(&plain).await.unwrap());
    assert_eq!(third.encryption().current().key, None);
}

#[tokio::test]
async fn bad_requests_name_the_member_and_change_nothing() {
    let control = control(None).await;
    let cases = [
        (EncryptionType::Kms, None, "`KeyId` is required"),
        (
            EncryptionType::None,
            Some("one"),
            "`KeyId` must not be given",
        ),
        (
            EncryptionType::Kms,
            Some("two"),
            "`KeyId`: no key has the alias, id or ARN `two`",
        ),
        (
            EncryptionType::Kms,
            Some("off"),
            "`KeyId`: the key `off` is disabled",
        ),
    ];
    for (kind, name, message) in cases {
        let refused = control
            .encryption()
            .put(kind, name.map(str::to_owned))
            .await;
        match refused {
            Err(ControlError::Invalid(found)) => assert!(found.starts_with(message), "{found}"),
            other => panic!("{message}: {other:?}"),
        }
    }
    let broken = control
        .encryption()
        .put(EncryptionType::Kms, Some("broken".into()));
    assert!(matches!(broken.await, Err(ControlError::Keys(_))));
    assert_eq!(
        control.encryption().current().status,
        EncryptionStatus::Active
    );
    assert_eq!(control.encryption().current().key, None);
}
