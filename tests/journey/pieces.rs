//! A trace that comes in pieces: in progress then complete, late, twice, across restarts.
//! Whatever the way, it counts once (ASM-1, HOME-1).

use std::time::Duration;

use anyhow::{Result, ensure};
use roentgen_tests::{Documents, Launch, Server, eventually, now_secs};
use serde_json::{Value, json};

fn summary(server: &Server, trace_id: &str) -> Result<Option<Value>> {
    let request = json!({ "StartTime": now_secs() - 7200, "EndTime": now_secs() + 60 });
    let answer = server.ask("TraceSummaries", &request)?;
    let mut all = answer["TraceSummaries"].as_array().into_iter().flatten();
    let mine: Vec<&Value> = all
        .by_ref()
        .filter(|summary| summary["Id"] == trace_id)
        .collect();
    ensure!(mine.len() <= 1, "a trace has one summary: {mine:?}");
    Ok(mine.first().copied().cloned())
}

/// Waits until the summary of `trace_id` satisfies `is_so`.
fn await_summary(server: &Server, trace_id: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
    eventually("the summary", Duration::from_secs(10), || {
        Ok(summary(server, trace_id)?.filter(&is_so))
    })
}

/// How often the node `name` was counted in the service graph.
fn counted(server: &Server, name: &str) -> Result<i64> {
    let request = json!({ "StartTime": now_secs() - 7200, "EndTime": now_secs() + 60 });
    let graph = server.ask("ServiceGraph", &request)?;
    let nodes = graph["Services"].as_array().into_iter().flatten();
    let mine = nodes.filter(|node| node["Name"] == name && node["Type"] != "client");
    Ok(mine
        .filter_map(|node| node["SummaryStatistics"]["TotalCount"].as_i64())
        .sum())
}

#[test]
fn trace_completed_in_pieces_counts_once() -> Result<()> {
    let launch = Launch::serve()?;
    let mut server = launch.start()?;
    // An hour old: the late subsegment below is late by the trace's own times.
    let make = Documents::new(10, 3600);
    let trace_id = make.trace_id(1);
    let mut begun = make.segment(1, 1, "shop", 0, 300);
    let complete = begun.clone();
    begun
        .as_object_mut()
        .expect("made as an object")
        .remove("end_time");
    begun["in_progress"] = json!(true);

    server.put(&[begun.clone()])?;
    let partial = await_summary(&server, &trace_id, |_| true)?;
    ensure!(
        partial["IsPartial"] == true && partial["Revision"] == 1,
        "{partial}"
    );
    ensure!(
        counted(&server, "shop")? == 0,
        "what is in progress is not counted"
    );

    server.put(std::slice::from_ref(&complete))?;
    let whole = await_summary(&server, &trace_id, |summary| summary["IsPartial"] == false)?;
    ensure!(
        whole["Revision"] == 2 && whole["ResponseTime"] == 0.3,
        "{whole}"
    );

    // The same batch again, the stale document again, and both after a kill: nothing changes.
    server.put(std::slice::from_ref(&complete))?;
    server.put(std::slice::from_ref(&begun))?;
    server.kill()?;
    server = launch.start()?;
    server.put(&[complete, begun])?;

    let late = json!({
        "type": "subsegment", "name": "cleanup", "id": make.id(1, 2), "trace_id": trace_id,
        "parent_id": make.id(1, 1), "start_time": make.at(3_500_000), "end_time": make.at(3_500_100),
    });
    server.put(&[late])?;
    let last = await_summary(&server, &trace_id, |summary| summary["Duration"] == 3500.1)?;
    ensure!(
        last["Revision"] == 3 && last["ResponseTime"] == 0.3,
        "{last}"
    );
    ensure!(
        counted(&server, "shop")? == 1,
        "the graph counts the segment once"
    );
    server.finish(&[])
}

#[test]
fn clean_stop_keeps_everything() -> Result<()> {
    let launch = Launch::serve()?;
    let server = launch.start()?;
    let make = Documents::new(11, 60);
    server.put(&[make.segment(1, 1, "shop", 0, 300)])?;
    server.finish(&[])?;
    let server = launch.start()?;
    await_summary(&server, &make.trace_id(1), |summary| {
        summary["ResponseTime"] == 0.3
    })?;
    ensure!(
        counted(&server, "shop")? == 1,
        "the graph counts the segment once"
    );
    server.finish(&[])
}
