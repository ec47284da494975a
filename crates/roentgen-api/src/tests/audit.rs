//! security.md 8.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::Server;

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

#[tokio::test]
async fn calls_that_change_settings_write_one_line_each_and_others_none() {
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
    let update = json!({"RuleName": "Default", "FixedRate": 0.5});
    server
        .ok("/UpdateSamplingRule", json!({"SamplingRuleUpdate": update}))
        .await;
    let answer = server
        .post("/DeleteSamplingRule", json!({"RuleName": "Default"}))
        .await;
    server.ok("/GetSamplingRules", json!({})).await;
    drop(guard);
    let text = String::from_utf8(lines.0.lock().clone()).unwrap();
    let audit: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["target"] == "audit")
        .map(|line| line["fields"].clone())
        .collect();
    let [updated, deleted] = &audit[..] else {
        panic!("two lines in\n{text}")
    };
    assert_eq!(updated["operation"], "UpdateSamplingRule");
    assert_eq!(updated["account"], "123456789012");
    assert_eq!(updated["caller"], "administrator");
    assert!(updated["parameters"].as_str().unwrap().contains("0.5"));
    assert!(updated.get("error").is_none());
    assert_eq!(deleted["error"], "InvalidRequestException");
    let request_id = answer.headers["x-amzn-requestid"].to_str().unwrap();
    assert_eq!(deleted["request_id"], request_id);
}
