//! `roentgen serve`: opens everything, wires it, waits for a signal, closes it in order.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use roentgen_api::metrics::ApiMetrics;
use roentgen_api::origin::AllowedOrigins;
use roentgen_api::{
    Addresses, ApiSettings, ApiState, Features, Routers, ServerDescription, routers,
};
use roentgen_control::{Control, ControlSettings};
use roentgen_daemon::{DaemonMetrics, UdpIntake, UdpSettings, udp};
use roentgen_model::UnixNanos;
use roentgen_model::settings_history::SettingsHistories;
use roentgen_otlp::receive::{OtlpMetrics, http_routes};
use roentgen_query::insights::{InsightRunner, Notification, PublishedInsights};
use roentgen_query::retrieval::{RetrievalSettings, Retrievals};
use roentgen_store::catalog::CatalogLocation;
use roentgen_store::clock::{Clock, Randomness, RealClock};
use roentgen_store::settings::StoreSettings;
use roentgen_store::source::{StoreError, TraceReader, TraceWriter};
use roentgen_store::{EmbeddedStore, StoreParts};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::console;
use crate::data_dir::DataDir;
use crate::demo::{self, DemoOptions};
use crate::http_server::{self, Protocols};
use crate::insights::{self, InsightMetrics};
use crate::keys::LocalKeys;
use crate::observed::{ObservedReader, ObservedWriter, StoreMetrics};
use crate::otel_spans::otel_spans;
use crate::self_observation::{self, Metrics};
use crate::trace_metrics::TraceMetrics;

pub(crate) mod encryption;
mod otlp;
use crate::webhook::{self, Webhook};
use otlp::{Datagrams, OtlpAddresses, OtlpSockets};

#[cfg(test)]
mod tests;

/// SAMP-1: quotas and statistics are written at most this often.
const STATISTICS_PERIOD: Duration = Duration::from_secs(10);
/// How long datagrams that were received may wait for the store when the server stops.
const UDP_STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// How often the store is asked whether its threads are well.
const HEALTH_PERIOD: Duration = Duration::from_secs(1);
/// The history of the demo keeps this far from what the retention removes.
const HISTORY_MARGIN_NANOS: i64 = 5 * 60 * 1_000_000_000;
/// Documents of one trace with strict limits: AWS's 500 kB (limits.md).
const STRICT_TRACE_BYTES_MAX: u64 = 500 << 10;
/// Tries to find one free port number for both UDP and TCP when port 0 is asked for.
const PORT_PAIR_TRIES: usize = 20;

/// Runs until SIGTERM or SIGINT, then finishes what was accepted and returns. As a demo, the sample
/// shop sends to the daemon port meanwhile.
pub(crate) fn run(config: &Config, demo: Option<DemoOptions>) -> anyhow::Result<()> {
    self_observation::start_logging(&config.log_level, config.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let result = runtime.block_on(serve(config, demo));
    // Queries that were cancelled may still be in their last step.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(config: &Config, demo: Option<DemoOptions>) -> anyhow::Result<()> {
    let clock = RealClock;
    self_observation::started_at(u64::try_from(clock.now().secs()).unwrap_or(0));
    let data_dir = DataDir::open(&config.data_dir)?;
    data_dir.forget_endpoints();
    let sockets = Sockets::bind(config).await?;
    let parts = Parts::open(config, &data_dir).await?;
    let running = Running::start(config, sockets, parts, demo.is_some())?;
    data_dir.write_endpoints(&running.endpoints())?;
    let shown = |address: Option<SocketAddr>| address.map(tracing::field::display);
    tracing::info!(
        http = %running.http,
        daemon = %running.daemon,
        otlp_grpc = shown(running.otlp.grpc),
        otlp_http = shown(running.otlp.http),
        data_dir = %data_dir.path().display(),
        "ready"
    );
    let (shop_stopping, shop_stop) = watch::channel(false);
    let shop = match demo {
        Some(options) => Some(open_shop(config, &running, options, shop_stop).await?),
        None => None,
    };
    let store = Arc::clone(&running.parts.store);
    let poisoned = tokio::select! {
        signal = stop_signal() => { signal?; None }
        error = unhealthy(&store) => Some(error),
    };
    tracing::info!("stopping");
    shop_stopping.send_replace(true);
    if let Some(shop) = shop {
        shop.await.context("stop the sample shop")??;
    }
    data_dir.forget_endpoints();
    running.stop().await?;
    if let Some(error) = poisoned {
        return Err(error).context("a bug stopped the store; start again, nothing is lost");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Furnishes the sample shop of the demo and opens it.
async fn open_shop(
    config: &Config,
    running: &Running,
    options: DemoOptions,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let DemoOptions { seed, history } = options;
    let now = RealClock.now();
    demo::furnish(&running.parts.control, now).await?;
    let store = &running.parts.store;
    let intake = history.then(|| {
        // Started again, the shop was closed meanwhile but for what it sent then.
        let newest = store.stats().t0_bounds.map(|(_, newest)| newest);
        let kept = i64::try_from(config.retention.as_nanos()).unwrap_or(i64::MAX);
        let oldest = UnixNanos(
            now.0
                .saturating_sub(kept)
                .saturating_add(HISTORY_MARGIN_NANOS),
        );
        demo::Intake {
            writer: Arc::clone(store) as _,
            scope: config.scope(),
            after: newest.map_or(oldest, |newest| newest.max(oldest)),
        }
    });
    let (http, daemon) = (running.http, running.daemon);
    let greet = move || greet(http, daemon);
    Ok(tokio::spawn(demo::run(seed, daemon, intake, greet, stop)))
}

/// Waits until a background thread of the store has failed for good.
async fn unhealthy(store: &EmbeddedStore) -> StoreError {
    loop {
        tokio::time::sleep(HEALTH_PERIOD).await;
        if let Err(error) = store.check_health() {
            return error;
        }
    }
}

/// Tells a newcomer where the demo is and what to ask it.
fn greet(http: SocketAddr, daemon: SocketAddr) {
    self_observation::print(&format!(
        "The sample shop is open.\n\
         \n  console      http://{http}/console/\
         \n  X-Ray API    http://{http}\
         \n  daemon port  {daemon} (UDP, and TCP for SDKs)\
         \n  metrics      http://{http}/metrics\n\
         \nTry (any credentials will do):\
         \n  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1\
         \n  aws xray get-trace-summaries --endpoint-url http://{http} \\\
         \n    --start-time $(date -d '5 minutes ago' +%s) --end-time $(date +%s) \\\
         \n    --filter-expression 'service(\"pay\") {{ fault }}'\n\
         \nCtrl-C stops it."
    ));
}

/// The sockets, bound before anything else, so that a taken port is told at once.
struct Sockets {
    http: TcpListener,
    daemon_tcp: TcpListener,
    daemon_udp: UdpSocket,
    otlp: OtlpSockets,
}

impl Sockets {
    async fn bind(config: &Config) -> anyhow::Result<Self> {
        let http = listen(config.http, "http").await?;
        let otlp = OtlpSockets::bind(config).await?;
        let settings = UdpSettings::default();
        for _ in 1..PORT_PAIR_TRIES {
            let daemon_tcp = listen(config.daemon, "daemon").await?;
            let address = daemon_tcp.local_addr().context("read the daemon address")?;
            match udp::bind(address, &settings) {
                Ok(daemon_udp) => {
                    return Ok(Self {
                        http,
                        daemon_tcp,
                        daemon_udp,
                        otlp,
                    });
                }
                // Port 0: TCP got a number that UDP cannot have; another one will do.
                Err(_) if config.daemon.port() == 0 => {}
                Err(error) => return Err(taken(error, "UDP", config.daemon, "daemon")),
            }
        }
        anyhow::bail!("found no port that is free for both UDP and TCP; name one with --daemon")
    }
}

async fn listen(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| taken(error, "TCP", address, flag))
}

fn taken(error: std::io::Error, protocol: &str, address: SocketAddr, flag: &str) -> anyhow::Error {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!(
                "another program listens there (an X-Ray daemon?); stop it or choose another address with --{flag}"
            )
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 need permission; choose another with --{flag}")
        }
        _ => format!("choose another address with --{flag}"),
    };
    anyhow::Error::new(error).context(format!("listen on {protocol} {address}: {advice}"))
}

/// What the server stands on.
struct Parts {
    control: Arc<Control>,
    store: Arc<EmbeddedStore>,
    trace_metrics: TraceMetrics,
    /// Until its task begins.
    judge: Option<InsightRunner>,
    notifications: Option<mpsc::Receiver<Notification>>,
    published: Arc<PublishedInsights>,
}

/// Opens the settings of a data directory.
#[expect(clippy::disallowed_methods, reason = "the binary chooses the seeds")]
pub(crate) async fn open_control(config: &Config, data_dir: &DataDir) -> anyhow::Result<Control> {
    let control_db = data_dir.path().join("control.db");
    let settings = ControlSettings {
        data_kept: config.retention,
        custom_rules_max: config.sampling_rules_max,
        groups_max: config.groups_max,
        ..ControlSettings::new(Some(control_db), config.scope())
    };
    Control::open(settings, rand::random(), RealClock.now())
        .await
        .context("open the settings (control.db)")
}

impl Parts {
    async fn open(config: &Config, data_dir: &DataDir) -> anyhow::Result<Self> {
        let control = open_control(config, data_dir).await?;
        let trace_metrics = TraceMetrics::new(control.watch_history());
        let keys = local_keys(config, data_dir)?;
        control
            .encryption()
            .resolve_keys_with(Arc::clone(&keys) as _);
        let parts = StoreParts {
            histories: Arc::new(histories(&control)),
            keys: encryption::store_keys(&control, keys)?,
            observer: Some(Arc::new(trace_metrics.clone())),
            ..store_parts(data_dir)
        };
        let settings = store_settings(config);
        // Replays the log, so it may take seconds.
        let open = move || EmbeddedStore::open(settings, parts);
        let store = tokio::task::spawn_blocking(open)
            .await
            .context("open the store")?
            .context("open the store")?;
        let (control, store) = (Arc::new(control), Arc::new(store));
        let (sender, notifications) = mpsc::channel(webhook::WAITING_MAX);
        let sender = config.webhook_url.as_ref().map(|_| sender);
        let judge = insights::open(config, &control, Arc::clone(&store) as _, sender).await?;
        Ok(Self {
            published: judge.published(),
            judge: Some(judge),
            notifications: Some(notifications),
            control,
            store,
            trace_metrics,
        })
    }
}

impl Parts {
    /// Hands changes of settings to the store, and writes what sampling counts.
    fn follow_settings(&self, stop: &watch::Receiver<bool>) -> [JoinHandle<()>; 3] {
        let parts = || (Arc::clone(&self.control), Arc::clone(&self.store));
        let (control, store) = parts();
        let encryption = encryption::follow(control, store, stop.clone());
        let (control, store) = parts();
        let histories = hand_over_histories(control, store, stop.clone());
        let (control, _) = parts();
        [
            tokio::spawn(write_statistics(control, stop.clone())),
            tokio::spawn(encryption),
            tokio::spawn(histories),
        ]
    }
}

/// The settings that shape facts, as the store watches them (ASM-2).
pub(crate) fn histories(control: &Control) -> SettingsHistories {
    SettingsHistories::new([(control.scope().clone(), control.history())])
}

/// The encryption keys of the server.
pub(crate) fn local_keys(config: &Config, data_dir: &DataDir) -> anyhow::Result<Arc<LocalKeys>> {
    let file = config.encryption_key_file.as_deref();
    LocalKeys::open(data_dir.path(), file, config.scope()).context("read the encryption keys")
}

/// What the store in a data directory works with.
pub(crate) fn store_parts(data_dir: &DataDir) -> StoreParts {
    let disk = Arc::new(data_dir.disk().clone());
    let catalog = CatalogLocation::File(data_dir.path().join("catalog.db"));
    StoreParts::new(disk, Arc::new(RealClock), catalog)
}

/// The store's part of the configuration.
pub(crate) fn store_settings(config: &Config) -> StoreSettings {
    let trace_bytes_max = if config.strict_limits {
        config.trace_max_bytes.min(STRICT_TRACE_BYTES_MAX)
    } else {
        config.trace_max_bytes
    };
    StoreSettings {
        retention: config.retention,
        trace_bytes_max,
        strict_schema: config.strict_schema || config.strict_limits,
        validate_trace_id_time: config.validate_trace_id_time,
        strict_limits: config.strict_limits,
        response_time_root_cause_min: config.response_time_root_cause_min,
        live_bytes_max: config.store.live_max_bytes,
        log_bytes_max: config.store.log_max_bytes,
        log_file_bytes: config.store.log_file_bytes,
        idle: config.store.seal_idle,
        chunk_wait: config.store.seal_wait,
        ..StoreSettings::default()
    }
}

/// A running server.
struct Running {
    http: SocketAddr,
    daemon: SocketAddr,
    otlp: OtlpAddresses,
    stopping: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    udp: UdpIntake,
    parts: Parts,
}

impl Running {
    fn start(
        config: &Config,
        sockets: Sockets,
        mut parts: Parts,
        is_demo: bool,
    ) -> anyhow::Result<Self> {
        let http = sockets.http.local_addr().context("read the http address")?;
        let daemon = sockets
            .daemon_tcp
            .local_addr()
            .context("read the daemon address")?;
        let store_metrics = StoreMetrics::default();
        let (writer, reader) = observed(&parts.store, &store_metrics);
        let otlp_metrics = OtlpMetrics::default();
        let intake = otlp::intake(config, Arc::clone(&writer), &otlp_metrics);
        let otlp = sockets.otlp.addresses()?;
        let daemon_metrics = DaemonMetrics::default();
        let udp = UdpIntake::start(
            sockets.daemon_udp,
            Arc::clone(&writer),
            Some(Arc::new(Datagrams(intake.clone()))),
            config.scope(),
            &UdpSettings::default(),
            daemon_metrics.clone(),
        )
        .context("receive datagrams")?;
        let api_metrics = ApiMetrics::default();
        let insight_metrics = InsightMetrics::default();
        let metrics = Metrics::new(
            Arc::clone(&reader),
            daemon_metrics,
            daemon.port(),
            |registry| {
                api_metrics.register(registry);
                store_metrics.register(registry);
                parts.trace_metrics.register(registry);
                insight_metrics.register(registry);
                otlp_metrics.register(registry);
            },
        );
        let server = description(config, (http, daemon, otlp), is_demo);
        let state = api_state(config, server, &parts, (writer, reader), api_metrics);
        let pages = console::routes(state.settings.allowed_origins.clone());
        let Routers { api, console } = routers(state);
        let (stopping, stop) = watch::channel(false);
        let admin = self_observation::routes(metrics)
            .merge(pages)
            .merge(console)
            .merge(http_routes(&intake))
            .merge(api.clone());
        let serve_http = |listener, app| {
            let serving = http_server::serve(listener, app, Protocols::Http1, stop.clone());
            tokio::spawn(serving)
        };
        let mut tasks = vec![
            serve_http(sockets.http, admin),
            serve_http(sockets.daemon_tcp, api),
        ];
        tasks.extend(parts.follow_settings(&stop));
        tasks.extend(sockets.otlp.serve(&intake, &stop));
        if let (Some(url), Some(waiting)) = (&config.webhook_url, parts.notifications.take()) {
            let metrics = insight_metrics.webhook.clone();
            let webhook = Webhook::new(url.clone(), config.scope(), metrics);
            tasks.push(tokio::spawn(webhook.run(waiting, stop.clone())));
        }
        let judging = |judge| tokio::spawn(insights::judge(judge, insight_metrics, stop));
        tasks.extend(parts.judge.take().map(judging));
        Ok(Self {
            http,
            daemon,
            otlp,
            stopping,
            tasks,
            udp,
            parts,
        })
    }

    /// Name and address of each port.
    fn endpoints(&self) -> Vec<(&'static str, SocketAddr)> {
        let OtlpAddresses { grpc, http } = self.otlp;
        let otlp = [("otlp_grpc", grpc), ("otlp_http", http)];
        let otlp = otlp.into_iter().filter_map(|(name, a)| Some((name, a?)));
        let own = [("http", self.http), ("daemon", self.daemon)];
        own.into_iter().chain(otlp).collect()
    }

    /// Ends intake, finishes what was accepted, closes the store.
    async fn stop(self) -> anyhow::Result<()> {
        self.stopping.send_replace(true);
        if tokio::time::timeout(UDP_STOP_TIMEOUT, self.udp.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("datagrams that the store did not take in time are lost");
        }
        for task in self.tasks {
            task.await.context("stop a server task")?;
        }
        self.parts
            .control
            .write_statistics()
            .await
            .context("write sampling statistics")?;
        let store = Arc::clone(&self.parts.store);
        tokio::task::spawn_blocking(move || store.close())
            .await
            .context("close the store")
    }
}

/// The store, with its calls counted.
fn observed(
    store: &Arc<EmbeddedStore>,
    metrics: &StoreMetrics,
) -> (Arc<dyn TraceWriter>, Arc<dyn TraceReader>) {
    let writer = ObservedWriter {
        inner: Arc::clone(store) as _,
        metrics: metrics.clone(),
    };
    let reader = ObservedReader {
        inner: Arc::clone(store) as _,
        metrics: metrics.clone(),
    };
    (Arc::new(writer), Arc::new(reader))
}

/// Hands each change of the settings that shape facts to the store.
async fn hand_over_histories(
    control: Arc<Control>,
    store: Arc<EmbeddedStore>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut changes = control.watch_history();
    // What changed between the store's opening and now.
    changes.mark_changed();
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        changes.mark_unchanged();
        let (store, histories) = (Arc::clone(&store), Arc::new(histories(&control)));
        // Looks at every live trace.
        let publish = move || store.publish_histories(histories);
        if let Err(error) = tokio::task::spawn_blocking(publish).await {
            tracing::error!(%error, "a change of groups did not reach the store");
        }
    }
}

/// What the API stands on.
fn api_state(
    config: &Config,
    server: ServerDescription,
    parts: &Parts,
    (writer, reader): (Arc<dyn TraceWriter>, Arc<dyn TraceReader>),
    metrics: ApiMetrics,
) -> ApiState {
    ApiState {
        writer,
        reader,
        control: Arc::clone(&parts.control),
        clock: Arc::new(RealClock),
        settings: ApiSettings {
            retention: config.retention,
            strict_limits: config.strict_limits,
            strict_documents_per_second: config.strict_documents_per_second,
            requests_per_second: config.request_rates.clone(),
            allowed_origins: AllowedOrigins::new(config.allowed_origins.iter().cloned()),
            ..ApiSettings::new(config.scope())
        },
        metrics,
        insights: Arc::clone(&parts.published),
        telemetry: Arc::default(),
        retrievals: Arc::new(retrievals()),
        otel_spans,
        server,
    }
}

/// What the console is told of this process.
fn description(
    config: &Config,
    (http, daemon, otlp): (SocketAddr, SocketAddr, OtlpAddresses),
    is_demo: bool,
) -> ServerDescription {
    let addresses = Addresses {
        http: Some(http),
        daemon_udp: Some(daemon),
        daemon_tcp: Some(daemon),
        otlp_grpc: otlp.grpc,
        otlp_http: otlp.http,
    };
    ServerDescription {
        version: env!("CARGO_PKG_VERSION"),
        started: RealClock.now(),
        addresses,
        features: Features {
            encryption_keys: config.encryption_key_file.is_some(),
            webhook: config.webhook_url.is_some(),
            demo: is_demo,
        },
    }
}

/// Jobs of trace retrieval, none yet.
fn retrievals() -> Retrievals {
    let (clock, randomness) = (Arc::new(RealClock), Randomness::from_system());
    Retrievals::new(RetrievalSettings::default(), clock, randomness)
}

async fn write_statistics(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(STATISTICS_PERIOD) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = control.write_statistics().await {
            tracing::error!(%error, "sampling statistics could not be written, trying again");
        }
    }
}

async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
