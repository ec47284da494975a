use std::os::unix::fs::PermissionsExt;

use super::*;

fn scope() -> Scope {
    Scope::new("123456789012", "eu-west-1").unwrap()
}

fn material(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

fn entry(id: &str, more: &str) -> String {
    let material = material(1);
    format!("[[keys]]\nid = \"{id}\"\nmaterial = \"{material}\"\n{more}\n")
}

/// Writes so that the change is seen whatever the clock of the file system.
fn write(path: &Path, text: &str) {
    let fresh = path.with_extension("fresh");
    std::fs::write(&fresh, text).unwrap();
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(fresh, path).unwrap();
}

fn resolved(keys: &LocalKeys, name: &str) -> Result<(String, String), String> {
    let key = keys.resolve(name).map_err(|refusal| refusal.to_string())?;
    Ok((key.id, key.arn))
}

#[test]
fn own_key_is_made_on_first_use_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let keys = LocalKeys::open(dir.path(), None, scope()).unwrap();
    let path = dir.path().join(OWN_FILE);
    assert!(!path.try_exists().unwrap(), "not before it is asked for");
    let (id, arn) = resolved(&keys, OWN_ALIAS).unwrap();
    assert_eq!(arn, format!("arn:aws:kms:eu-west-1:123456789012:key/{id}"));
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 4);
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    for name in [OWN_ALIAS, &id, &arn] {
        assert_eq!(resolved(&keys, name).unwrap(), (id.clone(), arn.clone()));
    }
    let ring = LocalKeys::open(dir.path(), None, scope()).unwrap();
    assert!(ring.key(&id.parse().unwrap()).is_some());
    assert_eq!(resolved(&ring, OWN_ALIAS).unwrap().0, id);
    assert!(!format!("{ring:?}").contains("material = "));
}

#[test]
fn keys_of_the_file_have_three_names_and_states() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    let arn = "arn:aws:kms:us-east-1:999999999999:key/two";
    let two = entry("two", &format!("alias = \"alias/two\"\narn = \"{arn}\""));
    let off = entry("off", "state = \"Disabled\"");
    write(&path, &[entry("one", ""), two, off].concat());
    let keys = LocalKeys::open(dir.path(), Some(&path), scope()).unwrap();
    let own_arn = "arn:aws:kms:eu-west-1:123456789012:key/one";
    assert_eq!(resolved(&keys, "one").unwrap().1, own_arn);
    for name in ["two", "alias/two", arn] {
        assert_eq!(resolved(&keys, name).unwrap(), ("two".into(), arn.into()));
    }
    assert!(matches!(keys.resolve("off"), Err(KeyRefusal::Disabled)));
    for name in [
        "three",
        "alias/one",
        "",
        "arn:aws:kms:eu-west-1:123456789012:key/two",
    ] {
        assert!(
            matches!(keys.resolve(name), Err(KeyRefusal::Unknown)),
            "{name}"
        );
    }
    assert!(keys.key(&"one".parse().unwrap()).is_some());
    assert!(keys.key(&"off".parse().unwrap()).is_none(), "disabled");
}

#[test]
fn changes_of_the_file_are_seen_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    let keys = LocalKeys::open(dir.path(), Some(&path), scope()).unwrap();
    let is_there = |id: &str| {
        keys.state.lock().looked = None;
        keys.key(&id.parse().unwrap()).is_some()
    };
    assert!(!is_there("one"));
    write(&path, &entry("one", ""));
    assert!(is_there("one"));
    write(&path, &entry("one", "state = \"disabled\""));
    assert!(!is_there("one"));
    write(&path, &entry("one", ""));
    assert!(is_there("one"));
    write(&path, "[[keys]]\nid = ");
    assert!(is_there("one"), "what cannot be understood changes nothing");
    assert_eq!(resolved(&keys, "one").unwrap().0, "one");
    std::fs::remove_file(&path).unwrap();
    assert!(!is_there("one"));
}

#[test]
fn errors_name_entry_and_field_and_no_secret() {
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldCE";
    let bad =
        |id: &str, more: &str| format!("{}[[keys]]\nid = \"{id}\"\n{more}\n", entry("zero", ""));
    let good = material(2);
    let with = |more: &str| bad("one", &format!("material = \"{good}\"\n{more}"));
    let cases = [
        (bad("a b", ""), "key 2, `id`: expected a key id of 1 to 64"),
        (
            bad("zero", &format!("material = \"{good}\"")),
            "key 2, `id`: key 1 has the same",
        ),
        (bad("one", ""), "key 2, `material`: is missing"),
        (
            bad("one", "material = 5"),
            "key 2, `material`: expected a text",
        ),
        (
            bad("one", &format!("material = \"{secret}*\"")),
            "key 2, `material`: expected base64",
        ),
        (
            bad("one", "material = \"c2VjcmV0\""),
            "key 2, `material`: expected 32 bytes in base64, found 6",
        ),
        (
            with("alias = \"orders\""),
            "key 2, `alias`: expected `alias/` and a name",
        ),
        (
            with("alias = \"alias/aws/xray\""),
            "key 2, `alias`: expected `alias/` and a name",
        ),
        (with("arn = \"orders\""), "key 2, `arn`: expected an ARN"),
        (
            with("state = \"asleep\""),
            "key 2, `state`: expected `enabled` or `disabled`",
        ),
        (with("secret = \"x\""), "key 2, `keys`: expected the fields"),
        (
            "keys = 3".to_owned(),
            "expected `[[keys]]`, one table a key",
        ),
        ("[key]".to_owned(), "`key` is unknown; expected `[[keys]]`"),
        (
            format!("\nmaterial = \"{secret}\nid"),
            "is not TOML at line",
        ),
    ];
    for (text, expected) in cases {
        let error = file::parse(Path::new("keys.toml"), &text, &scope(), false).unwrap_err();
        let shown = error.to_string();
        assert!(shown.starts_with("key file `keys.toml`: "), "{shown}");
        assert!(shown.contains(expected), "{expected}: {shown}");
        assert!(!shown.contains("c2Vjc"), "{shown}");
    }
}
