use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use super::*;

/// Runs one check on both disks.
fn on_both(check: impl Fn(&dyn Disk)) {
    let folder = tempfile::tempdir().unwrap();
    check(&RealDisk::open(folder.path().join("data")).unwrap());
    check(&SimulatedDisk::new());
}

fn write(disk: &dyn Disk, path: &str, content: &[u8]) -> io::Result<()> {
    let mut file = disk.create(Path::new(path))?;
    file.write_all(content)?;
    file.sync_all()
}

fn read(disk: &dyn Disk, path: &str) -> io::Result<Vec<u8>> {
    let file = disk.open(Path::new(path))?;
    let len = usize::try_from(file.len()?).unwrap();
    Ok(file.read_at(0, len)?.to_vec())
}

fn names(disk: &dyn Disk, dir: &str) -> Vec<String> {
    disk.list(Path::new(dir))
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect()
}

fn kind<T: fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn files_are_written_once_listed_renamed_and_removed() {
    on_both(|disk| {
        disk.create_dir_all(Path::new("a/b")).unwrap();
        disk.create_dir_all(Path::new("a/b")).unwrap();
        write(disk, "a/b/two", b"22").unwrap();
        write(disk, "a/b/one", b"1").unwrap();
        assert_eq!(
            kind(write(disk, "a/b/one", b"again")),
            ErrorKind::AlreadyExists
        );
        disk.create_dir_all(Path::new("a/b/zdir")).unwrap();
        let entry = |name: &str, is_directory, bytes| DirectoryEntry {
            name: name.to_owned(),
            is_directory,
            bytes,
        };
        let expected = [
            entry("one", false, 1),
            entry("two", false, 2),
            entry("zdir", true, 0),
        ];
        assert_eq!(disk.list(Path::new("a/b")).unwrap(), expected);
        disk.rename(Path::new("a/b/one"), Path::new("a/b/two"))
            .unwrap();
        assert_eq!(read(disk, "a/b/two").unwrap(), b"1");
        assert_eq!(kind(read(disk, "a/b/one")), ErrorKind::NotFound);
        disk.rename(Path::new("a/b"), Path::new("a/c")).unwrap();
        assert_eq!(read(disk, "a/c/two").unwrap(), b"1");
        let open = disk.open(Path::new("a/c/two")).unwrap();
        disk.remove_file(Path::new("a/c/two")).unwrap();
        assert_eq!(open.read_at(0, 1).unwrap(), "1", "open readers go on");
        assert_eq!(
            kind(disk.remove_file(Path::new("a/c/two"))),
            ErrorKind::NotFound
        );
        disk.sync_dir(Path::new("a/c")).unwrap();
        disk.remove_dir_all(Path::new("a")).unwrap();
        assert_eq!(names(disk, ""), [""; 0]);
        assert_eq!(kind(disk.list(Path::new("a"))), ErrorKind::NotFound);
        assert!(disk.free_bytes().unwrap() > 0);
    });
}

#[test]
fn paths_outside_the_root_are_refused() {
    on_both(|disk| {
        for path in ["/etc/passwd", "../x", "a/../../x"] {
            assert_eq!(
                kind(disk.open(Path::new(path))),
                ErrorKind::InvalidInput,
                "{path}"
            );
            assert_eq!(
                kind(disk.create(Path::new(path))),
                ErrorKind::InvalidInput,
                "{path}"
            );
        }
    });
}

#[test]
fn log_files_are_written_anywhere_preallocated_and_cut() {
    on_both(|disk| {
        let path = Path::new("log");
        let mut file = disk.open_log(path).unwrap();
        file.preallocate(10_000).unwrap();
        file.write_at(5, b"hello").unwrap();
        file.write_at(9_998, b"beyond").unwrap();
        file.sync_data().unwrap();
        let reader = disk.open(path).unwrap();
        assert_eq!(reader.len().unwrap(), 10_004);
        assert_eq!(&reader.read_at(4, 7).unwrap()[..], b"\0hello\0");
        file.preallocate(100).unwrap();
        assert_eq!(reader.len().unwrap(), 10_004, "never shorter");
        file.truncate(20_000).unwrap();
        file.truncate(7).unwrap();
        assert_eq!(read(disk, "log").unwrap(), b"\0\0\0\0\0he");
        let mut again = disk.open_log(path).unwrap();
        again.write_at(0, b"x").unwrap();
        assert_eq!(read(disk, "log").unwrap(), b"x\0\0\0\0he");
    });
}

#[test]
fn reads_beyond_the_end_are_refused_whatever_their_length() {
    on_both(|disk| {
        write(disk, "f", b"0123456789").unwrap();
        let file = disk.open(Path::new("f")).unwrap();
        assert_eq!(file.read_at(10, 0).unwrap(), "");
        for (offset, len) in [
            (5, 6),
            (11, 1),
            (u64::MAX, 1),
            (0, usize::MAX >> 1),
            (1, 1 << 40),
        ] {
            assert_eq!(
                kind(file.read_at(offset, len)),
                ErrorKind::UnexpectedEof,
                "{offset} {len}"
            );
        }
    });
}

#[test]
fn ranged_files_are_read_front_to_back_and_in_ranges() {
    on_both(|disk| {
        let content: Vec<u8> = (0..200_000u32).map(|n| n.to_le_bytes()[1]).collect();
        write(disk, "f", &content).unwrap();
        let file = RangedFile::open(disk, Path::new("f")).unwrap();
        assert_eq!(Length::len(&file), 200_000);
        assert_eq!(file.get_bytes(70_000, 10).unwrap(), content[70_000..70_010]);
        let mut rest = Vec::new();
        file.get_read(3).unwrap().read_to_end(&mut rest).unwrap();
        assert_eq!(rest, content[3..]);
        assert!(file.get_bytes(199_999, 2).is_err());
        assert_eq!(file.get_read(200_001).unwrap().read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn second_lock_of_a_directory_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    let lock = disk.lock("lock").unwrap().unwrap();
    assert!(disk.lock("lock").unwrap().is_none());
    drop(lock);
    assert!(disk.lock("lock").unwrap().is_some());
}

/// What can be read of a file after power losses with many seeds.
fn after_loss(prepare: impl Fn(&SimulatedDisk), path: &str) -> Vec<Option<Vec<u8>>> {
    let outcome = |seed| {
        let disk = SimulatedDisk::new();
        prepare(&disk);
        disk.lose_power(seed);
        read(&disk, path).ok()
    };
    let mut outcomes: Vec<_> = (0..60).map(outcome).collect();
    outcomes.sort();
    outcomes.dedup();
    outcomes
}

#[test]
fn synced_content_under_a_synced_name_survives_every_power_loss() {
    let prepare = |disk: &SimulatedDisk| {
        disk.create_dir_all(Path::new("d")).unwrap();
        write(disk, "d/f", b"safe").unwrap();
        disk.sync_dir(Path::new("d")).unwrap();
    };
    assert_eq!(after_loss(prepare, "d/f"), [Some(b"safe".to_vec())]);
}

#[test]
fn unsynced_names_may_be_lost_and_unsynced_renames_may_revert() {
    let created = after_loss(|disk| write(disk, "f", b"x").unwrap(), "f");
    assert_eq!(created, [None, Some(b"x".to_vec())]);
    let renamed = |disk: &SimulatedDisk| {
        write(disk, "f", b"new").unwrap();
        write(disk, "g", b"old").unwrap();
        disk.sync_dir(Path::new("")).unwrap();
        disk.rename(Path::new("f"), Path::new("g")).unwrap();
    };
    let outcomes = after_loss(renamed, "g");
    assert_eq!(outcomes, [Some(b"new".to_vec()), Some(b"old".to_vec())]);
    let removed = |disk: &SimulatedDisk| {
        write(disk, "f", b"x").unwrap();
        disk.sync_dir(Path::new("")).unwrap();
        disk.remove_file(Path::new("f")).unwrap();
    };
    assert_eq!(after_loss(removed, "f"), [None, Some(b"x".to_vec())]);
}

#[test]
fn unsynced_content_may_be_missing_whole_or_torn() {
    let prepare = |disk: &SimulatedDisk| {
        let mut file = disk.open_log(Path::new("f")).unwrap();
        file.write_at(0, &[1; 2_000]).unwrap();
        file.sync_data().unwrap();
        disk.sync_dir(Path::new("")).unwrap();
        file.write_at(0, &[2; 2_000]).unwrap();
    };
    let outcomes = after_loss(prepare, "f");
    assert!(outcomes.contains(&Some(vec![1; 2_000])));
    assert!(outcomes.contains(&Some(vec![2; 2_000])));
    let torn = |o: &&Option<Vec<u8>>| o.as_ref().is_some_and(|c| c.contains(&1) && c.contains(&2));
    assert!(outcomes.iter().filter(torn).count() > 3);
    assert!(
        outcomes
            .iter()
            .flatten()
            .all(|content| content.len() == 2_000)
    );
}

#[test]
fn failed_sync_loses_content_that_reads_still_show_and_later_syncs_do_not_save() {
    let prepare = |disk: &SimulatedDisk| {
        let mut file = disk.open_log(Path::new("f")).unwrap();
        disk.sync_dir(Path::new("")).unwrap();
        file.write_at(0, b"lost").unwrap();
        disk.fail_next_sync();
        assert!(file.sync_data().is_err());
        file.sync_data().unwrap();
        assert_eq!(read(disk, "f").unwrap(), b"lost");
    };
    assert!(
        after_loss(prepare, "f")
            .iter()
            .any(|content| content.as_deref() != Some(b"lost"))
    );
}

#[test]
fn cut_power_fails_everything_until_it_is_back_and_kills_open_handles() {
    let disk = SimulatedDisk::new();
    write(&disk, "f", b"x").unwrap();
    disk.sync_dir(Path::new("")).unwrap();
    let mut log = disk.open_log(Path::new("f")).unwrap();
    let reader = disk.open(Path::new("f")).unwrap();
    assert_eq!(disk.steps(), 4);
    disk.cut_power_at(6);
    log.write_at(0, b"y").unwrap();
    assert!(disk.before_commit().is_err());
    assert!(disk.before_commit().is_err());
    assert!(log.sync_data().is_err());
    assert!(reader.read_at(0, 1).is_err());
    assert!(disk.list(Path::new("")).is_err());
    disk.lose_power(1);
    assert!(log.write_at(0, b"z").is_err());
    assert!(reader.read_at(0, 1).is_err());
    assert!(["x", "y"].contains(&&*String::from_utf8(read(&disk, "f").unwrap()).unwrap()));
    disk.before_commit().unwrap();
}

#[test]
fn full_disk_refuses_growth_only() {
    let disk = SimulatedDisk::new();
    disk.set_capacity(Some(100));
    write(&disk, "a", &[0; 60]).unwrap();
    assert_eq!(disk.free_bytes().unwrap(), 40);
    assert_eq!(kind(write(&disk, "b", &[0; 41])), ErrorKind::StorageFull);
    let mut file = disk.open_log(Path::new("a")).unwrap();
    file.write_at(0, &[1; 60]).unwrap();
    assert_eq!(kind(file.preallocate(101)), ErrorKind::StorageFull);
    file.preallocate(100).unwrap();
    disk.remove_file(Path::new("a")).unwrap();
    assert_eq!(disk.free_bytes().unwrap(), 100);
}

#[test]
fn injected_faults_hit_the_chosen_step_file_and_byte() {
    let disk = SimulatedDisk::new();
    write(&disk, "f", b"abc").unwrap();
    disk.fail_step(disk.steps() + 2, ErrorKind::PermissionDenied);
    disk.before_commit().unwrap();
    assert_eq!(kind(disk.before_commit()), ErrorKind::PermissionDenied);
    disk.before_commit().unwrap();
    disk.set_failing(Some(ErrorKind::TimedOut));
    assert_eq!(kind(disk.sync_dir(Path::new(""))), ErrorKind::TimedOut);
    disk.set_failing(None);
    disk.flip_bits(Path::new("f"), 1, 0x20).unwrap();
    assert_eq!(read(&disk, "f").unwrap(), b"aBc");
    assert!(disk.flip_bits(Path::new("f"), 3, 1).is_err());
    disk.set_unreadable(Path::new("f"), true);
    assert!(read(&disk, "f").is_err());
    disk.set_unreadable(Path::new("f"), false);
    assert_eq!(disk.content(Path::new("f")).unwrap(), b"aBc");
}

#[test]
fn removing_a_directory_may_be_cut_half_way() {
    let mut outcomes = Vec::new();
    for seed in 0..40 {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(Path::new("d")).unwrap();
        for name in ["d/a", "d/b", "d/c"] {
            write(&disk, name, b"x").unwrap();
        }
        disk.sync_dir(Path::new("d")).unwrap();
        disk.cut_power_at(disk.steps() + 3);
        assert!(disk.remove_dir_all(Path::new("d")).is_err());
        disk.lose_power(seed);
        outcomes.push(names(&disk, "d").len());
    }
    outcomes.sort_unstable();
    outcomes.dedup();
    assert_eq!(outcomes, [0, 1, 2, 3]);
}

#[test]
fn disks_are_shared_as_objects() {
    fn is_shared<T: Send + Sync + ?Sized>() {}
    is_shared::<dyn Disk>();
    is_shared::<Arc<dyn DiskReader>>();
    is_shared::<RangedFile>();
}
