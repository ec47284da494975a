//! A disk in memory for tests: it forgets at a power loss what was not synced, tears, fails and fills up.
//!
//! Every call that changes something is one *step*, counted from 1 by [`SimulatedDisk::steps`]; reads are
//! none. A test runs a scenario once to learn the number of steps, then once for each step n with
//! [`SimulatedDisk::cut_power_at`]`(n)`, calls [`SimulatedDisk::lose_power`], opens everything anew and
//! checks what must hold. The state after a loss is drawn from a seed: writes since the last sync of a
//! file may be there, be missing, or be torn at a byte or by sectors; names since the last sync of their
//! directory likewise, each change on its own.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::content::FileContent;
use super::{DirectoryEntry, Disk, DiskReader, DiskWriter, LogFile, path};

mod content;
mod handles;

/// See the module. Clones share one disk.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

type SharedFile = Arc<Mutex<FileContent>>;

#[derive(Clone, Debug)]
enum Entry {
    File(SharedFile),
    Directory(u64),
}

/// A directory as programs see it, and as it is after a power loss.
#[derive(Debug, Default)]
struct Directory {
    now: BTreeMap<String, Entry>,
    durable: BTreeMap<String, Entry>,
}

/// A name that a change sets or (`None`) removes.
#[derive(Clone, Debug)]
struct Assignment {
    directory: u64,
    name: String,
    entry: Option<Entry>,
}

#[derive(Debug)]
struct State {
    directories: BTreeMap<u64, Directory>,
    /// Changes of names that no directory sync has made durable; each holds or is lost as a whole.
    pending: Vec<Vec<Assignment>>,
    steps: u64,
    /// Counts power losses: handles opened before one are dead.
    boot: u64,
    is_off: bool,
    cut_at: Option<u64>,
    fail_at: Option<(u64, io::ErrorKind)>,
    failing: Option<io::ErrorKind>,
    fail_next_sync: bool,
    capacity: Option<u64>,
    unreadable: BTreeSet<PathBuf>,
    random: StdRng,
}

impl Default for State {
    fn default() -> Self {
        Self {
            directories: BTreeMap::from([(ROOT, Directory::default())]),
            pending: Vec::new(),
            steps: 0,
            boot: 0,
            is_off: false,
            cut_at: None,
            fail_at: None,
            failing: None,
            fail_next_sync: false,
            capacity: None,
            unreadable: BTreeSet::new(),
            random: StdRng::seed_from_u64(0),
        }
    }
}

const ROOT: u64 = 0;

/// What happens to a step.
enum Step {
    Done,
    /// The power goes while it runs: it may or may not take effect; the caller learns nothing.
    Cut,
    Failed(io::ErrorKind),
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many steps were begun.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.state.lock().steps
    }

    /// Cuts the power in the middle of step `step`: it and everything after fails, reads too, until
    /// [`Self::lose_power`].
    pub fn cut_power_at(&self, step: u64) {
        self.state.lock().cut_at = Some(step);
    }

    /// Lets everything unsynced be forgotten as the seed decides, kills all open handles, clears faults
    /// (not the capacity) and turns the power on again.
    pub fn lose_power(&self, seed: u64) {
        self.state.lock().lose_power(seed);
    }

    /// Makes step `step` fail once. A write leaves part of its data; a sync loses what it should have
    /// made durable, although reads still show it and later syncs succeed (LOG-2).
    pub fn fail_step(&self, step: u64, kind: io::ErrorKind) {
        self.state.lock().fail_at = Some((step, kind));
    }

    /// Makes the next sync of a file fail, as [`Self::fail_step`].
    pub fn fail_next_sync(&self) {
        self.state.lock().fail_next_sync = true;
    }

    /// Makes every step fail until `None` is given.
    pub fn set_failing(&self, kind: Option<io::ErrorKind>) {
        self.state.lock().failing = kind;
    }

    /// Limits the bytes of all files together; `None`: no limit. A limit below what is used fails growth
    /// only.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state.lock().capacity = bytes;
    }

    /// Makes reads of a file fail, or succeed again; its length is still known.
    pub fn set_unreadable(&self, path: &Path, is_unreadable: bool) {
        let mut state = self.state.lock();
        if is_unreadable {
            state.unreadable.insert(path.to_owned());
        } else {
            state.unreadable.remove(path);
        }
    }

    /// Flips the bits of `mask` in one byte, durably: damage of the medium.
    ///
    /// # Errors
    /// When there is no such file or byte.
    pub fn flip_bits(&self, path: &Path, offset: u64, mask: u8) -> io::Result<()> {
        let file = self.state.lock().file(path)?;
        let flipped = file.lock().flip_bits(offset, mask);
        if flipped {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// The whole content of a file as programs see it.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn content(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.state.lock().file(path)?;
        let content = file.lock().now().to_vec();
        Ok(content)
    }

    /// Puts a file in place, durably, replacing one that is there; its directory exists.
    ///
    /// # Errors
    /// When the directory does not exist.
    pub fn place(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        let (directory, name) = state.parent(path)?;
        let entry = Entry::File(Arc::new(Mutex::new(FileContent::durable(content))));
        if let Some(directory) = state.directories.get_mut(&directory) {
            directory.now.insert(name.clone(), entry.clone());
            directory.durable.insert(name, entry);
        }
        Ok(())
    }
}

impl Disk for SimulatedDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let mut here = ROOT;
        for name in path::names(dir)? {
            match state.entry(here, name) {
                Some(Entry::Directory(id)) => here = id,
                Some(Entry::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => {
                    let id = state
                        .directories
                        .keys()
                        .last()
                        .map_or(ROOT, |last| last + 1);
                    state.directories.insert(id, Directory::default());
                    state.assign(vec![(here, name.to_owned(), Some(Entry::Directory(id)))])?;
                    state.sync_names(here);
                    here = id;
                }
            }
        }
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirectoryEntry>> {
        let state = self.state.lock();
        state.powered()?;
        let id = state.directory(&path::names(dir)?)?;
        let entries = state
            .directories
            .get(&id)
            .into_iter()
            .flat_map(|d| d.now.iter());
        let described = entries.map(|(name, entry)| match entry {
            Entry::File(file) => {
                let bytes = file.lock().now().len() as u64;
                DirectoryEntry {
                    name: name.clone(),
                    is_directory: false,
                    bytes,
                }
            }
            Entry::Directory(_) => DirectoryEntry {
                name: name.clone(),
                is_directory: true,
                bytes: 0,
            },
        });
        Ok(described.collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let (old_directory, old_name) = state.parent(from)?;
        let (new_directory, new_name) = state.parent(to)?;
        let entry = state
            .entry(old_directory, &old_name)
            .ok_or(io::ErrorKind::NotFound)?;
        if let Some(Entry::Directory(_)) = state.entry(new_directory, &new_name) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        state.assign(vec![
            (old_directory, old_name, None),
            (new_directory, new_name, Some(entry)),
        ])
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let (directory, name) = state.parent(path)?;
        match state.entry(directory, &name) {
            Some(Entry::File(_)) => state.assign(vec![(directory, name, None)]),
            Some(Entry::Directory(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let (directory, name) = state.parent(dir)?;
        match state.entry(directory, &name) {
            Some(Entry::Directory(id)) => state.remove_below(id)?,
            Some(Entry::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        }
        state.assign(vec![(directory, name, None)])
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let id = state.directory(&path::names(dir)?)?;
        match state.step()? {
            Step::Done => {
                state.sync_names(id);
                Ok(())
            }
            Step::Cut => Err(power_is_off()),
            Step::Failed(kind) => Err(kind.into()),
        }
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        let mut state = self.state.lock();
        let (directory, name) = state.parent(path)?;
        if state.entry(directory, &name).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = SharedFile::default();
        state.assign(vec![(
            directory,
            name,
            Some(Entry::File(Arc::clone(&file))),
        )])?;
        Ok(Box::new(handles::Writer::new(
            self.handle(&state, file, path),
        )))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        let state = self.state.lock();
        state.powered()?;
        let file = state.file(path)?;
        Ok(Arc::new(self.handle(&state, file, path)))
    }

    fn open_log(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let mut state = self.state.lock();
        state.powered()?;
        let (directory, name) = state.parent(path)?;
        let file = match state.entry(directory, &name) {
            Some(Entry::File(file)) => file,
            Some(Entry::Directory(_)) => return Err(io::ErrorKind::IsADirectory.into()),
            None => {
                let file = SharedFile::default();
                state.assign(vec![(
                    directory,
                    name,
                    Some(Entry::File(Arc::clone(&file))),
                )])?;
                file
            }
        };
        Ok(Box::new(self.handle(&state, file, path)))
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let state = self.state.lock();
        state.powered()?;
        Ok(state
            .capacity
            .map_or(u64::MAX, |limit| limit.saturating_sub(state.used(ROOT))))
    }

    fn before_commit(&self) -> io::Result<()> {
        match self.state.lock().step()? {
            Step::Done => Ok(()),
            Step::Cut => Err(power_is_off()),
            Step::Failed(kind) => Err(kind.into()),
        }
    }
}

impl SimulatedDisk {
    fn handle(&self, state: &State, file: SharedFile, path: &Path) -> handles::Handle {
        handles::Handle::new(self.clone(), file, path.to_owned(), state.boot)
    }
}

impl State {
    fn powered(&self) -> io::Result<()> {
        if self.is_off {
            Err(power_is_off())
        } else {
            Ok(())
        }
    }

    fn step(&mut self) -> io::Result<Step> {
        self.powered()?;
        self.steps += 1;
        if self.cut_at.is_some_and(|step| self.steps >= step) {
            self.is_off = true;
            return Ok(Step::Cut);
        }
        if let Some((step, kind)) = self.fail_at
            && step == self.steps
        {
            self.fail_at = None;
            return Ok(Step::Failed(kind));
        }
        Ok(self.failing.map_or(Step::Done, Step::Failed))
    }

    fn directory(&self, names: &[&str]) -> io::Result<u64> {
        names
            .iter()
            .try_fold(ROOT, |here, name| match self.entry(here, name) {
                Some(Entry::Directory(id)) => Ok(id),
                Some(Entry::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
                None => Err(io::ErrorKind::NotFound.into()),
            })
    }

    /// The directory a path is in, and its last name.
    fn parent(&self, path: &Path) -> io::Result<(u64, String)> {
        let names = path::names(path)?;
        let (name, above) = names.split_last().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.directory(above)?, (*name).to_owned()))
    }

    fn entry(&self, directory: u64, name: &str) -> Option<Entry> {
        self.directories.get(&directory)?.now.get(name).cloned()
    }

    fn file(&self, path: &Path) -> io::Result<SharedFile> {
        let (directory, name) = self.parent(path)?;
        match self.entry(directory, &name) {
            Some(Entry::File(file)) => Ok(file),
            Some(Entry::Directory(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// One step that changes names together.
    fn assign(&mut self, changes: Vec<(u64, String, Option<Entry>)>) -> io::Result<()> {
        let step = self.step()?;
        if let Step::Failed(kind) = step {
            return Err(kind.into());
        }
        let mut assignments = Vec::new();
        for (directory, name, entry) in changes {
            if let Some(directory) = self.directories.get_mut(&directory) {
                set(&mut directory.now, &name, entry.as_ref());
            }
            assignments.push(Assignment {
                directory,
                name,
                entry,
            });
        }
        self.pending.push(assignments);
        if matches!(step, Step::Cut) {
            Err(power_is_off())
        } else {
            Ok(())
        }
    }

    /// Removes what is in a directory, each entry as a step of its own.
    fn remove_below(&mut self, id: u64) -> io::Result<()> {
        let entries = self
            .directories
            .get(&id)
            .map(|d| d.now.clone())
            .unwrap_or_default();
        for (name, entry) in entries {
            if let Entry::Directory(below) = entry {
                self.remove_below(below)?;
            }
            self.assign(vec![(id, name, None)])?;
        }
        Ok(())
    }

    fn sync_names(&mut self, id: u64) {
        let pending = std::mem::take(&mut self.pending);
        for assignments in pending {
            if assignments.iter().any(|a| a.directory == id) {
                self.make_durable(&assignments);
            } else {
                self.pending.push(assignments);
            }
        }
    }

    fn make_durable(&mut self, assignments: &[Assignment]) {
        for Assignment {
            directory,
            name,
            entry,
        } in assignments
        {
            if let Some(directory) = self.directories.get_mut(directory) {
                set(&mut directory.durable, name, entry.as_ref());
            }
        }
    }

    fn lose_power(&mut self, seed: u64) {
        self.random = StdRng::seed_from_u64(seed);
        for assignments in std::mem::take(&mut self.pending) {
            if self.random.random_bool(0.5) {
                self.make_durable(&assignments);
            }
        }
        for directory in self.directories.values_mut() {
            for entry in directory.durable.values() {
                if let Entry::File(file) = entry {
                    file.lock().lose_power(&mut self.random);
                }
            }
            directory.now = directory.durable.clone();
        }
        self.boot += 1;
        self.is_off = false;
        self.cut_at = None;
        self.fail_at = None;
        self.failing = None;
        self.fail_next_sync = false;
    }

    fn used(&self, id: u64) -> u64 {
        let entries = self
            .directories
            .get(&id)
            .into_iter()
            .flat_map(|d| d.now.values());
        entries
            .map(|entry| match entry {
                Entry::File(file) => file.lock().now().len() as u64,
                Entry::Directory(below) => self.used(*below),
            })
            .sum()
    }

    /// Whether a file may grow by so many bytes.
    fn has_space(&self, growth: u64) -> bool {
        growth == 0
            || self
                .capacity
                .is_none_or(|limit| self.used(ROOT) + growth <= limit)
    }
}

fn set(names: &mut BTreeMap<String, Entry>, name: &str, entry: Option<&Entry>) {
    match entry {
        Some(entry) => names.insert(name.to_owned(), entry.clone()),
        None => names.remove(name),
    };
}

fn power_is_off() -> io::Error {
    io::Error::other("the simulated power is off")
}
