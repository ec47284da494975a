//! The table of settings and what the program uses.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use roentgen_api::Operation;
use roentgen_model::Scope;

use super::otlp::{self, Listen, OtlpConfig};
use crate::webhook::WebhookUrl;

/// Settings in force, validated.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) http: SocketAddr,
    pub(crate) daemon: SocketAddr,
    pub(crate) otlp_grpc: Listen,
    pub(crate) otlp_http: Listen,
    pub(crate) otlp: OtlpConfig,
    pub(crate) auth: Option<Auth>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) retention: Duration,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) strict_limits: bool,
    pub(crate) strict_schema: bool,
    pub(crate) validate_trace_id_time: bool,
    pub(crate) trace_max_bytes: u64,
    pub(crate) strict_documents_per_second: u32,
    pub(crate) request_rates: HashMap<Operation, f64>,
    pub(crate) sampling_rules_max: usize,
    pub(crate) groups_max: usize,
    pub(crate) response_time_root_cause_min: Duration,
    pub(crate) store: StoreConfig,
    /// Who is told of insights' events.
    pub(crate) webhook_url: Option<WebhookUrl>,
    /// File with encryption keys.
    pub(crate) encryption_key_file: Option<PathBuf>,
}

/// Settings of the storage engine, table `[store]`.
#[derive(Clone, Debug)]
pub(crate) struct StoreConfig {
    pub(crate) live_max_bytes: u64,
    pub(crate) log_max_bytes: u64,
    pub(crate) log_file_bytes: u64,
    pub(crate) seal_idle: Duration,
    pub(crate) seal_wait: Duration,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Everybody who reaches the port is the administrator.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// One setting.
pub(crate) struct Setting {
    /// Key in the file, dotted for tables; the variable is `ROENTGEN_` + the key in capitals.
    pub(crate) key: &'static str,
    /// What is in force without it, as it would be written; empty: see `about`.
    pub(crate) default: &'static str,
    /// What it does, its unit and range.
    pub(crate) about: &'static str,
    pub(crate) value_name: &'static str,
    pub(crate) has_flag: bool,
    pub(crate) is_switch: bool,
    /// Shown and reported without its value.
    pub(crate) is_secret: bool,
    /// Reads a value; the error says what was expected.
    pub(crate) set: fn(&mut Config, &str) -> Result<(), String>,
}

pub(super) const BASE: Setting = Setting {
    key: "",
    default: "",
    about: "",
    value_name: "VALUE",
    has_flag: true,
    is_switch: false,
    is_secret: false,
    set: |_, _| Ok(()),
};

/// Bound of the settings that are numbers of things, and of rates per second.
const COUNT_MAX: u32 = 1_000_000;
const RATE_MAX: f64 = 1_000_000.0;

/// Every setting there is.
pub(crate) fn all_settings() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(otlp::SETTINGS)
}

/// Every setting outside the table `otlp`.
static SETTINGS: &[Setting] = &[
    Setting {
        key: "data_dir",
        default: "./roentgen-data",
        about: "Directory of all data; made if missing, one process at a time",
        value_name: "DIR",
        set: |c, v| put(&mut c.data_dir, v, "a directory"),
        ..BASE
    },
    Setting {
        key: "http",
        default: "127.0.0.1:2001",
        about: "Address of the X-Ray API, /healthz and /metrics; port 0 chooses a free one",
        value_name: "ADDRESS",
        set: |c, v| put(&mut c.http, v, "an address like 127.0.0.1:2001"),
        ..BASE
    },
    Setting {
        key: "daemon",
        default: "127.0.0.1:2000",
        about: "Address of the daemon port: UDP datagrams and, over TCP, the API for SDKs",
        value_name: "ADDRESS",
        set: |c, v| put(&mut c.daemon, v, "an address like 127.0.0.1:2000"),
        ..BASE
    },
    Setting {
        key: "otlp_grpc",
        default: "127.0.0.1:4317",
        about: "Address for OpenTelemetry over gRPC; `off`: none",
        value_name: "ADDRESS",
        set: |c, v| {
            put(
                &mut c.otlp_grpc,
                v,
                "an address like 127.0.0.1:4317, or `off`",
            )
        },
        ..BASE
    },
    Setting {
        key: "otlp_http",
        default: "127.0.0.1:4318",
        about: "Address for OpenTelemetry over HTTP; `off`: none. The http address takes it too",
        value_name: "ADDRESS",
        set: |c, v| {
            put(
                &mut c.otlp_http,
                v,
                "an address like 127.0.0.1:4318, or `off`",
            )
        },
        ..BASE
    },
    Setting {
        key: "auth",
        about: "`off`: everybody who reaches a port is the administrator; the default on loopback, and \
                to be written out to listen anywhere else",
        value_name: "MODE",
        set: |c, v| match v {
            "off" => put_value(&mut c.auth, Some(Auth::Off)),
            _ => Err("expected `off` (access keys are not built yet)".to_owned()),
        },
        ..BASE
    },
    Setting {
        key: "allowed_origins",
        about: "Web origins whose pages may use the API beside loopback, separated by commas",
        value_name: "ORIGINS",
        set: |c, v| {
            let origins = v.split(',').map(str::trim).filter(|o| !o.is_empty());
            put_value(&mut c.allowed_origins, origins.map(str::to_owned).collect())
        },
        ..BASE
    },
    Setting {
        key: "log_level",
        default: "info",
        about: "error, warn, info, debug or trace, also by target (`info,roentgen_store=debug`)",
        value_name: "LEVEL",
        set: |c, v| match tracing_subscriber::EnvFilter::builder().parse(v) {
            Ok(_) => put_value(&mut c.log_level, v.to_owned()),
            Err(_) => Err("expected error, warn, info, debug or trace".to_owned()),
        },
        ..BASE
    },
    Setting {
        key: "log_format",
        default: "text",
        about: "`text` for people, `json` for machines",
        value_name: "FORMAT",
        set: |c, v| match v {
            "text" => put_value(&mut c.log_format, LogFormat::Text),
            "json" => put_value(&mut c.log_format, LogFormat::Json),
            _ => Err("expected `text` or `json`".to_owned()),
        },
        ..BASE
    },
    Setting {
        key: "retention",
        default: "30d",
        about: "How long traces are kept, by the time of their start; at least 1h",
        value_name: "TIME",
        set: |c, v| match humantime::parse_duration(v) {
            Ok(time) if time >= Duration::from_secs(3600) => put_value(&mut c.retention, time),
            _ => Err("expected a time of at least 1h, like 30d".to_owned()),
        },
        ..BASE
    },
    Setting {
        key: "account",
        default: "000000000000",
        about: "Account of the server's data, 12 digits",
        value_name: "DIGITS",
        set: |c, v| match Scope::new(v, "x") {
            Some(_) => put_value(&mut c.account, v.to_owned()),
            None => Err("expected 12 digits".to_owned()),
        },
        ..BASE
    },
    Setting {
        key: "region",
        default: "us-east-1",
        about: "Region of the server's data; without it AWS_REGION is read",
        value_name: "REGION",
        set: |c, v| match Scope::new("000000000000", v) {
            Some(_) => put_value(&mut c.region, v.to_owned()),
            None => Err("expected 1 to 64 of a-z, 0-9 and `-`".to_owned()),
        },
        ..BASE
    },
    Setting {
        key: "strict_limits",
        default: "false",
        about: "Refuse what AWS's quotas refuse: long ranges, more than 5 ids, 500 kB a trace, …",
        is_switch: true,
        set: |c, v| put(&mut c.strict_limits, v, "`true` or `false`"),
        ..BASE
    },
    Setting {
        key: "strict_schema",
        default: "false",
        about: "Index only the 250 characters of a text that AWS's schema allows",
        has_flag: false,
        set: |c, v| put(&mut c.strict_schema, v, "`true` or `false`"),
        ..BASE
    },
    Setting {
        key: "validate_trace_id_time",
        default: "false",
        about: "Refuse documents whose trace id names a time before the retention",
        has_flag: false,
        set: |c, v| put(&mut c.validate_trace_id_time, v, "`true` or `false`"),
        ..BASE
    },
    Setting {
        key: "trace_max_bytes",
        default: "64MiB",
        about: "Documents of one trace; more are refused, so that a service that never renews its \
                trace id does no harm",
        has_flag: false,
        set: |c, v| put_bytes(&mut c.trace_max_bytes, v),
        ..BASE
    },
    Setting {
        key: "strict_documents_per_second",
        default: "2600",
        about: "Documents that are taken in a second with strict limits, as AWS's quota of an account",
        has_flag: false,
        set: |c, v| put_count(&mut c.strict_documents_per_second, v),
        ..BASE
    },
    Setting {
        key: "request_rates",
        about: "Requests per second by operation (`GetTraceSummaries=5, PutTraceSegments=100`); what \
                comes above is refused with ThrottledException. None by default",
        has_flag: false,
        set: |c, v| put_rates(&mut c.request_rates, v),
        ..BASE
    },
    Setting {
        key: "sampling_rules_max",
        default: "25",
        about: "Custom sampling rules that may exist; AWS's quota is 25",
        has_flag: false,
        set: |c, v| put_count(&mut c.sampling_rules_max, v),
        ..BASE
    },
    Setting {
        key: "groups_max",
        default: "25",
        about: "Groups that may exist beside Default; AWS's quota is 25. Each is judged for each trace",
        has_flag: false,
        set: |c, v| put_count(&mut c.groups_max, v),
        ..BASE
    },
    Setting {
        key: "response_time_root_cause_min_seconds",
        default: "0",
        about: "Traces answered faster than so many seconds have no response-time root cause; AWS \
                seems to leave it out below about 2; 0 to 86400, fractions allowed",
        has_flag: false,
        set: |c, v| put_seconds(&mut c.response_time_root_cause_min, v),
        ..BASE
    },
    Setting {
        key: "store.live_max_bytes",
        default: "512MiB",
        about: "Memory for traces that are still assembling; when it is short, traces are sealed \
                sooner, then intake refuses",
        has_flag: false,
        set: |c, v| put_bytes(&mut c.store.live_max_bytes, v),
        ..BASE
    },
    Setting {
        key: "store.log_max_bytes",
        default: "1GiB",
        about: "Disk for the write-ahead log; over it, the traces that pin its oldest file are sealed",
        has_flag: false,
        set: |c, v| put_bytes(&mut c.store.log_max_bytes, v),
        ..BASE
    },
    Setting {
        key: "store.log_file_bytes",
        default: "64MiB",
        about: "Size of one file of the write-ahead log",
        has_flag: false,
        set: |c, v| put_bytes(&mut c.store.log_file_bytes, v),
        ..BASE
    },
    Setting {
        key: "store.seal_idle",
        default: "30s",
        about: "A trace without news for this long is written to a block; longer means fewer \
                reopenings, shorter less memory",
        has_flag: false,
        set: |c, v| put_time(&mut c.store.seal_idle, v),
        ..BASE
    },
    Setting {
        key: "store.seal_wait",
        default: "5min",
        about: "How long a trace that is ready waits for others to share its block",
        has_flag: false,
        set: |c, v| put_time(&mut c.store.seal_wait, v),
        ..BASE
    },
    Setting {
        key: "notifications.webhook_url",
        about: "Address that is told of insights' events (HTTP POST, EventBridge's envelope); `http` or \
                `https`, may name a user",
        value_name: "URL",
        has_flag: false,
        is_secret: true,
        set: |c, v| {
            let url = v
                .parse()
                .map_err(|()| "expected an address with http:// or https://")?;
            put_value(&mut c.webhook_url, Some(url))
        },
        ..BASE
    },
    Setting {
        key: "encryption.key_file",
        about: "TOML file with encryption keys for PutEncryptionConfig, beside `alias/aws/xray`; read \
                again when it changes",
        value_name: "FILE",
        has_flag: false,
        set: |c, v| put_value(&mut c.encryption_key_file, Some(PathBuf::from(v))),
        ..BASE
    },
];

impl Config {
    /// Every setting at its default.
    pub(crate) fn defaults() -> Self {
        let mut config = Self {
            data_dir: PathBuf::new(),
            http: SocketAddr::from(([127, 0, 0, 1], 0)),
            daemon: SocketAddr::from(([127, 0, 0, 1], 0)),
            otlp_grpc: Listen(None),
            otlp_http: Listen(None),
            otlp: OtlpConfig::default(),
            auth: None,
            allowed_origins: Vec::new(),
            log_level: String::new(),
            log_format: LogFormat::Text,
            retention: Duration::ZERO,
            account: String::new(),
            region: String::new(),
            strict_limits: false,
            strict_schema: false,
            validate_trace_id_time: false,
            trace_max_bytes: 0,
            strict_documents_per_second: 0,
            request_rates: HashMap::new(),
            sampling_rules_max: 0,
            groups_max: 0,
            response_time_root_cause_min: Duration::ZERO,
            store: StoreConfig {
                live_max_bytes: 0,
                log_max_bytes: 0,
                log_file_bytes: 0,
                seal_idle: Duration::ZERO,
                seal_wait: Duration::ZERO,
            },
            webhook_url: None,
            encryption_key_file: None,
        };
        for setting in all_settings().filter(|setting| !setting.default.is_empty()) {
            (setting.set)(&mut config, setting.default).expect("defaults are valid (tested)");
        }
        config
    }

    /// Whose data the server keeps.
    pub(crate) fn scope(&self) -> Scope {
        Scope::new(&self.account, &self.region).expect("account and region were checked when read")
    }
}

pub(super) fn put<T: FromStr>(field: &mut T, value: &str, expected: &str) -> Result<(), String> {
    *field = value.parse().map_err(|_| format!("expected {expected}"))?;
    Ok(())
}

pub(super) fn put_value<T>(field: &mut T, value: T) -> Result<(), String> {
    *field = value;
    Ok(())
}

/// Reads a number of things, of which there must be one, and not more than memory can hold.
pub(super) fn put_count<T: TryFrom<u32>>(field: &mut T, value: &str) -> Result<(), String> {
    let count = value
        .parse()
        .ok()
        .filter(|count| (1..=COUNT_MAX).contains(count));
    let count = count.and_then(|count: u32| T::try_from(count).ok());
    put_value(
        field,
        count.ok_or_else(|| format!("expected a number from 1 to {COUNT_MAX}"))?,
    )
}

/// Reads `Operation=rate` pairs.
fn put_rates(field: &mut HashMap<Operation, f64>, value: &str) -> Result<(), String> {
    let pairs = value
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    let rate = |pair: &str| {
        let (name, rate) = pair
            .split_once('=')
            .ok_or_else(|| format!("expected `Operation=requests per second`, found `{pair}`"))?;
        let (name, rate) = (name.trim(), rate.trim());
        let mut operations = Operation::ALL.iter();
        let operation = operations.find(|operation| operation.name() == name);
        let operation = operation.ok_or_else(|| format!("`{name}` is no operation of X-Ray"))?;
        let per_second = rate
            .parse()
            .ok()
            .filter(|rate| *rate > 0.0 && *rate <= RATE_MAX);
        let per_second = per_second.ok_or_else(|| {
            format!("expected a rate above 0 and up to {RATE_MAX}, found `{rate}`")
        })?;
        Ok((*operation, per_second))
    };
    let rates: Result<_, String> = pairs.map(rate).collect();
    put_value(field, rates?)
}

pub(super) fn put_bytes(field: &mut u64, value: &str) -> Result<(), String> {
    match value.parse::<bytesize::ByteSize>() {
        Ok(size) if size.as_u64() >= 1 << 20 => put_value(field, size.as_u64()),
        _ => Err("expected a size of at least 1MiB, like 64MiB".to_owned()),
    }
}

fn put_seconds(field: &mut Duration, value: &str) -> Result<(), String> {
    const SECONDS_MAX: f64 = 86_400.0;
    match value.parse::<f64>() {
        Ok(seconds) if (0.0..=SECONDS_MAX).contains(&seconds) => {
            put_value(field, Duration::from_secs_f64(seconds))
        }
        _ => Err("expected seconds between 0 and 86400, like 2.5".to_owned()),
    }
}

fn put_time(field: &mut Duration, value: &str) -> Result<(), String> {
    *field = humantime::parse_duration(value).map_err(|_| "expected a time like 30s".to_owned())?;
    Ok(())
}
