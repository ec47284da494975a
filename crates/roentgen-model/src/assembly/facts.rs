//! What is kept of a trace beside its documents (FACTS-1): every fact that a filter, graph or statistic
//! can ask for. No document ids: only ordinals, which cost a byte where an id costs eight.
//!
//! [`TraceFacts::new`] derives everything that follows from the entities (nodes, calls, root, flags,
//! times), so that a store writes only [`TraceHead`], [`EntityFacts`] and [`RootCauses`] and gets equal
//! facts back.

use std::ops::Range;
use std::sync::Arc;

use crate::ids::{SegmentId, TraceId};
use crate::time::{Stamp, UnixNanos};

/// Index into [`TraceFacts::entities`].
pub type EntityOrdinal = u32;
/// Index into [`TraceFacts::nodes`].
pub type NodeOrdinal = u32;

/// The type of client nodes (service-graph.md 2.1).
pub const CLIENT_TYPE: &str = "client";

/// The facts of one trace. Immutable; equal documents with equal stamps give equal facts (ASM-2).
#[derive(Clone, Debug, PartialEq)]
pub struct TraceFacts {
    pub trace_id: TraceId,
    pub head: TraceHead,
    /// Parents before children; siblings by (start, id); an inferred segment follows as a child of its
    /// subsegment.
    pub entities: Vec<EntityFacts>,
    pub root_causes: RootCauses,
    /// Links of the trace's segments, in entity order, at most 100.
    pub links: Vec<LinkFacts>,

    // Derived by `new`.
    /// Distinct nodes in order of first appearance; client nodes last.
    pub nodes: Vec<Node>,
    /// Edges of the trace, one per call; link edges are not calls.
    pub calls: Vec<Call>,
    /// The root segment (segments.md 6).
    pub root: Option<EntityOrdinal>,
    /// Page order, with the id (PAGE-1): segments.md 3.
    pub t0: UnixNanos,
    /// Earliest start of any segment (of any orphan, if there is no segment).
    pub start: UnixNanos,
    /// Latest end of any (sub)segment; `None` if nothing has ended.
    pub end: Option<UnixNanos>,
    /// Ends of segments (inferred ones included): least and greatest, for `TimeRangeType=Service`.
    pub segment_ends: Option<(UnixNanos, UnixNanos)>,
    /// `end - start`, clamped at 0; `None` if nothing has ended.
    pub duration_nanos: Option<i64>,
    /// Of the root segment; `None` while it is in progress or missing.
    pub response_time_nanos: Option<i64>,
    pub has_fault: bool,
    pub has_error: bool,
    pub has_throttle: bool,
    pub is_partial: bool,
}

/// What documents alone do not say about a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceHead {
    /// Log records that changed the trace (ASM-1), at least 1.
    pub revision: u32,
    /// Documents were refused because the trace is over its size limit.
    pub limit_exceeded: bool,
    /// False: outside the indexed share (INDEX-1).
    pub is_indexed: bool,
    /// Groups the trace belongs to, by the versions valid at the last change (ASM-2), sorted.
    pub memberships: Vec<Membership>,
    /// Least and greatest stamp of the documents that count.
    pub first_stamp: Stamp,
    pub last_stamp: Stamp,
    /// Winning documents, and the bytes of their text as sent.
    pub documents: u32,
    pub document_bytes: u64,
}

/// A trace is a member of a group by one version of the group's expression (GROUP-1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Membership {
    /// The unique id at the end of the group's ARN.
    pub group_id: Arc<str>,
    pub version: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntityKind {
    Segment,
    Subsegment,
    /// An inferred segment (segments.md 7).
    Inferred,
}

/// Where an entity hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// No `parent_id`.
    None,
    /// An earlier entity of the trace.
    Entity(EntityOrdinal),
    /// A `parent_id` that is no entity of the trace (or was cut out of a cycle).
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    Aws,
    Remote,
}

/// Effective status flags (segments.md 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    pub error: bool,
    pub throttle: bool,
    pub fault: bool,
}

impl Flags {
    /// Neither error nor throttle nor fault.
    #[must_use]
    pub const fn ok(self) -> bool {
        !(self.error || self.throttle || self.fault)
    }

    /// The one class the entity is counted in.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self { fault: true, .. } => Class::Fault,
            Self { throttle: true, .. } => Class::Throttle,
            Self { error: true, .. } => Class::Error,
            _ => Class::Ok,
        }
    }
}

/// Counting class of one segment or call (segments.md 6): exactly one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Ok,
    Error,
    Throttle,
    Fault,
}

/// One segment, subsegment or inferred segment.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityFacts {
    pub kind: EntityKind,
    pub parent: Parent,
    /// The owning segment: itself for (inferred) segments, `None` for orphan subsegments and what hangs
    /// below them.
    pub segment: Option<EntityOrdinal>,
    pub name: Arc<str>,
    pub start: UnixNanos,
    /// `None` while in progress. May lie before `start` (clock skew).
    pub end: Option<UnixNanos>,
    pub flags: Flags,
    /// Of subsegments only.
    pub namespace: Option<Namespace>,
    /// The node of a segment (name, origin, account) or inferred segment; `None` for subsegments.
    pub node: Option<NodeKey>,
    pub http: HttpFacts,
    pub user: Option<Arc<str>>,
    pub resource_arn: Option<Arc<str>>,
    pub instance_id: Option<Arc<str>>,
    pub availability_zone: Option<Arc<str>>,
    /// Indexed annotations only, in document order.
    pub annotations: Vec<(Arc<str>, AnnotationValue)>,
}

impl EntityFacts {
    /// End minus start, clamped at 0; `None` while in progress.
    #[must_use]
    pub fn response_time_nanos(&self) -> Option<i64> {
        self.end.map(|end| end.nanos_since(self.start))
    }
}

/// Indexed members of `http` (at most 2,048 characters each).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpFacts {
    pub method: Option<Arc<str>>,
    pub url: Option<Arc<str>>,
    pub user_agent: Option<Arc<str>>,
    pub client_ip: Option<Arc<str>>,
    pub status: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AnnotationValue {
    String(Arc<str>),
    Number(f64),
    Boolean(bool),
}

/// Identity of a node (service-graph.md 2.1). A missing type is `None`, never `""`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey {
    pub name: Arc<str>,
    pub node_type: Option<Arc<str>>,
    pub account_id: Option<Arc<str>>,
}

/// A node of one trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub key: NodeKey,
    /// Names under which callers addressed it, other than `key.name`; sorted (service-graph.md 3.3).
    pub other_names: Vec<Arc<str>>,
    pub kind: NodeKind,
    /// Receives a client edge.
    pub is_root: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// Fed by at least one real segment: State `active`.
    Real,
    /// Fed by inferred segments only: State `unknown`.
    Inferred,
    Client,
}

/// One call, seen as an edge (service-graph.md 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub source: NodeOrdinal,
    pub destination: NodeOrdinal,
    /// The (inferred) segment that was called.
    pub destination_segment: EntityOrdinal,
    /// The calling segment; `None` on client edges.
    pub source_segment: Option<EntityOrdinal>,
    /// Whose flags, times and `http` the edge shows: the caller's subsegment, else the called segment.
    pub entity: EntityOrdinal,
    /// Another name than the node's under which the caller knew it.
    pub alias: Option<Arc<str>>,
}

/// A link of one segment to an entity of another trace (segments.md 2.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    pub segment: EntityOrdinal,
    pub trace_id: TraceId,
    pub id: SegmentId,
    pub reference: LinkReference,
    /// Filled by the store once the other trace is known (LINK-1).
    pub source: Option<LinkSource>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkReference {
    Parent,
    Child,
}

/// Where a link edge begins: the node of the linked entity, and when that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSource {
    pub node: NodeKey,
    pub end: Option<UnixNanos>,
}

/// Root causes, ready for output and for filters (api.md "Root causes"); at most 10 of a kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RootCauses {
    pub fault: Vec<RootCause>,
    pub error: Vec<RootCause>,
    pub response_time: Vec<RootCause>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RootCause {
    pub services: Vec<RootCauseService>,
    pub client_impacting: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RootCauseService {
    pub node: NodeKey,
    /// All names incl. `node.name`, which comes first.
    pub names: Vec<Arc<str>>,
    pub inferred: bool,
    /// Never empty; the first is the service's own segment.
    pub entity_path: Vec<RootCauseEntity>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RootCauseEntity {
    pub name: Arc<str>,
    /// A subsegment with a namespace.
    pub remote: bool,
    /// Of fault and error causes.
    pub exceptions: Vec<RootCauseException>,
    /// Of response-time causes: share of the root's time, 0–1, 3 decimals.
    pub coverage: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RootCauseException {
    /// `""` if the document has no type.
    pub name: Arc<str>,
    pub message: Arc<str>,
}

/// Half-open `[start, end)`.
pub type TimeRange = Range<UnixNanos>;
