//! `kill -9` under load, again and again.
//!
//! Method: two writers send reproducible batches, each the next only after the last was
//! acknowledged. At a random moment the process is killed. After the restart everything that was
//! acknowledged must be there; the batch that got no answer is sent again, as a client would.
//! After all rounds a second, undisturbed server gets the same batches once. If the two answer
//! alike (pages, processed counts, documents, service graph with histograms), nothing was lost
//! and nothing counted twice (LOG-1, LOG-3, ASM-1, HOME-1).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use roentgen_tests::{Documents, Launch, SEALS_EARLY, Server, eventually, now_secs};
use serde_json::{Value, json};

use super::answers::{Answers, by_id, summaries};
use super::feed::Feed;

const ROUNDS: u32 = 20;

/// Bounds a round's data on a fast machine.
const BATCHES_A_ROUND: u32 = 150;

const VISIBLE: Duration = Duration::from_secs(20);

/// A writer: its feed, and the first batch that is not acknowledged.
struct Writer {
    feed: Feed,
    next: u32,
}

impl Writer {
    /// Sends batches until the server is gone, or has had enough for a round.
    fn write(&mut self, server: &Server) {
        let end = self.next + BATCHES_A_ROUND;
        while self.next < end && server.put(&self.feed.batch(self.next)).is_ok() {
            self.next += 1;
        }
    }
}

#[test]
fn killed_under_load_loses_nothing_acknowledged_and_counts_once() -> Result<()> {
    run(&[])
}

#[test]
fn killed_while_sealing_loses_nothing_acknowledged_and_counts_once() -> Result<()> {
    run(&SEALS_EARLY)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the seed is printed with a failure"
)]
fn run(settings: &[(&str, &str)]) -> Result<()> {
    let seed: u64 = rand::random();
    run_seeded(settings, seed).with_context(|| format!("seed {seed}"))
}

fn run_seeded(settings: &[(&str, &str)], seed: u64) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let start = now_secs() - 900;
    let mut writers = [30, 31].map(|series| Writer {
        feed: Feed::new(Documents {
            start_secs: start + 60,
            series,
        }),
        next: 0,
    });
    let launch = Launch::serve()?.settings(settings);
    let mut server = launch.start()?;
    for round in 0..ROUNDS {
        create_rule(&server, round)?;
        let moment = Duration::from_millis(random.random_range(5..250));
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let server = &server;
                scope.spawn(move || writer.write(server));
            }
            std::thread::sleep(moment);
            kill_now(&server)
        })?;
        server.kill()?;
        server = launch
            .start()
            .with_context(|| format!("start after round {round}"))?;
        for writer in &writers {
            acknowledged_is_there(&server, writer, round)?;
        }
        settings_are_there(&server, round)?;
    }
    for writer in &mut writers {
        server.put(&writer.feed.batch(writer.next))?;
        writer.next += 1;
    }
    let end = start + 900;
    let disturbed = read_when_complete(&server, &writers, start, end)?;
    server.finish(&[])?;

    let expected = undisturbed(&writers, start, end)?;
    let differences = disturbed.differences(&expected);
    ensure!(
        differences.is_empty(),
        "killed, then undisturbed:\n{}",
        differences.join("\n")
    );
    let traces: u32 = writers.iter().map(|writer| writer.next).sum();
    ensure!(traces > ROUNDS, "the load was no load: {traces} traces");
    ensure!(
        disturbed.processed == i64::from(traces),
        "{} for {traces}",
        disturbed.processed
    );
    Ok(())
}

/// What a server answers that got the same batches once and was left in peace.
fn undisturbed(writers: &[Writer], start: u64, end: u64) -> Result<Answers> {
    let server = Launch::serve()?.start()?;
    for writer in writers {
        for step in 0..writer.next {
            server.put(&writer.feed.batch(step))?;
        }
    }
    let answers = read_when_complete(&server, writers, start, end)?;
    server.finish(&[])?;
    Ok(answers)
}

fn kill_now(server: &Server) -> Result<()> {
    let status = std::process::Command::new("kill")
        .args(["-KILL", &server.process_id().to_string()])
        .status()?;
    ensure!(status.success(), "`kill -KILL` ended with {status}");
    Ok(())
}

/// Every acknowledged trace of `writer` is read back by id; whole ones with all their segments.
fn acknowledged_is_there(server: &Server, writer: &Writer, round: u32) -> Result<()> {
    let ids: Vec<String> = (0..writer.next)
        .map(|step| writer.feed.trace_id(step))
        .collect();
    let whole = Feed::end_of_whole(writer.next);
    let mut step = 0;
    for ids in ids.chunks(200) {
        let found = by_id(server, &ids.iter().collect::<Vec<_>>())?;
        for id in ids {
            let trace = found.get(id);
            let trace = trace.with_context(|| format!("round {round}: `{id}` is lost"))?;
            let segments = trace["Segments"]
                .as_object()
                .map_or(0, serde_json::Map::len);
            // Front, back, and what is inferred of the table and the audit.
            ensure!(
                step >= whole || segments == 4,
                "round {round}: `{id}` lost a part: {trace}"
            );
            step += 1;
        }
    }
    Ok(())
}

fn create_rule(server: &Server, round: u32) -> Result<()> {
    let rule = json!({
        "RuleName": format!("round-{round}"), "ResourceARN": "*", "Priority": 100 + round,
        "FixedRate": 0.5, "ReservoirSize": round, "ServiceName": "*", "ServiceType": "*",
        "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    });
    server.ask("CreateSamplingRule", &json!({ "SamplingRule": rule }))?;
    Ok(())
}

/// The rules of all rounds so far are there, each once, as they were created.
fn settings_are_there(server: &Server, round: u32) -> Result<()> {
    let answer = server.ask("GetSamplingRules", &json!({}))?;
    let records = answer["SamplingRuleRecords"]
        .as_array()
        .context("find the rules")?;
    let sizes: Vec<i64> = records
        .iter()
        .map(|record| &record["SamplingRule"])
        .filter(|rule| rule["RuleName"] != "Default")
        .filter_map(|rule| rule["ReservoirSize"].as_i64())
        .collect();
    let expected: Vec<i64> = (0..=i64::from(round)).collect();
    ensure!(sizes == expected, "round {round}: rules {sizes:?}");
    Ok(())
}

/// Reads everything once every trace has its last summary.
fn read_when_complete(
    server: &Server,
    writers: &[Writer],
    start: u64,
    end: u64,
) -> Result<Answers> {
    let expected: usize = writers.iter().map(|writer| writer.next as usize).sum();
    // The youngest traces of each writer have only begun.
    let partial = writers.len() * 2;
    eventually("the last summaries", VISIBLE, || {
        let (summaries, _) = summaries(server, start, end)?;
        let is_partial = |summary: &&Value| summary["IsPartial"] == true;
        let complete =
            summaries.len() == expected && summaries.values().filter(is_partial).count() == partial;
        Ok(complete.then_some(()))
    })?;
    // Summaries and totals of one trace change together; read when two readings agree.
    eventually("two equal readings", VISIBLE, || {
        let first = Answers::read(server, start, end)?;
        std::thread::sleep(Duration::from_millis(300));
        let second = Answers::read(server, start, end)?;
        Ok((first == second).then_some(second))
    })
}
