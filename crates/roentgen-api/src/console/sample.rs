//! `/api/v1/sample-trace`: sends one small trace the way any client does, so that a newcomer has something
//! to look at.

use bytes::Bytes;
use roentgen_model::document::Verdict;
use roentgen_model::{SegmentId, TraceId, UnixNanos};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Ask;
use super::answer::Answer;
use crate::error::ApiError;
use crate::wire::numbers::Time;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SampleTraceResult {
    trace_id: String,
}

pub(super) async fn answer(ask: Ask) -> Result<Answer, ApiError> {
    let sample = Sample::new(ask.request_id, ask.call.now);
    let texts = sample.documents().map(|text| Bytes::from(text.to_string()));
    let writer = &ask.call.api().writer;
    let scope = &ask.call.principal.scope;
    for verdict in writer.accept(scope, texts.to_vec()).await? {
        if let Verdict::Refused(refusal) = verdict {
            return Err(ApiError::fault(refusal.message));
        }
    }
    let result = SampleTraceResult {
        trace_id: sample.trace_id.to_string(),
    };
    Answer::json(&result, false)
}

/// A shop that asks a service, which reads a table and fails to send a mail; it ended a moment ago.
struct Sample {
    trace_id: TraceId,
    first_id: u64,
    start: UnixNanos,
}

impl Sample {
    /// `random` makes the ids.
    fn new(random: Uuid, now: UnixNanos) -> Self {
        let begun = now.0.saturating_sub(500_000_000);
        // Whole milliseconds, as a client would send: more digits only distract.
        let start = UnixNanos(begun - begun.rem_euclid(1_000_000));
        let secs = u32::try_from(start.secs()).unwrap_or(0);
        let (high, low) = random.as_u64_pair();
        let id = u128::from(secs) << 96 | u128::from(low) << 32 | u128::from(high >> 32);
        Self {
            trace_id: TraceId::from_bytes(id.to_be_bytes()),
            first_id: high & !0xf,
            start,
        }
    }

    fn id(&self, number: u64) -> String {
        SegmentId::from_u64(self.first_id | number).to_string()
    }

    fn at(&self, millis: i64) -> Time {
        Time(UnixNanos(self.start.0 + millis * 1_000_000))
    }

    fn documents(&self) -> [Value; 2] {
        let trace_id = self.trace_id.to_string();
        let failure = json!({"exceptions": [{"id": self.id(9), "type": "ConnectionRefused",
            "message": "nobody listens on mail.sample:25",
            "stack": [{"path": "mail.rs", "line": 42, "label": "send"}]}]});
        [
            json!({"trace_id": trace_id, "id": self.id(1), "name": "sample-shop",
                "start_time": self.at(0), "end_time": self.at(420), "user": "sample",
                "http": {"request": {"method": "POST", "url": "http://shop.sample/orders"},
                    "response": {"status": 200}},
                "annotations": {"sample": true, "items": 3},
                "metadata": {"default": {"cart": ["tea", "cup", "spoon"]}},
                "subsegments": [{"id": self.id(2), "name": "sample-orders", "namespace": "remote",
                    "start_time": self.at(20), "end_time": self.at(400),
                    "http": {"request": {"method": "PUT", "url": "http://orders.sample/orders/17",
                            "traced": true}, "response": {"status": 201}}}]}),
            json!({"trace_id": trace_id, "id": self.id(3), "parent_id": self.id(2),
                "name": "sample-orders", "start_time": self.at(30), "end_time": self.at(390),
                "http": {"request": {"method": "PUT", "url": "http://orders.sample/orders/17"},
                    "response": {"status": 201}},
                "subsegments": [
                    {"id": self.id(4), "name": "DynamoDB", "namespace": "aws",
                        "start_time": self.at(60), "end_time": self.at(140),
                        "aws": {"operation": "PutItem", "table_name": "sample-orders"}},
                    {"id": self.id(5), "name": "stock@db.sample", "namespace": "remote",
                        "start_time": self.at(150), "end_time": self.at(230),
                        "sql": {"database_type": "PostgreSQL", "user": "orders",
                            "sanitized_query": "UPDATE stock SET count = count - ? WHERE item = ?"}},
                    {"id": self.id(6), "name": "mail.sample", "namespace": "remote", "fault": true,
                        "start_time": self.at(240), "end_time": self.at(380), "cause": failure}]}),
        ]
    }
}
