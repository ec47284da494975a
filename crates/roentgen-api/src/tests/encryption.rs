//! GetEncryptionConfig and PutEncryptionConfig (api.md, security.md 5).

use roentgen_control::encryption::{ConfiguredKey, KeyRefusal, KeyResolver};
use serde_json::json;

use super::*;

#[derive(Debug)]
struct OneKey;

impl KeyResolver for OneKey {
    fn resolve(&self, name: &str) -> Result<ConfiguredKey, KeyRefusal> {
        match name {
            "alias/orders" | "one" | "arn:aws:kms:eu-west-1:123456789012:key/one" => {
                Ok(ConfiguredKey {
                    id: "one".into(),
                    arn: "arn:aws:kms:eu-west-1:123456789012:key/one".into(),
                })
            }
            "off" => Err(KeyRefusal::Disabled),
            "broken" => Err(KeyRefusal::Unavailable("the file is torn".into())),
            _ => Err(KeyRefusal::Unknown),
        }
    }
}

async fn server() -> Server {
    let server = Server::start().await;
    let encryption = server.state.control.encryption();
    encryption.resolve_keys_with(Arc::new(OneKey));
    server
}

#[tokio::test]
async fn change_is_updating_then_active_and_answers_the_arn() {
    let server = server().await;
    let arn = "arn:aws:kms:eu-west-1:123456789012:key/one";
    for name in ["alias/orders", "one", arn] {
        let request = json!({"Type": "KMS", "KeyId": name, "Unknown": 1});
        let answer = server.ok("/PutEncryptionConfig", request).await;
        let expected =
            json!({"EncryptionConfig": {"KeyId": arn, "Status": "UPDATING", "Type": "KMS"}});
        assert_eq!(answer, expected);
        assert_eq!(server.ok("/EncryptionConfig", json!({})).await, expected);
    }
    let encryption = server.state.control.encryption();
    assert!(encryption.activate(&encryption.current()).await.unwrap());
    assert_eq!(
        server.ok("/EncryptionConfig", json!({})).await,
        json!({"EncryptionConfig": {"KeyId": arn, "Status": "ACTIVE", "Type": "KMS"}})
    );
    assert_eq!(
        server
            .ok("/PutEncryptionConfig", json!({"Type": "NONE"}))
            .await,
        json!({"EncryptionConfig": {"Status": "UPDATING", "Type": "NONE"}})
    );
}

#[tokio::test]
async fn bad_encryption_requests_name_the_member() {
    let server = server().await;
    let long = "a".repeat(3_001);
    let cases = [
        (json!({}), "`Type` is required"),
        (json!({"Type": "AES"}), "`Type`: expected `NONE` or `KMS`"),
        (json!({"Type": 1}), "`Type`: expected a string, found `1`"),
        (
            json!({"Type": "KMS"}),
            "`KeyId` is required with `Type` KMS: an alias, a key id or a key ARN",
        ),
        (
            json!({"Type": "NONE", "KeyId": "one"}),
            "`KeyId` must not be given with `Type` NONE",
        ),
        (
            json!({"Type": "KMS", "KeyId": ""}),
            "`KeyId`: expected 1 to 3000 characters, found 0",
        ),
        (
            json!({"Type": "KMS", "KeyId": long}),
            "`KeyId`: expected 1 to 3000 characters, found 3001",
        ),
        (
            json!({"Type": "KMS", "KeyId": "two"}),
            "`KeyId`: no key has the alias, id or ARN `two`",
        ),
        (
            json!({"Type": "KMS", "KeyId": "off"}),
            "`KeyId`: the key `off` is disabled",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/PutEncryptionConfig", body).await, message);
    }
    let body = json!({"Type": "KMS", "KeyId": "broken"});
    let answer = server.post("/PutEncryptionConfig", body).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        !answer.body.to_string().contains("torn"),
        "{:?}",
        answer.body
    );
    assert_eq!(
        server.ok("/EncryptionConfig", json!({})).await,
        json!({"EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}}),
        "nothing changed"
    );
}
