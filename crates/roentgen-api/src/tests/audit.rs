//! security.md 8.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::Server;
use crate::operation::Operation;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The fields of the audit lines that were written while `calls` ran against a new server.
async fn audited(calls: impl AsyncFnOnce(&Server)) -> Vec<Value> {
    let server = Server::start().await;
    // The first line of a process must not be written by two tests at once: `tracing` may then decide
    // that nobody listens.
    let warm_up = json!({"RuleName": "none"});
    server.refused("/DeleteSamplingRule", warm_up).await;
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(lines.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    calls(&server).await;
    drop(guard);
    let text = String::from_utf8(lines.0.lock().clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["target"] == "audit")
        .map(|line| line["fields"].clone())
        .collect()
}

#[tokio::test]
async fn calls_that_change_settings_write_one_line_each_and_others_none() {
    let mut request_id = String::new();
    let audit = audited(async |server| {
        let update = json!({"RuleName": "Default", "FixedRate": 0.5});
        server
            .ok("/UpdateSamplingRule", json!({"SamplingRuleUpdate": update}))
            .await;
        let answer = server
            .post("/DeleteSamplingRule", json!({"RuleName": "Default"}))
            .await;
        server.ok("/GetSamplingRules", json!({})).await;
        request_id = answer.headers["x-amzn-requestid"]
            .to_str()
            .unwrap()
            .to_owned();
    })
    .await;
    let [updated, deleted] = &audit[..] else {
        panic!("two lines in\n{audit:#?}")
    };
    assert_eq!(updated["operation"], "UpdateSamplingRule");
    assert_eq!(updated["account"], "123456789012");
    assert_eq!(updated["caller"], "administrator");
    assert!(updated["parameters"].as_str().unwrap().contains("0.5"));
    assert!(updated.get("error").is_none());
    assert_eq!(deleted["error"], "InvalidRequestException");
    assert_eq!(deleted["request_id"], request_id);
}

#[tokio::test]
async fn every_operation_that_is_no_read_and_takes_no_data_is_audited() {
    let audit = audited(async |server| {
        for operation in Operation::ALL {
            server.post(operation.path(), json!({})).await;
        }
    })
    .await;
    let audited: Vec<_> = audit
        .iter()
        .map(|line| line["operation"].as_str().unwrap())
        .collect();
    let starts = |name: &str, all: &[&str]| all.iter().any(|start| name.starts_with(start));
    // Retrievals change nothing that is kept.
    let changing = Operation::ALL.iter().map(|operation| operation.name());
    let changing: Vec<_> = changing
        .filter(|name| starts(name, &["Create", "Update", "Delete", "Put", "Tag", "Untag"]))
        .filter(|name| !["PutTraceSegments", "PutTelemetryRecords"].contains(name))
        .collect();
    assert_eq!(changing.len(), 13);
    assert_eq!(audited, changing);
}
