//! What the server tells about itself: log lines, `/metrics`, `/healthz`.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use roentgen_daemon::{DaemonMetrics, udp};
use roentgen_store::source::{StoreStats, TraceReader};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Sends log lines to standard error.
pub(crate) fn start_logging(level: &str, format: LogFormat) {
    let filter = EnvFilter::builder().parse_lossy(level);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// A line for people on standard output.
pub(crate) fn print(text: &str) {
    // Nobody is there to be told that standard output is gone.
    let _closed = writeln!(std::io::stdout(), "{text}");
}

/// A line for people on standard error, before or without a log.
pub(crate) fn print_error(text: &str) {
    let _closed = writeln!(std::io::stderr(), "roentgen: {text}");
}

/// `/healthz` (200 once the routes are served, i.e. ready) and `/metrics` (Prometheus).
pub(crate) fn routes(metrics: Metrics) -> Router {
    let metrics = Arc::new(metrics);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/metrics",
            get(move || {
                let metrics = Arc::clone(&metrics);
                async move { ([(CONTENT_TYPE, METRICS_TYPE)], metrics.text()).into_response() }
            }),
        )
}

/// Everything on `/metrics`.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    daemon: DaemonMetrics,
    daemon_port: u16,
}

impl Metrics {
    /// The registry with the store's numbers; other parts register their own.
    pub(crate) fn new(
        reader: Arc<dyn TraceReader>,
        daemon: DaemonMetrics,
        daemon_port: u16,
        register: impl FnOnce(&mut Registry),
    ) -> Self {
        let mut registry = Registry::default();
        daemon.register(&mut registry);
        register(&mut registry);
        registry.register_collector(Box::new(StoreCollector(reader)));
        registry.register_collector(Box::new(ProcessCollector));
        Self {
            registry,
            daemon,
            daemon_port,
        }
    }

    fn text(&self) -> String {
        if let Some(drops) = udp::kernel_drops(self.daemon_port) {
            self.daemon
                .kernel_drops
                .set(i64::try_from(drops).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}

#[derive(Debug)]
struct StoreCollector(Arc<dyn TraceReader>);

impl Collector for StoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let stats = self.0.stats();
        for (name, help, value) in gauges(stats) {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        for (name, help, value) in totals(stats) {
            let counter = ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}

/// Name, help and value of what goes up and down.
fn gauges(stats: StoreStats) -> [(&'static str, &'static str, u64); 10] {
    [
        (
            "roentgen_live_traces",
            "Traces still assembling",
            stats.live_traces,
        ),
        (
            "roentgen_live_bytes",
            "Memory of live traces",
            stats.live_bytes,
        ),
        (
            "roentgen_log_bytes",
            "Size of the write-ahead log",
            stats.log_bytes,
        ),
        ("roentgen_blocks", "Blocks on disk", stats.blocks),
        (
            "roentgen_block_bytes",
            "Size of all blocks",
            stats.block_bytes,
        ),
        (
            "roentgen_block_traces",
            "Traces at home in blocks",
            stats.block_traces,
        ),
        (
            "roentgen_moved_traces",
            "Copies left behind in blocks",
            stats.moved_traces,
        ),
        (
            "roentgen_damaged_blocks",
            "Blocks set aside as damaged",
            stats.damaged_blocks,
        ),
        (
            "roentgen_locked_blocks",
            "Blocks that wait for their encryption key",
            stats.locked_blocks,
        ),
        (
            "roentgen_locked_log_documents",
            "Documents of the log that wait for their encryption key",
            stats.locked_log_documents,
        ),
    ]
}

/// Name, help and value of what only grows.
fn totals(stats: StoreStats) -> [(&'static str, &'static str, u64); 7] {
    let lost = stats.damaged_log_bytes_total;
    [
        (
            "roentgen_damaged_log_bytes",
            "Log bytes lost to damage",
            lost,
        ),
        (
            "roentgen_documents_logged",
            "Documents made durable",
            stats.documents_logged_total,
        ),
        (
            "roentgen_documents_without_key",
            "Documents refused because the encryption key was missing",
            stats.documents_without_key_total,
        ),
        (
            "roentgen_traces_sealed",
            "Traces written to blocks",
            stats.traces_sealed_total,
        ),
        (
            "roentgen_traces_reopened",
            "Traces made live again",
            stats.traces_reopened_total,
        ),
        (
            "roentgen_blocks_merged",
            "Blocks merged into larger ones",
            stats.blocks_merged_total,
        ),
        (
            "roentgen_blocks_retired",
            "Blocks dropped by age",
            stats.blocks_retired_total,
        ),
    ]
}

#[derive(Debug)]
struct ProcessCollector;

/// Set once at start, for `process_start_time_seconds`.
static START_SECS: AtomicU64 = AtomicU64::new(0);

/// Remembers when the process started, in epoch seconds.
pub(crate) fn started_at(epoch_secs: u64) {
    START_SECS.store(epoch_secs, Ordering::Relaxed);
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let start = i64::try_from(START_SECS.load(Ordering::Relaxed)).unwrap_or(0);
        let resident = resident_bytes().unwrap_or(0);
        for (name, help, value) in [
            (
                "process_start_time_seconds",
                "When the process started",
                start,
            ),
            ("process_resident_memory_bytes", "Resident memory", resident),
        ] {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

/// Linux only; elsewhere the number is 0.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
