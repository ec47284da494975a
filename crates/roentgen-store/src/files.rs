//! All file access of the store: write-once files, ranged reads, sync, rename, a preallocated log.
//!
//! [`Disk`] is the only way from the store to files (FILE-1): `EncryptedDisk` stands over another disk and
//! encrypts what is written under a key; object storage comes in here later. [`RealDisk`] is the one in use; [`SimulatedDisk`] forgets at a power loss what was not synced,
//! tears, fails, fills up, and lets a test cut the power at every single step.
//!
//! Nothing becomes durable by itself: a file's content by [`DiskWriter::sync_all`] or
//! [`LogFile::sync_data`], a name (creation, rename, removal) by [`Disk::sync_dir`] of its directory.
//! Calls block; do not make them on a thread that serves sockets.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

mod encrypted;
mod path;
mod real;
mod simulated;
#[cfg(test)]
mod tests;

pub(crate) use encrypted::EncryptedDisk;
pub use real::{DirectoryLock, RealDisk, file_exists, set_file_aside};
pub use simulated::SimulatedDisk;

/// A directory tree. Paths are relative to its root (the data directory); an absolute path or one with
/// `..` is refused with [`io::ErrorKind::InvalidInput`]. The empty path is the root itself.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Creates what is missing of `dir`. Unlike the other calls this one makes the new names durable
    /// itself (it syncs the parent of each directory it creates).
    ///
    /// # Errors
    /// Any of the system; part of the path may then exist.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// The entries of `dir`, sorted by name.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is no such directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<DirectoryEntry>>;

    /// Renames a file or directory within one directory tree, replacing a file at `to`. Atomic; durable
    /// after [`Self::sync_dir`] of the parents.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is nothing at `from`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; open readers go on.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is none.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory with all it holds. Not atomic: a crash may leave a part.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is none.
    fn remove_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Makes creations, renames and removals in `dir` durable.
    ///
    /// # Errors
    /// Any of the system; then nothing is known about the names.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Creates a file to be written once, front to back.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the name is taken.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>>;

    /// Opens a file for ranged reads. Sees what is appended later.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is none.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>>;

    /// Opens a file for writes at any place, creating it when it is missing.
    ///
    /// # Errors
    /// Any of the system.
    fn open_log(&self, path: &Path) -> io::Result<Box<dyn LogFile>>;

    /// Bytes that can still be written, for this process.
    ///
    /// # Errors
    /// Any of the system.
    fn free_bytes(&self) -> io::Result<u64>;

    /// Called before each transaction of the catalog, whose file is always real: lets a simulated disk
    /// count it as a step, and fail it once the power is cut. Nothing on a real disk.
    ///
    /// # Errors
    /// Only on simulated disks.
    fn before_commit(&self) -> io::Result<()> {
        Ok(())
    }
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirectoryEntry {
    /// The last part of the path. Names that are not UTF-8 are not ours and are not listed.
    pub name: String,
    pub is_directory: bool,
    /// Of a file; 0 for a directory.
    pub bytes: u64,
}

/// A file being written once. [`Write::flush`] makes nothing durable.
pub trait DiskWriter: Write + Send + fmt::Debug {
    /// Makes content and length durable (the name needs [`Disk::sync_dir`]). After an error the content
    /// is lost even if a later call succeeds (LOG-2): remove the file and write it anew.
    ///
    /// # Errors
    /// Any of the system.
    fn sync_all(&mut self) -> io::Result<()>;
}

/// A file for ranged reads, usable from many threads at once.
#[expect(
    clippy::len_without_is_empty,
    reason = "nobody asks; `len` may fail, so it is no plain pair"
)]
pub trait DiskReader: Send + Sync + fmt::Debug {
    /// The present length in bytes.
    ///
    /// # Errors
    /// Any of the system.
    fn len(&self) -> io::Result<u64>;

    /// Exactly `len` bytes from `offset`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the range passes the end of the file; nothing is allocated
    /// for such a range, so a length from a damaged file does no harm.
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes>;
}

/// A file written at any place, for the log.
pub trait LogFile: Send + fmt::Debug {
    /// Writes all of `data` at `offset`, growing the file where needed.
    ///
    /// # Errors
    /// Any of the system; what then stands in the range is unknown.
    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Makes content and length durable. After an error what was written since the last success is lost
    /// even if a later call succeeds (LOG-2).
    ///
    /// # Errors
    /// Any of the system.
    fn sync_data(&mut self) -> io::Result<()>;

    /// Makes the file at least `len` bytes long with space on the disk for all of them, so that writes
    /// into them cannot run out of space; new bytes read as zeros, existing ones stay.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] when the space is not there.
    fn preallocate(&mut self, len: u64) -> io::Result<()>;

    /// Cuts the file to `len` bytes if it is longer.
    ///
    /// # Errors
    /// Any of the system.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

/// A [`DiskReader`] as Parquet readers want it ([`ChunkReader`]). Its length is fixed when it is made:
/// for finished files only.
#[derive(Clone, Debug)]
pub struct RangedFile {
    reader: Arc<dyn DiskReader>,
    len: u64,
}

impl RangedFile {
    /// Wraps a finished file.
    ///
    /// # Errors
    /// When the length cannot be found out.
    pub fn new(reader: Arc<dyn DiskReader>) -> io::Result<Self> {
        let len = reader.len()?;
        Ok(Self { reader, len })
    }

    /// Opens a finished file.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn open(disk: &dyn Disk, path: &Path) -> io::Result<Self> {
        Self::new(disk.open(path)?)
    }

    /// The file below.
    #[must_use]
    pub fn reader(&self) -> &Arc<dyn DiskReader> {
        &self.reader
    }
}

impl Length for RangedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for RangedFile {
    type T = SequentialReader;

    fn get_read(&self, start: u64) -> Result<SequentialReader, ParquetError> {
        Ok(SequentialReader {
            file: self.clone(),
            next: start,
            buffer: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.reader
            .read_at(start, length)
            .map_err(|e| ParquetError::External(Box::new(e)))
    }
}

/// Reads a [`RangedFile`] front to back from some place, in pieces of 64 KiB.
#[derive(Debug)]
pub struct SequentialReader {
    file: RangedFile,
    next: u64,
    buffer: Bytes,
}

impl SequentialReader {
    const PIECE_BYTES: u64 = 64 << 10;
}

impl Read for SequentialReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.buffer.is_empty() {
            let left = self
                .file
                .len
                .saturating_sub(self.next)
                .min(Self::PIECE_BYTES);
            if left == 0 {
                return Ok(0);
            }
            let len = usize::try_from(left).map_err(io::Error::other)?;
            self.buffer = self.file.reader.read_at(self.next, len)?;
            self.next += left;
        }
        let count = self.buffer.len().min(into.len());
        let (target, _) = into.split_at_mut(count);
        self.buffer.copy_to_slice(target);
        Ok(count)
    }
}
