//! Traces on their way into blocks: late documents, restarts, and pages read meanwhile
//! (SEAL-2, HOME-2, VIEW-1, PAGE-1).

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Documents, Launch, SEALS_EARLY, Server, eventually, now_secs};
use serde_json::{Value, json};

use super::answers::{Answers, summaries};

/// How long a trace may take into its block: idle, chunk and a busy machine.
pub(super) const SEALED: Duration = Duration::from_secs(60);

/// Waits until `count` traces went into blocks since the server started.
pub(super) fn await_sealed(server: &Server, count: f64) -> Result<()> {
    eventually("the seal", SEALED, || {
        let sealed = server.metric("roentgen_traces_sealed_total", "")?;
        Ok((sealed >= count).then_some(()))
    })
}

fn answers(server: &Server) -> Result<Answers> {
    Answers::read(server, now_secs() - 7200, now_secs() + 60)
}

#[test]
fn late_document_for_a_sealed_trace_counts_once_wherever_the_trace_is() -> Result<()> {
    let launch = Launch::serve()?.settings(&SEALS_EARLY);
    let mut server = launch.start()?;
    // An hour old, so that the last subsegment is an hour late.
    let make = Documents::new(40, 3600);
    let id = make.trace_id(1);
    let complete = make.segment(1, 1, "shop", 0, 300);
    server.put(std::slice::from_ref(&complete))?;
    await_sealed(&server, 1.0)?;
    // The same again: nothing changes, in a block or live.
    server.put(std::slice::from_ref(&complete))?;
    let late = json!({
        "type": "subsegment", "name": "cleanup", "id": make.id(1, 2), "trace_id": id,
        "parent_id": make.id(1, 1), "start_time": make.at(3_500_000),
        "end_time": make.at(3_500_100),
    });
    server.put(std::slice::from_ref(&late))?;
    let is_last = |answers: &Answers| {
        answers
            .summaries
            .get(&id)
            .is_some_and(|summary| summary["Duration"] == 3500.1 && summary["Revision"] == 2)
    };
    let live = eventually("the late subsegment", SEALED, || {
        Ok(Some(answers(&server)?).filter(is_last))
    })?;
    let node = live.graph.values().find(|node| node["Type"].is_null());
    let counted = &node.context("find the node")?["SummaryStatistics"]["TotalCount"];
    ensure!(*counted == 1, "counted {counted} times");

    await_sealed(&server, 2.0)?;
    let sealed = answers(&server)?;
    ensure!(
        sealed == live,
        "sealed again:\n{}",
        sealed.differences(&live).join("\n")
    );
    server.put(&[complete, late])?;
    server.kill()?;
    server = launch.start()?;
    let restarted = answers(&server)?;
    ensure!(
        restarted == live,
        "restarted:\n{}",
        restarted.differences(&live).join("\n")
    );
    server.finish(&[])
}

#[test]
fn pages_read_while_traces_are_sealed_hold_every_trace_once() -> Result<()> {
    const TRACES: u32 = 2_500;
    let server = Launch::serve()?.settings(&SEALS_EARLY).start()?;
    let make = Documents::new(41, 600);
    for chunk in (0..TRACES).collect::<Vec<_>>().chunks(250) {
        let segment = |&trace: &u32| make.segment(trace, 1, "shop", trace, trace + 10);
        server.put(&chunk.iter().map(segment).collect::<Vec<_>>())?;
    }
    let window = (make.start_secs - 60, now_secs() + 60);
    eventually("every summary", SEALED, || {
        let (found, _) = summaries(&server, window.0, window.1)?;
        Ok((found.len() == TRACES as usize).then_some(()))
    })?;
    let mut request = json!({ "StartTime": window.0, "EndTime": window.1 });
    let (mut seen, mut pages) = (BTreeSet::new(), 0);
    loop {
        let page = server.ask("TraceSummaries", &request)?;
        for summary in page["TraceSummaries"]
            .as_array()
            .context("find the summaries")?
        {
            let id = summary["Id"].as_str().context("find the id")?.to_owned();
            ensure!(seen.insert(id), "on two pages: {summary}");
        }
        pages += 1;
        let Value::String(token) = &page["NextToken"] else {
            break;
        };
        request["NextToken"] = json!(token);
        // The next page comes from another view: by then all of it is in blocks.
        await_sealed(&server, f64::from(TRACES))?;
    }
    ensure!(
        pages > 1 && seen.len() == TRACES as usize,
        "{} on {pages} pages",
        seen.len()
    );
    server.finish(&[])
}
