//! Files whose every byte is covered by a checksum.
//!
//! The Parquet writer has no page checksums, and they would not cover footers, indexes and filters. So
//! each file is summed in pieces of 16 KiB while it is written; the sums of all files stand in the
//! small file `checksums`, and a read takes whole pieces and checks them before anything is decoded.
//! 16 KiB: a by-id read of one 128 KiB page (about 20 KiB compressed) reads little more than it needs,
//! and the sums cost 256 KiB of memory for a block of 1 GiB.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::encryption;
use crate::files::{Disk, DiskReader, DiskWriter};
use crate::source::{ErrorKind, StoreError};

#[cfg(test)]
mod tests;

/// Bytes covered by one checksum.
const PIECE_BYTES: usize = 16 << 10;
/// Begins the file of checksums.
const MAGIC: &[u8; 8] = b"RTGBLK1\n";
/// Name of the file of checksums.
pub(crate) const CHECKSUMS_NAME: &str = "checksums";
/// A block of 64 TiB would need more.
const CHECKSUMS_BYTES_MAX: u64 = 16 << 30;

/// Length and checksums of one finished file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileSums {
    pub(super) bytes: u64,
    sums: Vec<u32>,
}

/// Sums what it writes.
pub(super) struct SummingWriter {
    file: Box<dyn DiskWriter>,
    path: PathBuf,
    hasher: crc32fast::Hasher,
    in_piece: usize,
    sums: FileSums,
}

impl SummingWriter {
    pub(super) fn create(disk: &dyn Disk, path: PathBuf) -> Result<Self, StoreError> {
        let file = disk
            .create(&path)
            .map_err(|e| unavailable("create", &path, e))?;
        let hasher = crc32fast::Hasher::new();
        Ok(Self {
            file,
            path,
            hasher,
            in_piece: 0,
            sums: FileSums::default(),
        })
    }

    /// Syncs the file and returns its sums.
    pub(super) fn finish(&mut self) -> Result<FileSums, StoreError> {
        self.end_piece();
        let flushed = self.file.flush().and_then(|()| self.file.sync_all());
        flushed.map_err(|e| unavailable("sync", &self.path, e))?;
        Ok(std::mem::take(&mut self.sums))
    }

    fn end_piece(&mut self) {
        if self.in_piece > 0 {
            let done = std::mem::replace(&mut self.hasher, crc32fast::Hasher::new());
            self.sums.sums.push(done.finalize());
            self.in_piece = 0;
        }
    }
}

impl Write for SummingWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES - self.in_piece;
        let written = self.file.write(buffer.get(..room).unwrap_or(buffer))?;
        self.hasher
            .update(buffer.get(..written).unwrap_or_default());
        self.in_piece += written;
        self.sums.bytes += written as u64;
        if self.in_piece == PIECE_BYTES {
            self.end_piece();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes the file of checksums: magic, bytes per piece, number of files, then of each file its length
/// and sums, in the order of the tables; last the crc32 of all that. Integers are little-endian.
pub(super) struct ChecksumsWriter {
    file: Box<dyn DiskWriter>,
    path: PathBuf,
}

impl ChecksumsWriter {
    pub(super) fn create(disk: &dyn Disk, dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(CHECKSUMS_NAME);
        let file = disk
            .create(&path)
            .map_err(|e| unavailable("create", &path, e))?;
        Ok(Self { file, path })
    }

    /// Writes and syncs; returns the file's length.
    pub(super) fn finish(mut self, files: &[FileSums]) -> Result<u64, StoreError> {
        let mut bytes = Vec::from(MAGIC);
        bytes.extend(u32::try_from(PIECE_BYTES).expect("16 KiB").to_le_bytes());
        bytes.extend(
            u32::try_from(files.len())
                .expect("four tables")
                .to_le_bytes(),
        );
        for file in files {
            bytes.extend(file.bytes.to_le_bytes());
            bytes.extend(file.sums.iter().flat_map(|sum| sum.to_le_bytes()));
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        let written = self.file.write_all(&bytes).and_then(|()| self.file.flush());
        let synced = written.and_then(|()| self.file.sync_all());
        synced.map_err(|e| unavailable("write", &self.path, e))?;
        Ok(bytes.len() as u64)
    }
}

/// Reads the file of checksums; also returns its own length.
pub(super) fn read_checksums(
    disk: &dyn Disk,
    dir: &Path,
    files: usize,
) -> Result<(Vec<FileSums>, u64), StoreError> {
    let path = dir.join(CHECKSUMS_NAME);
    let file = disk.open(&path).map_err(|e| open_failed(&path, e))?;
    let length = file.len().map_err(|e| failed("read", &path, e))?;
    if length > CHECKSUMS_BYTES_MAX {
        return Err(damaged(&path, "the file is too long"));
    }
    let length_bytes = usize::try_from(length).unwrap_or(usize::MAX);
    let bytes = file
        .read_at(0, length_bytes)
        .map_err(|e| failed("read", &path, e))?;
    let sums = parse_checksums(&bytes, files)
        .ok_or_else(|| damaged(&path, "the list of checksums fails its own checksum"))?;
    Ok((sums, length))
}

fn parse_checksums(bytes: &[u8], files: usize) -> Option<Vec<FileSums>> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return None;
    }
    let rest = body.strip_prefix(MAGIC)?;
    let (piece, rest) = rest.split_first_chunk::<4>()?;
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let piece_ok = usize::try_from(u32::from_le_bytes(*piece)) == Ok(PIECE_BYTES);
    if !piece_ok || usize::try_from(u32::from_le_bytes(*count)) != Ok(files) {
        return None;
    }
    let mut out = Vec::with_capacity(files);
    for _ in 0..files {
        let (length, tail) = rest.split_first_chunk::<8>()?;
        let bytes = u64::from_le_bytes(*length);
        let pieces = usize::try_from(bytes.div_ceil(PIECE_BYTES as u64)).ok()?;
        let (sums, tail) = tail.split_at_checked(pieces.checked_mul(4)?)?;
        let number = |b: &[u8]| b.first_chunk::<4>().map(|b| u32::from_le_bytes(*b));
        out.push(FileSums {
            bytes,
            sums: sums.chunks_exact(4).filter_map(number).collect(),
        });
        rest = tail;
    }
    rest.is_empty().then_some(out)
}

/// A finished file, read in ranges that are checked. Cheap to clone.
#[derive(Clone)]
pub(super) struct CheckedFile {
    file: Arc<dyn DiskReader>,
    path: Arc<Path>,
    sums: Arc<FileSums>,
    /// What the last failed read of the disk means, if that is not damage of the data (the Arrow reader
    /// keeps only its text).
    read_failed: Arc<Mutex<Option<ErrorKind>>>,
}

impl CheckedFile {
    pub(super) fn open(
        disk: &dyn Disk,
        path: &Path,
        sums: Arc<FileSums>,
    ) -> Result<Self, StoreError> {
        let file = disk.open(path).map_err(|e| open_failed(path, e))?;
        let bytes = file.len().map_err(|e| failed("read", path, e))?;
        if bytes != sums.bytes {
            let found = format!("expected {} bytes, found {bytes}", sums.bytes);
            return Err(damaged(path, &found));
        }
        Ok(Self {
            file,
            path: path.into(),
            sums,
            read_failed: Arc::default(),
        })
    }

    /// The bytes of a range, checked.
    pub(super) fn range(&self, start: u64, length: usize) -> Result<Bytes, StoreError> {
        let end = start
            .checked_add(length as u64)
            .filter(|end| *end <= self.sums.bytes);
        let Some(end) = end else {
            return Err(damaged(
                &self.path,
                "a range lies beyond the end of the file",
            ));
        };
        if length == 0 {
            return Ok(Bytes::new());
        }
        let piece = PIECE_BYTES as u64;
        let first = start / piece;
        let aligned = first * piece;
        let aligned_end = end.next_multiple_of(piece).min(self.sums.bytes);
        let wanted = usize::try_from(aligned_end - aligned).unwrap_or(usize::MAX);
        let buffer = self.file.read_at(aligned, wanted).map_err(|error| {
            *self.read_failed.lock() = Some(encryption::kind_of(&error));
            failed("read", &self.path, error)
        })?;
        let sums = self
            .sums
            .sums
            .iter()
            .skip(usize::try_from(first).unwrap_or(usize::MAX));
        let pieces = buffer.chunks(PIECE_BYTES);
        let count = pieces.len();
        let good = pieces
            .zip(sums)
            .filter(|(b, sum)| crc32fast::hash(b) == **sum)
            .count();
        if good != count {
            let place = format!("a checksum fails within 16 KiB of offset {aligned}");
            return Err(damaged(&self.path, &place));
        }
        let from = usize::try_from(start - aligned).unwrap_or_default();
        Ok(buffer.slice(from..from + length))
    }

    /// Checks every byte of the file.
    pub(super) fn verify(
        &self,
        mut each: impl FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        const STEP: u64 = 1 << 20;
        let mut at = 0;
        while at < self.sums.bytes {
            each()?;
            let length = STEP.min(self.sums.bytes - at);
            self.range(at, usize::try_from(length).unwrap_or_default())?;
            at += length;
        }
        Ok(())
    }

    /// An error met while decoding this file: that of the disk if a read failed, else damage.
    pub(super) fn failed(
        &self,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> StoreError {
        let kind = self.read_failed.lock().take();
        let kind = kind.unwrap_or(ErrorKind::Damaged);
        StoreError::caused(
            kind,
            format!("read `{}`: {error}", self.path.display()),
            error,
        )
    }

    /// Damage that is found in decoded values.
    pub(super) fn damaged(&self, what: &str) -> StoreError {
        damaged(&self.path, what)
    }
}

impl fmt::Debug for CheckedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CheckedFile").field(&self.path).finish()
    }
}

impl Length for CheckedFile {
    fn len(&self) -> u64 {
        self.sums.bytes
    }
}

impl ChunkReader for CheckedFile {
    type T = CheckedRead;

    fn get_read(&self, start: u64) -> parquet::errors::Result<CheckedRead> {
        Ok(CheckedRead {
            file: self.clone(),
            at: start,
            buffer: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.range(start, length)
            .map_err(|e| ParquetError::External(Box::new(e)))
    }
}

/// Reads on from an offset, piece by piece.
#[derive(Debug)]
pub(super) struct CheckedRead {
    file: CheckedFile,
    at: u64,
    buffer: Bytes,
}

impl Read for CheckedRead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.buffer.is_empty() {
            let piece = PIECE_BYTES as u64;
            let end = (self.at / piece + 1) * piece;
            let length = end.min(self.file.len()).saturating_sub(self.at);
            let length = usize::try_from(length).unwrap_or_default();
            self.buffer = self.file.range(self.at, length).map_err(io::Error::other)?;
            self.at += length as u64;
        }
        self.buffer.as_ref().read(out).inspect(|read| {
            let _ = self.buffer.split_to(*read);
        })
    }
}

fn open_failed(path: &Path, error: io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::NotFound {
        return StoreError::caused(
            ErrorKind::Damaged,
            format!("`{}` is missing", path.display()),
            error,
        );
    }
    failed("open", path, error)
}

/// A read that failed: the disk, damage of what is encrypted, or a missing key.
fn failed(doing: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError::caused(
        encryption::kind_of(&error),
        format!("{doing} `{}`", path.display()),
        error,
    )
}

fn unavailable(doing: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError::caused(
        ErrorKind::Unavailable,
        format!("{doing} `{}`", path.display()),
        error,
    )
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::new(
        ErrorKind::Damaged,
        format!("`{}` is damaged: {what}", path.display()),
    )
}
