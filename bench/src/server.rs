//! The server under measurement: a real process on free ports with a data directory of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::client::Client;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(2);
/// Linux counts CPU time in hundredths of a second for every user space program.
const TICKS_PER_SEC: f64 = 100.0;

/// A running server; ends when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    pub(crate) client: Client,
    pub(crate) daemon: String,
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts the binary and waits until it is ready.
    pub(crate) async fn start(
        binary: &Path,
        data: &TempDir,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let endpoints = data.path().join("endpoints.json");
        let _missing = std::fs::remove_file(&endpoints);
        let log = std::fs::File::create(data.path().join("server.log")).context("create a log")?;
        let begun = Instant::now();
        let process = Command::new(binary)
            .args([
                "serve",
                "--http",
                "127.0.0.1:0",
                "--daemon",
                "127.0.0.1:0",
                "--otlp-grpc",
                "127.0.0.1:0",
                "--otlp-http",
                "127.0.0.1:0",
                "--log-level",
                "warn",
                "--data-dir",
            ])
            .arg(data.path())
            .envs(settings.iter().copied())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start `{}`", binary.display()))?;
        let deadline = begun + START_TIMEOUT;
        let addresses = loop {
            if let Ok(text) = std::fs::read_to_string(&endpoints) {
                break serde_json::from_str::<serde_json::Value>(&text)
                    .context("read endpoints.json")?;
            }
            if Instant::now() > deadline {
                bail!(
                    "the server did not start within {} s",
                    START_TIMEOUT.as_secs()
                );
            }
            tokio::time::sleep(POLL).await;
        };
        let address = |name: &str| {
            addresses
                .get(name)
                .and_then(|a| a.as_str())
                .map(str::to_owned)
                .context("read an address")
        };
        let client = Client::new(&address("http")?);
        client.get("/healthz").await.context("ask /healthz")?;
        Ok(Self {
            process,
            client,
            daemon: address("daemon")?,
            started_in: begun.elapsed(),
        })
    }

    /// Ends the process at once, as a power cut of the process would.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("kill the server")
    }

    fn proc_file(&self, name: &str) -> anyhow::Result<String> {
        let id = self.process.id().context("the server has ended")?;
        std::fs::read_to_string(format!("/proc/{id}/{name}")).context("read the server's numbers")
    }

    /// CPU time of the process so far, seconds.
    pub(crate) fn cpu_secs(&self) -> anyhow::Result<f64> {
        let stat = self.proc_file("stat")?;
        let after_name = stat.rsplit_once(')').context("read stat")?.1;
        let ticks: f64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|t| t.parse::<f64>().ok())
            .sum();
        Ok(ticks / TICKS_PER_SEC)
    }

    /// `VmRSS` (now) or `VmHWM` (the most so far), MB.
    pub(crate) fn memory_mb(&self, field: &str) -> anyhow::Result<f64> {
        let status = self.proc_file("status")?;
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix(field))
            .context("read status")?;
        let kib: f64 = line
            .trim_start_matches(':')
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .context("read a size")?;
        Ok(kib / 1024.0)
    }

    /// A number of `/metrics`, summed over its labels that contain `label`.
    pub(crate) async fn metric(&self, name: &str, label: &str) -> anyhow::Result<f64> {
        let text = self.client.get("/metrics").await?;
        let text = String::from_utf8_lossy(&text);
        let of_name = |line: &&str| line.starts_with(name) && line.contains(label);
        let value = |line: &str| {
            line.rsplit_once(' ')
                .and_then(|(_, v)| v.parse::<f64>().ok())
        };
        Ok(text.lines().filter(of_name).filter_map(value).sum())
    }
}
