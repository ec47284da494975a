//! An endless, reproducible stream of batches, as a busy shop would send it.

use roentgen_tests::Documents;
use serde_json::{Value, json};

/// The batches of one writer; equal for equal makers.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    make: Documents,
}

impl Feed {
    pub(super) fn new(make: Documents) -> Feed {
        Feed { make }
    }

    /// The trace that batch `step` begins.
    pub(super) fn trace_id(&self, step: u32) -> String {
        self.make.trace_id(step)
    }

    /// The documents of the call number `step`.
    pub(super) fn batch(&self, step: u32) -> Vec<Value> {
        let mut batch = vec![self.front_in_progress(step)];
        // A trace is completed two batches after it began …
        if let Some(begun) = step.checked_sub(2) {
            batch.push(self.front(begun));
            batch.push(self.back(begun));
        }
        // … gets an independent subsegment five batches after, and some a document again.
        if let Some(begun) = step.checked_sub(5) {
            batch.push(self.independent(begun));
            if begun.is_multiple_of(3) {
                batch.push(self.back(begun));
            }
        }
        // Long after, when the trace may be in a block, comes one more.
        if let Some(begun) = step.checked_sub(100) {
            batch.push(self.late(begun));
        }
        batch
    }

    /// The steps whose traces are whole once the batches up to and without `end` are in.
    pub(super) fn end_of_whole(end: u32) -> u32 {
        end.saturating_sub(5)
    }

    fn offset(step: u32) -> u32 {
        step % 20_000
    }

    fn front_in_progress(&self, step: u32) -> Value {
        let mut front = self.front(step);
        let members = front.as_object_mut().expect("made as an object");
        members.remove("end_time");
        members.remove("subsegments");
        front["in_progress"] = json!(true);
        front
    }

    fn front(&self, step: u32) -> Value {
        let (make, from) = (&self.make, Self::offset(step));
        let length = 20 + step * 7 % 500;
        let mut front = make.segment(step, 1, "front", from, from + length);
        let is_fault = step.is_multiple_of(11);
        front["http"] = json!({
            "request": { "method": "GET", "url": format!("http://shop.test/item/{}", step % 10) },
            "response": { "status": if is_fault { 500 } else { 200 } },
        });
        front["annotations"] = json!({ "step": step, "shelf": format!("s{}", step % 5) });
        front["user"] = json!(format!("user-{}", step % 7));
        front["subsegments"] = json!([
            {
                "id": make.id(step, 2), "name": "back", "namespace": "remote",
                "start_time": make.at(from + 1), "end_time": make.at(from + length - 1),
            },
            {
                "id": make.id(step, 3), "name": "DynamoDB", "namespace": "aws",
                "start_time": make.at(from + 1), "end_time": make.at(from + 5),
                "aws": { "operation": "GetItem", "table_name": format!("table-{}", step % 3) },
            },
        ]);
        front
    }

    fn back(&self, step: u32) -> Value {
        let from = Self::offset(step);
        let mut back = self
            .make
            .segment(step, 4, "back", from + 2, from + 2 + step * 3 % 17);
        back["parent_id"] = json!(self.make.id(step, 2));
        back["error"] = json!(step.is_multiple_of(13));
        back
    }

    fn independent(&self, step: u32) -> Value {
        let from = Self::offset(step);
        json!({
            "type": "subsegment", "name": "audit", "id": self.make.id(step, 5),
            "trace_id": self.make.trace_id(step), "parent_id": self.make.id(step, 4),
            "start_time": self.make.at(from + 3), "end_time": self.make.at(from + 4),
            "namespace": "remote", "throttle": step.is_multiple_of(17),
        })
    }

    fn late(&self, step: u32) -> Value {
        let from = Self::offset(step);
        json!({
            "type": "subsegment", "name": "cleanup", "id": self.make.id(step, 6),
            "trace_id": self.make.trace_id(step), "parent_id": self.make.id(step, 1),
            "start_time": self.make.at(from + 5), "end_time": self.make.at(from + 900),
        })
    }
}
