//! How spans are mapped (table `otlp` of the settings).

use std::time::Duration;

/// Which of the two results that AWS makes of a span (otlp.md, head).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// That of the collector's exporter and the CloudWatch agent.
    #[default]
    Collector,
    /// That of X-Ray's OTLP endpoint: flat metadata, `span.name` and `span.kind` as annotations.
    Endpoint,
}

/// Which spans count as the first of their service (otlp.md 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalRoot {
    /// Those whose attribute `aws.span.kind` says so.
    #[default]
    Attribute,
    /// Also those without that attribute that have no parent, or whose flags tell of a remote one.
    AttributeOrFlags,
}

/// Whether the time that trace ids begin with by X-Ray's convention is held against the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EpochCheck {
    #[default]
    Off,
    Warn,
    Reject,
}

/// Which times of spans are taken (otlp.md 1.5).
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How long ago a span may have started.
    pub age_max: Duration,
    /// How far ahead of the clock it may start.
    pub ahead_max: Duration,
}

/// The settings of the mapping.
#[derive(Clone, Debug)]
pub struct MapSettings {
    pub profile: Profile,
    pub local_root: LocalRoot,
    /// Keys that become annotations; those of a resource are named `otel.resource.<key>`.
    pub indexed_attributes: IndexedKeys,
    /// Every attribute that can be an annotation is one.
    pub index_all_attributes: bool,
    /// Dots in keys of annotations stay; else they become `_`.
    pub annotation_dots: bool,
    /// Attributes that X-Ray's blocks use up go into the metadata when no block says them.
    pub keep_consumed: bool,
    /// A span of kind producer is a call of another service.
    pub producer_is_remote: bool,
    /// The first span of a Lambda function gets the function's origin.
    pub lambda_origin: bool,
    /// gRPC's `RESOURCE_EXHAUSTED` counts as a throttle.
    pub grpc_throttle: bool,
    pub epoch_check: EpochCheck,
    /// CloudWatch log groups of resources that name none.
    pub log_groups: Vec<String>,
    /// A span as it is in the request, bytes.
    pub span_bytes_max: usize,
    /// `None`: times are not checked here.
    pub window: Option<Window>,
}

impl Default for MapSettings {
    fn default() -> Self {
        Self {
            profile: Profile::Collector,
            local_root: LocalRoot::Attribute,
            indexed_attributes: IndexedKeys::application_signals(),
            index_all_attributes: false,
            annotation_dots: true,
            keep_consumed: true,
            producer_is_remote: false,
            lambda_origin: true,
            grpc_throttle: false,
            epoch_check: EpochCheck::Off,
            log_groups: Vec::new(),
            span_bytes_max: 1 << 20,
            window: None,
        }
    }
}

/// A set of attribute keys, quick to say no.
#[derive(Clone, Debug, Default)]
pub struct IndexedKeys {
    keys: Vec<String>,
    /// Bit n: a key has n bytes (the last bit: 63 or more).
    lengths: u64,
}

impl IndexedKeys {
    /// What the CloudWatch agent indexes for Application Signals (otlp.md 5.8).
    #[must_use]
    pub fn application_signals() -> Self {
        Self::new(
            [
                "aws.local.service",
                "aws.local.operation",
                "aws.local.environment",
                "aws.remote.service",
                "aws.remote.operation",
                "aws.remote.environment",
                "aws.remote.resource.type",
                "aws.remote.resource.identifier",
                "remoteTarget",
                "K8s.RemoteNamespace",
            ]
            .map(str::to_owned),
        )
    }

    /// The set of these keys.
    pub fn new(keys: impl IntoIterator<Item = String>) -> Self {
        let keys: Vec<String> = keys.into_iter().collect();
        let lengths = keys.iter().fold(0, |bits, key| bits | length_bit(key));
        Self { keys, lengths }
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.lengths & length_bit(key) != 0 && self.keys.iter().any(|known| known == key)
    }
}

fn length_bit(key: &str) -> u64 {
    1 << key.len().min(63)
}
