//! Documents to load with: traces of four segments over four services, about 1.6 kB each, as real SDKs
//! write them (annotations of low and high cardinality, 1.5 % faults, log-normal latencies).

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::{Value, json};

const SERVICES: [&str; 8] = [
    "web", "cart", "search", "pay", "stock", "mail", "users", "prices",
];
/// Documents of one trace.
pub(crate) const DOCUMENTS_PER_TRACE: usize = 4;

/// Stands in every trace id, so that documents made once can be sent many times as new ones: see
/// [`renewed`].
const SALT: &str = "5a175a17";

/// The documents with trace ids of their own for this round.
pub(crate) fn renewed(text: &str, round: u32) -> String {
    text.replace(SALT, &format!("{round:08x}"))
}

/// Makes traces.
#[derive(Debug)]
pub(crate) struct Documents {
    random: StdRng,
    /// Copies of each service, told apart by a number in their names.
    copies: u32,
}

/// One trace: its id and its documents.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) id: String,
    pub(crate) documents: Vec<String>,
}

impl Documents {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            copies: 1,
        }
    }

    /// The same with so many copies of each of the eight services.
    pub(crate) fn with_copies(seed: u64, copies: u32) -> Self {
        Self {
            copies,
            ..Self::new(seed)
        }
    }

    /// A trace that starts at `epoch_secs`.
    pub(crate) fn trace(&mut self, epoch_secs: f64) -> Trace {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "seconds of this century fit"
        )]
        let secs = epoch_secs as u32;
        let id = format!("1-{secs:08x}-{SALT}{:016x}", self.random.next_u64());
        let mut parent = None;
        let mut documents = Vec::with_capacity(DOCUMENTS_PER_TRACE);
        let first = self.random.random_range(0..SERVICES.len());
        let copy = self.random.random_range(0..self.copies.max(1));
        for depth in 0..DOCUMENTS_PER_TRACE {
            let service = SERVICES
                .get((first + depth) % SERVICES.len())
                .copied()
                .unwrap_or("web");
            let service = match copy {
                0 => service.to_owned(),
                copy => format!("{service}-{copy}"),
            };
            let (segment, call) = self.segment(&id, &service, epoch_secs, depth, parent.take());
            documents.push(segment.to_string());
            parent = Some(call);
        }
        Trace { id, documents }
    }

    /// A segment with a database call and the call that the next segment answers.
    fn segment(
        &mut self,
        trace: &str,
        service: &str,
        at: f64,
        depth: usize,
        parent: Option<String>,
    ) -> (Value, String) {
        let [id, call, table] = std::array::from_fn(|_| format!("{:016x}", self.random.next_u64()));
        #[expect(clippy::cast_precision_loss, reason = "a depth of at most 4")]
        let start = at + 0.004 * depth as f64;
        let took = 0.02 + 0.4 * self.random.random_range(0.0_f64..1.0).powi(6);
        let fault = self.random.random_bool(0.015);
        let status = if fault { 500 } else { 200 };
        let item = self.random.random_range(0..100_000_u32);
        let mut segment = json!({
            "trace_id": trace, "id": id, "name": service, "start_time": start, "end_time": start + took,
            "origin": "AWS::ECS::Container", "fault": fault,
            "http": {"request": {"method": "GET", "url": format!("https://{service}.example/items/{}", item % 50),
                                 "user_agent": "bench/1.0", "client_ip": "203.0.113.9"},
                     "response": {"status": status, "content_length": 1834}},
            "aws": {"ecs": {"container": "ip-10-0-1-9", "container_id": "3f2e1d0c9b8a"},
                    "ec2": {"availability_zone": "eu-west-1b", "instance_id": "i-0abc1234def567890"},
                    "xray": {"sdk": "X-Ray for Python", "sdk_version": "2.15.0", "sampling_rule_name": "Default"}},
            "service": {"version": "1.8.2", "runtime": "CPython", "runtime_version": "3.11.7"},
            "user": format!("u-{}", item % 5_000),
            "annotations": {"tier": "gold", "order": format!("o-{item}"), "items": item % 9, "beta": item % 2 == 0},
            "metadata": {"default": {"cart": {"currency": "EUR", "vouchers": [1, 2, 3]}, "note": "some text that an application keeps"}},
            "subsegments": [
                {"id": table, "name": "DynamoDB", "start_time": start + 0.001, "end_time": start + 0.006, "namespace": "aws",
                 "http": {"response": {"status": 200, "content_length": 61}},
                 "aws": {"operation": "GetItem", "table_name": "items", "region": "eu-west-1", "request_id": "Q1W2E3R4T5Y6", "retries": 0}},
                {"id": call, "name": "next.example", "start_time": start + 0.002, "end_time": start + took - 0.002, "namespace": "remote",
                 "http": {"request": {"method": "GET", "url": "https://next.example/"}, "response": {"status": 200, "content_length": 12}}},
            ],
        });
        if let (Some(parent), Value::Object(members)) = (parent, &mut segment) {
            members.insert("parent_id".into(), parent.into());
        }
        (segment, call)
    }
}
