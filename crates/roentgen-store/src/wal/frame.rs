//! One frame: a header that says where it belongs and how long it is, and documents of one scope.
//!
//! Layout in `docs/formats/log.md`. Nothing here trusts a byte that no checksum covers (LOG-1).
//!
//! An encrypted frame (version 2) names its key, so that each stands alone (FILE-1): key and wrapped
//! data key, the same for all frames of a file and key, stand before the encrypted payload. A checksum
//! that fails is damage; one that holds, over a payload whose key is missing, is not.

use bytes::{Buf, BufMut, Bytes};
use roentgen_model::{Scope, Stamp};

use super::{DOCUMENT_BYTES_MAX, DocumentPosition, RecordKind, ReplayedDocument};
use crate::encryption::{
    DataKey, KEY_ID_BYTES_MAX, KeyId, Keys, SealedError, TAG_BYTES, WRAPPED_BYTES, WriteKey,
};

pub(super) const MAGIC: [u8; 4] = *b"RgFr";
const VERSION_PLAIN: u8 = 1;
const VERSION_ENCRYPTED: u8 = 2;
/// What the key field says of an encrypted payload: its key stands before it.
const KEY_STANDS_BEFORE: u16 = 1;
/// Bytes of a frame before its payload.
pub(super) const HEADER_BYTES: usize = 56;
const HEADER_CRC_OFFSET: usize = 52;
/// A payload before compression: the greatest document and what stands around it.
pub(super) const RAW_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + 1024;
/// Scope (two lengths, 12 characters of account, 64 of region) and one piece and document header.
const _: () = assert!(2 + 12 + 64 + PIECE_BYTES + 4 <= 1024);
/// What encryption adds to a payload: length and id of the key, wrapped data key, tag.
const ENCRYPTION_BYTES_MAX: usize = 1 + KEY_ID_BYTES_MAX + WRAPPED_BYTES + TAG_BYTES;
/// Documents of a frame are counted in 16 bits.
pub(super) const DOCUMENTS_MAX: u16 = u16::MAX;
/// Kind, record stamp, index of the first document in the record, number of documents.
const PIECE_BYTES: usize = 1 + 8 + 4 + 2;

const CODEC_STORED: u8 = 0;
const CODEC_LZ4: u8 = 1;

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) is_encrypted: bool,
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
        let (version, key) = if self.is_encrypted {
            (VERSION_ENCRYPTED, KEY_STANDS_BEFORE)
        } else {
            (VERSION_PLAIN, 0)
        };
        out.put_u8(version);
        out.put_u8(self.codec);
        // 0: plain. The zero bytes here also keep a document's text, which cannot hold any, from looking
        // like a frame.
        out.put_u16_le(key);
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
        let version = rest.get_u8();
        if crc.get_u32_le() != crc32fast::hash(covered) {
            return None;
        }
        let codec = rest.get_u8();
        let is_encrypted = match (version, rest.get_u16_le()) {
            (VERSION_PLAIN, 0) => false,
            (VERSION_ENCRYPTED, KEY_STANDS_BEFORE) => true,
            _ => return None,
        };
        let header = Self {
            is_encrypted,
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
        let stored_max = RAW_BYTES_MAX
            + if is_encrypted {
                ENCRYPTION_BYTES_MAX
            } else {
                0
            };
        let is_bounded = header.raw_len() <= RAW_BYTES_MAX && header.stored_len() <= stored_max;
        let is_counted = header.documents <= u32::from(DOCUMENTS_MAX);
        (is_bounded && is_counted).then_some(header)
    }

    /// What an encrypted payload is bound to: all of the header but the checksums, so that no frame
    /// passes for another one.
    fn associated(&self) -> Vec<u8> {
        let unsummed = Self {
            payload_crc: 0,
            ..*self
        };
        let mut header = unsummed.encode();
        header.truncate(HEADER_CRC_OFFSET);
        header
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

impl DecodedFrame {
    /// Its documents with their positions.
    pub(super) fn replayed(self, header: &FrameHeader, offset: u32) -> Vec<ReplayedDocument> {
        let scope = self.scope;
        let documents = (0u16..).zip(self.documents);
        let replayed = documents.map(|(index_in_frame, document)| ReplayedDocument {
            kind: document.kind,
            scope: scope.clone(),
            record_stamp: document.record_stamp,
            stamp: document.stamp,
            position: DocumentPosition {
                file: header.file,
                frame_offset: offset,
                document_index_in_file: header.first_document + u32::from(index_in_frame),
                index_in_frame,
            },
            document: document.text,
        });
        replayed.collect()
    }
}

/// What the payload of a valid frame says.
#[derive(Debug)]
pub(super) enum Payload {
    Decoded(DecodedFrame),
    /// The key is missing: its documents are there and cannot be read now.
    Locked(KeyId),
}

/// Checks, decrypts and decodes the payload that belongs to `header`; `None`: it is damaged.
pub(super) fn decode_payload(header: &FrameHeader, stored: &Bytes, keys: &Keys) -> Option<Payload> {
    if stored.len() != header.stored_len() || crc32fast::hash(stored) != header.payload_crc {
        return None;
    }
    if !header.is_encrypted {
        return decode_plain(header, stored).map(Payload::Decoded);
    }
    match decrypt(header, stored, keys) {
        Ok(plain) => decode_plain(header, &plain).map(Payload::Decoded),
        Err(SealedError::KeyMissing(key)) => Some(Payload::Locked(key)),
        Err(SealedError::NotAuthentic(_)) => None,
    }
}

/// The wrapped data key is bound to the log file it was made for.
pub(super) fn key_binding(file: u32) -> Vec<u8> {
    let mut binding = b"log file ".to_vec();
    binding.put_u32_le(file);
    binding
}

/// A frame's nonce: its number, since the data key is its file's own.
fn nonce(header: &FrameHeader) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (_, counter) = nonce.split_at_mut(8);
    counter.copy_from_slice(&header.frame.to_be_bytes());
    nonce
}

fn decrypt(header: &FrameHeader, stored: &Bytes, keys: &Keys) -> Result<Bytes, SealedError> {
    let damaged = || SealedError::NotAuthentic("a frame of the log");
    let mut rest = stored.clone();
    let id = take_text(&mut rest).ok_or_else(damaged)?;
    let id = std::str::from_utf8(&id).map_err(|_| damaged())?;
    let id: KeyId = id.parse().map_err(|_| damaged())?;
    let wrapped = take(&mut rest, WRAPPED_BYTES).ok_or_else(damaged)?;
    let wrapped = wrapped.first_chunk().ok_or_else(damaged)?;
    let data_key = keys.unwrap(&id, &key_binding(header.file), wrapped)?;
    let mut sealed = rest.to_vec();
    let opened = data_key.open(nonce(header), &header.associated(), &mut sealed);
    let text_bytes = opened.ok_or_else(damaged)?.len();
    sealed.truncate(text_bytes);
    Ok(sealed.into())
}

fn decode_plain(header: &FrameHeader, stored: &Bytes) -> Option<DecodedFrame> {
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
    pub(super) scope: Scope,
    /// What it is to be encrypted under.
    pub(super) key: Option<WriteKey>,
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

/// The data key of a log file for one key.
#[derive(Debug)]
pub(super) struct FrameKey {
    pub(super) data_key: DataKey,
    pub(super) wrapped: [u8; WRAPPED_BYTES],
}

impl EncodedFrame {
    pub(super) fn total_bytes(&self) -> usize {
        HEADER_BYTES + self.stored_len()
    }

    fn stored_len(&self) -> usize {
        let added = self.key.as_ref().map_or(0, |key| {
            1 + key.id.as_str().len() + WRAPPED_BYTES + TAG_BYTES
        });
        self.payload.len() + added
    }

    /// Appends header and payload to `out`; `key` is that of the file for [`Self::key`].
    pub(super) fn write(&self, place: FramePlace, key: Option<&FrameKey>, out: &mut Vec<u8>) {
        let FramePlace {
            file,
            frame,
            group_first_frame,
            first_document,
        } = place;
        let mut header = FrameHeader {
            is_encrypted: self.key.is_some(),
            codec: self.codec,
            file,
            frame,
            group_first_frame,
            first_document,
            documents: u32::from(self.documents),
            stored_bytes: u32::try_from(self.stored_len()).expect("bounded by RAW_BYTES_MAX"),
            raw_bytes: self.raw_bytes,
            payload_crc: 0,
            last_stamp: self.last_stamp,
        };
        let encrypted = self.key.as_ref().zip(key).map(|(named, key)| {
            let id = named.id.as_str();
            let mut stored = Vec::with_capacity(self.stored_len());
            stored.put_u8(u8::try_from(id.len()).expect("a key id has at most 64 bytes"));
            stored.put_slice(id.as_bytes());
            stored.put_slice(&key.wrapped);
            let from = stored.len();
            stored.put_slice(&self.payload);
            let (nonce, associated) = (nonce(&header), header.associated());
            key.data_key.seal(nonce, &associated, &mut stored, from);
            stored
        });
        let stored = encrypted.as_ref().unwrap_or(&self.payload);
        debug_assert_eq!(stored.len(), header.stored_len());
        header.payload_crc = crc32fast::hash(stored);
        out.extend_from_slice(&header.encode());
        out.extend_from_slice(stored);
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
            scope: self.scope,
            key: None,
            codec,
            raw_bytes,
            documents,
            last_stamp,
            payload,
        }
    }
}
