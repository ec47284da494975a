use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::conformance::scope;

/// A ring whose keys come and go.
#[derive(Debug, Default)]
pub(crate) struct TestRing(Mutex<BTreeMap<KeyId, Arc<KeyMaterial>>>);

impl TestRing {
    /// With these keys; the secret of each is made from its name.
    pub(crate) fn with(names: &[&str]) -> Arc<Self> {
        let ring = Arc::new(Self::default());
        names.iter().for_each(|name| ring.add(name));
        ring
    }

    pub(crate) fn add(&self, name: &str) {
        let mut secret = [0x5a; KEY_BYTES];
        for (byte, of_name) in secret.iter_mut().zip(name.bytes()) {
            *byte ^= of_name;
        }
        let material = Arc::new(KeyMaterial::new(secret));
        self.0.lock().insert(key_id(name), material);
    }

    pub(crate) fn insert(&self, id: KeyId, material: Arc<KeyMaterial>) {
        self.0.lock().insert(id, material);
    }

    pub(crate) fn remove(&self, name: &str) {
        self.0.lock().remove(&key_id(name)).unwrap();
    }
}

impl KeyRing for TestRing {
    fn key(&self, id: &KeyId) -> Option<Arc<KeyMaterial>> {
        self.0.lock().get(id).cloned()
    }
}

pub(crate) fn key_id(name: &str) -> KeyId {
    name.parse().unwrap()
}

/// Keys of a store that writes the usual scope under `key`.
pub(crate) fn store_keys(ring: &Arc<TestRing>, key: Option<&str>) -> StoreKeys {
    let settings = key.map(|key| (scope(), key_id(key)));
    StoreKeys {
        ring: Arc::clone(ring) as _,
        randomness: Arc::new(Randomness::from_system()),
        settings: settings.into_iter().collect(),
    }
}

fn keys(names: &[&str]) -> Keys {
    Keys::new(&store_keys(&TestRing::with(names), None))
}

#[test]
fn key_ids_are_what_key_services_write() {
    for good in ["1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234", "a_b"] {
        assert_eq!(good.parse::<KeyId>().unwrap().as_str(), good);
    }
    for bad in ["", "a b", "alias/x", "é", &"x".repeat(65)] {
        assert_eq!(bad.parse::<KeyId>(), Err(KeyIdError), "{bad}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let secret = [0x41; KEY_BYTES];
    let material = KeyMaterial::new(secret);
    let keys = keys(&["one"]);
    let (data_key, _) = keys.generate(&keys.write_key(&key_id("one")).unwrap(), b"x");
    for printed in [format!("{material:?}"), format!("{data_key:?}")] {
        assert!(
            !printed.contains("65") && !printed.contains("AA"),
            "{printed}"
        );
    }
}

#[test]
fn wrapped_keys_open_only_in_their_place_and_with_their_key() {
    let one = keys(&["one", "two"]);
    let key = one.write_key(&key_id("one")).unwrap();
    let (data_key, wrapped) = one.generate(&key, b"here");
    let mut sealed = b"..text".to_vec();
    data_key.seal([1; 12], b"beside", &mut sealed, 2);
    let opens = |keys: &Keys, name: &str, binding: &[u8]| {
        let found = keys.unwrap(&key_id(name), binding, &wrapped);
        let mut sealed = sealed.split_at(2).1.to_vec();
        let text = found.map(|found| {
            found
                .open([1; 12], b"beside", &mut sealed)
                .unwrap()
                .to_vec()
        });
        text.map(|text| String::from_utf8(text).unwrap())
    };
    assert_eq!(opens(&one, "one", b"here").unwrap(), "text");
    for (keys, name, binding) in [
        (&one, "one", &b"there"[..]),
        (&one, "two", b"here"),
        (&keys(&["two"]), "one", b"here"),
    ] {
        let refused = opens(keys, name, binding);
        assert_eq!(refused, Err(SealedError::KeyMissing(key_id(name))));
    }
    let (_, other) = one.generate(&key, b"here");
    assert_ne!(wrapped, other, "no data key comes twice");
}

#[test]
fn missing_keys_are_found_in_chains_of_errors() {
    let missing = SealedError::KeyMissing(key_id("gone"));
    let io = std::io::Error::from(missing.clone());
    assert_eq!(kind_of(&io), ErrorKind::KeyUnavailable);
    let error = StoreError::caused(ErrorKind::KeyUnavailable, "read", io);
    assert_eq!(locked::missing_key(&error), Some(key_id("gone")));
    let direct = StoreError::caused(ErrorKind::KeyUnavailable, "write", missing);
    assert_eq!(locked::missing_key(&direct), Some(key_id("gone")));
    let io = std::io::Error::from(SealedError::NotAuthentic("a chunk"));
    assert_eq!(kind_of(&io), ErrorKind::Damaged);
    let io = std::io::Error::other("plain");
    assert_eq!(kind_of(&io), ErrorKind::Unavailable);
    let error = StoreError::caused(ErrorKind::Unavailable, "read", io);
    assert_eq!(locked::missing_key(&error), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changed_bit_is_noticed(text in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let keys = keys(&["one"]);
        let (data_key, _) = keys.generate(&keys.write_key(&key_id("one")).unwrap(), b"");
        let mut sealed = text.clone();
        data_key.seal([0; 12], b"beside", &mut sealed, 0);
        let mut good = sealed.clone();
        prop_assert_eq!(data_key.open([0; 12], b"beside", &mut good).unwrap(), &text[..]);
        let place = at.index(sealed.len());
        sealed[place] ^= 1 << bit;
        prop_assert!(data_key.open([0; 12], b"beside", &mut sealed).is_none());
        prop_assert!(data_key.open([0; 12], b"other", &mut good).is_none());
    }
}
