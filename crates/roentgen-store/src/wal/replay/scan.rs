//! Finds the frames of one file, in order, over damage.
//!
//! What stands in a hole between valid frames is damage when it had been durable: when a later frame was
//! written with a group that began after it, or when the file is known to be finished. Else it is part of
//! a group that was never acknowledged, torn by a crash; other frames of that group are kept all the same.

use std::io;
use std::ops::Range;

use memchr::memmem;

use super::super::frame::{FrameHeader, HEADER_BYTES, MAGIC, Payload, decode_payload};
use super::super::header::{FILE_HEADER_BYTES, FileEnd};
use super::super::{Bitmap, LockedFrame, ReplayedDocument};
use super::ReplayReport;
use crate::encryption::Keys;
use crate::files::DiskReader;

/// Bytes looked through at once for the next frame.
const WINDOW_BYTES: u64 = 64 << 10;

/// What a scan found beside documents.
#[derive(Debug)]
pub(super) struct ScannedFile {
    pub(super) holes: Vec<Hole>,
    /// After the last frame; where a finished file ends, if that is known.
    pub(super) end: u64,
    pub(super) documents: u32,
    pub(super) torn_bytes: u64,
}

/// A part of the file without valid frames.
#[derive(Debug)]
pub(super) struct Hole {
    pub(super) offset: u64,
    pub(super) bytes: u64,
    /// Indexes of the documents that were in it.
    pub(super) documents: Range<u32>,
    pub(super) is_damage: bool,
    pub(super) reason: &'static str,
    first_frame: u32,
}

/// See the module.
pub(super) struct Scan<'a> {
    reader: &'a dyn DiskReader,
    keys: &'a Keys,
    file: u32,
    limit: u64,
    known_end: Option<FileEnd>,
    settled: &'a Bitmap,
    offset: u64,
    next_frame: u32,
    next_document: u32,
    holes: Vec<Hole>,
    torn_bytes: u64,
}

/// A valid frame; without its content when all of it is settled.
struct Found {
    offset: u64,
    header: FrameHeader,
    content: Option<Payload>,
}

/// Which frame is looked for.
#[derive(Clone, Copy)]
enum Wanted {
    /// The one that comes next.
    Next,
    /// Any later one.
    Later,
}

impl<'a> Scan<'a> {
    pub(super) fn new(
        reader: &'a dyn DiskReader,
        keys: &'a Keys,
        file: u32,
        len: u64,
        known_end: Option<FileEnd>,
        settled: &'a Bitmap,
    ) -> Self {
        let limit = known_end.map_or(len, |known| known.end.min(len));
        let offset = FILE_HEADER_BYTES as u64;
        let (holes, torn_bytes) = (Vec::new(), 0);
        let (next_frame, next_document) = (0, 0);
        Self {
            reader,
            keys,
            file,
            limit,
            known_end,
            settled,
            offset,
            next_frame,
            next_document,
            holes,
            torn_bytes,
        }
    }

    /// Hands out all documents that are not settled.
    ///
    /// # Errors
    /// When the disk does not give the bytes; what was handed out until then stands.
    pub(super) fn run(
        &mut self,
        report: &mut ReplayReport,
        replay: &mut dyn FnMut(ReplayedDocument),
    ) -> io::Result<()> {
        while self.offset + HEADER_BYTES as u64 <= self.limit {
            let found = match self.frame_at(self.offset, Wanted::Next)? {
                Some(found) => found,
                None => match self.search()? {
                    Some(found) => {
                        self.add_hole(found.offset, found.header.first_document);
                        found
                    }
                    None => break,
                },
            };
            self.take(found, report, replay);
        }
        match self.known_end {
            Some(known) if self.offset < known.end || self.next_document < known.documents => {
                self.add_hole(known.end, known.documents);
            }
            Some(_) => {}
            None => self.torn_bytes = self.torn_tail()?,
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> ScannedFile {
        if self.known_end.is_some() {
            self.holes.iter_mut().for_each(|hole| hole.is_damage = true);
        }
        let Self {
            holes, torn_bytes, ..
        } = self;
        let (end, documents) = (self.offset, self.next_document);
        ScannedFile {
            holes,
            end,
            documents,
            torn_bytes,
        }
    }

    fn add_hole(&mut self, end: u64, next_document: u32) {
        self.holes.push(Hole {
            offset: self.offset,
            bytes: end.saturating_sub(self.offset),
            documents: self.next_document..next_document,
            is_damage: false,
            reason: "no frame that passes its check",
            first_frame: self.next_frame,
        });
        self.offset = end;
        self.next_document = next_document;
    }

    fn take(
        &mut self,
        found: Found,
        report: &mut ReplayReport,
        replay: &mut dyn FnMut(ReplayedDocument),
    ) {
        let Found {
            offset,
            header,
            content,
        } = found;
        for hole in &mut self.holes {
            hole.is_damage |= hole.first_frame < header.group_first_frame;
        }
        report.last_stamp = report.last_stamp.max(header.last_stamp);
        self.offset = offset + header.total_bytes();
        self.next_frame = header.frame.saturating_add(1);
        self.next_document = header.documents_end();
        let offset = u32::try_from(offset).expect("checked by frame_at");
        let frame = match content {
            Some(Payload::Decoded(frame)) => frame,
            Some(Payload::Locked(key)) => {
                report.locked.push(LockedFrame {
                    file: self.file,
                    offset,
                    documents: header.documents,
                    key,
                });
                return;
            }
            None => {
                report.frames_skipped += 1;
                report.documents_skipped += u64::from(header.documents);
                return;
            }
        };
        for document in frame.replayed(&header, offset) {
            if self
                .settled
                .contains(document.position.document_index_in_file)
            {
                report.documents_skipped += 1;
                continue;
            }
            report.documents_replayed += 1;
            replay(document);
        }
    }

    /// The frame at `offset`, if it is valid and can be the wanted one.
    fn frame_at(&self, offset: u64, wanted: Wanted) -> io::Result<Option<Found>> {
        let Some(header) = self.header_at(offset)? else {
            return Ok(None);
        };
        let is_in_order = match wanted {
            Wanted::Next => {
                header.frame == self.next_frame && header.first_document == self.next_document
            }
            Wanted::Later => {
                header.frame > self.next_frame && header.first_document >= self.next_document
            }
        };
        let end = offset.saturating_add(header.total_bytes());
        let documents_max = self.known_end.map_or(u32::MAX, |known| known.documents);
        let is_inside = end <= self.limit
            && u32::try_from(offset).is_ok()
            && header
                .first_document
                .checked_add(header.documents)
                .is_some()
            && header.documents_end() <= documents_max
            && header.group_first_frame <= header.frame;
        if !is_in_order || !is_inside {
            return Ok(None);
        }
        if self
            .settled
            .contains_range(header.first_document, header.documents)
        {
            return Ok(Some(Found {
                offset,
                header,
                content: None,
            }));
        }
        let stored = self
            .reader
            .read_at(offset + HEADER_BYTES as u64, header.stored_len())?;
        let content = decode_payload(&header, &stored, self.keys);
        Ok(content.map(|content| Found {
            offset,
            header,
            content: Some(content),
        }))
    }

    /// A valid header of this file.
    fn header_at(&self, offset: u64) -> io::Result<Option<FrameHeader>> {
        if offset.saturating_add(HEADER_BYTES as u64) > self.limit {
            return Ok(None);
        }
        let bytes = self.reader.read_at(offset, HEADER_BYTES)?;
        Ok(FrameHeader::decode(&bytes).filter(|header| header.file == self.file))
    }

    /// The first valid later frame behind the present place.
    fn search(&self) -> io::Result<Option<Found>> {
        let finder = memmem::Finder::new(&MAGIC);
        let mut window_start = self.offset + 1;
        while window_start < self.limit {
            // Windows overlap so that a magic on the border is seen.
            let overlap = MAGIC.len() as u64 - 1;
            let bytes = (self.limit - window_start).min(WINDOW_BYTES + overlap);
            let len = usize::try_from(bytes).map_err(io::Error::other)?;
            let window = self.reader.read_at(window_start, len)?;
            for place in finder.find_iter(&window) {
                let found = self.frame_at(window_start + place as u64, Wanted::Later)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            window_start += WINDOW_BYTES;
        }
        Ok(None)
    }

    /// How much of a frame that was being written stands at the end.
    fn torn_tail(&self) -> io::Result<u64> {
        let header = self.header_at(self.offset)?;
        let torn = header.filter(|header| header.frame == self.next_frame);
        Ok(torn.map_or(0, |header| {
            header.total_bytes().min(self.limit - self.offset)
        }))
    }
}
