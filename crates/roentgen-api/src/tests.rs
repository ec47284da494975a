//! Drives the router as a service, over the reference store and settings in memory.

mod audit;
mod console;

mod encryption;
mod graphs;
mod groups;
mod indexing;
mod insights;
mod policies;
mod protocol;
mod retrieval;
mod sampling;
mod search;
mod series;
mod settings;
mod summaries;
mod tags;
mod telemetry;
mod traces;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use roentgen_control::{Control, ControlSettings};
use roentgen_model::settings_history::SettingsHistories;
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_query::retrieval::{RetrievalSettings, Retrievals};
use roentgen_store::NaiveStore;
use roentgen_store::clock::{Clock, ManualClock, Randomness};
use roentgen_store::settings::StoreSettings;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::metrics::ApiMetrics;
use crate::origin::AllowedOrigins;
use crate::telemetry::TelemetryRecords;
use crate::{Addresses, ApiSettings, ApiState, Features, Routers, ServerDescription, routers};

/// When tests begin: 2024-03-14T10:00:00Z.
const NOW_SECS: i64 = 1_710_410_400;

struct Server {
    router: Router,
    console: Router,
    store: Arc<NaiveStore>,
    state: ApiState,
    clock: Arc<ManualClock>,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Server {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn strict() -> Self {
        Self::with(|settings| settings.strict_limits = true).await
    }

    async fn with(change: impl FnOnce(&mut ApiSettings)) -> Self {
        Self::with_both(change, |_| {}).await
    }

    async fn with_control(change: impl FnOnce(&mut ControlSettings)) -> Self {
        Self::with_both(|_| {}, change).await
    }

    async fn with_both(
        change: impl FnOnce(&mut ApiSettings),
        change_control: impl FnOnce(&mut ControlSettings),
    ) -> Self {
        let scope = Scope::new("123456789012", "eu-west-1").unwrap();
        let clock = Arc::new(ManualClock::new(UnixNanos::from_secs(NOW_SECS)));
        let store = Arc::new(NaiveStore::new(StoreSettings::default(), clock.clone()));
        let mut control = ControlSettings::new(None, scope.clone());
        change_control(&mut control);
        let control = Control::open(control, [7; 32], clock.now()).await.unwrap();
        let mut settings = ApiSettings::new(scope);
        settings.allowed_origins = AllowedOrigins::new(["https://traces.example".to_owned()]);
        change(&mut settings);
        let state = ApiState {
            writer: store.clone(),
            reader: store.clone(),
            control: Arc::new(control),
            clock: clock.clone(),
            settings,
            metrics: ApiMetrics::default(),
            insights: Arc::default(),
            telemetry: Arc::new(TelemetryRecords::default()),
            retrievals: Arc::new(Retrievals::new(
                RetrievalSettings::default(),
                clock.clone(),
                Randomness::from_seed(7),
            )),
            otel_spans: retrieval::id_and_name,
            server: ServerDescription {
                version: "1.2.3",
                started: UnixNanos::from_secs(NOW_SECS - 60),
                addresses: Addresses::default(),
                features: Features::default(),
            },
        };
        let Routers { api, console } = routers(state.clone());
        Self {
            router: api,
            console,
            store,
            state,
            clock,
        }
    }

    /// What the binary does whenever settings change.
    fn judge_by_the_groups_of_now(&self) {
        let history = self.state.control.history();
        let scope = self.state.settings.scope.clone();
        let histories = SettingsHistories::new([(scope, history)]);
        self.store.publish_histories(Arc::new(histories));
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    async fn post_text(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(path).body(body.into()).unwrap())
            .await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_text(path, body.to_string()).await
    }

    /// The answer to a call that must succeed.
    async fn ok(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body.clone()).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{path} {body}: {:?}",
            answer.body
        );
        answer.body
    }

    /// The message of a call that must be refused with `InvalidRequestException`.
    async fn refused(&self, path: &str, body: Value) -> String {
        let answer = self.post(path, body.clone()).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{path} {body}: {:?}",
            answer.body
        );
        assert_eq!(answer.error_type(), "InvalidRequestException");
        answer.body["Message"].as_str().unwrap().to_owned()
    }

    /// Puts documents that must all be accepted.
    async fn put(&self, documents: &[Value]) {
        let texts: Vec<_> = documents.iter().map(Value::to_string).collect();
        let answer = self
            .ok("/TraceSegments", json!({ "TraceSegmentDocuments": texts }))
            .await;
        assert_eq!(answer, json!({"UnprocessedTraceSegments": []}));
    }
}

impl Answer {
    fn error_type(&self) -> &str {
        self.headers["x-amzn-errortype"].to_str().unwrap()
    }
}

/// Asserts that a call is refused with a message that begins so.
async fn refuses(server: &Server, path: &str, body: Value, message: &str) {
    let found = server.refused(path, body.clone()).await;
    assert!(found.starts_with(message), "{path} {body}: {found}");
}

/// A trace id of `secs` seconds after the beginning.
fn trace_id(secs: i64, number: u64) -> String {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&u32::try_from(NOW_SECS + secs).unwrap().to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    TraceId::from_bytes(bytes).to_string()
}

fn id(number: u64) -> String {
    format!("{number:016x}")
}

/// A complete segment of its own trace, from `secs` on for 0.25 s.
fn segment(secs: i64, number: u64, name: &str) -> Value {
    let start = NOW_SECS + secs;
    json!({
        "trace_id": trace_id(secs, number),
        "id": id(number),
        "name": name,
        "start_time": start,
        "end_time": f64::from(u32::try_from(start).unwrap()) + 0.25,
    })
}

/// The worked example of service-graph.md 8, 100 s back.
fn shop() -> Vec<Value> {
    let t = |secs: f64| {
        let millis = (secs * 1000.0).round() / 1000.0;
        json!(f64::from(u32::try_from(NOW_SECS - 100).unwrap()) + millis)
    };
    let (x, y) = (trace_id(-100, 1), trace_id(-98, 2));
    vec![
        json!({"trace_id": x, "id": id(0xa1), "name": "web", "origin": "AWS::EC2::Instance",
            "start_time": t(0.0), "end_time": t(0.3), "user": "ada",
            "http": {"request": {"method": "GET", "url": "http://shop/buy", "user_agent": "agent",
                "client_ip": "10.0.0.1"}, "response": {"status": 200}},
            "annotations": {"tier": "gold", "items": 3, "paid": true},
            "aws": {"ec2": {"instance_id": "i-1", "availability_zone": "eu-west-1a"}},
            "resource_arn": "arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
            "subsegments": [
                {"id": id(0xa2), "name": "pay.example.com", "namespace": "remote", "fault": true,
                    "start_time": t(0.01), "end_time": t(0.13)},
                {"id": id(0xa3), "name": "SQS", "namespace": "aws", "aws": {"queue_url": "https://q/1"},
                    "start_time": t(0.2), "end_time": t(0.22)}]}),
        json!({"trace_id": x, "id": id(0xb1), "parent_id": id(0xa2), "name": "pay", "fault": true,
            "start_time": t(0.03), "end_time": t(0.12),
            "cause": {"exceptions": [{"id": id(0xe1), "type": "Timeout", "message": "too slow"}]}}),
        json!({"trace_id": y, "id": id(0xc1), "name": "worker", "origin": "AWS::Lambda",
            "start_time": t(2.22), "end_time": t(2.32),
            "links": [{"trace_id": x, "id": id(0xa3),
                "attributes": {"aws.xray.reserved.reference_type": "parent"}}]}),
    ]
}

fn range(from: i64, to: i64) -> Value {
    json!({"StartTime": NOW_SECS + from, "EndTime": NOW_SECS + to})
}

fn with(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    body[name] = value.into();
    body
}
