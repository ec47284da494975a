use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use roentgen_model::{Scope, Stamp, UnixNanos};

use super::*;
use crate::encryption::Keys;
use crate::files::{Disk, RealDisk, SimulatedDisk};

mod damage;
mod encrypted;
mod faults;
mod frames;

fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1").unwrap()
}

fn other_scope() -> Scope {
    Scope::new("123456789012", "eu-west-1").unwrap()
}

fn dir() -> &'static Path {
    Path::new("wal")
}

/// Small files and frames, so that few documents fill them.
fn small() -> LogSettings {
    LogSettings {
        file_bytes: 64 << 10,
        frame_bytes: 1 << 10,
        reserve_bytes: 0,
        spare_files_max: 2,
    }
}

fn record(scope: &Scope, base_stamp: i64, texts: &[&str]) -> Record {
    let header = RecordHeader {
        kind: RecordKind::SEGMENT_DOCUMENTS,
        scope: scope.clone(),
        base_stamp: Stamp(base_stamp),
    };
    let documents = texts
        .iter()
        .map(|text| Bytes::copy_from_slice(text.as_bytes()))
        .collect();
    Record { header, documents }
}

/// A text that no compression shrinks much, different for each seed.
fn noise(seed: u64, len: usize) -> String {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((state >> 40) % 90).unwrap())
    };
    (0..len).map(|_| next()).collect()
}

fn shared(disk: &SimulatedDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn open(
    disk: &SimulatedDisk,
    settled: SettledBitmaps,
) -> (Log, ReplayReport, Vec<ReplayedDocument>) {
    try_open(disk, settled).unwrap()
}

fn try_open(
    disk: &SimulatedDisk,
    settled: SettledBitmaps,
) -> Result<(Log, ReplayReport, Vec<ReplayedDocument>), LogError> {
    let mut replayed = Vec::new();
    let (log, report) = Log::open(
        shared(disk),
        dir(),
        small(),
        Keys::none(),
        settled,
        &mut |d| replayed.push(d),
    )?;
    Ok((log, report, replayed))
}

fn texts(replayed: &[ReplayedDocument]) -> Vec<String> {
    replayed
        .iter()
        .map(|d| String::from_utf8(d.document.to_vec()).unwrap())
        .collect()
}

/// The path of the log file with this number.
fn path(file: u32) -> PathBuf {
    dir().join(format!("{file:010}.log"))
}

#[test]
fn documents_appended_are_read_by_position_and_replayed_with_their_stamps() {
    let disk = SimulatedDisk::new();
    let (mut log, report, _) = open(&disk, SettledBitmaps::default());
    assert_eq!(report, ReplayReport::default());
    let big = noise(7, 100_000);
    let group = [
        record(&scope(), 100, &["one", "two"]),
        record(&other_scope(), 200, &["three"]),
        record(&scope(), 300, &[]),
        record(&scope(), 400, &["", &big, "four"]),
    ];
    let positions = log.append_group(&group).unwrap();
    assert_eq!(
        positions.iter().map(Vec::len).collect::<Vec<_>>(),
        [2, 1, 0, 3]
    );
    let all: Vec<DocumentPosition> = positions.into_iter().flatten().collect();
    let indexes: Vec<u32> = all.iter().map(|p| p.document_index_in_file).collect();
    assert_eq!(indexes, [0, 1, 2, 3, 4, 5]);
    let expected = ["one", "two", "three", "", &big, "four"];
    assert_eq!(log.reader().read(&all).unwrap(), expected);
    let backwards: Vec<DocumentPosition> = all.iter().rev().copied().collect();
    assert_eq!(
        log.reader().read(&backwards).unwrap(),
        ["four", &big, "", "three", "two", "one"]
    );
    drop(log);

    let (log, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(texts(&replayed), expected);
    assert_eq!(replayed.iter().map(|d| d.position).collect::<Vec<_>>(), all);
    let stamps: Vec<(i64, i64)> = replayed
        .iter()
        .map(|d| (d.record_stamp.0, d.stamp.0))
        .collect();
    assert_eq!(
        stamps,
        [
            (100, 100),
            (100, 101),
            (200, 200),
            (400, 400),
            (400, 401),
            (400, 402)
        ]
    );
    assert_eq!(replayed[2].scope, other_scope());
    assert_eq!(replayed[3].scope, scope());
    assert_eq!(report.last_stamp, Stamp(402));
    assert_eq!((report.documents_replayed, report.damage.len()), (6, 0));
    assert_eq!(log.reader().read(&all).unwrap(), expected);
}

#[test]
fn log_on_the_real_disk_survives_reopening_and_recycling() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(folder.path()).unwrap());
    let mut settled = SettledBitmaps::default();
    let mut stamp = 0i64;
    for round in 0..3u64 {
        let mut replayed = Vec::new();
        let keep = &mut |d| replayed.push(d);
        let (mut log, report) = Log::open(
            Arc::clone(&disk),
            dir(),
            small(),
            Keys::none(),
            settled.clone(),
            keep,
        )
        .unwrap();
        assert_eq!(report.damage, []);
        assert_eq!(
            replayed.len(),
            if round == 0 { 0 } else { 1 },
            "round {round}"
        );
        let mut bits: SettledBits = replayed.iter().map(|d| d.position).collect();
        for _ in 0..30 {
            let text = noise(stamp.unsigned_abs(), 5_000);
            let positions = log
                .append_group(&[record(&scope(), stamp, &[&text])])
                .unwrap();
            assert_eq!(log.reader().read(&positions[0]).unwrap(), [text]);
            bits.extend(positions[0].iter().copied());
            stamp += 1;
        }
        settled.apply(&bits);
        log.files().mark_settled(&bits);
        assert!(log.files().recyclable().len() >= 2);
        for file in log.files().recyclable() {
            log.files().recycle(file).unwrap();
        }
        assert_eq!(log.files().states().len(), 1, "only the newest stays");
        log.append_group(&[record(&scope(), stamp, &["left over"])])
            .unwrap();
        stamp += 1;
    }
}

#[test]
fn settled_documents_are_not_replayed_and_settled_files_are_recyclable() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    let text = noise(1, 5_000);
    let mut all = Vec::new();
    while log.files().states().len() < 3 {
        let stamp = i64::try_from(all.len()).unwrap();
        all.extend(
            log.append_group(&[record(&scope(), stamp, &[&text])])
                .unwrap()
                .remove(0),
        );
    }
    assert_eq!(log.files().recyclable(), [0u32; 0]);
    let first_file = all[0].file;
    let bits: SettledBits = all
        .iter()
        .filter(|p| p.file == first_file)
        .copied()
        .collect();
    log.files().mark_settled(&bits);
    assert_eq!(log.files().recyclable(), [first_file]);
    let newest = all.last().unwrap().file;
    log.files()
        .mark_settled(&all.iter().filter(|p| p.file == newest).copied().collect());
    assert_eq!(
        log.files().recyclable(),
        [first_file],
        "the newest file is never recycled"
    );
    assert!(log.files().recycle(newest).is_err());

    let mut settled = SettledBitmaps::default();
    settled.apply(&bits);
    let one_more = all.iter().find(|p| p.file != first_file).unwrap();
    settled.apply(&SettledBits::from_iter([*one_more]));
    let (log, report, replayed) = open(&disk, settled);
    let expected: Vec<_> = all
        .iter()
        .filter(|p| p.file != first_file && *p != one_more)
        .copied()
        .collect();
    assert_eq!(
        replayed.iter().map(|d| d.position).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        report.documents_skipped,
        (all.len() - expected.len()) as u64
    );
    assert_eq!(log.files().recyclable(), [first_file]);
}

#[test]
fn numbers_of_recycled_files_are_not_used_again_even_if_only_the_catalog_knows_them() {
    let disk = SimulatedDisk::new();
    let mut settled = SettledBitmaps::default();
    settled.apply(&SettledBits::from_iter([DocumentPosition {
        file: 41,
        frame_offset: 0,
        document_index_in_file: 0,
        index_in_frame: 0,
    }]));
    let (mut log, _, _) = open(&disk, settled.clone());
    let positions = log.append_group(&[record(&scope(), 1, &["kept"])]).unwrap();
    assert_eq!(positions[0][0].file, 42);
    let (_, _, replayed) = open(&disk, settled);
    assert_eq!(texts(&replayed), ["kept"]);
}

#[test]
fn documents_over_the_limit_are_refused_before_anything_is_written() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    let mut group = record(&scope(), 1, &["good"]);
    group
        .documents
        .push(Bytes::from(vec![b'x'; DOCUMENT_BYTES_MAX + 1]));
    let refused = log.append_group(&[group.clone()]);
    assert!(
        matches!(refused, Err(LogError::DocumentTooLarge { .. })),
        "{refused:?}"
    );
    group.documents[1] = Bytes::from(vec![b'x'; DOCUMENT_BYTES_MAX]);
    let positions = log.append_group(&[group.clone()]).unwrap();
    assert_eq!(log.reader().read(&positions[0]).unwrap(), group.documents);
    assert_eq!(open(&disk, SettledBitmaps::default()).2.len(), 2);
}

#[test]
fn stamps_increase_over_clock_steps_and_restarts() {
    let source = StampSource::after(Stamp(1_000));
    assert_eq!(source.reserve(UnixNanos(500), 3), Stamp(1_001));
    assert_eq!(source.last(), Stamp(1_003));
    assert_eq!(source.reserve(UnixNanos(5_000), 1), Stamp(5_000));
    assert_eq!(source.reserve(UnixNanos(4_000), 0), Stamp(5_001));
    source.raise(Stamp(9_000));
    source.raise(Stamp(8_000));
    assert_eq!(source.reserve(UnixNanos(8_500), 2), Stamp(9_001));
    assert_eq!(source.reserve(UnixNanos(i64::MAX), 2).0, i64::MAX);
}

#[test]
fn last_stamp_is_known_after_recycling_everything_but_an_empty_file() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    log.append_group(&[record(&scope(), 777, &["x"])]).unwrap();
    disk.fail_next_sync();
    assert!(log.append_group(&[record(&scope(), 778, &["y"])]).is_err());
    let bits: SettledBits = open(&disk, SettledBitmaps::default())
        .2
        .iter()
        .map(|d| d.position)
        .collect();
    log.files().mark_settled(&bits);
    let file = log.files().recyclable()[0];
    log.files().recycle(file).unwrap();
    let (log, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!((replayed.len(), report.last_stamp), (0, Stamp(777)));
    assert_eq!(log.files().states().len(), 1);
}

#[test]
fn a_file_of_a_later_version_is_refused_not_taken_for_damage() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    log.append_group(&[record(&scope(), 1, &["x"])]).unwrap();
    let mut content = disk.content(&path(1)).unwrap();
    content[4] = 3;
    let crc = crc32fast::hash(&content[..4092]);
    content[4092..4096].copy_from_slice(&crc.to_le_bytes());
    disk.place(&path(1), &content).unwrap();
    let refused = try_open(&disk, SettledBitmaps::default());
    assert!(matches!(
        refused,
        Err(LogError::UnsupportedVersion { version: 3, .. })
    ));
}

#[test]
fn settings_out_of_range_are_refused() {
    let disk = SimulatedDisk::new();
    for settings in [
        LogSettings {
            file_bytes: 1 << 10,
            ..small()
        },
        LogSettings {
            file_bytes: 2 << 30,
            ..small()
        },
        LogSettings {
            frame_bytes: 100,
            ..small()
        },
        LogSettings {
            frame_bytes: 2 << 20,
            ..small()
        },
    ] {
        let opened = Log::open(
            shared(&disk),
            dir(),
            settings,
            Keys::none(),
            SettledBitmaps::default(),
            &mut |_| (),
        );
        assert!(matches!(opened, Err(LogError::Refused(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_groups_are_read_and_replayed_as_written(
        groups in prop::collection::vec(
            prop::collection::vec(
                (any::<bool>(), prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3_000), 0..8)),
                0..5,
            ),
            0..8,
        ),
    ) {
        let disk = SimulatedDisk::new();
        let (mut log, _, _) = open(&disk, SettledBitmaps::default());
        let mut written = Vec::new();
        let mut stamp = 0i64;
        for group in groups {
            let records: Vec<Record> = group
                .into_iter()
                .map(|(is_other, documents)| {
                    let scope = if is_other { other_scope() } else { scope() };
                    let mut record = record(&scope, stamp, &[]);
                    record.documents = documents.into_iter().map(Bytes::from).collect();
                    stamp += 10;
                    record
                })
                .collect();
            let positions = log.append_group(&records).unwrap();
            for (record, positions) in records.iter().zip(positions) {
                prop_assert_eq!(record.documents.len(), positions.len());
                prop_assert_eq!(&log.reader().read(&positions).unwrap(), &record.documents);
                for (index, (text, position)) in record.documents.iter().zip(positions).enumerate() {
                    let header = &record.header;
                    written.push(ReplayedDocument {
                        kind: header.kind,
                        scope: header.scope.clone(),
                        record_stamp: header.base_stamp,
                        stamp: Stamp(header.base_stamp.0 + i64::try_from(index).unwrap()),
                        position,
                        document: text.clone(),
                    });
                }
            }
        }
        drop(log);
        let (_, report, replayed) = open(&disk, SettledBitmaps::default());
        prop_assert_eq!(replayed, written);
        prop_assert_eq!(report.damage, vec![]);
    }

    #[test]
    fn bitmaps_hold_what_was_set_and_survive_bytes(indexes in prop::collection::btree_set(0u32..5_000, 0..200)) {
        let mut bitmap = Bitmap::default();
        for index in &indexes {
            prop_assert!(bitmap.set(*index));
            prop_assert!(!bitmap.set(*index));
        }
        let back = Bitmap::from_bytes(&bitmap.to_bytes());
        prop_assert_eq!(&back, &bitmap);
        prop_assert_eq!(back.count() as usize, indexes.len());
        prop_assert!((0..5_100).all(|index| back.contains(index) == indexes.contains(&index)));
    }
}

/// Counts how often each text was replayed.
fn counted(replayed: &[ReplayedDocument]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in texts(replayed) {
        *counts.entry(text).or_default() += 1;
    }
    counts
}
