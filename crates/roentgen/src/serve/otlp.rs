//! OpenTelemetry's ports: from settings to a running intake.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use roentgen_daemon::SpanDatagrams;
use roentgen_otlp::map::segments::Window;
use roentgen_otlp::receive::{Intake, IntakeSettings, OtlpMetrics, grpc_routes, http_router};
use roentgen_store::clock::RealClock;
use roentgen_store::source::TraceWriter;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::listen;
use crate::config::{Config, Listen};
use crate::http_server::{self, Protocols};

/// How far ahead of the clock a span may start.
const AHEAD_MAX: Duration = Duration::from_secs(2 * 3600);
/// AWS's limits for its OTLP endpoint, with strict limits only (otlp.md 1.5).
const STRICT_BODY_BYTES_MAX: usize = 5_000_000;
const STRICT_SPAN_BYTES_MAX: usize = 200_000;
const STRICT_AGE_MAX: Duration = Duration::from_secs(14 * 24 * 3600);
const STRICT_SPREAD_MAX: Duration = Duration::from_secs(24 * 3600);

/// The listeners that are configured.
pub(super) struct OtlpSockets {
    grpc: Option<TcpListener>,
    http: Option<TcpListener>,
}

impl OtlpSockets {
    pub(super) async fn bind(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            grpc: bind(config.otlp_grpc, "otlp-grpc").await?,
            http: bind(config.otlp_http, "otlp-http").await?,
        })
    }

    pub(super) fn addresses(&self) -> anyhow::Result<OtlpAddresses> {
        let address = |listener: &Option<TcpListener>| {
            let address = listener.as_ref().map(TcpListener::local_addr);
            address
                .transpose()
                .context("read an address for OpenTelemetry")
        };
        Ok(OtlpAddresses {
            grpc: address(&self.grpc)?,
            http: address(&self.http)?,
        })
    }

    /// Serves until `stop` turns true.
    pub(super) fn serve(
        self,
        intake: &Intake,
        stop: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let Self { grpc, http } = self;
        let grpc = grpc.map(|listener| (listener, grpc_routes(intake)));
        let http = http.map(|listener| (listener, http_router(intake)));
        let both = grpc.into_iter().chain(http);
        both.map(|(listener, app)| {
            tokio::spawn(http_server::serve(
                listener,
                app,
                Protocols::Both,
                stop.clone(),
            ))
        })
        .collect()
    }
}

/// Where OpenTelemetry's requests are taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtlpAddresses {
    pub(super) grpc: Option<SocketAddr>,
    pub(super) http: Option<SocketAddr>,
}

async fn bind(listen_at: Listen, flag: &str) -> anyhow::Result<Option<TcpListener>> {
    let Listen(Some(address)) = listen_at else {
        return Ok(None);
    };
    let listener = listen(address, flag).await;
    listener
        .map(Some)
        .with_context(|| format!("open the port for OpenTelemetry (`--{flag} off` does without)"))
}

/// The intake of the configuration.
pub(super) fn intake(
    config: &Config,
    writer: Arc<dyn TraceWriter>,
    metrics: &OtlpMetrics,
) -> Intake {
    let mut settings = config.otlp.intake.clone();
    let mut age_max = config.retention;
    if config.strict_limits {
        let IntakeSettings {
            map,
            http_bytes_max,
            spread_max,
            ..
        } = &mut settings;
        map.span_bytes_max = map.span_bytes_max.min(STRICT_SPAN_BYTES_MAX);
        *http_bytes_max = (*http_bytes_max).min(STRICT_BODY_BYTES_MAX);
        *spread_max = Some(STRICT_SPREAD_MAX);
        age_max = age_max.min(STRICT_AGE_MAX);
    }
    settings.map.window = Some(Window {
        age_max,
        ahead_max: AHEAD_MAX,
    });
    let clock = Arc::new(RealClock);
    Intake::new(writer, clock, config.scope(), settings, metrics.clone())
}

/// Spans in the daemon's datagrams: where the daemon meets the mapping.
#[derive(Debug)]
pub(super) struct Datagrams(pub(super) Intake);

impl SpanDatagrams for Datagrams {
    fn documents(&self, payload: &[u8]) -> Option<Vec<Bytes>> {
        self.0.documents_from_datagram(payload)
    }
}
