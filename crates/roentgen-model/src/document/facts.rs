//! The facts of one valid document: what stays in memory of it. Its text stays in the log or a block.

use std::sync::Arc;

use crate::assembly::facts::{
    AnnotationValue, Flags, HttpFacts, LinkReference, Namespace, NodeKey,
};
use crate::ids::{SegmentId, TraceId};
use crate::time::UnixNanos;

/// One valid segment or independent subsegment document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub trace_id: TraceId,
    /// `type: subsegment`.
    pub is_subsegment: bool,
    /// `parent_id` as sent; always there for an independent subsegment.
    pub parent_id: Option<SegmentId>,
    pub entity: DocumentEntity,
    /// Equal for documents that say the same (segments.md 5, "byte-equal after canonicalisation"):
    /// first 16 bytes of the SHA-256 of the canonical form (members sorted, white space removed,
    /// strings unescaped, number text kept).
    pub fingerprint: u128,
    /// Bytes of the text as sent.
    pub text_bytes: u32,
}

/// A segment or subsegment as its document tells it, with its embedded subsegments.
///
/// The *pre-order ordinal* of an entity (the document's own entity is 0) addresses it inside the
/// document; embedded subsegments that failed their checks are not counted.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentEntity {
    pub id: SegmentId,
    pub name: Arc<str>,
    pub start: UnixNanos,
    /// `None`: in progress.
    pub end: Option<UnixNanos>,
    /// Effective flags (segments.md 6).
    pub flags: Flags,
    pub namespace: Option<Namespace>,
    pub origin: Option<Arc<str>>,
    /// `aws.account_id`.
    pub account_id: Option<Arc<str>>,
    /// The node and type of the inferred segment this subsegment would make (segments.md 7); `None`
    /// without a namespace. `node_type` is `remote` where the inferred document has no `origin`.
    pub callee: Option<NodeKey>,
    pub http: HttpFacts,
    pub user: Option<Arc<str>>,
    pub resource_arn: Option<Arc<str>>,
    pub instance_id: Option<Arc<str>>,
    pub availability_zone: Option<Arc<str>>,
    /// Annotations that may be indexed (key 1–500 characters, scalar value cut at 1,000 characters).
    pub annotations: Vec<(Arc<str>, AnnotationValue)>,
    pub cause: Cause,
    /// At most 20; of segments only.
    pub links: Vec<Link>,
    pub subsegments: Vec<DocumentEntity>,
}

/// `cause` (segments.md 2.9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The exceptions told here, in document order.
    pub exceptions: Vec<Exception>,
    /// The id of an exception told elsewhere in the trace.
    pub reference: Option<SegmentId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// `None` if the document had none (some SDKs omit it).
    pub id: Option<SegmentId>,
    pub name: Option<Arc<str>>,
    pub message: Option<Arc<str>>,
}

/// One element of `links`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub trace_id: TraceId,
    pub id: SegmentId,
    pub reference: LinkReference,
}
