//! FILE-1: a disk whose files may be encrypted (`docs/formats/encrypted-file.md`).
//!
//! [`EncryptedDisk`] stands over another disk. It reads plain and encrypted files alike (an encrypted
//! one begins with a header that no file of ours begins with) and writes under a key when it was given
//! one. A file is cut into chunks of 64 KiB, each authenticated with its number and whether it is the
//! last, under a data key of the file's own: chunks that were changed, swapped, moved to another file or
//! cut off at the end are noticed when they are read. The wrapped data key is bound to the names of the
//! file and its directory, so whole files do not pass for others either.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use parking_lot::Mutex;

use super::{DirectoryEntry, Disk, DiskReader, DiskWriter, LogFile};
use crate::encryption::{
    DataKey, KEY_ID_BYTES_MAX, KeyId, Keys, SealedError, TAG_BYTES, WRAPPED_BYTES, WriteKey,
};
use crate::seal::TEMPORARY;

#[cfg(test)]
mod tests;

const MAGIC: &[u8; 8] = b"RTGENC1\n";
const AES_256_GCM: u8 = 1;
/// Chunks are 2 to the power of this many bytes.
const CHUNK_BITS: u8 = 16;
const CHUNK_BYTES: usize = 1 << CHUNK_BITS;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// The header: magic, cipher, chunk bits, length of the key id, zero, key id, wrapped data key, zeros, crc32.
const HEADER_BYTES: usize = 256;
const WRAPPED_OFFSET: usize = 12 + KEY_ID_BYTES_MAX;
const CRC_OFFSET: usize = HEADER_BYTES - 4;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct EncryptedDisk {
    inner: Arc<dyn Disk>,
    keys: Arc<Keys>,
    write_key: Option<WriteKey>,
}

impl EncryptedDisk {
    /// Reads both kinds of files, writes plain ones.
    pub(crate) fn new(inner: Arc<dyn Disk>, keys: Arc<Keys>) -> Self {
        Self {
            inner,
            keys,
            write_key: None,
        }
    }

    /// Whether the file is encrypted; its key need not be there.
    pub(crate) fn is_encrypted(&self, path: &Path) -> io::Result<bool> {
        let file = self.inner.open(path)?;
        Ok(file.len()? >= HEADER_BYTES as u64 && file.read_at(0, MAGIC.len())?.starts_with(MAGIC))
    }

    /// The same disk; what is created through it is encrypted under `key`, or plain.
    pub(crate) fn under(&self, key: Option<WriteKey>) -> Self {
        Self {
            write_key: key,
            ..self.clone()
        }
    }
}

impl Disk for EncryptedDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.inner.create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirectoryEntry>> {
        self.inner.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.inner.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.inner.sync_dir(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>> {
        let mut file = self.inner.create(path)?;
        let Some(key) = &self.write_key else {
            return Ok(file);
        };
        let mut header = header_start(&key.id);
        let (data_key, wrapped) = self.keys.generate(key, &binding(&header, path));
        header.put_slice(&wrapped);
        header.resize(CRC_OFFSET, 0);
        header.put_u32_le(crc32fast::hash(&header));
        file.write_all(&header)?;
        Ok(Box::new(EncryptingWriter {
            file,
            data_key,
            chunk: Vec::with_capacity(SEALED_CHUNK_BYTES),
            number: 0,
            is_over: false,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>> {
        let file = self.inner.open(path)?;
        let bytes = file.len()?;
        if bytes < HEADER_BYTES as u64 {
            return Ok(file);
        }
        let header = file.read_at(0, HEADER_BYTES)?;
        let Some(opened) = read_header(&header, path) else {
            return Ok(file);
        };
        let (key, binding, wrapped) = opened?;
        let data_key = self.keys.unwrap(&key, &binding, &wrapped)?;
        let (chunks, len) = plain_len(bytes)?;
        Ok(Arc::new(EncryptedReader {
            file,
            data_key,
            chunks,
            len,
            last_read: Mutex::default(),
        }))
    }

    fn open_log(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        self.inner.open_log(path)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.inner.free_bytes()
    }

    fn before_commit(&self) -> io::Result<()> {
        self.inner.before_commit()
    }
}

fn header_start(key: &KeyId) -> Vec<u8> {
    let id = key.as_str().as_bytes();
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.put_slice(MAGIC);
    header.put_u8(AES_256_GCM);
    header.put_u8(CHUNK_BITS);
    header.put_u8(u8::try_from(id.len()).expect("a key id has at most 64 bytes"));
    header.put_u8(0);
    header.put_slice(id);
    header.resize(WRAPPED_OFFSET, 0);
    header
}

/// What the wrapped key is bound to: the header before it, and the names of directory and file. A block
/// is written under a temporary name, which does not count.
fn binding(header_start: &[u8], path: &Path) -> Vec<u8> {
    let name = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let directory = name(path.parent());
    let directory = directory.strip_suffix(TEMPORARY).unwrap_or(&directory);
    let mut binding = header_start.to_vec();
    binding.extend_from_slice(directory.as_bytes());
    binding.push(b'/');
    binding.extend_from_slice(name(Some(path)).as_bytes());
    binding
}

type OpenedHeader = (KeyId, Vec<u8>, [u8; WRAPPED_BYTES]);

/// `None`: the file is plain.
fn read_header(header: &Bytes, path: &Path) -> Option<Result<OpenedHeader, SealedError>> {
    header.starts_with(MAGIC).then(|| {
        let damaged = SealedError::NotAuthentic("the header of the file");
        valid_header(header, path).ok_or(damaged)
    })
}

fn valid_header(header: &Bytes, path: &Path) -> Option<OpenedHeader> {
    let (covered, mut crc) = header.split_at_checked(CRC_OFFSET)?;
    if crc.try_get_u32_le().ok()? != crc32fast::hash(covered) {
        return None;
    }
    let (start, rest) = covered.split_at_checked(WRAPPED_OFFSET)?;
    let mut about = start.strip_prefix(MAGIC)?;
    let cipher = about.try_get_u8().ok()?;
    let chunk_bits = about.try_get_u8().ok()?;
    let id_bytes = usize::from(about.try_get_u8().ok()?);
    about.advance(1);
    let id = std::str::from_utf8(about.get(..id_bytes)?).ok()?;
    let is_known = cipher == AES_256_GCM && chunk_bits == CHUNK_BITS;
    let key = id.parse().ok().filter(|_| is_known)?;
    Some((key, binding(start, path), *rest.first_chunk()?))
}

/// Chunks and bytes of text in a file of so many bytes.
fn plain_len(file_bytes: u64) -> Result<(u64, u64), SealedError> {
    let body = file_bytes - HEADER_BYTES as u64;
    let chunks = body.div_ceil(SEALED_CHUNK_BYTES as u64);
    let tags = chunks * TAG_BYTES as u64;
    let last = body.saturating_sub(chunks.saturating_sub(1) * SEALED_CHUNK_BYTES as u64);
    if chunks == 0 || last < TAG_BYTES as u64 {
        return Err(SealedError::NotAuthentic("the file ends inside a chunk"));
    }
    Ok((chunks, body - tags))
}

/// A chunk's nonce: whether it is the file's last, and its number. The data key is the file's own, so
/// none comes twice.
fn nonce(number: u64, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (flag, counter) = nonce.split_at_mut(4);
    flag.copy_from_slice(&u32::from(is_last).to_be_bytes());
    counter.copy_from_slice(&number.to_be_bytes());
    nonce
}

/// Encrypts what it writes. A chunk is written when the next begins, since the last one says that it is.
struct EncryptingWriter {
    file: Box<dyn DiskWriter>,
    data_key: DataKey,
    chunk: Vec<u8>,
    number: u64,
    is_over: bool,
}

impl fmt::Debug for EncryptingWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EncryptingWriter").field(&self.file).finish()
    }
}

impl EncryptingWriter {
    fn end_chunk(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = nonce(self.number, is_last);
        self.data_key.seal(nonce, &[], &mut self.chunk, 0);
        self.number += 1;
        self.is_over = is_last;
        let written = self.file.write_all(&self.chunk);
        self.chunk.clear();
        // A nonce is never used for two texts: after a failure nothing more is written.
        written.inspect_err(|_| self.is_over = true)
    }
}

impl Write for EncryptingWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.is_over {
            return Err(io::Error::other("the encrypted file is finished"));
        }
        if self.chunk.len() == CHUNK_BYTES && !data.is_empty() {
            self.end_chunk(false)?;
        }
        let room = CHUNK_BYTES - self.chunk.len();
        let taken = data.get(..room).unwrap_or(data);
        self.chunk.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskWriter for EncryptingWriter {
    /// Ends the file: nothing can be written after it.
    fn sync_all(&mut self) -> io::Result<()> {
        if !self.is_over {
            self.end_chunk(true)?;
        }
        self.file.sync_all()
    }
}

/// Reads text by ranges of text. That the file was not cut at the end of a chunk shows when the last
/// chunk is read.
struct EncryptedReader {
    file: Arc<dyn DiskReader>,
    data_key: DataKey,
    chunks: u64,
    len: u64,
    /// The last chunk that was read: readers of a page come back for the rest of it.
    last_read: Mutex<Option<(u64, Bytes)>>,
}

impl fmt::Debug for EncryptedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EncryptedReader").field(&self.file).finish()
    }
}

impl DiskReader for EncryptedReader {
    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let end = offset.checked_add(len as u64);
        let Some(end) = end.filter(|end| *end <= self.len) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if len == 0 {
            return Ok(Bytes::new());
        }
        let chunk = CHUNK_BYTES as u64;
        let (first, last) = (offset / chunk, (end - 1) / chunk);
        let from = usize::try_from(offset % chunk).map_err(io::Error::other)?;
        if first == last {
            return Ok(self.chunk(first)?.slice(from..from + len));
        }
        let mut text = self.run(first, last)?;
        text.advance(from);
        text.truncate(len);
        Ok(text)
    }
}

impl EncryptedReader {
    fn chunk(&self, number: u64) -> io::Result<Bytes> {
        let mut last_read = self.last_read.lock();
        if let Some((read, text)) = &*last_read
            && *read == number
        {
            return Ok(text.clone());
        }
        let text = self.run(number, number)?;
        *last_read = Some((number, text.clone()));
        Ok(text)
    }

    /// The text of some chunks that follow each other.
    fn run(&self, first: u64, last: u64) -> io::Result<Bytes> {
        let sealed_chunk = SEALED_CHUNK_BYTES as u64;
        let is_end = last + 1 == self.chunks;
        let body = self.len + self.chunks * TAG_BYTES as u64;
        let until = if is_end {
            body
        } else {
            (last + 1) * sealed_chunk
        };
        let count = until - first * sealed_chunk;
        let count = usize::try_from(count).map_err(io::Error::other)?;
        let sealed = self
            .file
            .read_at(HEADER_BYTES as u64 + first * sealed_chunk, count)?;
        let mut sealed = sealed
            .try_into_mut()
            .unwrap_or_else(|shared| shared.as_ref().into());
        let mut text = Vec::with_capacity(count);
        for (number, chunk) in (first..).zip(sealed.chunks_mut(SEALED_CHUNK_BYTES)) {
            let nonce = nonce(number, number + 1 == self.chunks);
            let opened = self.data_key.open(nonce, &[], chunk);
            let opened = opened.ok_or(SealedError::NotAuthentic("a chunk of the file"))?;
            text.extend_from_slice(opened);
        }
        Ok(text.into())
    }
}
