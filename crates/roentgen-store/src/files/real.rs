//! The real disk: the only place of the store that touches `std::fs`.
//!
//! Preallocation is `fallocate`: the space is reserved in constant time and running out of it shows
//! before a file is used, not in the middle of a group. Where a file system cannot do that, zeros are
//! written once. `set_len` alone would make a sparse file, whose writes may fail for want of space.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

use super::{DirectoryEntry, Disk, DiskReader, DiskWriter, LogFile, path};

/// A directory of the operating system.
#[derive(Clone, Debug)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// The tree below `root`, which is created when missing.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        Ok(Self { root })
    }

    /// The directory given to [`Self::open`].
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the lock file `name`, creating it when missing; `None` when another process holds it.
    ///
    /// # Errors
    /// When the file cannot be created or locked.
    pub fn lock(&self, name: &str) -> io::Result<Option<DirectoryLock>> {
        let path = self.at(Path::new(name))?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(DirectoryLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn at(&self, relative: &Path) -> io::Result<PathBuf> {
        path::names(relative)?;
        Ok(self.root.join(relative))
    }
}

/// Keeps other processes out of a data directory while it lives; released when the process ends in any way.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl Disk for RealDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut parent = self.root.clone();
        for name in path::names(dir)? {
            let here = parent.join(name);
            match fs::create_dir(&here) {
                Ok(()) => File::open(&parent)?.sync_all()?,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && here.is_dir() => {}
                Err(e) => return Err(e),
            }
            parent = here;
        }
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirectoryEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.at(dir)?)? {
            let entry = entry?;
            let about = match entry.metadata() {
                Ok(about) => about,
                // Removed since the directory was read.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let is_directory = about.is_dir();
            let bytes = if is_directory { 0 } else { about.len() };
            entries.push(DirectoryEntry {
                name,
                is_directory,
                bytes,
            });
        }
        entries.sort();
        Ok(entries)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.at(from)?, self.at(to)?)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(self.at(path)?)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir_all(self.at(dir)?)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(self.at(dir)?)?.sync_all()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.at(path)?)?;
        Ok(Box::new(RealWriter { file }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        Ok(Arc::new(RealReader {
            file: File::open(self.at(path)?)?,
        }))
    }

    fn open_log(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let path = self.at(path)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Ok(Box::new(RealLogFile { file }))
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let about = statvfs(&self.root)?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }
}

#[derive(Debug)]
struct RealWriter {
    file: File,
}

impl Write for RealWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskWriter for RealWriter {
    fn sync_all(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}

#[derive(Debug)]
struct RealReader {
    file: File,
}

impl DiskReader for RealReader {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        // The length may come from a damaged file: ask the file before memory is taken for it.
        const TRUSTED_BYTES: usize = 1 << 20;
        let end = offset.saturating_add(len as u64);
        let is_plausible = len <= TRUSTED_BYTES && i64::try_from(end).is_ok();
        if !is_plausible && end > self.len()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut buffer = vec![0; len];
        self.file.read_exact_at(&mut buffer, offset)?;
        Ok(buffer.into())
    }
}

#[derive(Debug)]
struct RealLogFile {
    file: File,
}

impl LogFile for RealLogFile {
    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, offset)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn preallocate(&mut self, len: u64) -> io::Result<()> {
        match fallocate(&self.file, FallocateFlags::empty(), 0, len) {
            Ok(()) => Ok(()),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.write_zeros(len),
            Err(error) => Err(error.into()),
        }
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > len {
            self.file.set_len(len)?;
        }
        Ok(())
    }
}

impl RealLogFile {
    fn write_zeros(&self, len: u64) -> io::Result<()> {
        static PIECE: [u8; 64 << 10] = [0; 64 << 10];
        let mut offset = self.file.metadata()?.len();
        while offset < len {
            let count = usize::try_from(len - offset).map_or(PIECE.len(), |n| n.min(PIECE.len()));
            let (piece, _) = PIECE.split_at(count);
            self.file.write_all_at(piece, offset)?;
            offset += count as u64;
        }
        Ok(())
    }
}

/// Whether there is a file at this real path; for the catalog, whose file is always real.
///
/// # Errors
/// When that cannot be found out.
pub fn file_exists(path: &Path) -> io::Result<bool> {
    fs::exists(path)
}

/// Renames the real file `path` to `<path>.damaged-<n>` with the first free n from 1 on, its companions
/// `<path><suffix>` likewise, and returns the new path. For the catalog, whose file is always real.
///
/// # Errors
/// When a rename fails; a companion that is not there is no failure.
pub fn set_file_aside(path: &Path, companions: &[&str]) -> io::Result<PathBuf> {
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut number = 1u32;
    while fs::exists(with(&format!(".damaged-{number}")))? {
        number += 1;
    }
    let aside = format!(".damaged-{number}");
    // Companions first: the file itself keeps the number taken until all is done.
    for suffix in companions {
        match fs::rename(with(suffix), with(&format!("{aside}{suffix}"))) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    fs::rename(path, with(&aside))?;
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        File::open(parent)?.sync_all()?;
    }
    Ok(with(&aside))
}
