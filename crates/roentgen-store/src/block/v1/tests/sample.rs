//! Random facts, odder than real ones: every member set or not, any text, any order of times.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use roentgen_model::assembly::facts::{
    AnnotationValue, EntityFacts, EntityKind, Flags, HttpFacts, LinkFacts, LinkReference,
    LinkSource, Membership, Namespace, NodeKey, Parent, RootCause, RootCauseEntity,
    RootCauseException, RootCauseService, RootCauses, TraceHead,
};
use roentgen_model::{SegmentId, Stamp, TraceFacts, TraceId, UnixNanos};

/// Noon of the day all samples lie on (2026-11-20), epoch seconds.
pub(super) const NOON: i64 = 1_795_176_000;

/// Few words, so that equal ones meet; some odd.
fn word() -> impl Strategy<Value = Arc<str>> {
    let words = select(vec![
        "a",
        "api",
        "db",
        "checkout",
        "",
        "日本語",
        "\u{0}\"\\",
        "🦀 crab",
    ]);
    prop_oneof![9 => words.prop_map(Arc::from), 1 => any::<String>().prop_map(Arc::from)]
}

fn some_word() -> impl Strategy<Value = Option<Arc<str>>> {
    option::weighted(0.3, word())
}

fn node() -> impl Strategy<Value = NodeKey> {
    let node_type = option::of(select(vec!["AWS::EC2::Instance", "remote", "client"]));
    let account_id = option::weighted(0.2, select(vec!["123456789012", "210987654321"]));
    (word(), node_type, account_id).prop_map(|(name, node_type, account_id)| NodeKey {
        name,
        node_type: node_type.map(Arc::from),
        account_id: account_id.map(Arc::from),
    })
}

fn annotation() -> impl Strategy<Value = (Arc<str>, AnnotationValue)> {
    let value = prop_oneof![
        word().prop_map(AnnotationValue::String),
        (-1e300..1e300).prop_map(AnnotationValue::Number),
        select(vec![0.0, 29.0, 1e-9]).prop_map(AnnotationValue::Number),
        any::<bool>().prop_map(AnnotationValue::Boolean),
    ];
    (word(), value)
}

/// Nanoseconds after noon: within two hours, some on whole slots.
fn offset() -> impl Strategy<Value = i64> {
    prop_oneof![
        0..7_200_000_000_000_i64,
        (0..120_i64).prop_map(|m| m * 60_000_000_000)
    ]
}

/// An entity without its place in the trace, with what decides about the place.
fn entity() -> impl Strategy<Value = (EntityFacts, prop::sample::Index, u8)> {
    let times = (
        offset(),
        option::weighted(0.85, -5_000_000_i64..5_000_000_000),
    );
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let flags = flags.prop_map(|(error, throttle, fault)| Flags {
        error,
        throttle,
        fault,
    });
    let http = (
        some_word(),
        some_word(),
        some_word(),
        some_word(),
        option::of(-1..600_i64),
    );
    let texts = (some_word(), some_word(), some_word(), some_word());
    let rest = (
        option::of(any::<bool>()),
        node(),
        vec(annotation(), 0..4),
        any::<prop::sample::Index>(),
        any::<u8>(),
    );
    (word(), times, flags, http, texts, rest).prop_map(|(name, times, flags, http, texts, rest)| {
        let (namespace, node, annotations, place, role) = rest;
        let start = UnixNanos(NOON * 1_000_000_000 + times.0);
        let entity = EntityFacts {
            kind: EntityKind::Segment,
            parent: Parent::None,
            segment: None,
            name,
            start,
            end: times.1.map(|d| UnixNanos(start.0 + d)),
            flags,
            namespace: namespace.map(|a| if a { Namespace::Aws } else { Namespace::Remote }),
            node: Some(node),
            http: HttpFacts {
                method: http.0,
                url: http.1,
                user_agent: http.2,
                client_ip: http.3,
                status: http.4,
            },
            user: texts.0,
            resource_arn: texts.1,
            instance_id: texts.2,
            availability_zone: texts.3,
            annotations,
        };
        (entity, place, role)
    })
}

/// Gives entities their places: parents first, segments owning what hangs below them.
fn placed(entities: Vec<(EntityFacts, prop::sample::Index, u8)>) -> Vec<EntityFacts> {
    let mut out: Vec<EntityFacts> = Vec::new();
    for (at, (mut entity, place, role)) in entities.into_iter().enumerate() {
        let ordinal = u32::try_from(at).unwrap();
        entity.parent = match role % 8 {
            0 => Parent::None,
            1 => Parent::Unknown,
            _ if at == 0 => Parent::None,
            _ => Parent::Entity(u32::try_from(place.index(at)).unwrap()),
        };
        let parent = match entity.parent {
            Parent::Entity(parent) => out.get(parent as usize),
            Parent::None | Parent::Unknown => None,
        };
        entity.kind = match role % 3 {
            0 => EntityKind::Segment,
            1 => EntityKind::Subsegment,
            _ if parent.is_some_and(|p| p.kind == EntityKind::Subsegment) => EntityKind::Inferred,
            _ => EntityKind::Segment,
        };
        if entity.kind == EntityKind::Subsegment {
            entity.segment = parent.and_then(|p| p.segment);
            entity.node = None;
        } else {
            entity.segment = Some(ordinal);
            entity.namespace = None;
        }
        out.push(entity);
    }
    out
}

fn head() -> impl Strategy<Value = TraceHead> {
    let membership = ("[a-z]{1,3}", any::<u32>()).prop_map(|(group, version)| Membership {
        group_id: group.into(),
        version,
    });
    let numbers = (
        1..u32::MAX,
        1..5_u32,
        0..u64::MAX / 1_000_000,
        0..i64::MAX / 2,
    );
    let flags = (any::<bool>(), prop::bool::weighted(0.9));
    (numbers, flags, vec(membership, 0..3)).prop_map(|(numbers, flags, mut memberships)| {
        memberships.sort();
        TraceHead {
            revision: numbers.0,
            limit_exceeded: flags.0,
            is_indexed: flags.1,
            memberships,
            first_stamp: Stamp(numbers.3),
            last_stamp: Stamp(numbers.3 + i64::from(numbers.1)),
            documents: numbers.1,
            document_bytes: numbers.2,
        }
    })
}

fn cause() -> impl Strategy<Value = RootCause> {
    let exception =
        (word(), word()).prop_map(|(name, message)| RootCauseException { name, message });
    let coverage = option::of((0..=1000_u32).prop_map(|c| f64::from(c) / 1000.0));
    let entity = (word(), any::<bool>(), vec(exception, 0..2), coverage).prop_map(
        |(name, remote, exceptions, coverage)| RootCauseEntity {
            name,
            remote,
            exceptions,
            coverage,
        },
    );
    let service = (node(), vec(word(), 0..2), any::<bool>(), vec(entity, 1..3)).prop_map(
        |(node, names, inferred, entity_path)| RootCauseService {
            node,
            names,
            inferred,
            entity_path,
        },
    );
    (vec(service, 0..3), any::<bool>()).prop_map(|(services, client_impacting)| RootCause {
        services,
        client_impacting,
    })
}

fn causes() -> impl Strategy<Value = RootCauses> {
    let list = || vec(cause(), 0..2);
    let some = (list(), list(), list()).prop_map(|(fault, error, response_time)| RootCauses {
        fault,
        error,
        response_time,
    });
    prop_oneof![Just(RootCauses::default()), some]
}

/// Trace ids with a believable time, and random ones.
pub(super) fn trace_id() -> impl Strategy<Value = TraceId> {
    let xray = (0..7_200_u32, any::<[u8; 12]>()).prop_map(|(secs, random)| {
        let mut bytes = [0; 16];
        let secs = u32::try_from(NOON).unwrap() + secs;
        bytes[..4].copy_from_slice(&secs.to_be_bytes());
        bytes[4..].copy_from_slice(&random);
        TraceId::from_bytes(bytes)
    });
    prop_oneof![xray, any::<[u8; 16]>().prop_map(TraceId::from_bytes)]
}

/// Facts of a random trace on the day of [`NOON`].
pub(super) fn facts() -> impl Strategy<Value = TraceFacts> {
    let source = option::of((node(), option::of(any::<i64>())));
    let link = (
        any::<prop::sample::Index>(),
        trace_id(),
        any::<u64>(),
        any::<bool>(),
        source,
    );
    let parts = (
        trace_id(),
        head(),
        vec(entity(), 1..8),
        vec(link, 0..3),
        causes(),
    );
    parts.prop_map(|(trace_id, head, entities, links, root_causes)| {
        let entities = placed(entities);
        let count = entities.len();
        let link = |(segment, trace_id, id, parent, source): (prop::sample::Index, _, _, _, _)| {
            let source: Option<(NodeKey, Option<i64>)> = source;
            LinkFacts {
                segment: u32::try_from(segment.index(count)).unwrap(),
                trace_id,
                id: SegmentId::from_u64(id),
                reference: if parent {
                    LinkReference::Parent
                } else {
                    LinkReference::Child
                },
                source: source.map(|(node, end)| LinkSource {
                    node,
                    end: end.map(UnixNanos),
                }),
            }
        };
        let links = links.into_iter().map(link).collect();
        TraceFacts::new(trace_id, head, entities, links, root_causes)
    })
}

/// Facts of several traces with different ids.
pub(super) fn several(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<TraceFacts>> {
    vec(facts(), count).prop_map(|mut traces| {
        traces.sort_by_key(|t| t.trace_id);
        traces.dedup_by_key(|t| t.trace_id);
        traces
    })
}

/// A plain trace: one segment of half a second.
pub(super) fn plain(number: u32, starts_secs: i64) -> TraceFacts {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&u32::try_from(starts_secs).unwrap().to_be_bytes());
    // Spread over the ids of the second, as random parts of real ids are.
    bytes[4..8].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    let start = UnixNanos::from_secs(starts_secs);
    let entity = segment(start, Some(UnixNanos(start.0 + 500_000_000)));
    let head = TraceHead {
        revision: 1,
        limit_exceeded: false,
        is_indexed: true,
        memberships: Vec::new(),
        first_stamp: Stamp(i64::from(number) * 10),
        last_stamp: Stamp(i64::from(number) * 10 + 1),
        documents: 2,
        document_bytes: 100,
    };
    let id = TraceId::from_bytes(bytes);
    TraceFacts::new(id, head, vec![entity], Vec::new(), RootCauses::default())
}

/// A root segment of node `api`.
pub(super) fn segment(start: UnixNanos, end: Option<UnixNanos>) -> EntityFacts {
    EntityFacts {
        kind: EntityKind::Segment,
        parent: Parent::None,
        segment: Some(0),
        name: "api".into(),
        start,
        end,
        flags: Flags::default(),
        namespace: None,
        node: Some(NodeKey {
            name: "api".into(),
            node_type: None,
            account_id: None,
        }),
        http: HttpFacts::default(),
        user: None,
        resource_arn: None,
        instance_id: None,
        availability_zone: None,
        annotations: Vec::new(),
    }
}
