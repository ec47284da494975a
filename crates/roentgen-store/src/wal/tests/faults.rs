//! LOG-2 and power loss at every step: what was acknowledged is replayed, nothing twice.

use std::collections::BTreeSet;

use super::*;

/// What a scenario was told.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<String>,
    offered: BTreeSet<String>,
    /// As a catalog would keep it.
    settled: SettledBitmaps,
    settled_texts: BTreeSet<String>,
}

/// Appends, rotates, settles, recycles, opens again, appends; until something fails.
fn scenario(disk: &SimulatedDisk, told: &mut Told) -> Result<(), LogError> {
    let mut stamp = 0i64;
    for round in 0..2 {
        let (mut log, _, _) = try_open(disk, told.settled.clone())?;
        for group in 0..8 {
            let texts: Vec<String> = (0..2)
                .map(|n| noise(round * 100 + group * 10 + n, 6_000))
                .collect();
            told.offered.extend(texts.iter().cloned());
            stamp += 10;
            let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
            let positions = log.append_group(&[record(&scope(), stamp, &borrowed)])?;
            told.acknowledged.extend(texts.iter().cloned());
            if group % 4 == 3 {
                continue;
            }
            // The catalog's transaction, then the log's memory of it.
            let bits: SettledBits = positions[0].iter().copied().collect();
            told.settled.apply(&bits);
            told.settled_texts.extend(texts);
            log.files().mark_settled(&bits);
            for file in log.files().recyclable() {
                log.files().recycle(file)?;
                told.settled.remove(file);
            }
        }
        // The rest is settled too, so that the second round has spares.
        let (_, _, rest) = try_open(disk, told.settled.clone())?;
        let bits: SettledBits = rest.iter().map(|d| d.position).collect();
        told.settled.apply(&bits);
        told.settled_texts.extend(texts(&rest));
        log.files().mark_settled(&bits);
        for file in log.files().recyclable() {
            log.files().recycle(file)?;
            told.settled.remove(file);
        }
    }
    Ok(())
}

fn check(told: &Told, disk: &SimulatedDisk, context: &str) {
    let (mut log, report, replayed) = open(disk, told.settled.clone());
    assert_eq!(report.damage, [], "{context}");
    let counts = counted(&replayed);
    for text in told.acknowledged.difference(&told.settled_texts) {
        assert_eq!(
            counts.get(text),
            Some(&1),
            "{context}: an acknowledged document is missing"
        );
    }
    for (text, count) in &counts {
        assert_eq!(*count, 1, "{context}: a document is replayed twice");
        assert!(
            told.offered.contains(text),
            "{context}: a document nobody wrote"
        );
    }
    // And it goes on.
    let position = log
        .append_group(&[record(&scope(), i64::MAX - 5, &["goes on"])])
        .unwrap()[0][0];
    assert_eq!(log.reader().read(&[position]).unwrap(), ["goes on"]);
    let (_, report, again) = open(disk, told.settled.clone());
    assert_eq!(
        (report.damage.len(), again.len()),
        (0, replayed.len() + 1),
        "{context}"
    );
}

#[test]
fn power_loss_at_every_step_loses_nothing_acknowledged_and_doubles_nothing() {
    let whole = SimulatedDisk::new();
    scenario(&whole, &mut Told::default()).unwrap();
    let steps = whole.steps();
    assert!(steps > 60, "{steps} steps");
    for step in 1..=steps {
        for seed in 0..4 {
            let disk = SimulatedDisk::new();
            disk.cut_power_at(step);
            let mut told = Told::default();
            let outcome = scenario(&disk, &mut told);
            assert!(outcome.is_err(), "step {step} was not cut");
            disk.lose_power(seed);
            check(&told, &disk, &format!("step {step}, seed {seed}"));
        }
    }
}

#[test]
fn killed_process_at_every_step_loses_nothing_acknowledged() {
    let whole = SimulatedDisk::new();
    scenario(&whole, &mut Told::default()).unwrap();
    for step in 1..=whole.steps() {
        let disk = SimulatedDisk::new();
        disk.fail_step(step, std::io::ErrorKind::Other);
        let mut told = Told::default();
        let _ = scenario(&disk, &mut told);
        check(&told, &disk, &format!("killed at step {step}"));
        // What the next process replayed is durable, also if the killed one never synced it.
        let before = open(&disk, SettledBitmaps::default()).2;
        disk.lose_power(step);
        let after = open(&disk, SettledBitmaps::default()).2;
        let (before, after) = (counted(&before), counted(&after));
        let acknowledged = told.acknowledged.difference(&told.settled_texts);
        assert!(
            acknowledged
                .into_iter()
                .all(|text| after.contains_key(text)),
            "step {step}"
        );
        assert!(
            after.keys().all(|text| before.contains_key(text)),
            "step {step}"
        );
    }
}

#[test]
fn replayed_documents_are_durable_before_they_are_shown() {
    for seed in 0..8 {
        let disk = SimulatedDisk::new();
        let (mut log, _, _) = open(&disk, SettledBitmaps::default());
        log.append_group(&[record(&scope(), 1, &["synced"])])
            .unwrap();
        // The sync of the next group fails to begin: it is written, and the process is killed.
        let steps = disk.steps();
        disk.cut_power_at(steps + 2);
        assert!(
            log.append_group(&[record(&scope(), 2, &["written"])])
                .is_err()
        );
        let content = disk.content(&path(1)).unwrap();
        disk.lose_power(0);
        let mut file = disk.open_log(&path(1)).unwrap();
        file.write_at(0, &content).unwrap();
        drop(file);
        let (_, _, shown) = open(&disk, SettledBitmaps::default());
        assert_eq!(texts(&shown), ["synced", "written"]);
        disk.lose_power(seed);
        let (_, _, after) = open(&disk, SettledBitmaps::default());
        assert_eq!(texts(&after), ["synced", "written"], "seed {seed}");
    }
}

#[test]
fn failed_sync_refuses_the_group_and_a_new_file_takes_the_next_one() {
    for seed in 0..16 {
        let disk = SimulatedDisk::new();
        let (mut log, _, _) = open(&disk, SettledBitmaps::default());
        let first = log
            .append_group(&[record(&scope(), 1, &["first"])])
            .unwrap()[0][0];
        disk.fail_next_sync();
        let failed = log.append_group(&[record(&scope(), 2, &["refused"])]);
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Unavailable);
        let second = log
            .append_group(&[record(&scope(), 3, &["second"])])
            .unwrap()[0][0];
        assert_eq!(
            (first.file, second.file),
            (1, 2),
            "LOG-2: the failed file is not touched again"
        );
        assert_eq!(
            log.reader().read(&[first, second]).unwrap(),
            ["first", "second"]
        );
        // Whether the process is killed or the power is lost: the refused group is not replayed.
        let (_, _, replayed) = open(&disk, SettledBitmaps::default());
        assert_eq!(texts(&replayed), ["first", "second"]);
        disk.lose_power(seed);
        let (_, report, replayed) = open(&disk, SettledBitmaps::default());
        assert_eq!(texts(&replayed), ["first", "second"]);
        assert_eq!(report.damage, []);
    }
}

#[test]
fn failing_disk_refuses_until_it_works_again() {
    let disk = SimulatedDisk::new();
    let (mut log, _, _) = open(&disk, SettledBitmaps::default());
    log.append_group(&[record(&scope(), 1, &["before"])])
        .unwrap();
    disk.set_failing(Some(std::io::ErrorKind::Other));
    for stamp in 2..5 {
        let failed = log.append_group(&[record(&scope(), stamp, &["refused"])]);
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    disk.set_failing(None);
    log.append_group(&[record(&scope(), 6, &["after"])])
        .unwrap();
    disk.lose_power(3);
    let (_, _, replayed) = open(&disk, SettledBitmaps::default());
    assert_eq!(texts(&replayed), ["before", "after"]);
}

#[test]
fn full_disk_refuses_before_the_reserve_is_touched_and_recycled_space_is_used() {
    let disk = SimulatedDisk::new();
    let settings = LogSettings {
        reserve_bytes: 100_000,
        ..small()
    };
    let open = || {
        let mut count = 0;
        let opened = Log::open(
            Arc::new(disk.clone()),
            dir(),
            settings,
            Keys::none(),
            SettledBitmaps::default(),
            &mut |_| count += 1,
        );
        (opened.unwrap().0, count)
    };
    let (mut log, _) = open();
    disk.set_capacity(Some(250_000));
    let mut positions = Vec::new();
    let text = noise(1, 10_000);
    let refused = loop {
        match log.append_group(&[record(&scope(), 1, &[&text])]) {
            Ok(written) => positions.extend(written.into_iter().flatten()),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, LogError::DiskFull { .. }), "{refused:?}");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(disk.free_bytes().unwrap() >= 100_000);
    assert_eq!(positions.last().unwrap().file, 2);
    // What is small enough for the rest of the file is still taken.
    log.append_group(&[record(&scope(), 2, &["small"])])
        .unwrap();
    let bits: SettledBits = positions.iter().copied().collect();
    log.files().mark_settled(&bits);
    log.files().recycle(1).unwrap();
    let next = log.append_group(&[record(&scope(), 3, &[&text])]).unwrap()[0][0];
    assert_eq!(next.file, 3);
    assert_eq!(
        open().1,
        positions.iter().filter(|p| p.file == 2).count() + 2
    );
}

#[test]
fn failed_recycling_leaves_a_log_that_opens() {
    for step in 1..=2 {
        let disk = SimulatedDisk::new();
        let (mut log, _, _) = open(&disk, SettledBitmaps::default());
        let text = noise(1, 9_000);
        let mut bits = SettledBits::default();
        while log.files().states().len() < 2 {
            let positions = log.append_group(&[record(&scope(), 1, &[&text])]).unwrap();
            bits.extend(positions.into_iter().flatten());
        }
        let mut settled = SettledBitmaps::default();
        settled.apply(&bits);
        log.files().mark_settled(&bits);
        disk.fail_step(disk.steps() + step, std::io::ErrorKind::Other);
        assert!(log.files().recycle(1).is_err());
        log.append_group(&[record(&scope(), 9, &["after"])])
            .unwrap();
        disk.lose_power(step);
        let (_, report, replayed) = open(&disk, settled);
        assert_eq!(texts(&replayed), ["after"]);
        assert_eq!(report.damage, []);
    }
}

#[test]
fn recycling_that_was_never_synced_does_not_come_undone_while_the_file_is_used_again() {
    for seed in 0..8 {
        let disk = SimulatedDisk::new();
        let (mut log, _, _) = open(&disk, SettledBitmaps::default());
        let text = noise(1, 9_000);
        let mut bits = SettledBits::default();
        while log.files().states().len() < 2 {
            let positions = log.append_group(&[record(&scope(), 1, &[&text])]).unwrap();
            bits.extend(positions.into_iter().flatten());
        }
        let mut settled = SettledBitmaps::default();
        settled.apply(&bits);
        log.files().mark_settled(&bits);
        // Renamed, then the process is killed instead of syncing the directory.
        disk.fail_step(disk.steps() + 2, std::io::ErrorKind::Other);
        assert!(log.files().recycle(1).is_err());
        let (mut log, _, _) = open(&disk, settled.clone());
        // Space, header and sync of the next file are done; the power goes at its renaming.
        disk.cut_power_at(disk.steps() + 4);
        assert!(
            log.append_group(&[record(&scope(), 2, &["refused"])])
                .is_err()
        );
        disk.lose_power(seed);
        let (_, report, replayed) = open(&disk, settled);
        assert_eq!((replayed.len(), report.damage), (0, vec![]), "seed {seed}");
    }
}
