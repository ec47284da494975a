//! What is measured, one function a figure.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::UdpSocket;

use crate::client::Client;
use crate::documents::{Documents, Trace, renewed};
use crate::operations;
use crate::server::Server;
use crate::table::{Table, say};

const DOCUMENTS_PER_CALL: usize = 50;
/// Bodies made before a load starts and sent in turn, each round with new trace ids.
const BODIES: usize = 400;
const CONNECTIONS: usize = 4;
const VISIBLE_SAMPLES: usize = 40;
const BY_ID_SAMPLES: usize = 500;
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";
/// A budget that the load exceeds many times over.
const SMALL_LIVE_BUDGET: &str = "16MiB";

/// Everything, one after the other.
pub(crate) async fn measure(
    binary: &Path,
    seconds: u64,
    seed: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let load = Duration::from_secs(seconds);
    say("filter expressions");
    crate::filters::measure(table)?;
    let data = tempfile::tempdir().context("make a data directory")?;
    say("start and idle");
    let server = Server::start(binary, &data, &[]).await?;
    table.add(
        "start, empty",
        server.started_in.as_secs_f64() * 1000.0,
        "ms",
        "<= 100",
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    table.add("memory, idle", server.memory_mb("VmRSS")?, "MB", "<= 50");
    let mut documents = Documents::new(seed);
    say("trace by id, and visible after acknowledgement");
    visible(&server.client, &mut documents, table).await?;
    by_id(&server.client, &mut documents, table).await?;
    say("documents over HTTP");
    http_load(&server, &mut documents, load, table).await?;
    say("datagrams");
    udp_load(&server, &mut documents, load, table).await?;
    table.add(
        "memory, the most under load",
        server.memory_mb("VmHWM")?,
        "MB",
        "<= 500",
    );
    say("every operation, on the data of the loads");
    operations::measure(&server.client, now_secs(), table).await?;
    say("restart after kill");
    server.kill().await?;
    let again = Server::start(binary, &data, &[]).await?;
    table.add(
        "start after kill, log of the loads above",
        again.started_in.as_secs_f64() * 1000.0,
        "ms",
        "",
    );
    again.kill().await?;
    say("a live budget smaller than the load");
    bounded_live(binary, &mut documents, load, table).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the load is of the real now, as its server's"
)]
pub(crate) fn now_secs() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

pub(crate) fn body(traces: &[Trace]) -> String {
    let documents: Vec<&String> = traces.iter().flat_map(|t| &t.documents).collect();
    json!({"TraceSegmentDocuments": documents}).to_string()
}

fn bodies(documents: &mut Documents) -> Vec<String> {
    let per_call = DOCUMENTS_PER_CALL / crate::documents::DOCUMENTS_PER_TRACE;
    let at = now_secs();
    let one = |_| {
        body(
            &(0..per_call)
                .map(|_| documents.trace(at))
                .collect::<Vec<_>>(),
        )
    };
    (0..BODIES).map(one).collect()
}

/// From acknowledgement until a search finds the trace.
async fn visible(
    client: &Client,
    documents: &mut Documents,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for _ in 0..VISIBLE_SAMPLES {
        let trace = documents.trace(now_secs());
        client
            .call(
                "/TraceSegments",
                &json!({"TraceSegmentDocuments": trace.documents}),
            )
            .await?;
        let acknowledged = Instant::now();
        while !is_found(client, &trace.id).await? {
            ensure!(
                acknowledged.elapsed() < Duration::from_secs(10),
                "trace {} is not found",
                trace.id
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        all.push(acknowledged.elapsed());
    }
    table.add_latencies("acknowledged until found by a search", all, "<= 200");
    Ok(())
}

async fn is_found(client: &Client, id: &str) -> anyhow::Result<bool> {
    let now = now_secs();
    let request = json!({"StartTime": now - 60.0, "EndTime": now + 60.0});
    let answer = client.call("/TraceSummaries", &request).await?;
    let found = answer
        .get("TraceSummaries")
        .and_then(Value::as_array)
        .context("read summaries")?;
    Ok(found
        .iter()
        .any(|summary| summary.get("Id").and_then(Value::as_str) == Some(id)))
}

async fn by_id(
    client: &Client,
    documents: &mut Documents,
    table: &mut Table,
) -> anyhow::Result<()> {
    let traces: Vec<Trace> = (0..200).map(|_| documents.trace(now_secs())).collect();
    for part in traces.chunks(10) {
        client.post("/TraceSegments", body(part).into()).await?;
    }
    let mut all = Vec::new();
    for trace in traces.iter().cycle().take(BY_ID_SAMPLES) {
        let begun = Instant::now();
        let answer = client
            .call("/Traces", &json!({"TraceIds": [trace.id]}))
            .await?;
        all.push(begun.elapsed());
        let found = answer
            .get("Traces")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        ensure!(found == 1, "trace {} is missing", trace.id);
    }
    table.add_latencies("trace by id over HTTP", all, "<= 10");
    Ok(())
}

/// What a load came to.
#[derive(Debug, Default)]
struct Load {
    accepted: u64,
    refused: u64,
    latencies: Vec<Duration>,
}

/// Closed loop over `connections`: each sends its next body when the last is acknowledged.
async fn put_for(
    client: &Client,
    bodies: &[String],
    connections: usize,
    load: Duration,
) -> anyhow::Result<Load> {
    let until = Instant::now() + load;
    let mut workers = Vec::new();
    for worker in 0..connections {
        let (client, bodies) = (client.clone(), bodies.to_vec());
        workers.push(tokio::spawn(async move {
            let mut result = Load::default();
            // Rounds of different workers and loads never meet: no document is sent twice.
            let first_round =
                u32::try_from(worker * 1_000_000 + connections * 100_000).unwrap_or(0);
            for (sent, body) in bodies.iter().cycle().enumerate() {
                let round = first_round + u32::try_from(sent / bodies.len()).unwrap_or(u32::MAX);
                let body = Bytes::from(renewed(body, round));
                let begun = Instant::now();
                if begun >= until {
                    break;
                }
                let (status, _) = client.post("/TraceSegments", body).await?;
                if status.is_success() {
                    result.accepted += 48;
                    result.latencies.push(begun.elapsed());
                } else {
                    result.refused += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            anyhow::Ok(result)
        }));
    }
    let mut all = Load::default();
    for worker in workers {
        let one = worker.await.context("run a connection")??;
        all.accepted += one.accepted;
        all.refused += one.refused;
        all.latencies.extend(one.latencies);
    }
    Ok(all)
}

async fn http_load(
    server: &Server,
    documents: &mut Documents,
    load: Duration,
    table: &mut Table,
) -> anyhow::Result<()> {
    let bodies = bodies(documents);
    let lone = put_for(
        &server.client,
        bodies.get(..100).unwrap_or_default(),
        1,
        Duration::from_secs(2),
    )
    .await?;
    table.add_latencies(
        "acknowledgement, one client, 48 documents a call",
        lone.latencies,
        "",
    );
    let (cpu, begun) = (server.cpu_secs()?, Instant::now());
    let result = put_for(&server.client, &bodies, CONNECTIONS, load).await?;
    rates(
        "documents over HTTP",
        result.accepted,
        begun.elapsed(),
        server.cpu_secs()? - cpu,
        ">= 50000",
        table,
    );
    table.add_latencies(
        "acknowledgement, four clients at full load",
        result.latencies,
        "",
    );
    table.add(
        "calls refused for lack of room",
        as_f64(result.refused),
        "calls",
        "",
    );
    Ok(())
}

async fn udp_load(
    server: &Server,
    documents: &mut Documents,
    load: Duration,
    table: &mut Table,
) -> anyhow::Result<()> {
    let at = now_secs();
    let traces: Vec<Trace> = (0..10_000).map(|_| documents.trace(at)).collect();
    let datagrams: Vec<String> = traces
        .iter()
        .flat_map(|t| t.documents.iter().map(|d| format!("{HEADER}{d}")))
        .collect();
    let socket = UdpSocket::bind("127.0.0.1:0")
        .await
        .context("open a socket")?;
    let sent_before = server
        .metric("xray_daemon_segments_total", "result=\"sent\"")
        .await?;
    let (cpu, begun) = (server.cpu_secs()?, Instant::now());
    let mut sent = 0_u64;
    for datagram in datagrams.iter().cycle() {
        if begun.elapsed() >= load {
            break;
        }
        let round = u32::try_from(sent / as_u64(datagrams.len())).unwrap_or(u32::MAX);
        let datagram = renewed(datagram, round);
        socket
            .send_to(datagram.as_bytes(), &server.daemon)
            .await
            .context("send a datagram")?;
        sent += 1;
        if sent.is_multiple_of(64) {
            tokio::task::yield_now().await;
        }
    }
    while server.metric("xray_daemon_queue_segments", "").await? > 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let elapsed = begun.elapsed();
    let kept = server
        .metric("xray_daemon_segments_total", "result=\"sent\"")
        .await?
        - sent_before;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count"
    )]
    let kept_whole = kept as u64;
    rates(
        "datagrams kept",
        kept_whole,
        elapsed,
        server.cpu_secs()? - cpu,
        "",
        table,
    );
    table.add("datagrams sent", as_f64(sent), "datagrams", "");
    let spilled = server
        .metric("xray_daemon_segments_total", "result=\"spilled\"")
        .await?;
    table.add(
        "datagrams dropped: kernel",
        server.metric("xray_daemon_kernel_drops", "").await?,
        "datagrams",
        "",
    );
    table.add("datagrams dropped: queue full", spilled, "datagrams", "");
    Ok(())
}

fn rates(
    name: &str,
    count: u64,
    elapsed: Duration,
    cpu: f64,
    goal: &'static str,
    table: &mut Table,
) {
    table.add(
        name.to_owned(),
        as_f64(count) / elapsed.as_secs_f64(),
        "/s",
        "",
    );
    table.add(
        format!("{name}, per CPU-second of the server"),
        as_f64(count) / cpu,
        "/CPU-s",
        goal,
    );
}

/// LOAD-1: with a small live budget the server refuses rather than grows.
async fn bounded_live(
    binary: &Path,
    documents: &mut Documents,
    load: Duration,
    table: &mut Table,
) -> anyhow::Result<()> {
    let data: TempDir = tempfile::tempdir().context("make a data directory")?;
    let server = Server::start(
        binary,
        &data,
        &[("ROENTGEN_STORE_LIVE_MAX_BYTES", SMALL_LIVE_BUDGET)],
    )
    .await?;
    let bodies = bodies(documents);
    let result = put_for(&server.client, &bodies, CONNECTIONS, load).await?;
    let live = server.metric("roentgen_live_bytes", "").await? / f64::from(1 << 20);
    table.add(
        "live traces with a budget of 16 MiB",
        live,
        "MiB",
        "<= 16 + calls",
    );
    table.add(
        "memory, the most with that budget",
        server.memory_mb("VmHWM")?,
        "MB",
        "",
    );
    table.add(
        "documents accepted with that budget",
        as_f64(result.accepted),
        "documents",
        "",
    );
    table.add(
        "calls refused with that budget",
        as_f64(result.refused),
        "calls",
        "",
    );
    server.kill().await
}

/// A release build from nothing, in a directory of its own.
pub(crate) fn cold_build(table: &mut Table) -> anyhow::Result<()> {
    let target = tempfile::tempdir().context("make a target directory")?;
    let begun = Instant::now();
    let status = std::process::Command::new("cargo")
        .args(["build", "--release", "--package", "roentgen", "--quiet"])
        .env("CARGO_TARGET_DIR", target.path())
        .status()
        .context("run cargo")?;
    ensure!(status.success(), "the build failed");
    table.add(
        "cold release build",
        begun.elapsed().as_secs_f64() / 60.0,
        "min",
        "<= 10",
    );
    let binary =
        std::fs::metadata(target.path().join("release/roentgen")).context("find the binary")?;
    table.add(
        "size of the binary",
        as_f64(binary.len()) / f64::from(1 << 20),
        "MiB",
        "<= 40",
    );
    Ok(())
}

pub(crate) fn as_f64(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a figure needs no more than 52 bits"
    )]
    let float = count as f64;
    float
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
