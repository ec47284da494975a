//! Documents for tests, without JSON.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::facts::{
    AnnotationValue, Flags, HttpFacts, LinkReference, Namespace, NodeKey, TraceFacts,
};
use super::resolve::Arrival;
use super::{AssemblySettings, Recorded, assemble};
use crate::document::facts::{Cause, Document, DocumentEntity, Exception, Link};
use crate::ids::{SegmentId, TraceId};
use crate::time::{Stamp, UnixNanos};

/// The trace of all samples: its id tells second 10 of the epoch, near which samples should start.
pub(crate) const TRACE_ID: TraceId =
    TraceId::from_bytes([0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/// An entity being described; becomes a document at the end.
#[derive(Clone, Debug)]
pub(crate) struct Sample(pub(crate) DocumentEntity);

pub(crate) fn millis(millis: i64) -> UnixNanos {
    UnixNanos(millis * 1_000_000)
}

pub(crate) fn key(name: &str, node_type: Option<&str>) -> NodeKey {
    NodeKey {
        name: name.into(),
        node_type: node_type.map(Into::into),
        account_id: None,
    }
}

/// A complete entity, times in milliseconds.
pub(crate) fn sample(name: &str, id: u64, time_millis: Range<i64>) -> Sample {
    Sample(DocumentEntity {
        id: SegmentId::from_u64(id),
        name: name.into(),
        start: millis(time_millis.start),
        end: Some(millis(time_millis.end)),
        flags: Flags::default(),
        namespace: None,
        origin: None,
        account_id: None,
        callee: None,
        http: HttpFacts::default(),
        user: None,
        resource_arn: None,
        instance_id: None,
        availability_zone: None,
        annotations: Vec::new(),
        cause: Cause::default(),
        links: Vec::new(),
        subsegments: Vec::new(),
    })
}

impl Sample {
    pub(crate) fn in_progress(mut self) -> Self {
        self.0.end = None;
        self
    }

    /// Another end, even before the start.
    pub(crate) fn ends_at(mut self, end_millis: i64) -> Self {
        self.0.end = Some(millis(end_millis));
        self
    }

    pub(crate) fn fault(mut self) -> Self {
        self.0.flags.fault = true;
        self
    }

    pub(crate) fn error(mut self) -> Self {
        self.0.flags.error = true;
        self
    }

    pub(crate) fn throttle(mut self) -> Self {
        self.0.flags.error = true;
        self.0.flags.throttle = true;
        self
    }

    pub(crate) fn origin(mut self, origin: &str) -> Self {
        self.0.origin = Some(origin.into());
        self
    }

    pub(crate) fn account(mut self, account_id: &str) -> Self {
        self.0.account_id = Some(account_id.into());
        self
    }

    /// A call with namespace `remote`.
    pub(crate) fn remote(mut self) -> Self {
        self.0.namespace = Some(Namespace::Remote);
        self.0.callee = Some(key(&self.0.name, Some("remote")));
        self
    }

    /// A call with namespace `aws` to this node.
    pub(crate) fn aws(mut self, name: &str, node_type: &str) -> Self {
        self.0.namespace = Some(Namespace::Aws);
        self.0.callee = Some(key(name, Some(node_type)));
        self
    }

    pub(crate) fn annotation(mut self, name: &str, value: AnnotationValue) -> Self {
        self.0.annotations.push((name.into(), value));
        self
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.annotation(name, AnnotationValue::String(value.into()))
    }

    pub(crate) fn user(mut self, user: &str) -> Self {
        self.0.user = Some(user.into());
        self
    }

    pub(crate) fn exception(mut self, id: Option<u64>, name: &str, message: &str) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        let (name, message) = (text(name), text(message));
        self.0.cause.exceptions.push(Exception {
            id: id.map(SegmentId::from_u64),
            name,
            message,
        });
        self
    }

    pub(crate) fn cause(mut self, exception_id: u64) -> Self {
        self.0.cause.reference = Some(SegmentId::from_u64(exception_id));
        self
    }

    pub(crate) fn link(mut self, trace_id: TraceId, id: u64, reference: LinkReference) -> Self {
        self.0.links.push(Link {
            trace_id,
            id: SegmentId::from_u64(id),
            reference,
        });
        self
    }

    pub(crate) fn child(mut self, child: Self) -> Self {
        self.0.subsegments.push(child.0);
        self
    }

    /// A segment document.
    pub(crate) fn segment(self, parent_id: Option<u64>) -> Document {
        document(self.0, parent_id.map(SegmentId::from_u64), false)
    }

    /// A segment document without parent.
    pub(crate) fn root(self) -> Document {
        self.segment(None)
    }

    /// An independent subsegment document.
    pub(crate) fn subsegment(self, parent_id: u64) -> Document {
        document(self.0, Some(SegmentId::from_u64(parent_id)), true)
    }
}

pub(crate) fn document(
    entity: DocumentEntity,
    parent_id: Option<SegmentId>,
    is_subsegment: bool,
) -> Document {
    let mut hasher = DefaultHasher::new();
    format!("{entity:?} {parent_id:?} {is_subsegment}").hash(&mut hasher);
    let fingerprint = u128::from(hasher.finish());
    Document {
        trace_id: TRACE_ID,
        is_subsegment,
        parent_id,
        entity,
        fingerprint,
        text_bytes: 100,
    }
}

/// Stamps 1, 2, 3 … in the order given.
pub(crate) fn arrivals(documents: &[Document]) -> Vec<Arrival<'_>> {
    let stamps = (1..).map(Stamp);
    stamps
        .zip(documents)
        .map(|(stamp, document)| Arrival { stamp, document })
        .collect()
}

/// The facts of documents that arrive in this order.
pub(crate) fn facts(documents: &[Document]) -> TraceFacts {
    let settings = AssemblySettings::default();
    assemble(
        TRACE_ID,
        &arrivals(documents),
        Recorded::default(),
        settings,
    )
}

/// The two documents of segments.md 11.
pub(crate) fn checkout_and_pay() -> Vec<Document> {
    let orders = sample("DynamoDB", 0xa02, 10_050..10_100).aws("orders", "AWS::DynamoDB::Table");
    let call = sample("pay.example.com", 0xa03, 10_110..10_390)
        .remote()
        .fault();
    let checkout = sample("checkout", 0xa01, 10_000..10_400)
        .origin("AWS::EC2::Instance")
        .fault();
    let pay = sample("pay", 0xb01, 10_130..10_380).fault();
    vec![
        checkout.child(orders).child(call).root(),
        pay.segment(Some(0xa03)),
    ]
}

/// Traces X and Y of service-graph.md 8, the link of Y resolved.
pub(crate) fn web_and_worker() -> [TraceFacts; 2] {
    let other_trace = TraceId::from_bytes([7; 16]);
    let queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/Q";
    let web = sample("web", 1, 0..300)
        .origin("AWS::EC2::Instance")
        .child(sample("pay.example.com", 2, 10..130).remote().fault())
        .child(sample("SQS", 3, 200..220).aws(queue, "AWS::SQS::Queue"));
    let pay = sample("pay", 4, 30..120).fault();
    let worker = sample("worker", 5, 2_220..2_320)
        .origin("AWS::Lambda")
        .link(other_trace, 3, LinkReference::Parent);
    let x = facts(&[web.root(), pay.segment(Some(2))]);
    let mut y = facts(&[worker.root()]);
    y.links[0].source = Some(super::facts::LinkSource {
        node: key(queue, Some("AWS::SQS::Queue")),
        end: Some(millis(220)),
    });
    [x, y]
}
