use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use parking_lot::Mutex;
use roentgen_control::insight_state::InsightRecord;
use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::insight::{Counts, Insight, InsightEvent, InsightId, Picture};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// What came, and what to answer next; 200 when nothing is left.
#[derive(Clone, Default)]
struct Receiver {
    seen: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let body = serde_json::from_str(&body).unwrap();
    receiver.seen.lock().push((headers, body));
    let answer = receiver.answers.lock().pop().unwrap_or(200);
    StatusCode::from_u16(answer).unwrap()
}

impl Receiver {
    async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/hook", post(receive))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }
}

fn notification() -> Notification {
    let node = |name: &str| NodeKey {
        name: name.into(),
        node_type: Some("AWS::EC2::Instance".into()),
        account_id: None,
    };
    let counts = |total, faults| Counts {
        total,
        faults,
        ok: total - faults,
    };
    let picture = Picture {
        root_cause: node("pay"),
        anomalous: vec![node("pay"), node("web")],
        clients: counts(100, 10),
        root_cause_counts: counts(50, 20),
    };
    let insight = Insight {
        id: InsightId::derive("Default", UnixNanos(0), &node("pay"), 0),
        start: UnixNanos::from_secs(1_710_410_400),
        end: None,
        picture: picture.clone(),
        updated: UnixNanos::from_secs(1_710_410_580),
    };
    let summary = insight.summary();
    Notification {
        record: InsightRecord {
            group_id: "Default".into(),
            group_name: "Default".into(),
            group_arn: "arn:aws:xray:eu-west-1:111122223333:group/Default".into(),
            insight,
        },
        event: InsightEvent {
            time: UnixNanos::from_secs(1_710_410_580),
            summary,
            picture,
        },
    }
}

/// Tells one event to this address; says how many were told and lost.
async fn tell(url: &str) -> (u64, u64) {
    let metrics = WebhookMetrics::default();
    let scope = Scope::new("111122223333", "eu-west-1").unwrap();
    let webhook = Webhook::new(url.parse().unwrap(), scope, metrics.clone());
    let (sender, waiting) = mpsc::channel(1);
    sender.send(notification()).await.unwrap();
    drop(sender);
    let (_running, stopping) = watch::channel(false);
    webhook.run(waiting, stopping).await;
    (metrics.sent.get(), metrics.failed.get())
}

#[tokio::test]
async fn an_event_arrives_in_the_documented_envelope() {
    let receiver = Receiver::default();
    let address = receiver.listen().await;
    assert_eq!(
        tell(&format!("http://ada:secret@{address}/hook?key=1")).await,
        (1, 0)
    );
    let seen = receiver.seen.lock().clone();
    let [(headers, body)] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["authorization"], "Basic YWRhOnNlY3JldA==");
    let service = |name| json!({"Name": name, "Names": [name], "Type": "AWS::EC2::Instance"});
    let clients = json!({"FaultCount": 10, "OkCount": 90, "TotalCount": 100});
    let root_cause = json!({"FaultCount": 20, "OkCount": 30, "TotalCount": 50});
    let anomalous = json!([{"ServiceId": service("pay")}, {"ServiceId": service("web")}]);
    let notification = notification();
    let id = notification.record.insight.id;
    let arn = "arn:aws:xray:eu-west-1:111122223333:group/Default";
    let summary = notification.event.summary.clone();
    assert_eq!(
        *body,
        json!({
            "version": "0",
            "id": id.of_event(notification.event.time).to_string(),
            "detail-type": "AWS X-Ray Insight Update",
            "source": "aws.xray",
            "account": "111122223333",
            "time": "2024-03-14T10:03:00Z",
            "region": "eu-west-1",
            "resources": [arn],
            "detail": {
                "InsightId": id.to_string(),
                "GroupName": "Default",
                "GroupARN": arn,
                "Categories": ["FAULT"],
                "Category": ["FAULT"],
                "State": "ACTIVE",
                "StartTime": 1_710_410_400.0,
                "EndTime": null,
                "RootCauseServiceId": service("pay"),
                "ClientRequestImpactStatistics": clients,
                "RootCauseServiceRequestImpactStatistics": root_cause,
                "TopAnomalousServices": anomalous,
                "Summary": summary,
                "Event": {
                    "EventTime": 1_710_410_580.0,
                    "Summary": summary,
                    "ClientRequestImpactStatistics": clients,
                    "RootCauseServiceRequestImpactStatistics": root_cause,
                    "TopAnomalousServices": anomalous,
                },
            },
        })
    );
}

#[tokio::test]
async fn a_receiver_that_asks_to_come_again_is_told_again() {
    let receiver = Receiver::default();
    receiver.answers.lock().push(503);
    let address = receiver.listen().await;
    assert_eq!(tell(&format!("http://{address}/hook")).await, (1, 0));
    assert_eq!(receiver.seen.lock().len(), 2);
}

#[tokio::test]
async fn a_receiver_that_may_have_taken_it_is_not_told_twice() {
    let receiver = Receiver::default();
    receiver.answers.lock().push(500);
    let address = receiver.listen().await;
    assert_eq!(tell(&format!("http://{address}/hook")).await, (0, 1));
    assert_eq!(receiver.seen.lock().len(), 1);
}

#[test]
fn secrets_of_an_address_are_never_shown() {
    let url: WebhookUrl = "https://ada:secret@hooks.example:8443/token?key=1"
        .parse()
        .unwrap();
    assert_eq!(url.to_string(), "https://hooks.example:8443/…");
    assert_eq!(
        format!("{url:?}"),
        "WebhookUrl(https://hooks.example:8443/…)"
    );
}

#[test]
fn only_web_addresses_are_taken() {
    for text in [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "http://",
        "/hook",
    ] {
        assert!(text.parse::<WebhookUrl>().is_err(), "{text}");
    }
}
