//! What judging insights costs: a steady load of 1,000 traces a second over 64 services, with insights on
//! for all traces, long enough for two minutes to be judged.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;

use crate::documents::{Documents, renewed};
use crate::figures::{body, now_secs};
use crate::server::Server;
use crate::table::{Table, say};

const SERVICE_COPIES: u32 = 8;
const TRACES_PER_CALL: u32 = 20;
const CALLS_PER_SECOND: u32 = 50;
const LOAD: Duration = Duration::from_secs(150);

pub(crate) async fn measure(binary: &Path, seed: u64, table: &mut Table) -> anyhow::Result<()> {
    say("judging insights at 1,000 traces a second");
    let data = tempfile::tempdir().context("make a data directory")?;
    let server = Server::start(binary, &data, &[]).await?;
    let on = json!({"GroupName": "Default", "InsightsConfiguration": {"InsightsEnabled": true}});
    server.client.call("/UpdateGroup", &on).await?;
    let mut documents = Documents::with_copies(seed, SERVICE_COPIES);
    let (cpu, begun) = (server.cpu_secs()?, Instant::now());
    let mut calls = 0_u32;
    let mut late = Duration::ZERO;
    while begun.elapsed() < LOAD {
        let due = Duration::from_secs(1) * calls / CALLS_PER_SECOND;
        let wait = due.saturating_sub(begun.elapsed());
        late = late.max(begun.elapsed().saturating_sub(due));
        tokio::time::sleep(wait).await;
        let at = now_secs();
        let traces: Vec<_> = (0..TRACES_PER_CALL).map(|_| documents.trace(at)).collect();
        let text = renewed(&body(&traces), calls);
        server.client.post("/TraceSegments", text.into()).await?;
        calls += 1;
    }
    let judged = server
        .metric("roentgen_insight_minutes_judged_total", "")
        .await?;
    let judging = server
        .metric("roentgen_insight_judge_seconds_total", "")
        .await?;
    let elapsed = begun.elapsed().as_secs_f64();
    table.add("insights: minutes judged", judged, "minutes", "");
    table.add(
        "insights: the load was late by at most",
        late.as_secs_f64(),
        "s",
        "",
    );
    table.add(
        "insights: share of one core",
        100.0 * judging / elapsed,
        "%",
        "<= 1",
    );
    let server_share = 100.0 * (server.cpu_secs()? - cpu) / elapsed;
    table.add("insights: the whole server's share", server_share, "%", "");
    server.kill().await
}
