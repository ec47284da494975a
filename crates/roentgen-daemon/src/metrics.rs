//! What the daemon port counts (names: spec daemon.md 10 "M").

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// `xray_daemon_datagrams_total{result}`: ok, bad_header, empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResultLabel {
    pub result: &'static str,
}

/// `xray_daemon_rejected_total{code}`: the store's `ErrorCode`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CodeLabel {
    pub code: &'static str,
}

/// Counters of the daemon port; clones share them.
#[derive(Clone, Debug, Default)]
pub struct DaemonMetrics {
    /// Non-empty datagrams by what became of them, empty ones apart.
    pub datagrams: Family<ResultLabel, Counter>,
    /// Documents: `sent` to the store and kept, `rejected` by it, `spilled` for lack of room.
    pub segments: Family<ResultLabel, Counter>,
    /// Documents refused by the store, by code.
    pub rejected: Family<CodeLabel, Counter>,
    /// Documents waiting for the store.
    pub queue_segments: Gauge,
    /// Their bytes.
    pub queue_bytes: Gauge,
    /// Datagrams the kernel dropped because the socket's buffer was full (Linux; read when scraped).
    pub kernel_drops: Gauge,
}

impl DaemonMetrics {
    /// Puts the counters in a registry.
    pub fn register(&self, registry: &mut Registry) {
        let Self {
            datagrams,
            segments,
            rejected,
            queue_segments,
            queue_bytes,
            kernel_drops,
        } = self;
        for (name, help, family) in [
            (
                "xray_daemon_datagrams",
                "Datagrams received, by result",
                datagrams,
            ),
            (
                "xray_daemon_segments",
                "Documents of datagrams, by what became of them",
                segments,
            ),
        ] {
            registry.register(name, help, family.clone());
        }
        registry.register(
            "xray_daemon_rejected",
            "Documents refused, by code",
            rejected.clone(),
        );
        for (name, help, gauge) in [
            (
                "xray_daemon_queue_segments",
                "Documents waiting for the store",
                queue_segments,
            ),
            (
                "xray_daemon_queue_bytes",
                "Bytes waiting for the store",
                queue_bytes,
            ),
            (
                "xray_daemon_kernel_drops",
                "Datagrams dropped by the kernel",
                kernel_drops,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
    }

    pub(crate) fn datagram(&self, result: &'static str) {
        self.datagrams.get_or_create(&ResultLabel { result }).inc();
    }

    pub(crate) fn segments(&self, result: &'static str, count: u64) {
        if count > 0 {
            self.segments
                .get_or_create(&ResultLabel { result })
                .inc_by(count);
        }
    }
}
