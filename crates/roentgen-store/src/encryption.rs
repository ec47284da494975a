//! Encryption at rest (FILE-1): keys, and what is written under which.
//!
//! Envelope encryption with AES-256-GCM: each block file, and each log file for each key, has a random
//! data key of its own, wrapped by the scope's key; what is wrapped names that key and is bound to the
//! place where it stands (`docs/formats/encrypted-file.md`, `docs/formats/log.md`). The store never keeps
//! a key: it asks the [`KeyRing`] each time, so a key that is taken away is gone at once, and one that
//! comes back is used at once.
//!
//! A scope's setting says what is written from now on; what was written before stays as it is. A key
//! that is missing is no damage: what it covers waits (`encryption/locked`).

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use roentgen_model::Scope;
use zeroize::Zeroizing;

use crate::clock::Randomness;
use crate::source::{ErrorKind, StoreError};

pub(crate) mod locked;
#[cfg(test)]
pub(crate) mod tests;

/// Bytes of a key, and of a data key.
pub const KEY_BYTES: usize = 32;
/// The longest key id.
pub(crate) const KEY_ID_BYTES_MAX: usize = 64;
/// Bytes of a tag.
pub(crate) const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
/// A data key under the key that wraps it: nonce, data key, tag.
pub(crate) const WRAPPED_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/// Names a key: 1 to 64 of `A-Z a-z 0-9 - _`, as key services write them (a UUID).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// The id as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is not a [`KeyId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a key id of 1 to 64 letters, digits, `-` and `_`")]
pub struct KeyIdError;

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let is_valid = (1..=KEY_ID_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        is_valid.then(|| Self(text.into())).ok_or(KeyIdError)
    }
}

/// The secret of a key. Prints as nothing, and is wiped when dropped.
pub struct KeyMaterial(Zeroizing<[u8; KEY_BYTES]>);

impl KeyMaterial {
    /// These bytes as a key.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial(…)")
    }
}

/// The keys there are now. Asked at each use and from any thread, so it must be quick.
pub trait KeyRing: Send + Sync + fmt::Debug {
    /// The key, if it is known and enabled now.
    fn key(&self, id: &KeyId) -> Option<Arc<KeyMaterial>>;
}

/// A ring without keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl KeyRing for NoKeys {
    fn key(&self, _id: &KeyId) -> Option<Arc<KeyMaterial>> {
        None
    }
}

/// What a store is told about encryption when it is opened.
#[derive(Clone, Debug)]
pub struct StoreKeys {
    pub ring: Arc<dyn KeyRing>,
    /// Where data keys come from; must be unpredictable outside tests.
    pub randomness: Arc<Randomness>,
    /// What is written under a key; scopes that are not named write plain.
    pub settings: BTreeMap<Scope, KeyId>,
}

impl Default for StoreKeys {
    fn default() -> Self {
        Self {
            ring: Arc::new(NoKeys),
            randomness: Arc::new(Randomness::from_system()),
            settings: BTreeMap::new(),
        }
    }
}

/// Why encrypted bytes cannot be read; inside [`std::io::Error`]s of `files/`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// The key is not there, is disabled, or is not the one that wrapped (its checksum says that the
    /// wrapped key is as it was written).
    #[error("the key `{0}` is not available")]
    KeyMissing(KeyId),
    #[error("encrypted data fails its authentication: {0}")]
    NotAuthentic(&'static str),
}

impl From<SealedError> for std::io::Error {
    fn from(error: SealedError) -> Self {
        let kind = match error {
            SealedError::KeyMissing(_) => std::io::ErrorKind::PermissionDenied,
            SealedError::NotAuthentic(_) => std::io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// What a failed read means: a missing key, damage, or a disk that fails.
pub(crate) fn kind_of(error: &std::io::Error) -> ErrorKind {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(SealedError::KeyMissing(_)) => ErrorKind::KeyUnavailable,
        Some(SealedError::NotAuthentic(_)) => ErrorKind::Damaged,
        None => ErrorKind::Unavailable,
    }
}

/// A key to write under.
#[derive(Clone, Debug)]
pub(crate) struct WriteKey {
    pub(crate) id: KeyId,
    material: Arc<KeyMaterial>,
}

/// Encrypts one file.
pub(crate) struct DataKey(Box<LessSafeKey>);

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

impl DataKey {
    fn new(bytes: &Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &**bytes).expect("the length is the cipher's");
        Self(Box::new(LessSafeKey::new(key)))
    }

    /// Encrypts what stands in `buffer` from `from` on, and adds the tag. No nonce may come twice.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        buffer: &mut Vec<u8>,
        from: usize,
    ) {
        let (_, text) = buffer.split_at_mut(from);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(associated), text);
        let tag = sealed.expect("texts are far below 64 GiB");
        buffer.extend_from_slice(tag.as_ref());
    }

    /// Decrypts `sealed` (text and tag) in place; the text, if it is authentic.
    pub(crate) fn open<'a>(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        sealed: &'a mut [u8],
    ) -> Option<&'a mut [u8]> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(associated), sealed);
        opened.ok()
    }
}

/// The ring, and where data keys come from.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    ring: Arc<dyn KeyRing>,
    randomness: Arc<Randomness>,
}

impl Keys {
    pub(crate) fn new(keys: &StoreKeys) -> Self {
        Self {
            ring: Arc::clone(&keys.ring),
            randomness: Arc::clone(&keys.randomness),
        }
    }

    #[cfg(test)]
    pub(crate) fn none() -> Arc<Self> {
        Arc::new(Self::new(&StoreKeys::default()))
    }

    /// The key, to write under it.
    pub(crate) fn write_key(&self, id: &KeyId) -> Result<WriteKey, SealedError> {
        let material = self.ring.key(id);
        let material = material.ok_or_else(|| SealedError::KeyMissing(id.clone()))?;
        Ok(WriteKey {
            id: id.clone(),
            material,
        })
    }

    pub(crate) fn has(&self, id: &KeyId) -> bool {
        self.ring.key(id).is_some()
    }

    /// A new data key and its wrapped form, which opens only with the same `binding`.
    pub(crate) fn generate(
        &self,
        key: &WriteKey,
        binding: &[u8],
    ) -> (DataKey, [u8; WRAPPED_BYTES]) {
        let mut secret = Zeroizing::new([0u8; KEY_BYTES]);
        let mut nonce = [0u8; NONCE_BYTES];
        for part in secret.chunks_mut(16).chain([nonce.as_mut_slice()]) {
            let random = Zeroizing::new(self.randomness.next_u128().to_le_bytes());
            let len = part.len();
            part.copy_from_slice(random.split_at(len).0);
        }
        let data_key = DataKey::new(&secret);
        let mut wrapped = Vec::with_capacity(WRAPPED_BYTES);
        wrapped.extend_from_slice(&nonce);
        wrapped.extend_from_slice(&*secret);
        DataKey::new(&key.material.0).seal(nonce, binding, &mut wrapped, NONCE_BYTES);
        let wrapped = wrapped.try_into().expect("nonce, key and tag");
        (data_key, wrapped)
    }

    /// The data key in its wrapped form.
    pub(crate) fn unwrap(
        &self,
        id: &KeyId,
        binding: &[u8],
        wrapped: &[u8; WRAPPED_BYTES],
    ) -> Result<DataKey, SealedError> {
        let missing = || SealedError::KeyMissing(id.clone());
        let material = self.ring.key(id).ok_or_else(missing)?;
        let (nonce, sealed) = wrapped
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(missing)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let opened = DataKey::new(&material.0)
            .open(*nonce, binding, &mut sealed)
            .ok_or_else(missing)?;
        let secret: [u8; KEY_BYTES] = (&*opened).try_into().map_err(|_| missing())?;
        Ok(DataKey::new(&Zeroizing::new(secret)))
    }
}

/// What the scopes of a store write under.
#[derive(Debug)]
pub(crate) struct Encryption {
    pub(crate) keys: Arc<Keys>,
    settings: RwLock<BTreeMap<Scope, KeyId>>,
    /// Grows with each change of a setting.
    generation: AtomicU64,
    /// Missing keys that were told about.
    told: Mutex<HashSet<KeyId>>,
}

/// The settings, which do not change while this is held.
pub(crate) type Settings<'a> = RwLockReadGuard<'a, BTreeMap<Scope, KeyId>>;

impl Encryption {
    pub(crate) fn new(keys: StoreKeys) -> Self {
        Self {
            keys: Arc::new(Keys::new(&keys)),
            settings: RwLock::new(keys.settings),
            generation: AtomicU64::new(0),
            told: Mutex::default(),
        }
    }

    /// Waits for who holds [`Self::settings`]; whoever asks from then on gets the new one.
    pub(crate) fn set(&self, scope: &Scope, key: Option<KeyId>) {
        let mut settings = self.settings.write();
        match key {
            Some(key) => settings.insert(scope.clone(), key),
            None => settings.remove(scope),
        };
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// For whoever writes: nobody changes a setting meanwhile.
    pub(crate) fn settings(&self) -> Settings<'_> {
        self.settings.read()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether the scope's data is to be hidden.
    pub(crate) fn is_on(&self, scope: &Scope) -> bool {
        self.settings.read().contains_key(scope)
    }

    /// The scope's key; `None`: plain.
    ///
    /// # Errors
    /// [`ErrorKind::KeyUnavailable`].
    pub(crate) fn write_key(&self, scope: &Scope) -> Result<Option<WriteKey>, StoreError> {
        let id = self.settings.read().get(scope).cloned();
        self.write_key_of(id.as_ref())
    }

    /// As [`Self::write_key`], for a setting that was read.
    pub(crate) fn write_key_of(&self, id: Option<&KeyId>) -> Result<Option<WriteKey>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        match self.keys.write_key(id) {
            Ok(key) => {
                self.is_back(id);
                Ok(Some(key))
            }
            Err(error) => {
                self.tell(id);
                let message = "write encrypted data";
                Err(StoreError::caused(
                    ErrorKind::KeyUnavailable,
                    message,
                    error,
                ))
            }
        }
    }

    /// One line for a key that is missing, until it is back.
    pub(crate) fn tell(&self, key: &KeyId) {
        if self.told.lock().insert(key.clone()) {
            tracing::warn!(%key, "an encryption key is not available; what it covers waits for it");
        }
    }

    /// Tells about the missing key in an error, if that is what it says.
    pub(crate) fn tell_of(&self, error: &StoreError) {
        if let Some(key) = locked::missing_key(error) {
            self.tell(&key);
        }
    }

    pub(crate) fn is_back(&self, key: &KeyId) {
        let mut told = self.told.lock();
        if !told.is_empty() && told.remove(key) {
            tracing::info!(%key, "an encryption key is available again");
        }
    }
}
