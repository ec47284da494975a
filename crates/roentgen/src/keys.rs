//! The encryption keys of a server (security.md 5): its own, `alias/aws/xray`, and those of the key file.
//!
//! The server's own key stands in the data directory and is made when it is first asked for. The key file
//! (`encryption.key_file`) is the operator's; it is read again when it changed, so keys are added,
//! disabled and taken away without a restart. While it cannot be understood the keys last read stay.

use std::collections::HashMap;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use roentgen_control::encryption::{ConfiguredKey, KeyRefusal, KeyResolver};
use roentgen_model::Scope;
use roentgen_store::clock::Randomness;
use roentgen_store::encryption::{KeyId, KeyMaterial, KeyRing};

mod file;
#[cfg(test)]
mod tests;

pub(crate) use file::KeyFileError;
use file::LocalKey;

/// The server's own key, below the data directory. Same form as the key file.
const OWN_FILE: &str = "aws-xray-key.toml";
const OWN_ALIAS: &str = "alias/aws/xray";
/// How old what is known of the files may be when data is read or written.
const LOOK_PERIOD: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Debug)]
pub(crate) struct LocalKeys {
    scope: Scope,
    own: PathBuf,
    file: Option<PathBuf>,
    randomness: Randomness,
    state: Mutex<State>,
}

/// What was last read.
#[derive(Debug, Default)]
struct State {
    looked: Option<Instant>,
    stamps: HashMap<PathBuf, Option<FileStamp>>,
    own: Vec<LocalKey>,
    file: Vec<LocalKey>,
}

/// Tells versions of a file apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileStamp {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl State {
    /// Whether the file was there when it was last looked for.
    fn is_there(&self, path: &Path) -> bool {
        matches!(self.stamps.get(path), Some(Some(_)))
    }
}

impl LocalKeys {
    /// The keys for a data directory.
    ///
    /// # Errors
    /// When a file is there and cannot be understood. A key file that is not there is told about: its
    /// keys are missing until it is.
    pub(crate) fn open(
        data_dir: &Path,
        file: Option<&Path>,
        scope: Scope,
    ) -> Result<Arc<Self>, KeyFileError> {
        let keys = Self {
            scope,
            own: data_dir.join(OWN_FILE),
            file: file.map(Path::to_owned),
            randomness: Randomness::from_system(),
            state: Mutex::default(),
        };
        let mut state = State::default();
        keys.look(&mut state, true)?;
        if let Some(path) = file.filter(|path| !state.is_there(path)) {
            let path = path.display();
            tracing::warn!(%path, "the key file is not there; its keys are missing until it is");
        }
        *keys.state.lock() = state;
        Ok(Arc::new(keys))
    }

    /// Reads what changed. `at_once`: also when it was looked at a moment ago.
    fn look(&self, state: &mut State, at_once: bool) -> Result<(), KeyFileError> {
        let is_recent = state.looked.is_some_and(|at| at.elapsed() < LOOK_PERIOD);
        if is_recent && !at_once {
            return Ok(());
        }
        state.looked = Some(Instant::now());
        if let Some(own) = read_changed(&self.own, &mut state.stamps, &self.scope, true)? {
            state.own = own;
        }
        if let Some(path) = &self.file
            && let Some(file) = read_changed(path, &mut state.stamps, &self.scope, false)?
        {
            state.file = file;
        }
        Ok(())
    }

    /// As [`Self::look`]; what cannot be understood is told about, once for each change of the file.
    fn look_or_tell(&self, state: &mut State, at_once: bool) {
        if let Err(error) = self.look(state, at_once) {
            tracing::error!(%error, "the encryption keys last read stay in use");
        }
    }

    /// Makes the server's own key, durably, readable for its user only.
    fn make_own(&self) -> io::Result<()> {
        let mut secret = self.randomness.next_u128().to_le_bytes().to_vec();
        secret.extend(self.randomness.next_u128().to_le_bytes());
        let id = uuid::Builder::from_random_bytes(self.randomness.next_u128().to_le_bytes());
        let text = format!(
            "# The key `{OWN_ALIAS}` of this server. Without it, what was encrypted under it is lost:\n\
             # keep a copy in a safe place, apart from the data.\n\
             [[keys]]\nid = \"{}\"\nalias = \"{OWN_ALIAS}\"\nmaterial = \"{}\"\n",
            id.into_uuid(),
            STANDARD.encode(&secret),
        );
        let unfinished = self.own.with_extension("toml.new");
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &self.own)?;
        let directory = self.own.parent().unwrap_or(Path::new("."));
        std::fs::File::open(directory)?.sync_all()
    }
}

/// The keys of a file, if it changed since it was last read; none when it is not there.
fn read_changed(
    path: &Path,
    stamps: &mut HashMap<PathBuf, Option<FileStamp>>,
    scope: &Scope,
    is_own: bool,
) -> Result<Option<Vec<LocalKey>>, KeyFileError> {
    let unreadable = |error: &io::Error| KeyFileError::unreadable(path, error);
    let about = match std::fs::metadata(path) {
        Ok(about) => Some(about),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(&error)),
    };
    let stamp = about.as_ref().map(|about| FileStamp {
        inode: about.ino(),
        bytes: about.len(),
        modified: (about.mtime(), about.mtime_nsec()),
    });
    if stamps.insert(path.to_owned(), stamp) == Some(stamp) {
        return Ok(None);
    }
    let Some(about) = about else {
        return Ok(Some(Vec::new()));
    };
    if about.mode() & 0o077 != 0 {
        let path = path.display();
        tracing::warn!(%path, "others can read the file with encryption keys; `chmod 600` it");
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    file::parse(path, &text, scope, is_own).map(Some)
}

impl KeyRing for LocalKeys {
    fn key(&self, id: &KeyId) -> Option<Arc<KeyMaterial>> {
        let mut state = self.state.lock();
        self.look_or_tell(&mut state, false);
        let mut keys = state.own.iter().chain(&state.file);
        let key = keys.find(|key| key.id == *id && key.is_enabled)?;
        Some(Arc::clone(&key.material))
    }
}

impl KeyResolver for LocalKeys {
    fn resolve(&self, name: &str) -> Result<ConfiguredKey, KeyRefusal> {
        let unavailable =
            |error: Box<dyn std::error::Error + Send + Sync>| KeyRefusal::Unavailable(error);
        let mut state = self.state.lock();
        // What cannot be understood was told about when it was met first.
        self.look_or_tell(&mut state, true);
        if name == OWN_ALIAS && !state.is_there(&self.own) {
            self.make_own().map_err(|error| unavailable(error.into()))?;
            self.look(&mut state, true)
                .map_err(|error| unavailable(error.into()))?;
        }
        let mut keys = state.own.iter().chain(&state.file);
        let key = keys.find(|key| key.has_name(name));
        let key = key.ok_or(KeyRefusal::Unknown)?;
        if !key.is_enabled {
            return Err(KeyRefusal::Disabled);
        }
        Ok(ConfiguredKey {
            id: key.id.to_string(),
            arn: key.arn.clone(),
        })
    }
}
