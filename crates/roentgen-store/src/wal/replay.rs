//! Replay at start (LOG-1).

use std::collections::BTreeMap;

use roentgen_model::Stamp;

use self::scan::{Scan, ScannedFile};
use super::files::{FileState, LogName, Shared};
use super::header::{FILE_HEADER_BYTES, FileEnd, FileHeader, ReadHeader, VERSION};
use super::{Bitmap, LockedFrame, LogError, ReplayedDocument, SettledBitmaps};

mod scan;

/// What opening the log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayReport {
    pub files: usize,
    pub documents_replayed: u64,
    /// Settled ones.
    pub documents_skipped: u64,
    /// Frames whose documents were all settled: not read. Frames of whole settled files are not counted.
    pub frames_skipped: u64,
    /// Bytes of an unfinished, never acknowledged end of the newest file that were cut, as far as they
    /// can be told from what the file held in an earlier use.
    pub torn_tail_bytes: u64,
    /// Damage, oldest file first; each also logged.
    pub damage: Vec<LogDamage>,
    /// Frames with documents that are not settled and whose key is missing, in the order of the log.
    pub locked: Vec<LockedFrame>,
    /// The greatest stamp seen; for [`super::StampSource::after`].
    pub last_stamp: Stamp,
}

/// A stretch of the log that cannot be read. What it held is copied to the directory `damaged` of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDamage {
    pub file: u32,
    pub offset: u64,
    /// Bytes skipped.
    pub bytes: u64,
    /// Documents that were in it, as far as neighbours tell; settled ones count too.
    pub documents: u32,
    pub reason: &'static str,
}

/// Bytes copied at once when damage is set aside.
const COPY_BYTES: u64 = 1 << 20;

/// Reads all files, oldest first, and leaves the newest one cut and durable.
pub(super) fn replay_all(
    shared: &Shared,
    names: &[LogName],
    mut settled: SettledBitmaps,
    replay: &mut dyn FnMut(ReplayedDocument),
) -> Result<ReplayReport, LogError> {
    let mut numbers = Vec::new();
    for name in names {
        match name {
            LogName::Log(number) => numbers.push(*number),
            LogName::Spare(number) => {
                shared.state.lock().spares.insert(*number);
            }
            LogName::Other => {}
        }
    }
    numbers.sort_unstable();
    let mut report = ReplayReport {
        files: numbers.len(),
        ..ReplayReport::default()
    };
    let ends = read_headers(shared, &numbers, &mut report)?;
    let newest = numbers.last().copied();
    for number in numbers {
        let bitmap = settled.remove(number).unwrap_or_default();
        let end = ends.get(&number).copied();
        let file = replay_file(shared, number, end, bitmap, &mut report, replay)?;
        if Some(number) == newest && !file.is_kept {
            cut(shared, number, file.end)?;
        }
        shared.state.lock().files.insert(number, file);
    }
    report
        .damage
        .sort_by_key(|damage| (damage.file, damage.offset));
    for damage in &report.damage {
        let LogDamage {
            file,
            offset,
            bytes,
            documents,
            reason,
        } = damage;
        tracing::error!(
            file,
            offset,
            bytes,
            documents,
            reason,
            "a part of the log is damaged"
        );
        if let Err(error) = set_aside(shared, damage) {
            tracing::warn!(%error, file, offset, "the damaged part could not be copied aside");
        }
    }
    Ok(report)
}

/// Where finished files end; of several that say it, the newest is right.
fn read_headers(
    shared: &Shared,
    numbers: &[u32],
    report: &mut ReplayReport,
) -> Result<BTreeMap<u32, FileEnd>, LogError> {
    let mut ends = BTreeMap::new();
    for number in numbers {
        let path = shared.log_path(*number);
        let reader = shared.reader(*number)?;
        let reason = match reader.read_at(0, FILE_HEADER_BYTES) {
            Ok(bytes) => match FileHeader::decode(&bytes) {
                ReadHeader::Valid(header) if header.file == *number => {
                    ends.extend(header.ends);
                    report.last_stamp = report.last_stamp.max(header.last_stamp);
                    continue;
                }
                ReadHeader::Unsupported(version) => {
                    let supported = VERSION;
                    return Err(LogError::UnsupportedVersion {
                        path,
                        version,
                        supported,
                    });
                }
                ReadHeader::Valid(_) => "the header is that of another file",
                ReadHeader::Invalid => "the file header fails its check",
            },
            Err(_) => "the file header cannot be read",
        };
        let bytes = FILE_HEADER_BYTES as u64;
        report.damage.push(LogDamage {
            file: *number,
            offset: 0,
            bytes,
            documents: 0,
            reason,
        });
    }
    Ok(ends)
}

fn replay_file(
    shared: &Shared,
    number: u32,
    end: Option<FileEnd>,
    settled: Bitmap,
    report: &mut ReplayReport,
    replay: &mut dyn FnMut(ReplayedDocument),
) -> Result<FileState, LogError> {
    if let Some(FileEnd { end, documents }) = end
        && settled.contains_range(0, documents)
    {
        report.documents_skipped += u64::from(documents);
        return Ok(FileState {
            end,
            documents,
            settled,
            is_kept: false,
        });
    }
    let path = shared.log_path(number);
    let reader = shared.reader(number)?;
    let len = reader
        .len()
        .map_err(|e| LogError::disk("measure", &path, e))?;
    let mut scan = Scan::new(&*reader, &shared.keys, number, len, end, &settled);
    let outcome = scan.run(report, replay);
    let ScannedFile {
        holes,
        end,
        documents,
        torn_bytes,
    } = scan.finish();
    let mut file = FileState {
        end,
        documents,
        settled,
        is_kept: false,
    };
    report.torn_tail_bytes += torn_bytes;
    for hole in holes {
        // Documents that cannot be read can never be settled in the usual way.
        hole.documents.clone().for_each(|index| {
            file.settled.set(index);
        });
        if hole.is_damage {
            let documents = u32::try_from(hole.documents.len()).unwrap_or(u32::MAX);
            let (offset, bytes, reason) = (hole.offset, hole.bytes, hole.reason);
            report.damage.push(LogDamage {
                file: number,
                offset,
                bytes,
                documents,
                reason,
            });
        } else {
            report.torn_tail_bytes += hole.bytes;
        }
    }
    if let Err(error) = outcome {
        tracing::error!(%error, path = %path.display(), "a log file cannot be read to its end");
        file.is_kept = true;
        let (offset, bytes) = (file.end, len.saturating_sub(file.end));
        let reason = "the disk does not give it";
        report.damage.push(LogDamage {
            file: number,
            offset,
            bytes,
            documents: 0,
            reason,
        });
    }
    Ok(file)
}

/// Cuts the torn tail of the newest file, and makes durable what a killed process had written but not
/// synced: it is about to be shown, and equal documents sent again will be taken for repetitions of it.
fn cut(shared: &Shared, number: u32, end: u64) -> Result<(), LogError> {
    let path = shared.log_path(number);
    let mut file = shared
        .disk
        .open_log(&path)
        .map_err(|e| LogError::disk("open", &path, e))?;
    file.truncate(end)
        .map_err(|e| LogError::disk("cut", &path, e))?;
    file.sync_data()
        .map_err(|e| LogError::disk("sync", &path, e))
}

/// Copies what stands in a damaged part to a file of its own, once.
fn set_aside(shared: &Shared, damage: &LogDamage) -> std::io::Result<()> {
    let dir = shared.dir.join("damaged");
    shared.disk.create_dir_all(&dir)?;
    let path = dir.join(format!("{:010}-{}.bytes", damage.file, damage.offset));
    let reader = shared.disk.open(&shared.log_path(damage.file))?;
    let mut copy = match shared.disk.create(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        created => created?,
    };
    let end = damage
        .offset
        .saturating_add(damage.bytes)
        .min(reader.len()?);
    let mut offset = damage.offset;
    while offset < end {
        let count = (end - offset).min(COPY_BYTES);
        let len = usize::try_from(count).map_err(std::io::Error::other)?;
        copy.write_all(&reader.read_at(offset, len)?)?;
        offset += count;
    }
    copy.sync_all()?;
    shared.disk.sync_dir(&dir)
}
