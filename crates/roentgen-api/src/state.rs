//! What the API stands on, handed in by the binary.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use roentgen_control::Control;
use roentgen_model::{Scope, UnixNanos};
use roentgen_query::insights::PublishedInsights;
use roentgen_query::retrieval::{Retrievals, TakeSpan};
use roentgen_query::service_graph::HeldGraphs;
use roentgen_query::token::TokenSealer;
use roentgen_store::clock::Clock;
use roentgen_store::source::{TraceReader, TraceWriter};

use crate::gate::QueryGate;
use crate::metrics::ApiMetrics;
use crate::operation::Operation;
use crate::origin::AllowedOrigins;
use crate::rate::Rates;
use crate::telemetry::TelemetryRecords;
use crate::wire::body::BodyBudget;

/// Everything the operations need.
#[derive(Clone)]
pub struct ApiState {
    pub writer: Arc<dyn TraceWriter>,
    pub reader: Arc<dyn TraceReader>,
    pub control: Arc<Control>,
    pub clock: Arc<dyn Clock>,
    pub settings: ApiSettings,
    pub metrics: ApiMetrics,
    /// What the judge published.
    pub insights: Arc<PublishedInsights>,
    /// What agents told about themselves.
    pub telemetry: Arc<TelemetryRecords>,
    /// Jobs of trace retrieval, with their own places apart from queries (LOAD-1).
    pub retrievals: Arc<Retrievals>,
    /// What retrieval answers in format `OTEL`.
    pub otel_spans: OtelSpans,
    /// What the console is told about the process.
    pub server: ServerDescription,
}

/// The process that answers, as the console shows it.
#[derive(Clone, Debug)]
pub struct ServerDescription {
    pub version: &'static str,
    pub started: UnixNanos,
    pub addresses: Addresses,
    pub features: Features,
}

/// Where the process listens; `None`: that intake is off or not built.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addresses {
    pub http: Option<SocketAddr>,
    pub daemon_udp: Option<SocketAddr>,
    pub daemon_tcp: Option<SocketAddr>,
    pub otlp_grpc: Option<SocketAddr>,
    pub otlp_http: Option<SocketAddr>,
}

/// What is switched on beside the defaults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    /// A file of encryption keys was given.
    pub encryption_keys: bool,
    /// Somebody is told of insights.
    pub webhook: bool,
    /// Filled with sample traffic.
    pub demo: bool,
}

/// Makes one OTLP/JSON span for each segment and subsegment of a compiled segment document: an object
/// with `resource`, `scope` and the span's own fields (api.md ListRetrievedTraces). Passes over the first
/// so many, and hands out the rest while they are taken. The mapping lives in a crate of this floor, so
/// the binary hands it in.
pub type OtelSpans = fn(document: &str, skip: usize, take: TakeSpan<'_>);

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Settings of the API.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The server's own account and region.
    pub scope: Scope,
    /// How long traces are kept (KEEP-1).
    pub retention: Duration,
    /// AWS's limits that are not ours (LIMIT-1).
    pub strict_limits: bool,
    /// Documents per second that are taken with strict limits (limits.md).
    pub strict_documents_per_second: u32,
    /// Requests per second of operations that are limited; none by default (LIMIT-1).
    pub requests_per_second: HashMap<Operation, f64>,
    /// Web origins that may ask, beside loopback.
    pub allowed_origins: AllowedOrigins,
    /// How long a request's body may take to arrive.
    pub body_arrival_max: Duration,
    /// Reads at a time; more wait in a bounded line.
    pub queries_max: usize,
    /// Memory of one read, beside shared caches.
    pub query_memory_bytes_max: usize,
}

impl ApiSettings {
    /// The defaults, for a scope.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            scope,
            retention: Duration::from_secs(30 * 24 * 3600),
            strict_limits: false,
            strict_documents_per_second: 2_600,
            requests_per_second: HashMap::new(),
            allowed_origins: AllowedOrigins::default(),
            body_arrival_max: Duration::from_secs(30),
            queries_max: 2 * cores,
            query_memory_bytes_max: 256 << 20,
        }
    }
}

/// [`ApiState`] with what the API keeps for itself.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) api: ApiState,
    pub(crate) bodies: BodyBudget,
    pub(crate) gate: QueryGate,
    pub(crate) tokens: TokenSealer,
    pub(crate) graphs: HeldGraphs,
    pub(crate) rates: Rates,
}

impl Shared {
    pub(crate) fn new(api: ApiState) -> Self {
        let settings = &api.settings;
        Self {
            bodies: BodyBudget::new(settings.body_arrival_max),
            gate: QueryGate::new(settings.queries_max, settings.query_memory_bytes_max),
            tokens: TokenSealer::new(&api.control.token_key()),
            graphs: HeldGraphs::default(),
            rates: Rates::new(
                &settings.requests_per_second,
                (settings.strict_limits).then_some(settings.strict_documents_per_second),
            ),
            api,
        }
    }
}
