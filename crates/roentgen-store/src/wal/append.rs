//! Appending: one thread owns the [`Log`].

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use roentgen_model::{Scope, Stamp};

use super::files::{FileState, LogName, Shared};
use super::frame::{EncodedFrame, FrameBuilder, FrameKey, FramePlace, NewDocument, key_binding};
use super::header::{FILE_HEADER_BYTES, FileHeader};
use super::{
    DOCUMENT_BYTES_MAX, DocumentPosition, LogError, LogFiles, LogReader, LogSettings, Record,
    ReplayReport, ReplayedDocument, SettledBitmaps, replay,
};
use crate::encryption::{KeyId, Keys, WriteKey};
use crate::files::{Disk, LogFile};

/// The writing end of the log.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    /// The file being written. `None` at first, and after a failure (LOG-2).
    active: Option<ActiveFile>,
    /// Number of the next file.
    next_file: Option<u32>,
    last_stamp: Stamp,
}

#[derive(Debug)]
struct ActiveFile {
    number: u32,
    file: Box<dyn LogFile>,
    /// After the last synced frame.
    offset: u64,
    next_frame: u32,
    next_document: u32,
    /// Its data keys, by the key they are under (FILE-1).
    data_keys: HashMap<KeyId, FrameKey>,
}

/// What the frames of each scope are encrypted under; other scopes write plain (FILE-1).
pub(crate) type GroupKeys = HashMap<Scope, WriteKey>;

/// A group ready to be given its place in a file.
#[derive(Debug, Default)]
struct EncodedGroup {
    frames: Vec<EncodedFrame>,
    /// For each document of each record, its frame and its index there.
    places: Vec<Vec<(usize, u16)>>,
}

impl Log {
    /// Opens the log in `dir` (created when missing), hands every document that is not in `settled` to
    /// `replay`, oldest first, and cuts a torn tail (LOG-1). Bitmaps of files that are gone are ignored.
    /// What was replayed is durable when this returns, also if it had been written but not yet synced.
    /// Appending goes on in a new file. `settled` must come from the catalog of the same store, or be
    /// empty when that was lost: then everything is replayed.
    ///
    /// # Errors
    /// [`LogError::Disk`], [`LogError::UnsupportedVersion`], [`LogError::Refused`] for bad settings.
    /// Damage is no error: it is in the report; so are documents whose key is missing.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        settings: LogSettings,
        keys: Arc<Keys>,
        settled: SettledBitmaps,
        replay: &mut dyn FnMut(ReplayedDocument),
    ) -> Result<(Self, ReplayReport), LogError> {
        check(&settings)?;
        disk.create_dir_all(dir)
            .map_err(|e| LogError::disk("create", dir, e))?;
        // A rename that was not synced before a crash must not come undone later.
        disk.sync_dir(dir)
            .map_err(|e| LogError::disk("sync", dir, e))?;
        let entries = disk.list(dir).map_err(|e| LogError::disk("list", dir, e))?;
        let names: Vec<LogName> = entries.iter().map(|e| LogName::parse(&e.name)).collect();
        // No number is used twice: a bitmap, or an old frame, of the first use would be taken for one of
        // the second.
        let numbers = names.iter().filter_map(|name| match name {
            LogName::Log(number) | LogName::Spare(number) => Some(*number),
            LogName::Other => None,
        });
        let greatest = numbers
            .chain(settled.iter().map(|(number, _)| number))
            .max()
            .unwrap_or(0);
        let shared = Arc::new(Shared {
            disk,
            dir: dir.to_owned(),
            settings,
            keys,
            state: parking_lot::Mutex::default(),
        });
        let report = replay::replay_all(&shared, &names, settled, replay)?;
        let log = Self {
            shared,
            active: None,
            next_file: greatest.checked_add(1),
            last_stamp: report.last_stamp,
        };
        Ok((log, report))
    }

    /// Writes the records of one group and syncs once. On success all of it is durable; the positions
    /// stand in the order of records and documents. The whole group lies in one file, so a group should
    /// be small against a file (a few MiB).
    ///
    /// # Errors
    /// Nothing is taken; [`LogError::Disk`] and [`LogError::DiskFull`] may be tried again: the file that
    /// failed is closed for ever, each try begins a new one (LOG-2).
    pub fn append_group(
        &mut self,
        records: &[Record],
    ) -> Result<Vec<Vec<DocumentPosition>>, LogError> {
        self.append_group_under(records, &GroupKeys::new())
    }

    /// As [`Self::append_group`]; the frames of scopes with a key are encrypted under it (FILE-1).
    ///
    /// # Errors
    /// As [`Self::append_group`].
    pub(crate) fn append_group_under(
        &mut self,
        records: &[Record],
        keys: &GroupKeys,
    ) -> Result<Vec<Vec<DocumentPosition>>, LogError> {
        let mut group = EncodedGroup::encode(records, self.shared.settings.frame_bytes)?;
        for frame in &mut group.frames {
            frame.key = keys.get(&frame.scope).cloned();
        }
        if group.frames.is_empty() {
            return Ok(vec![Vec::new(); records.len()]);
        }
        let bytes: u64 = group
            .frames
            .iter()
            .map(|frame| frame.total_bytes() as u64)
            .sum();
        if bytes > u64::from(u32::MAX) / 2 {
            return Err(LogError::Refused("a group of the log is at most 2 GiB"));
        }
        let limit = self.shared.settings.file_bytes;
        let documents = group.documents();
        let fits = |a: &ActiveFile| {
            let has_numbers = a.next_document.checked_add(documents).is_some();
            a.next_frame == 0 || (a.offset + bytes <= limit && has_numbers)
        };
        if !self.active.as_ref().is_some_and(fits) {
            self.active = Some(self.begin_file()?);
        }
        let active = self
            .active
            .as_mut()
            .ok_or(LogError::Refused("no log file is open"))?;
        match active.append(&group, &self.shared.keys) {
            Ok(offsets) => {
                let positions = group.positions(active.number, &offsets);
                active.next_document += documents;
                let mut state = self.shared.state.lock();
                if let Some(file) = state.files.get_mut(&active.number) {
                    file.end = active.offset;
                    file.documents = active.next_document;
                }
                let stamps = group.frames.iter().map(|frame| frame.last_stamp);
                self.last_stamp = stamps.fold(self.last_stamp, Stamp::max);
                Ok(positions)
            }
            Err(source) => {
                // LOG-2: the file ends at its last synced frame, which the next file's header says.
                let failed = self.active.take().map_or(0, |active| active.number);
                match self.begin_file() {
                    Ok(next) => self.active = Some(next),
                    Err(error) => {
                        tracing::warn!(%error, "no new log file could be begun; intake is refused");
                    }
                }
                Err(LogError::disk(
                    "append to",
                    self.shared.log_path(failed),
                    source,
                ))
            }
        }
    }

    /// Lets the next group begin a new file.
    pub(crate) fn end_file(&mut self) {
        self.active = None;
    }

    /// A reader by position; clone it freely.
    #[must_use]
    pub fn reader(&self) -> LogReader {
        LogReader::new(Arc::clone(&self.shared))
    }

    /// The files, for settling and recycling; clone it freely.
    #[must_use]
    pub fn files(&self) -> LogFiles {
        LogFiles::new(Arc::clone(&self.shared))
    }

    /// Begins a file: prepared as a spare, header and all, then renamed, so that a file of the log always
    /// has a durable header. Each try uses a new number.
    fn begin_file(&mut self) -> Result<ActiveFile, LogError> {
        let number = self
            .next_file
            .ok_or(LogError::Refused("all log file numbers are used up"))?;
        let shared = Arc::clone(&self.shared);
        let spare = shared.state.lock().spares.pop_first();
        if spare.is_none() {
            shared.check_free()?;
        }
        self.next_file = number.checked_add(1);
        let prepared = shared.spare_path(spare.unwrap_or(number));
        let file = self.prepare(&prepared, number).inspect_err(|_| {
            // Best effort: what stays is found as a spare at the next opening.
            let _ = shared.disk.remove_file(&prepared);
        })?;
        let path = shared.log_path(number);
        let renamed = shared.disk.rename(&prepared, &path);
        renamed.map_err(|e| LogError::disk("rename", &prepared, e))?;
        let offset = FILE_HEADER_BYTES as u64;
        shared
            .state
            .lock()
            .files
            .insert(number, FileState::new(offset));
        let synced = shared.disk.sync_dir(&shared.dir);
        synced.map_err(|e| LogError::disk("sync", &shared.dir, e))?;
        Ok(ActiveFile {
            number,
            file,
            offset,
            next_frame: 0,
            next_document: 0,
            data_keys: HashMap::new(),
        })
    }

    fn prepare(&self, path: &Path, number: u32) -> Result<Box<dyn LogFile>, LogError> {
        let shared = &self.shared;
        let ends = shared.state.lock().ends();
        let header = FileHeader {
            file: number,
            last_stamp: self.last_stamp,
            ends,
        }
        .encode();
        let mut file = shared
            .disk
            .open_log(path)
            .map_err(|e| LogError::disk("create", path, e))?;
        file.preallocate(shared.settings.file_bytes)
            .map_err(|e| LogError::disk("allocate", path, e))?;
        file.write_at(0, &header)
            .map_err(|e| LogError::disk("write", path, e))?;
        file.sync_data()
            .map_err(|e| LogError::disk("sync", path, e))?;
        Ok(file)
    }
}

impl Shared {
    /// LOG-2: the reserve stays free for sealing, merging and dropping.
    fn check_free(&self) -> Result<(), LogError> {
        let free_bytes = self.disk.free_bytes();
        let free_bytes = free_bytes.map_err(|e| LogError::disk("measure", &self.dir, e))?;
        let needed_bytes = self
            .settings
            .file_bytes
            .saturating_add(self.settings.reserve_bytes);
        if free_bytes < needed_bytes {
            return Err(LogError::DiskFull {
                needed_bytes,
                free_bytes,
            });
        }
        Ok(())
    }
}

impl ActiveFile {
    /// Writes and syncs the group; on success returns the offset of each frame and its first document.
    fn append(&mut self, group: &EncodedGroup, keys: &Keys) -> std::io::Result<Vec<(u32, u32)>> {
        let mut buffer = Vec::new();
        let mut places = Vec::with_capacity(group.frames.len());
        let mut first_document = self.next_document;
        let mut frame = self.next_frame;
        for encoded in &group.frames {
            let offset = self.offset + buffer.len() as u64;
            places.push((
                u32::try_from(offset).map_err(std::io::Error::other)?,
                first_document,
            ));
            let (file, group_first_frame) = (self.number, self.next_frame);
            let place = FramePlace {
                file,
                frame,
                group_first_frame,
                first_document,
            };
            let key = encoded.key.as_ref().map(|key| {
                let id = key.id.clone();
                let made = self.data_keys.entry(id).or_insert_with(|| {
                    let (data_key, wrapped) = keys.generate(key, &key_binding(file));
                    FrameKey { data_key, wrapped }
                });
                &*made
            });
            encoded.write(place, key, &mut buffer);
            first_document += u32::from(encoded.documents);
            frame += 1;
        }
        self.file.write_at(self.offset, &buffer)?;
        self.file.sync_data()?;
        self.offset += buffer.len() as u64;
        self.next_frame = frame;
        Ok(places)
    }
}

impl EncodedGroup {
    fn encode(records: &[Record], frame_bytes: usize) -> Result<Self, LogError> {
        let texts = records.iter().flat_map(|record| &record.documents);
        if let Some(bytes) = texts
            .map(bytes::Bytes::len)
            .find(|len| *len > DOCUMENT_BYTES_MAX)
        {
            return Err(LogError::DocumentTooLarge {
                bytes,
                limit: DOCUMENT_BYTES_MAX,
            });
        }
        let mut group = Self::default();
        let mut open: Option<FrameBuilder> = None;
        for (number, Record { header, documents }) in records.iter().enumerate() {
            let mut places = Vec::with_capacity(documents.len());
            for (index_in_record, text) in (0u32..).zip(documents) {
                if open
                    .as_ref()
                    .is_some_and(|f| !f.has_room(&header.scope, text, frame_bytes))
                {
                    group.frames.extend(open.take().map(FrameBuilder::finish));
                }
                let frame = open.get_or_insert_with(|| FrameBuilder::new(&header.scope));
                let index_in_frame = frame.push(NewDocument {
                    record: number,
                    kind: header.kind,
                    record_stamp: header.base_stamp,
                    index_in_record,
                    text,
                });
                places.push((group.frames.len(), index_in_frame));
            }
            group.places.push(places);
        }
        group.frames.extend(open.map(FrameBuilder::finish));
        Ok(group)
    }

    fn documents(&self) -> u32 {
        self.frames
            .iter()
            .map(|frame| u32::from(frame.documents))
            .sum()
    }

    fn positions(&self, file: u32, frames: &[(u32, u32)]) -> Vec<Vec<DocumentPosition>> {
        let position = |(frame, index_in_frame): (usize, u16)| {
            let place = frames.get(frame).copied();
            let (frame_offset, first) = place.expect("documents lie in frames of their own group");
            let document_index_in_file = first + u32::from(index_in_frame);
            DocumentPosition {
                file,
                frame_offset,
                document_index_in_file,
                index_in_frame,
            }
        };
        let records = self.places.iter();
        records
            .map(|places| places.iter().copied().map(position).collect())
            .collect()
    }
}

fn check(settings: &LogSettings) -> Result<(), LogError> {
    let LogSettings {
        file_bytes,
        frame_bytes,
        reserve_bytes: _,
        spare_files_max: _,
    } = settings;
    if !(64 << 10..=1 << 30).contains(file_bytes) {
        return Err(LogError::Refused("expected log files of 64 KiB to 1 GiB"));
    }
    if !(1 << 10..=1 << 20).contains(frame_bytes) {
        return Err(LogError::Refused("expected log frames of 1 KiB to 1 MiB"));
    }
    Ok(())
}
