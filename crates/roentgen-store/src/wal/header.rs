//! The first 4 KiB of a log file: its number, and where the files before it ended.

use std::collections::BTreeMap;

use bytes::{Buf, BufMut};
use roentgen_model::Stamp;

const MAGIC: [u8; 4] = *b"RgLg";
/// The format version of log files; version 2 may hold encrypted frames.
pub(super) const VERSION: u8 = 2;
const OLDEST_VERSION: u8 = 1;
/// Frames begin here: a page of their own, so that writing frames never touches the header.
pub(super) const FILE_HEADER_BYTES: usize = 4096;
const CRC_OFFSET: usize = FILE_HEADER_BYTES - 4;
const FIXED_BYTES: usize = 24;
const END_BYTES: usize = 16;
/// Ends that have room; of more files the newest are kept (the others end where their frames end).
pub(super) const ENDS_MAX: usize = (CRC_OFFSET - FIXED_BYTES) / END_BYTES;

/// Where a finished file ends (LOG-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileEnd {
    pub(super) end: u64,
    pub(super) documents: u32,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    pub(super) file: u32,
    /// No stamp given before this file was begun is greater.
    pub(super) last_stamp: Stamp,
    /// Files that were in the log when this one was begun; all of them finished. Not only the one
    /// before: that one may be recycled before an older one is.
    pub(super) ends: BTreeMap<u32, FileEnd>,
}

/// What the first bytes of a file are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadHeader {
    Valid(FileHeader),
    Unsupported(u8),
    Invalid,
}

impl FileHeader {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FILE_HEADER_BYTES);
        out.put_slice(&MAGIC);
        out.put_u32_le(u32::from(VERSION));
        out.put_u32_le(self.file);
        out.put_i64_le(self.last_stamp.0);
        let count = self.ends.len().min(ENDS_MAX);
        out.put_u32_le(u32::try_from(count).expect("at most ENDS_MAX"));
        for (file, FileEnd { end, documents }) in self.ends.iter().rev().take(count) {
            out.put_u32_le(*file);
            out.put_u32_le(*documents);
            out.put_u64_le(*end);
        }
        out.resize(CRC_OFFSET, 0);
        out.put_u32_le(crc32fast::hash(&out));
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> ReadHeader {
        Self::read(bytes).unwrap_or(ReadHeader::Invalid)
    }

    fn read(bytes: &[u8]) -> Option<ReadHeader> {
        let covered = bytes.get(..CRC_OFFSET)?;
        let mut crc = bytes.get(CRC_OFFSET..FILE_HEADER_BYTES)?;
        let mut rest = covered.strip_prefix(&MAGIC)?;
        if crc.get_u32_le() != crc32fast::hash(covered) {
            return None;
        }
        let version = rest.try_get_u8().ok()?;
        if !(OLDEST_VERSION..=VERSION).contains(&version) {
            return Some(ReadHeader::Unsupported(version));
        }
        rest.advance(3);
        let file = rest.try_get_u32_le().ok()?;
        let last_stamp = Stamp(rest.try_get_i64_le().ok()?);
        let count = rest.try_get_u32_le().ok()?;
        let mut ends = BTreeMap::new();
        for _ in 0..count {
            let number = rest.try_get_u32_le().ok()?;
            let documents = rest.try_get_u32_le().ok()?;
            let end = rest.try_get_u64_le().ok()?;
            ends.insert(number, FileEnd { end, documents });
        }
        Some(ReadHeader::Valid(Self {
            file,
            last_stamp,
            ends,
        }))
    }
}
