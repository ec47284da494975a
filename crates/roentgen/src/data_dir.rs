//! The data directory: made, locked, and told which addresses were chosen.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use roentgen_store::files::{DirectoryLock, RealDisk};

#[cfg(test)]
mod tests;

const LOCK: &str = "lock";
const ENDPOINTS: &str = "endpoints.json";

/// A data directory that this process alone uses.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    disk: RealDisk,
    /// The kernel lets go of it however the process ends.
    _lock: DirectoryLock,
}

impl DataDir {
    /// Makes the directory if needed and locks it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let disk = RealDisk::open(path).with_context(|| {
            format!("make the data directory `{shown}`; choose another with --data-dir")
        })?;
        let lock = disk
            .lock(LOCK)
            .with_context(|| format!("write to the data directory `{shown}`; is it yours?"))?;
        let Some(lock) = lock else {
            bail!(
                "the data directory `{shown}` is in use by another process; stop it, or choose \
                 another directory with --data-dir"
            );
        };
        Ok(Self {
            path: path.to_owned(),
            disk,
            _lock: lock,
        })
    }

    /// The directory as the store sees it.
    pub(crate) fn disk(&self) -> &RealDisk {
        &self.disk
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the addresses in one step, so that a reader sees all or nothing.
    pub(crate) fn write_endpoints(&self, endpoints: &[(&str, SocketAddr)]) -> anyhow::Result<()> {
        let object: serde_json::Map<String, serde_json::Value> = endpoints
            .iter()
            .map(|(name, a)| ((*name).to_owned(), a.to_string().into()))
            .collect();
        let text = serde_json::to_string_pretty(&object).context("write endpoints as JSON")?;
        let unfinished = self.path.join("endpoints.json.new");
        let mut file = File::create(&unfinished).context("create endpoints.json")?;
        file.write_all(text.as_bytes())
            .context("write endpoints.json")?;
        std::fs::rename(&unfinished, self.path.join(ENDPOINTS)).context("rename endpoints.json")
    }

    /// Removes the addresses of an earlier run, so that nobody waits for them in vain.
    pub(crate) fn forget_endpoints(&self) {
        let _missing = std::fs::remove_file(self.path.join(ENDPOINTS));
    }
}
