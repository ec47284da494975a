//! Encrypted frames (FILE-1): each names its key; a missing key is no damage, a changed byte is.

use super::*;
use crate::encryption::tests::{TestRing, key_id, store_keys};
use crate::wal::GroupKeys;

fn keys(ring: &Arc<TestRing>) -> Arc<Keys> {
    Arc::new(Keys::new(&store_keys(ring, None)))
}

fn group_keys(ring: &Arc<TestRing>, name: &str) -> GroupKeys {
    let key = keys(ring).write_key(&key_id(name)).unwrap();
    GroupKeys::from([(scope(), key)])
}

fn open_with(
    disk: &SimulatedDisk,
    ring: &Arc<TestRing>,
    settled: SettledBitmaps,
) -> (Log, ReplayReport, Vec<ReplayedDocument>) {
    let mut replayed = Vec::new();
    let mut keep = |document| replayed.push(document);
    let opened = Log::open(shared(disk), dir(), small(), keys(ring), settled, &mut keep);
    let (log, report) = opened.unwrap();
    (log, report, replayed)
}

/// Groups under one key, under another, and plain; in one file.
fn three_groups(
    disk: &SimulatedDisk,
    ring: &Arc<TestRing>,
) -> (Vec<String>, Vec<DocumentPosition>) {
    let (mut log, _, _) = open_with(disk, ring, SettledBitmaps::default());
    let plain = GroupKeys::new();
    let groups = [
        (group_keys(ring, "one"), "first"),
        (group_keys(ring, "two"), "second"),
        (plain, "third"),
    ];
    let (mut written, mut positions) = (Vec::new(), Vec::new());
    for (number, (keys, name)) in groups.into_iter().enumerate() {
        let texts = [
            format!("{name} {}", noise(number as u64, 300)),
            format!("{name} again"),
        ];
        let stamp = 100 * (i64::try_from(number).unwrap() + 1);
        let record = record(&scope(), stamp, &[&texts[0], &texts[1]]);
        positions.extend(log.append_group_under(&[record], &keys).unwrap().remove(0));
        written.extend(texts);
    }
    (written, positions)
}

#[test]
fn frames_of_several_keys_read_back_and_hide_their_text() {
    let (disk, ring) = (SimulatedDisk::new(), TestRing::with(&["one", "two"]));
    let (written, positions) = three_groups(&disk, &ring);
    let content = disk.content(&path(1)).unwrap();
    let shows = |text: &str| memchr::memmem::find(&content, text.as_bytes()).is_some();
    assert!(!shows("first") && !shows("second") && shows("third"));
    let (log, report, replayed) = open_with(&disk, &ring, SettledBitmaps::default());
    assert_eq!(texts(&replayed), written);
    assert_eq!((report.damage, report.locked), (vec![], vec![]));
    let read = log.reader().read(&positions).unwrap();
    assert_eq!(read, written);
}

#[test]
fn missing_key_keeps_frames_unsettled_and_their_file() {
    let (disk, ring) = (SimulatedDisk::new(), TestRing::with(&["one", "two"]));
    let (written, positions) = three_groups(&disk, &ring);
    ring.remove("two");
    let (mut log, report, replayed) = open_with(&disk, &ring, SettledBitmaps::default());
    assert_eq!(texts(&replayed), [&written[..2], &written[4..]].concat());
    assert_eq!(report.damage, []);
    let [locked] = &report.locked[..] else {
        panic!("{report:?}");
    };
    assert_eq!((locked.documents, &locked.key), (2, &key_id("two")));
    assert!(
        report.last_stamp >= Stamp(301),
        "stamps go on after what cannot be read"
    );
    let error = log.reader().read(&positions[2..3]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyUnavailable);
    assert!(log.reader().replay(locked).is_err());

    // Everything else is settled, and a newer file begins: the locked documents pin theirs.
    let mut bits: SettledBits = positions[..2].iter().copied().collect();
    bits.extend(positions[4..].iter().copied());
    log.files().mark_settled(&bits);
    log.append_group(&[record(&scope(), 900, &["newer"])])
        .unwrap();
    assert!(log.files().recyclable().is_empty());
    ring.add("two");
    let found = log.reader().replay(locked).unwrap();
    assert_eq!(texts(&found), written[2..4]);
    assert_eq!(found[0].position, positions[2]);
    let is_settled =
        |at: &DocumentPosition| log.files().is_settled(at.file, at.document_index_in_file);
    assert_eq!(
        positions
            .iter()
            .map(is_settled)
            .filter(|settled| *settled)
            .count(),
        4
    );
    log.files()
        .mark_settled(&positions[2..4].iter().copied().collect());
    assert_eq!(log.files().recyclable(), [1]);
}

#[test]
fn any_flipped_byte_loses_its_frame_at_most_and_is_never_taken_for_a_missing_key() {
    let (disk, ring) = (SimulatedDisk::new(), TestRing::with(&["one", "two"]));
    let (written, _) = three_groups(&disk, &ring);
    let content = disk.content(&path(1)).unwrap();
    let end = content.iter().rposition(|byte| *byte != 0).unwrap();
    for at in (4096..=end).step_by(3) {
        let mut changed = content.clone();
        changed[at] ^= 0x41;
        let disk = SimulatedDisk::new();
        disk.create_dir_all(dir()).unwrap();
        disk.place(&path(1), &changed).unwrap();
        let (_, report, replayed) = open_with(&disk, &ring, SettledBitmaps::default());
        assert_eq!(report.locked, [], "byte {at}");
        let found = texts(&replayed);
        assert_eq!(found.len(), 4, "byte {at}: one frame of three is lost");
        assert!(found.iter().all(|text| written.contains(text)), "byte {at}");
    }
}

#[test]
fn torn_tail_of_an_encrypted_file_is_cut() {
    let (disk, ring) = (SimulatedDisk::new(), TestRing::with(&["one"]));
    let (mut log, _, _) = open_with(&disk, &ring, SettledBitmaps::default());
    let keys = group_keys(&ring, "one");
    for (stamp, text) in [(1, "kept"), (10, "torn")] {
        let group = [record(&scope(), stamp, &[text])];
        log.append_group_under(&group, &keys).unwrap();
    }
    drop(log);
    let content = disk.content(&path(1)).unwrap();
    let end = content.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for cut in (end - 60..end).step_by(5) {
        let mut torn = content.clone();
        torn[cut..].fill(0);
        let disk = SimulatedDisk::new();
        disk.create_dir_all(dir()).unwrap();
        disk.place(&path(1), &torn).unwrap();
        let (_, report, replayed) = open_with(&disk, &ring, SettledBitmaps::default());
        assert_eq!(texts(&replayed), ["kept"], "cut at {cut}");
        assert_eq!(
            (report.damage, report.locked),
            (vec![], vec![]),
            "cut at {cut}"
        );
    }
}

/// A frame does not pass for another: moved to the place of an equal one of another file.
#[test]
fn frame_of_another_file_does_not_count() {
    let ring = TestRing::with(&["one"]);
    let keys = group_keys(&ring, "one");
    let write = |text| {
        let disk = SimulatedDisk::new();
        let (mut log, _, _) = open_with(&disk, &ring, SettledBitmaps::default());
        let group = [record(&scope(), 1, &[text])];
        log.append_group_under(&group, &keys).unwrap();
        (disk.content(&path(1)).unwrap(), disk)
    };
    let (first, disk) = write("aaaa");
    let (second, _) = write("bbbb");
    // Key section of the one, encrypted payload of the other.
    let payload = 4096 + 56 + 1 + 3 + 60;
    let mut mixed = first.clone();
    mixed[payload..].copy_from_slice(&second[payload..]);
    let end = mixed.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let crc = crc32fast::hash(&mixed[4096 + 56..end]).to_le_bytes();
    mixed[4096 + 36..4096 + 40].copy_from_slice(&crc);
    let crc = crc32fast::hash(&mixed[4096..4096 + 52]).to_le_bytes();
    mixed[4096 + 52..4096 + 56].copy_from_slice(&crc);
    disk.remove_file(&path(1)).unwrap();
    disk.place(&path(1), &mixed).unwrap();
    let (_, _, replayed) = open_with(&disk, &ring, SettledBitmaps::default());
    assert_eq!(
        texts(&replayed),
        Vec::<String>::new(),
        "all checksums hold, the tag does not"
    );
}

/// What a version of the program without encryption wrote.
#[test]
fn files_of_version_1_are_read() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    log.append_group(&[record(&scope(), 1, &["old"])]).unwrap();
    drop(log);
    let mut content = disk.content(&path(1)).unwrap();
    assert_eq!(content[4], 2);
    content[4] = 1;
    let crc = crc32fast::hash(&content[..4092]).to_le_bytes();
    content[4092..4096].copy_from_slice(&crc);
    disk.remove_file(&path(1)).unwrap();
    disk.place(&path(1), &content).unwrap();
    let (_, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(
        (texts(&replayed), report.damage),
        (vec!["old".to_owned()], vec![])
    );
}
