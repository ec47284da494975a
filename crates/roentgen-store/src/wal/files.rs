//! The files of the log: what is settled (LOG-4), what may be recycled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::header::FileEnd;
use super::{Bitmap, LogError, LogSettings, SettledBits};
use crate::encryption::Keys;
use crate::files::{Disk, DiskReader};

/// Settles and recycles; may be cloned and used from any thread, also while the log is written.
#[derive(Clone, Debug)]
pub struct LogFiles {
    shared: Arc<Shared>,
}

/// One file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFileState {
    pub file: u32,
    /// Bytes in use.
    pub bytes: u64,
    pub documents: u32,
    /// How many of them are settled or lost to damage.
    pub settled: u32,
    /// The newest file; it is never recycled.
    pub is_newest: bool,
}

/// What appending, reading and settling share. The lock is never held over disk access that can be slow.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) settings: LogSettings,
    pub(super) keys: Arc<Keys>,
    pub(super) state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) files: BTreeMap<u32, FileState>,
    /// Recycled files, by the number they had, that wait for a new one.
    pub(super) spares: BTreeSet<u32>,
    readers: BTreeMap<u32, Arc<dyn DiskReader>>,
}

#[derive(Clone, Debug)]
pub(super) struct FileState {
    /// After the last synced frame.
    pub(super) end: u64,
    pub(super) documents: u32,
    /// Settled, or lost to damage.
    pub(super) settled: Bitmap,
    /// Part of it could not be read for a reason that may pass: keep it.
    pub(super) is_kept: bool,
}

impl FileState {
    pub(super) fn new(end: u64) -> Self {
        Self {
            end,
            documents: 0,
            settled: Bitmap::default(),
            is_kept: false,
        }
    }
}

impl LogFiles {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Marks documents as settled. Call it after the catalog transaction with the same bits is durable.
    /// Unknown files are ignored.
    pub fn mark_settled(&self, bits: &SettledBits) {
        let mut state = self.shared.state.lock();
        for (number, indexes) in bits.iter() {
            let Some(file) = state.files.get_mut(&number) else {
                continue;
            };
            // An index beyond the file is a caller's mistake that must not let an unsettled file go.
            for index in indexes.iter().filter(|index| **index < file.documents) {
                file.settled.set(*index);
            }
        }
    }

    /// Whether a document of a file is settled, or its file gone.
    pub(crate) fn is_settled(&self, file: u32, index: u32) -> bool {
        let state = self.shared.state.lock();
        let file = state.files.get(&file);
        file.is_none_or(|file| file.settled.contains(index))
    }

    /// All files, oldest first.
    #[must_use]
    pub fn states(&self) -> Vec<LogFileState> {
        let state = self.shared.state.lock();
        let newest = state.newest();
        let files = state.files.iter();
        files
            .map(|(number, file)| LogFileState {
                file: *number,
                bytes: file.end,
                documents: file.documents,
                settled: file.settled.count().min(file.documents),
                is_newest: Some(*number) == newest,
            })
            .collect()
    }

    /// Files whose documents are all settled and that are not the newest, oldest first.
    #[must_use]
    pub fn recyclable(&self) -> Vec<u32> {
        let state = self.shared.state.lock();
        state
            .files
            .keys()
            .copied()
            .filter(|number| state.is_recyclable(*number))
            .collect()
    }

    /// Takes a file of [`Self::recyclable`] out of the log, for later use under a new number. Call it
    /// when no view can reach its documents any more (VIEW-1), then forget it in the catalog
    /// (`Catalog::forget_log_files`).
    ///
    /// # Errors
    /// [`LogError::Refused`] when it is not recyclable, [`LogError::Disk`]: then the file is gone or
    /// still there, and the next opening finds out; do not forget it in the catalog.
    pub fn recycle(&self, file: u32) -> Result<(), LogError> {
        let shared = &self.shared;
        let keep_as_spare = {
            let mut state = shared.state.lock();
            if !state.is_recyclable(file) {
                return Err(LogError::Refused(
                    "only finished and settled log files are recycled",
                ));
            }
            state.files.remove(&file);
            state.readers.remove(&file);
            state.spares.len() < shared.settings.spare_files_max
        };
        let path = shared.log_path(file);
        if keep_as_spare {
            let spare = shared.spare_path(file);
            let renamed = shared.disk.rename(&path, &spare);
            renamed.map_err(|e| LogError::disk("recycle", &path, e))?;
        } else {
            let removed = shared.disk.remove_file(&path);
            removed.map_err(|e| LogError::disk("remove", &path, e))?;
        }
        let synced = shared.disk.sync_dir(&shared.dir);
        synced.map_err(|e| LogError::disk("sync", &shared.dir, e))?;
        if keep_as_spare {
            shared.state.lock().spares.insert(file);
        }
        Ok(())
    }

    /// Bytes in use over all files, what is settled included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared
            .state
            .lock()
            .files
            .values()
            .map(|file| file.end)
            .sum()
    }
}

impl Shared {
    pub(super) fn log_path(&self, file: u32) -> PathBuf {
        self.dir.join(format!("{file:010}.log"))
    }

    pub(super) fn spare_path(&self, file: u32) -> PathBuf {
        self.dir.join(format!("{file:010}.spare"))
    }

    /// An open file for reads; opened once.
    pub(super) fn reader(&self, file: u32) -> Result<Arc<dyn DiskReader>, LogError> {
        if let Some(reader) = self.state.lock().readers.get(&file) {
            return Ok(Arc::clone(reader));
        }
        let path = self.log_path(file);
        let reader = self
            .disk
            .open(&path)
            .map_err(|e| LogError::disk("open", &path, e))?;
        let mut state = self.state.lock();
        if state.files.contains_key(&file) {
            state.readers.insert(file, Arc::clone(&reader));
        }
        Ok(reader)
    }
}

impl State {
    pub(super) fn newest(&self) -> Option<u32> {
        self.files.keys().next_back().copied()
    }

    /// Where all files end, for the header of the next one.
    pub(super) fn ends(&self) -> BTreeMap<u32, FileEnd> {
        let ends = self.files.iter().filter(|(_, file)| !file.is_kept);
        ends.map(|(n, file)| {
            (
                *n,
                FileEnd {
                    end: file.end,
                    documents: file.documents,
                },
            )
        })
        .collect()
    }

    fn is_recyclable(&self, number: u32) -> bool {
        self.files.get(&number).is_some_and(|file| {
            !file.is_kept
                && self.newest() != Some(number)
                && file.settled.contains_range(0, file.documents)
        })
    }
}

/// What a name in the directory of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogName {
    Log(u32),
    Spare(u32),
    Other,
}

impl LogName {
    pub(super) fn parse(name: &str) -> Self {
        let path = Path::new(name);
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let is_number = stem.len() == 10 && stem.bytes().all(|b| b.is_ascii_digit());
        let number = stem.parse().ok().filter(|_| is_number);
        match (number, path.extension().and_then(|e| e.to_str())) {
            (Some(number), Some("log")) => Self::Log(number),
            (Some(number), Some("spare")) => Self::Spare(number),
            _ => Self::Other,
        }
    }
}
