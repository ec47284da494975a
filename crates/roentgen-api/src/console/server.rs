//! `/api/v1/server`: what a page has to know of the server before it asks anything.

use std::net::SocketAddr;

use roentgen_model::UnixNanos;
use roentgen_store::source::StoreStats;
use serde::Serialize;

use super::Ask;
use super::answer::Answer;
use super::search::ROWS_MAX;
use crate::error::ApiError;
use crate::state::{Addresses, Features, ServerDescription};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerResult<'a> {
    version: &'a str,
    account_id: &'a str,
    region: &'a str,
    now_unix_nanos: String,
    started_unix_nanos: String,
    addresses: AddressesShape,
    storage: StorageShape,
    limits: LimitsShape,
    features: FeaturesShape,
}

/// `null`: switched off or not built.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressesShape {
    http: Option<SocketAddr>,
    daemon_udp: Option<SocketAddr>,
    daemon_tcp: Option<SocketAddr>,
    otlp_grpc: Option<SocketAddr>,
    otlp_http: Option<SocketAddr>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StorageShape {
    has_traces: bool,
    oldest_trace_unix_nanos: Option<String>,
    newest_trace_unix_nanos: Option<String>,
    bytes: u64,
    live_traces: u64,
    blocks: u64,
    retention_days: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LimitsShape {
    rows_max: usize,
    range_max_nanos: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FeaturesShape {
    encryption_keys: bool,
    webhook: bool,
    otlp: bool,
    strict_limits: bool,
    demo: bool,
}

pub(super) async fn answer(ask: Ask) -> Result<Answer, ApiError> {
    let api = ask.call.api();
    let ServerDescription {
        version,
        started,
        addresses,
        features,
    } = &api.server;
    let settings = &api.settings;
    let addresses = addresses_shape(*addresses);
    let otlp = addresses.otlp_grpc.is_some() || addresses.otlp_http.is_some();
    let result = ServerResult {
        version,
        account_id: &settings.scope.account,
        region: &settings.scope.region,
        now_unix_nanos: text(ask.call.now),
        started_unix_nanos: text(*started),
        storage: storage_shape(api.reader.stats(), settings.retention.as_secs_f64()),
        limits: LimitsShape {
            rows_max: ROWS_MAX,
            range_max_nanos: None,
        },
        features: features_shape(*features, otlp, settings.strict_limits),
        addresses,
    };
    Answer::json(&result, ask.accepts_gzip())
}

fn text(time: UnixNanos) -> String {
    time.0.to_string()
}

fn addresses_shape(addresses: Addresses) -> AddressesShape {
    let Addresses {
        http,
        daemon_udp,
        daemon_tcp,
        otlp_grpc,
        otlp_http,
    } = addresses;
    AddressesShape {
        http,
        daemon_udp,
        daemon_tcp,
        otlp_grpc,
        otlp_http,
    }
}

fn features_shape(features: Features, otlp: bool, strict_limits: bool) -> FeaturesShape {
    let Features {
        encryption_keys,
        webhook,
        demo,
    } = features;
    FeaturesShape {
        encryption_keys,
        webhook,
        otlp,
        strict_limits,
        demo,
    }
}

fn storage_shape(stats: StoreStats, retention_secs: f64) -> StorageShape {
    let bounds = stats.t0_bounds;
    StorageShape {
        has_traces: bounds.is_some(),
        oldest_trace_unix_nanos: bounds.map(|(oldest, _)| text(oldest)),
        newest_trace_unix_nanos: bounds.map(|(_, newest)| text(newest)),
        bytes: stats.block_bytes.saturating_add(stats.log_bytes),
        live_traces: stats.live_traces,
        blocks: stats.blocks,
        retention_days: retention_secs / 86_400.0,
    }
}
