//! Reading documents by position.

use std::sync::Arc;

use bytes::Bytes;

use super::files::Shared;
use super::frame::{DecodedFrame, FrameHeader, HEADER_BYTES, Payload, decode_payload};
use super::{DocumentPosition, LockedFrame, LogError, ReplayedDocument};
use crate::encryption::SealedError;

/// Reads documents; may be cloned and used from any thread, also while the log is written.
#[derive(Clone, Debug)]
pub struct LogReader {
    shared: Arc<Shared>,
}

impl LogReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The documents at these positions, in their order. Each frame is read and decoded once a call,
    /// whatever the order; the bytes share the decoded frame where most of it was asked for.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when a frame fails its check or the file was recycled meanwhile (VIEW-1 is
    /// the caller's), [`LogError::KeyMissing`], [`LogError::Disk`]. Read one by one to find the good ones.
    pub fn read(&self, positions: &[DocumentPosition]) -> Result<Vec<Bytes>, LogError> {
        let mut order: Vec<(DocumentPosition, usize)> =
            positions.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let mut found = vec![Bytes::new(); positions.len()];
        for same_frame in
            order.chunk_by(|(a, _), (b, _)| a.file == b.file && a.frame_offset == b.frame_offset)
        {
            let Some((first, _)) = same_frame.first() else {
                continue;
            };
            let (header, frame) = self.frame(first.file, first.frame_offset)?;
            let documents = same_frame
                .iter()
                .map(|(position, _)| document(&header, &frame, *position))
                .collect::<Result<Vec<_>, _>>()?;
            let used: usize = documents.iter().map(Bytes::len).sum();
            for (text, (_, index)) in documents.into_iter().zip(same_frame) {
                if let Some(slot) = found.get_mut(*index) {
                    // A slice keeps the whole frame alive: worth it only if much of it is wanted.
                    let shares = used >= frame.raw_bytes / 2;
                    *slot = if shares {
                        text
                    } else {
                        Bytes::copy_from_slice(&text)
                    };
                }
            }
        }
        Ok(found)
    }

    fn frame(&self, file: u32, offset: u32) -> Result<(FrameHeader, DecodedFrame), LogError> {
        let reader = self.shared.reader(file)?;
        let offset = u64::from(offset);
        let damaged = |reason| LogError::Damaged {
            file,
            offset,
            reason,
        };
        let read = |offset: u64, len: usize| {
            reader.read_at(offset, len).map_err(|e| match e.kind() {
                std::io::ErrorKind::UnexpectedEof => damaged("the file ends before the frame does"),
                _ => LogError::disk("read", self.shared.log_path(file), e),
            })
        };
        let header = FrameHeader::decode(&read(offset, HEADER_BYTES)?)
            .filter(|header| header.file == file)
            .ok_or_else(|| damaged("the frame header fails its check"))?;
        let stored = read(offset + HEADER_BYTES as u64, header.stored_len())?;
        match decode_payload(&header, &stored, &self.shared.keys) {
            Some(Payload::Decoded(frame)) => Ok((header, frame)),
            Some(Payload::Locked(key)) => Err(LogError::KeyMissing(SealedError::KeyMissing(key))),
            None => Err(damaged("the frame fails its check")),
        }
    }

    /// The documents of a frame that replay could not read, settled ones included.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn replay(&self, locked: &LockedFrame) -> Result<Vec<ReplayedDocument>, LogError> {
        let (header, frame) = self.frame(locked.file, locked.offset)?;
        Ok(frame.replayed(&header, locked.offset))
    }
}

fn document(
    header: &FrameHeader,
    frame: &DecodedFrame,
    position: DocumentPosition,
) -> Result<Bytes, LogError> {
    let index = u32::from(position.index_in_frame);
    let is_its_place = header.first_document + index == position.document_index_in_file;
    let found = frame.documents.get(usize::from(position.index_in_frame));
    found
        .filter(|_| is_its_place)
        .map(|document| document.text.clone())
        .ok_or(LogError::Damaged {
            file: position.file,
            offset: u64::from(position.frame_offset),
            reason: "the frame does not hold the document",
        })
}
