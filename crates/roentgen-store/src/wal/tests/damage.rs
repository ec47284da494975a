//! LOG-1: torn tails are cut, damage is skipped and reported, old frames are not taken for new ones.

use super::*;

/// Three groups of two documents in file 1; returns their texts and frame offsets.
fn three_groups(disk: &SimulatedDisk) -> (Vec<String>, Vec<u64>, u64) {
    let (mut log, _, _) = open(disk, SettledBitmaps::default());
    let mut written = Vec::new();
    let mut offsets = Vec::new();
    for group in 0..3 {
        let pair = [noise(group * 2, 700), noise(group * 2 + 1, 700)];
        let stamp = i64::try_from(group).unwrap() * 100;
        let positions = log
            .append_group(&[record(&scope(), stamp, &[&pair[0], &pair[1]])])
            .unwrap();
        offsets.extend(positions[0].iter().map(|p| u64::from(p.frame_offset)));
        written.extend(pair);
    }
    let end = log.files().states()[0].bytes;
    (written, offsets, end)
}

#[test]
fn torn_tail_at_any_byte_is_cut_and_reported_as_no_damage() {
    let disk = SimulatedDisk::new();
    let (written, offsets, end) = three_groups(&disk);
    let content = disk.content(&path(1)).unwrap();
    let last_group = usize::try_from(offsets[4]).unwrap();
    let last_frame = usize::try_from(offsets[5]).unwrap();
    for cut in (last_group..usize::try_from(end).unwrap()).step_by(7) {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(dir()).unwrap();
        // Once with the file ending there, once with zeros behind as in a preallocated file.
        for keeps_len in [false, true] {
            let mut torn = content.clone();
            torn[cut..].fill(0);
            torn.truncate(if keeps_len { content.len() } else { cut });
            disk.place(&path(1), &torn).unwrap();
            let (_, report, replayed) = open(&disk, SettledBitmaps::default());
            let kept = if cut < last_frame { 4 } else { 5 };
            assert_eq!(texts(&replayed), written[..kept], "cut at {cut}");
            assert_eq!(report.damage, [], "cut at {cut}");
            let (_, again, replayed) = open(&disk, SettledBitmaps::default());
            assert_eq!(
                texts(&replayed),
                written[..kept],
                "opened twice, cut at {cut}"
            );
            assert_eq!((again.torn_tail_bytes, again.damage), (0, vec![]));
        }
    }
}

#[test]
fn file_goes_on_after_a_torn_tail_with_a_new_file() {
    let disk = SimulatedDisk::new();
    let (written, _, end) = three_groups(&disk);
    disk.flip_bits(&path(1), end - 1, 1).unwrap();
    let (mut log, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(texts(&replayed), written[..5]);
    assert!(report.torn_tail_bytes > 0);
    let positions = log
        .append_group(&[record(&scope(), 900, &["after"])])
        .unwrap();
    assert_eq!(positions[0][0].file, 2);
    let (_, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(texts(&replayed).last().unwrap(), "after");
    assert_eq!((replayed.len(), report.damage.len()), (6, 0));
}

#[test]
fn damaged_frame_before_the_last_group_is_reported_set_aside_and_skipped() {
    let disk = SimulatedDisk::new();
    let (written, offsets, _) = three_groups(&disk);
    let before = disk.content(&path(1)).unwrap();
    for place in (offsets[2]..offsets[3]).step_by(5) {
        disk.place(&path(1), &before).unwrap();
        disk.flip_bits(&path(1), place, 0x40).unwrap();
        let (log, report, replayed) = open(&disk, SettledBitmaps::default());
        let mut expected = written.clone();
        expected.remove(2);
        assert_eq!(texts(&replayed), expected, "byte {place}");
        let [damage] = &report.damage[..] else {
            panic!("{:?}", report.damage)
        };
        let LogDamage {
            file,
            offset,
            bytes,
            documents,
            reason: _,
        } = damage;
        assert_eq!(
            (*file, *offset, *bytes),
            (1, offsets[2], offsets[3] - offsets[2])
        );
        assert_eq!(*documents, 1);
        assert_eq!(
            log.files().states()[0].settled,
            1,
            "lost documents hold no file back"
        );
    }
    let aside = disk.content(&dir().join(format!("damaged/0000000001-{}.bytes", offsets[2])));
    assert_eq!(aside.unwrap().len() as u64, offsets[3] - offsets[2]);
}

#[test]
fn end_of_a_finished_file_that_is_damaged_is_damage_not_a_torn_tail() {
    let disk = SimulatedDisk::new();
    let (written, offsets, end) = three_groups(&disk);
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    log.append_group(&[record(&scope(), 900, &["after"])])
        .unwrap();
    drop(log);
    disk.flip_bits(&path(1), end - 1, 1).unwrap();
    let (_, report, replayed) = open(&disk, SettledBitmaps::default());
    let mut expected = written[..5].to_vec();
    expected.push("after".to_owned());
    assert_eq!(texts(&replayed), expected);
    let [damage] = &report.damage[..] else {
        panic!("{:?}", report.damage)
    };
    assert_eq!(
        (damage.offset, damage.bytes, damage.documents),
        (offsets[5], end - offsets[5], 1)
    );

    // The same with the end missing altogether.
    let mut short = disk.content(&path(1)).unwrap();
    short.truncate(usize::try_from(offsets[4]).unwrap());
    disk.place(&path(1), &short).unwrap();
    let (_, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(replayed.len(), 5);
    assert_eq!(report.damage[0].documents, 2);
}

#[test]
fn damaged_file_header_loses_no_document() {
    let disk = SimulatedDisk::new();
    let (written, _, _) = three_groups(&disk);
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    log.append_group(&[record(&scope(), 900, &["after"])])
        .unwrap();
    for file in [1, 2] {
        disk.flip_bits(&path(file), 100, 1).unwrap();
    }
    let (_, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(replayed.len(), written.len() + 1);
    let found: Vec<_> = report
        .damage
        .iter()
        .map(|d| (d.file, d.offset, d.documents))
        .collect();
    assert_eq!(found, [(1, 0, 0), (2, 0, 0)]);
}

#[test]
fn recycled_file_with_old_valid_frames_replays_only_new_ones() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    let mut stamp = 0i64;
    let mut fill = |log: &mut Log, count: usize| {
        for _ in 0..count {
            stamp += 1;
            let text = noise(stamp.unsigned_abs(), 5_000);
            let position = log
                .append_group(&[record(&scope(), stamp, &[&text])])
                .unwrap()[0][0];
            log.files()
                .mark_settled(&SettledBits::from_iter([position]));
        }
    };
    fill(&mut log, 14);
    let first = log.files().recyclable()[0];
    log.files().recycle(first).unwrap();
    assert_eq!(
        disk.list(dir()).unwrap()[0].name,
        format!("{first:010}.spare")
    );
    fill(&mut log, 12);
    let names: Vec<String> = disk
        .list(dir())
        .unwrap()
        .into_iter()
        .map(|e| e.name)
        .collect();
    assert!(
        names.iter().all(|name| name.ends_with(".log")),
        "the spare is in use: {names:?}"
    );
    log.append_group(&[record(&scope(), 5_000, &["newest"])])
        .unwrap();
    let newest = log.files().states().last().unwrap().file;
    let content = disk.content(&path(newest)).unwrap();
    let old_frames = content.windows(4).filter(|bytes| bytes == b"RgFr").count();
    assert!(old_frames > 5, "the file still holds old frames");
    let (_, report, replayed) = open(&disk, SettledBitmaps::default());
    let of_newest: Vec<_> = replayed
        .iter()
        .filter(|d| d.position.file == newest)
        .collect();
    assert_eq!(of_newest.last().unwrap().document, "newest");
    assert!(
        of_newest
            .windows(2)
            .all(|pair| pair[0].stamp < pair[1].stamp)
    );
    assert_eq!(report.damage, []);
    assert_eq!(counted(&replayed).values().max(), Some(&1));
}

#[test]
fn unreadable_file_is_reported_kept_and_the_rest_is_served() {
    let disk = SimulatedDisk::new();
    let (written, _, _) = three_groups(&disk);
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    log.append_group(&[record(&scope(), 900, &["after"])])
        .unwrap();
    disk.set_unreadable(&path(1), true);
    let (log, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(texts(&replayed), ["after"]);
    assert!(report.damage.iter().any(|d| d.file == 1));
    assert_eq!(log.files().recyclable(), [0u32; 0]);
    drop(log);
    disk.set_unreadable(&path(1), false);
    let (_, report, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(
        (replayed.len(), report.damage.len()),
        (written.len() + 1, 0)
    );
}

#[test]
fn reading_a_wrong_position_is_an_error_not_a_wrong_document() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    let good = log
        .append_group(&[record(&scope(), 1, &["a", "b"])])
        .unwrap()[0][0];
    for wrong in [
        DocumentPosition {
            frame_offset: good.frame_offset + 1,
            ..good
        },
        DocumentPosition {
            index_in_frame: 1,
            ..good
        },
        DocumentPosition {
            index_in_frame: 2,
            document_index_in_file: 2,
            ..good
        },
        DocumentPosition {
            document_index_in_file: 1,
            ..good
        },
        DocumentPosition {
            frame_offset: u32::MAX,
            ..good
        },
    ] {
        let read = log.reader().read(&[wrong]);
        assert!(
            matches!(read, Err(LogError::Damaged { .. })),
            "{wrong:?}: {read:?}"
        );
    }
    let missing = log.reader().read(&[DocumentPosition { file: 9, ..good }]);
    assert!(matches!(missing, Err(LogError::Disk { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn logs_with_any_bytes_changed_open_and_replay_only_what_was_written(
        changes in prop::collection::vec((4_096usize..10_000, any::<u8>()), 1..20),
    ) {
        let disk = SimulatedDisk::new();
        let (written, _, _) = three_groups(&disk);
        for (place, mask) in changes {
            disk.flip_bits(&path(1), place as u64, mask).unwrap();
        }
        let (_, _, replayed) = open(&disk, SettledBitmaps::default());
        let found = texts(&replayed);
        prop_assert!(found.iter().all(|text| written.contains(text)));
        prop_assert!(counted(&replayed).values().all(|count| *count == 1));
    }
}
