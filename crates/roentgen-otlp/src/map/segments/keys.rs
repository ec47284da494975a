//! The attribute keys that mean something to X-Ray, and a span's or resource's attributes by them.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::proto::{AnyValue, KeyValue, Value};

/// Up to here duplicates are looked for by comparing all keys with all.
const COMPARED_MAX: usize = 32;

/// A set of [`Key`]s.
pub(super) type KeySet = u128;

macro_rules! keys {
    ($($name:ident = $text:literal,)*) => {
        /// A known attribute key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Key { $($name,)* }

        impl Key {
            /// All of them, in order.
            const ALL: &'static [(&'static str, Self)] = &[$(($text, Self::$name),)*];
        }
    };
}

keys! {
    // http (otlp.md 5.1)
    HttpRequestMethod = "http.request.method",
    HttpMethod = "http.method",
    HttpRequestMethodOriginal = "http.request.method_original",
    ClientAddress = "client.address",
    HttpClientIp = "http.client_ip",
    NetworkPeerAddress = "network.peer.address",
    NetPeerIp = "net.peer.ip",
    UserAgentOriginal = "user_agent.original",
    HttpUserAgent = "http.user_agent",
    HttpResponseStatusCode = "http.response.status_code",
    HttpStatusCode = "http.status_code",
    UrlFull = "url.full",
    HttpUrl = "http.url",
    UrlScheme = "url.scheme",
    HttpScheme = "http.scheme",
    HttpHost = "http.host",
    HttpServerName = "http.server_name",
    HostName = "host.name",
    NetHostName = "net.host.name",
    NetHostPort = "net.host.port",
    NetPeerName = "net.peer.name",
    NetPeerPort = "net.peer.port",
    NetworkPeerPort = "network.peer.port",
    ServerAddress = "server.address",
    ServerPort = "server.port",
    HttpTarget = "http.target",
    UrlPath = "url.path",
    UrlQuery = "url.query",
    MessageType = "message.type",
    MessageBodySize = "messaging.message.body.size",
    MessagePayloadSize = "messaging.message_payload_size_bytes",
    HttpResponseBodySize = "http.response.body.size",
    HttpResponseContentLength = "http.response_content_length",
    HttpStatusText = "http.status_text",
    // aws (5.4)
    AwsAccountId = "aws.account_id",
    AwsOperation = "aws.operation",
    AwsRegion = "aws.region",
    AwsRequestId = "aws.request_id",
    AwsRequestIdOld = "aws.requestId",
    AwsQueueUrl = "aws.queue_url",
    AwsQueueUrlDotted = "aws.queue.url",
    AwsSqsQueueUrl = "aws.sqs.queue.url",
    MessagingUrl = "messaging.url",
    AwsDynamodbTableNames = "aws.dynamodb.table_names",
    AwsTableName = "aws.table_name",
    AwsTableNameDotted = "aws.table.name",
    AwsService = "aws.service",
    AwsSpanKind = "aws.span.kind",
    AwsLocalService = "aws.local.service",
    AwsRemoteService = "aws.remote.service",
    AwsRemoteOperation = "aws.remote.operation",
    RemoteTarget = "remoteTarget",
    K8sRemoteNamespace = "K8s.RemoteNamespace",
    AwsXrayAnnotations = "aws.xray.annotations",
    AwsTraceFlagSampled = "aws.trace.flag.sampled",
    // sql (5.5)
    DbSystem = "db.system",
    DbSystemName = "db.system.name",
    DbName = "db.name",
    DbNamespace = "db.namespace",
    DbConnectionString = "db.connection_string",
    DbUser = "db.user",
    DbStatement = "db.statement",
    DbQueryText = "db.query.text",
    // others (5.6, 5.7)
    RpcSystem = "rpc.system",
    RpcService = "rpc.service",
    RpcMethod = "rpc.method",
    RpcGrpcStatusCode = "rpc.grpc.status_code",
    PeerService = "peer.service",
    ServicePeerName = "service.peer.name",
    EnduserId = "enduser.id",
    UserId = "user.id",
    // resource (5.4, 5.7)
    ServiceName = "service.name",
    ServiceNamespace = "service.namespace",
    ServiceVersion = "service.version",
    ServiceInstanceId = "service.instance.id",
    ContainerImageTag = "container.image.tag",
    ContainerImageTags = "container.image.tags",
    ContainerName = "container.name",
    ContainerId = "container.id",
    CloudProvider = "cloud.provider",
    CloudPlatform = "cloud.platform",
    CloudAccountId = "cloud.account.id",
    CloudAvailabilityZone = "cloud.availability_zone",
    HostId = "host.id",
    HostType = "host.type",
    HostImageId = "host.image.id",
    EcsContainerArn = "aws.ecs.container.arn",
    EcsClusterArn = "aws.ecs.cluster.arn",
    EcsTaskArn = "aws.ecs.task.arn",
    EcsTaskFamily = "aws.ecs.task.family",
    EcsLaunchType = "aws.ecs.launchtype",
    K8sClusterName = "k8s.cluster.name",
    K8sPodName = "k8s.pod.name",
    LogGroupArns = "aws.log.group.arns",
    LogGroupNames = "aws.log.group.names",
    SdkName = "telemetry.sdk.name",
    SdkLanguage = "telemetry.sdk.language",
    SdkVersion = "telemetry.sdk.version",
    AutoVersion = "telemetry.auto.version",
    DistroVersion = "telemetry.distro.version",
}

const COUNT: usize = Key::ALL.len();
const _: () = assert!(COUNT <= 128, "a KeySet holds one bit per key");

/// The known keys by their length: few share one, so finding a key costs a few comparisons.
static BY_LENGTH: LazyLock<Vec<Vec<(&str, Key)>>> = LazyLock::new(|| {
    let longest = Key::ALL.iter().map(|(text, _)| text.len()).max();
    let mut all = vec![Vec::new(); longest.unwrap_or(0) + 1];
    for (text, key) in Key::ALL {
        if let Some(same_length) = all.get_mut(text.len()) {
            same_length.push((*text, *key));
        }
    }
    all
});

impl Key {
    /// The known key with this text.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut same_length = BY_LENGTH.get(text.len())?.iter();
        let (_, key) = same_length.find(|(known, _)| *known == text)?;
        Some(*key)
    }

    pub(super) const fn bit(self) -> KeySet {
        1 << self as u8
    }
}

/// The set of some keys.
pub(super) const fn set(keys: &[Key]) -> KeySet {
    let mut set = 0;
    let mut at = 0;
    while at < keys.len() {
        set |= keys[at].bit();
        at += 1;
    }
    set
}

/// A list of attributes with known keys found. Of equal keys the last counts (otlp.md 1.3); attributes
/// without a value do not.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    list: &'a [KeyValue],
    /// By key: place in the list and one.
    places: [u32; COUNT],
    /// Places that a later equal key hides.
    hidden: Vec<usize>,
    used: Cell<KeySet>,
    /// A key begins as those of our own exports do.
    has_own_export: bool,
}

/// One attribute that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'a> {
    pub(super) key: &'a str,
    pub(super) known: Option<Key>,
    pub(super) value: &'a AnyValue,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(list: &'a [KeyValue]) -> Self {
        let mut places = [0; COUNT];
        let mut has_own_export = false;
        for (place, pair) in list.iter().enumerate() {
            has_own_export |= pair.key.starts_with("aws.xray.");
            let known = Key::of(&pair.key).and_then(|key| places.get_mut(key as usize));
            if let (Some(slot), Some(_)) = (known, value_of(pair)) {
                *slot = u32::try_from(place + 1).unwrap_or(0);
            }
        }
        Self {
            list,
            places,
            hidden: hidden_places(list),
            used: Cell::new(0),
            has_own_export,
        }
    }

    pub(super) const fn has_own_export(&self) -> bool {
        self.has_own_export
    }

    /// Every attribute that counts, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Attribute<'a>> {
        let pairs = self.list.iter().enumerate();
        let counts = pairs.filter(|(place, _)| self.hidden.binary_search(place).is_err());
        counts.filter_map(|(_, pair)| {
            Some(Attribute {
                key: &pair.key,
                known: Key::of(&pair.key),
                value: value_of(pair)?,
            })
        })
    }

    /// The value of a key, without marking it as used.
    pub(super) fn peek(&self, key: Key) -> Option<&'a Value> {
        let place = *self.places.get(key as usize)?;
        let pair = self
            .list
            .get(usize::try_from(place).ok()?.checked_sub(1)?)?;
        pair.value.as_ref()?.value.as_ref()
    }

    /// The text of a key that is not empty, without marking it as used.
    pub(super) fn peek_text(&self, key: Key) -> Option<&'a str> {
        match self.peek(key)? {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.peek(key).is_some()
    }

    /// True if one of the keys is there.
    pub(super) fn has_any(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.has(*key))
    }

    pub(super) fn is_text(&self, key: Key, text: &str) -> bool {
        self.peek_text(key) == Some(text)
    }

    /// The text of a key, which is said in the document then.
    pub(super) fn text(&self, key: Key) -> Option<&'a str> {
        let text = self.peek_text(key)?;
        self.mark(key);
        Some(text)
    }

    /// The text of the first of these keys that has one.
    pub(super) fn first_text(&self, keys: &[Key]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.text(*key))
    }

    /// An integer, also in decimal text.
    pub(super) fn integer(&self, key: Key) -> Option<i64> {
        let value = self.peek_integer(key)?;
        self.mark(key);
        Some(value)
    }

    pub(super) fn peek_integer(&self, key: Key) -> Option<i64> {
        integer(self.peek(key)?)
    }

    /// Notes that the document says what this key says.
    pub(super) fn mark(&self, key: Key) {
        self.used.set(self.used.get() | key.bit());
    }

    /// The keys that the document says so far.
    pub(super) fn used(&self) -> KeySet {
        self.used.get()
    }
}

/// An integer, also in decimal text or as a float without a fraction.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        Value::String(text) => text.parse().ok(),
        Value::Double(value) if value.fract() == 0.0 && value.abs() < 1e15 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "an integer in range")]
            Some(*value as i64)
        }
        Value::Double(_) | Value::Bool(_) | Value::Array(_) | Value::Map(_) | Value::Bytes(_) => {
            None
        }
    }
}

/// The texts of an array, or of one text with `&` between them, as environment variables have it.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.split('&').filter(|text| !text.is_empty()).collect(),
        Value::Array(array) => {
            let values = array.values.iter().filter_map(|value| value.value.as_ref());
            values.filter_map(non_empty_text).collect()
        }
        Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Map(_) | Value::Bytes(_) => {
            Vec::new()
        }
    }
}

fn non_empty_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// The pairs of a list, of equal keys the last.
pub(super) fn last_of_each(list: &[KeyValue]) -> impl Iterator<Item = &KeyValue> {
    let hidden = hidden_places(list);
    let pairs = list.iter().enumerate();
    let counts = pairs.filter(move |(place, _)| hidden.binary_search(place).is_err());
    counts.map(|(_, pair)| pair)
}

pub(super) fn value_of(pair: &KeyValue) -> Option<&AnyValue> {
    pair.value.as_ref().filter(|value| value.value.is_some())
}

/// Places whose key comes again with a value, ascending; none as a rule.
fn hidden_places(list: &[KeyValue]) -> Vec<usize> {
    let mut hidden = Vec::new();
    if list.len() <= COMPARED_MAX {
        for (place, pair) in list.iter().enumerate() {
            let mut later = list.iter().skip(place + 1);
            if later.any(|later| later.key == pair.key && value_of(later).is_some()) {
                hidden.push(place);
            }
        }
        return hidden;
    }
    let mut last = HashMap::with_capacity(list.len());
    for (place, pair) in list.iter().enumerate() {
        if value_of(pair).is_some()
            && let Some(earlier) = last.insert(pair.key.as_str(), place)
        {
            hidden.push(earlier);
        }
    }
    hidden.sort_unstable();
    hidden
}
