//! Damaged files: what is lost is reported, and everything else is served (LOG-1, SEAL-1).

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Documents, Launch, SEALS_EARLY, Server, eventually};
use serde_json::{Value, json};

use super::answers::Answers;
use super::sealing::{SEALED, await_sealed};

/// All files below `dir`, in order of their paths.
fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("list `{}`", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Overwrites 16 bytes of `file`.
fn damage(file: &Path, offset: u64) -> Result<()> {
    let mut file = OpenOptions::new().write(true).open(file)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(&[0xa5; 16])?;
    file.sync_all()?;
    Ok(())
}

/// How many of the traces `numbers` are read back by id.
fn served(server: &Server, make: &Documents, numbers: std::ops::Range<u32>) -> Result<usize> {
    let ids: Vec<String> = numbers.map(|number| make.trace_id(number)).collect();
    let answer = server.ask("Traces", &json!({ "TraceIds": ids }))?;
    Ok(answer["Traces"]
        .as_array()
        .context("find the traces")?
        .len())
}

fn put(server: &Server, make: &Documents, numbers: std::ops::Range<u32>) -> Result<()> {
    for number in numbers {
        let mut segment = make.segment(number, 1, "shop", number, number + 10);
        // Incompressible and long, so that the log has many frames.
        let text: String = (0..64)
            .map(|part| format!("{:016x}", scramble(number, part)))
            .collect();
        segment["metadata"] = json!({ "default": { "text": text } });
        server.put(&[segment])?;
    }
    Ok(())
}

fn scramble(number: u32, part: u32) -> u64 {
    let mut bits = (u64::from(number) << 32 | u64::from(part)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Whether a WARN or ERROR line contains one of `words`.
fn reports(server: &Server, words: &[&str]) -> bool {
    server.log().iter().any(|line| {
        let level = serde_json::from_str::<Value>(line).unwrap_or_default()["level"].clone();
        (level == "WARN" || level == "ERROR") && words.iter().any(|word| line.contains(word))
    })
}

#[test]
fn damaged_log_frame_is_reported_and_everything_else_served() -> Result<()> {
    const TRACES: u32 = 300;
    let launch = Launch::serve()?;
    let server = launch.start()?;
    let make = Documents::new(50, 600);
    put(&server, &make, 0..TRACES)?;
    server.kill()?;

    let log = files_below(&launch.data_dir().join("wal"))?;
    let used = |file: &PathBuf| -> Result<usize> {
        let bytes = fs::read(file)?;
        Ok(bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1))
    };
    let (file, used) = log
        .iter()
        .map(|file| Ok((file, used(file)?)))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .max_by_key(|(_, used)| *used)
        .context("find a log file")?;
    damage(file, used as u64 / 2)?;

    let server = launch.start()?;
    ensure!(
        reports(&server, &["damage", "frame"]),
        "the log says nothing:\n{:#?}",
        server.log()
    );
    let served = served(&server, &make, 0..TRACES)?;
    // The damage was real, and cost at most a frame: 64 kB of documents of 1.2 kB.
    ensure!(
        (TRACES as usize - 64..TRACES as usize).contains(&served),
        "{served} are served"
    );
    put(&server, &make, TRACES..TRACES + 1)?;
    server.finish(&["damage", "frame"])
}

#[test]
fn damaged_block_is_reported_and_everything_else_served() -> Result<()> {
    let launch = Launch::serve()?.settings(&SEALS_EARLY);
    let server = launch.start()?;
    let make = Documents::new(51, 600);
    let blocks = launch.data_dir().join("blocks");
    put(&server, &make, 0..20)?;
    await_sealed(&server, 20.0)?;
    let first = files_below(&blocks)?;
    put(&server, &make, 20..40)?;
    await_sealed(&server, 40.0)?;
    server.kill()?;

    let docs: Vec<&PathBuf> = first
        .iter()
        // One that was merged meanwhile is gone.
        .filter(|file| file.to_string_lossy().contains("docs") && file.is_file())
        .collect();
    for file in &docs {
        // The footer: every reader needs it.
        let length = fs::metadata(file)?.len();
        damage(file, length - 16)?;
    }
    ensure!(
        !docs.is_empty(),
        "no block of the first traces is left to damage"
    );
    let server = launch.start()?;
    let spared = served(&server, &make, 20..40)?;
    let lost = 20 - served(&server, &make, 0..20)?;
    ensure!(spared == 20, "{spared} of 20 others are served");
    ensure!(lost > 0, "the damage did no damage");
    // The read found it; it is set aside in the background.
    eventually("the report", SEALED, || {
        Ok(reports(&server, &["block"]).then_some(()))
    })?;
    eventually("the count", SEALED, || {
        Ok((server.metric("roentgen_damaged_blocks", "")? > 0.0).then_some(()))
    })?;
    server.finish(&["block", "damage"])
}

#[test]
fn lost_catalog_is_rebuilt_from_the_blocks() -> Result<()> {
    let launch = Launch::serve()?.settings(&SEALS_EARLY);
    let server = launch.start()?;
    let make = Documents::new(52, 600);
    put(&server, &make, 0..40)?;
    await_sealed(&server, 40.0)?;
    put(&server, &make, 40..50)?;
    let range = (make.start_secs - 60, make.start_secs + 700);
    let before = eventually("every summary", SEALED, || {
        let answers = Answers::read(&server, range.0, range.1)?;
        Ok(Some(answers).filter(|answers| answers.summaries.len() == 50))
    })?;
    server.kill()?;
    for file in fs::read_dir(launch.data_dir())? {
        let path = file?.path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("catalog.db"))
        {
            fs::remove_file(path)?;
        }
    }
    let server = launch.start()?;
    let after = eventually("every summary", SEALED, || {
        let answers = Answers::read(&server, range.0, range.1)?;
        Ok(Some(answers).filter(|answers| answers.summaries.len() == 50))
    })?;
    ensure!(after == before, "{}", after.differences(&before).join("\n"));
    server.finish(&["catalog"])
}
