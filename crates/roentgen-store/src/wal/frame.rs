//! One frame: a header that says where it belongs and how long it is, and documents of one scope.
//!
//! Layout in `docs/formats/log.md`. Nothing here trusts a byte that no checksum covers (LOG-1).

use bytes::{Buf, BufMut, Bytes};
use roentgen_model::{Scope, Stamp};

use super::{DOCUMENT_BYTES_MAX, RecordKind};

pub(super) const MAGIC: [u8; 4] = *b"RgFr";
const VERSION: u8 = 1;
/// Bytes of a frame before its payload.
pub(super) const HEADER_BYTES: usize = 56;
const HEADER_CRC_OFFSET: usize = 52;
/// A payload before compression: the greatest document and what stands around it.
pub(super) const RAW_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + 1024;
/// Scope (two lengths, 12 characters of account, 64 of region) and one piece and document header.
const _: () = assert!(2 + 12 + 64 + PIECE_BYTES + 4 <= 1024);
/// Documents of a frame are counted in 16 bits.
pub(super) const DOCUMENTS_MAX: u16 = u16::MAX;
/// Kind, record stamp, index of the first document in the record, number of documents.
const PIECE_BYTES: usize = 1 + 8 + 4 + 2;

const CODEC_STORED: u8 = 0;
const CODEC_LZ4: u8 = 1;

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) codec: u8,
    pub(super) file: u32,
    /// 0 for the first frame of a file, then one more each.
    pub(super) frame: u32,
    /// The first frame of the group this one was written with: all frames before that one were durable
    /// when this was written. Tells damage from a torn tail.
    pub(super) group_first_frame: u32,
    /// Index in the file of its first document.
    pub(super) first_document: u32,
    pub(super) documents: u32,
    pub(super) stored_bytes: u32,
    pub(super) raw_bytes: u32,
    pub(super) payload_crc: u32,
    /// The greatest stamp in this frame.
    pub(super) last_stamp: Stamp,
}

impl FrameHeader {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.put_slice(&MAGIC);
        out.put_u8(VERSION);
        out.put_u8(self.codec);
        // The key the payload is encrypted with (FILE-1); 0: none. Its zero bytes also keep a document's
        // text, which cannot hold any, from looking like a frame.
        out.put_u16_le(0);
        out.put_u32_le(self.file);
        out.put_u32_le(self.frame);
        out.put_u32_le(self.group_first_frame);
        out.put_u32_le(self.first_document);
        out.put_u32_le(self.documents);
        out.put_u32_le(self.stored_bytes);
        out.put_u32_le(self.raw_bytes);
        out.put_u32_le(self.payload_crc);
        out.put_i64_le(self.last_stamp.0);
        out.put_u32_le(0);
        debug_assert_eq!(out.len(), HEADER_CRC_OFFSET);
        out.put_u32_le(crc32fast::hash(&out));
        out
    }

    /// `None` unless magic, version, checksum and bounds hold.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let covered = bytes.get(..HEADER_CRC_OFFSET)?;
        let mut crc = bytes.get(HEADER_CRC_OFFSET..HEADER_BYTES)?;
        let mut rest = covered.strip_prefix(&MAGIC)?;
        if rest.get_u8() != VERSION || crc.get_u32_le() != crc32fast::hash(covered) {
            return None;
        }
        let codec = rest.get_u8();
        let key = rest.get_u16_le();
        let header = Self {
            codec,
            file: rest.get_u32_le(),
            frame: rest.get_u32_le(),
            group_first_frame: rest.get_u32_le(),
            first_document: rest.get_u32_le(),
            documents: rest.get_u32_le(),
            stored_bytes: rest.get_u32_le(),
            raw_bytes: rest.get_u32_le(),
            payload_crc: rest.get_u32_le(),
            last_stamp: Stamp(rest.get_i64_le()),
        };
        let is_bounded = header.raw_len() <= RAW_BYTES_MAX && header.stored_len() <= RAW_BYTES_MAX;
        let is_counted = header.documents <= u32::from(DOCUMENTS_MAX);
        (key == 0 && is_bounded && is_counted).then_some(header)
    }

    pub(super) fn stored_len(&self) -> usize {
        self.stored_bytes as usize
    }

    fn raw_len(&self) -> usize {
        self.raw_bytes as usize
    }

    /// Header and payload.
    pub(super) fn total_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.stored_bytes)
    }

    /// The index after its last document.
    pub(super) fn documents_end(&self) -> u32 {
        self.first_document.saturating_add(self.documents)
    }
}

/// A document of a decoded frame.
#[derive(Clone, Debug)]
pub(super) struct FrameDocument {
    pub(super) kind: RecordKind,
    pub(super) record_stamp: Stamp,
    pub(super) stamp: Stamp,
    pub(super) text: Bytes,
}

/// A frame whose checksum held.
#[derive(Debug)]
pub(super) struct DecodedFrame {
    pub(super) scope: Scope,
    pub(super) documents: Vec<FrameDocument>,
    pub(super) raw_bytes: usize,
}

/// Checks and decodes the payload that belongs to `header`.
pub(super) fn decode_payload(header: &FrameHeader, stored: &Bytes) -> Option<DecodedFrame> {
    if stored.len() != header.stored_len() || crc32fast::hash(stored) != header.payload_crc {
        return None;
    }
    let raw = match header.codec {
        CODEC_STORED => stored.clone(),
        CODEC_LZ4 => lz4_flex::block::decompress(stored, header.raw_len())
            .ok()?
            .into(),
        _ => return None,
    };
    if raw.len() != header.raw_len() {
        return None;
    }
    let raw_bytes = raw.len();
    let mut rest = raw;
    let account = take_text(&mut rest)?;
    let region = take_text(&mut rest)?;
    let scope = Scope::new(
        std::str::from_utf8(&account).ok()?,
        std::str::from_utf8(&region).ok()?,
    )?;
    let mut documents = Vec::with_capacity(header.documents as usize);
    while !rest.is_empty() {
        take_piece(&mut rest, &mut documents)?;
    }
    let is_complete = u32::try_from(documents.len()).ok() == Some(header.documents);
    is_complete.then_some(DecodedFrame {
        scope,
        documents,
        raw_bytes,
    })
}

fn take_text(from: &mut Bytes) -> Option<Bytes> {
    let len = from.try_get_u8().ok()?;
    take(from, usize::from(len))
}

fn take(from: &mut Bytes, len: usize) -> Option<Bytes> {
    (from.len() >= len).then(|| from.split_to(len))
}

fn take_piece(from: &mut Bytes, documents: &mut Vec<FrameDocument>) -> Option<()> {
    let kind = RecordKind(from.try_get_u8().ok()?);
    let record_stamp = Stamp(from.try_get_i64_le().ok()?);
    let first = from.try_get_u32_le().ok()?;
    let count = from.try_get_u16_le().ok()?;
    for index in 0..u32::from(count) {
        let len = from.try_get_u32_le().ok()?;
        let text = take(from, usize::try_from(len).ok()?)?;
        let stamp = Stamp(
            record_stamp
                .0
                .saturating_add(i64::from(first) + i64::from(index)),
        );
        documents.push(FrameDocument {
            kind,
            record_stamp,
            stamp,
            text,
        });
    }
    Some(())
}

/// A frame ready to be given its place in a file.
#[derive(Debug)]
pub(super) struct EncodedFrame {
    codec: u8,
    raw_bytes: u32,
    pub(super) documents: u16,
    pub(super) last_stamp: Stamp,
    payload: Vec<u8>,
}

/// Where a frame goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct FramePlace {
    pub(super) file: u32,
    pub(super) frame: u32,
    pub(super) group_first_frame: u32,
    pub(super) first_document: u32,
}

impl EncodedFrame {
    pub(super) fn total_bytes(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }

    /// Appends header and payload to `out`.
    pub(super) fn write(&self, place: FramePlace, out: &mut Vec<u8>) {
        let FramePlace {
            file,
            frame,
            group_first_frame,
            first_document,
        } = place;
        let header = FrameHeader {
            codec: self.codec,
            file,
            frame,
            group_first_frame,
            first_document,
            documents: u32::from(self.documents),
            stored_bytes: u32::try_from(self.payload.len()).expect("bounded by RAW_BYTES_MAX"),
            raw_bytes: self.raw_bytes,
            payload_crc: crc32fast::hash(&self.payload),
            last_stamp: self.last_stamp,
        };
        out.extend_from_slice(&header.encode());
        out.extend_from_slice(&self.payload);
    }
}

/// Gathers documents of one scope for a frame.
#[derive(Debug)]
pub(super) struct FrameBuilder {
    scope: Scope,
    raw: Vec<u8>,
    documents: u16,
    last_stamp: Stamp,
    /// The piece being filled: number of its record in the group, place of its count, the count.
    piece: Option<(usize, usize, u16)>,
}

/// A document on its way into a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewDocument<'a> {
    /// Number of its record in the group.
    pub(super) record: usize,
    pub(super) kind: RecordKind,
    pub(super) record_stamp: Stamp,
    pub(super) index_in_record: u32,
    pub(super) text: &'a Bytes,
}

impl FrameBuilder {
    pub(super) fn new(scope: &Scope) -> Self {
        let mut raw = Vec::new();
        for text in [&scope.account, &scope.region] {
            raw.put_u8(u8::try_from(text.len()).expect("a scope's parts are at most 64 bytes"));
            raw.put_slice(text.as_bytes());
        }
        let last_stamp = Stamp(i64::MIN);
        Self {
            scope: scope.clone(),
            raw,
            documents: 0,
            last_stamp,
            piece: None,
        }
    }

    /// Whether the document should go into this frame, not into a new one.
    pub(super) fn has_room(&self, scope: &Scope, text: &Bytes, frame_bytes: usize) -> bool {
        let is_full = self.documents == DOCUMENTS_MAX
            || self.raw.len() + PIECE_BYTES + 4 + text.len() > frame_bytes;
        self.scope == *scope && (self.documents == 0 || !is_full)
    }

    /// Adds a document and returns its index in the frame.
    pub(super) fn push(&mut self, document: NewDocument<'_>) -> u16 {
        let NewDocument {
            record,
            kind,
            record_stamp,
            index_in_record,
            text,
        } = document;
        let (count_at, count) = match self.piece {
            Some((of, count_at, count)) if of == record => (count_at, count + 1),
            _ => {
                self.raw.put_u8(kind.0);
                self.raw.put_i64_le(record_stamp.0);
                self.raw.put_u32_le(index_in_record);
                self.raw.put_u16_le(0);
                (self.raw.len() - 2, 1)
            }
        };
        self.piece = Some((record, count_at, count));
        if let Some(place) = self.raw.get_mut(count_at..count_at + 2) {
            place.copy_from_slice(&count.to_le_bytes());
        }
        self.raw
            .put_u32_le(u32::try_from(text.len()).expect("checked against DOCUMENT_BYTES_MAX"));
        self.raw.put_slice(text);
        let stamp = record_stamp.0.saturating_add(i64::from(index_in_record));
        self.last_stamp = self.last_stamp.max(Stamp(stamp));
        let index = self.documents;
        self.documents += 1;
        index
    }

    /// Compresses; keeps the plain bytes where that does not make them fewer.
    pub(super) fn finish(self) -> EncodedFrame {
        let raw_bytes = u32::try_from(self.raw.len()).expect("bounded by RAW_BYTES_MAX");
        let compressed = lz4_flex::block::compress(&self.raw);
        let (codec, payload) = if compressed.len() < self.raw.len() {
            (CODEC_LZ4, compressed)
        } else {
            (CODEC_STORED, self.raw)
        };
        let (documents, last_stamp) = (self.documents, self.last_stamp);
        EncodedFrame {
            codec,
            raw_bytes,
            documents,
            last_stamp,
            payload,
        }
    }
}
