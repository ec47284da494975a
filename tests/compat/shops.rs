//! The shops in Java and in Go, with the official X-Ray SDKs, unchanged: server and client
//! instrumentation, annotations, metadata, exceptions, nested and streamed subsegments,
//! centralised sampling through the daemon's TCP port.

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Application, Client, Server, Tee, go, java, with_server};
use serde_json::{Value, json};

use super::sdk::{comes_back, decides, get_sampled, graph_shows, rule, sent, trace_id};

/// One of the shops.
struct Shop {
    client: Option<Client>,
    service: &'static str,
    /// Distinguishes its trace ids from those of other tests.
    series: u32,
    /// The subsegments of `/many`, which are more than its SDK keeps.
    steps: usize,
    /// The type that its SDK gives the exception of `/broken`.
    exception: &'static str,
}

fn go_shop() -> Result<Shop> {
    Ok(Shop {
        client: go()?,
        service: "go-shop",
        series: 20,
        steps: 40,
        exception: "errors.errorString",
    })
}

fn java_shop() -> Result<Shop> {
    Ok(Shop {
        client: java()?,
        service: "java-shop",
        series: 30,
        steps: 130,
        exception: "java.lang.IllegalStateException",
    })
}

impl Shop {
    /// Runs `body` with the shop on a server of its own; does nothing when it is not installed.
    fn open(
        &self,
        prepare: impl FnOnce(&Server) -> Result<()>,
        body: impl FnOnce(&Server, &Tee, &Application) -> Result<()>,
    ) -> Result<()> {
        let Some(client) = &self.client else {
            return Ok(());
        };
        with_server(&[], |server| {
            prepare(server)?;
            let tee = Tee::to(server.daemon())?;
            let address = format!("tcp:{} udp:{}", server.daemon(), tee.address());
            let mut command = client.command("shop");
            command.env("AWS_XRAY_DAEMON_ADDRESS", address);
            body(server, &tee, &client.start(&mut command)?)
        })
    }

    fn traces_come_back(&self) -> Result<()> {
        self.open(
            |_| Ok(()),
            |server, tee, application| {
                let checkout = trace_id(self.series + 1);
                get_sampled(application, "/checkout", &checkout)?;
                let documents = sent(tee, &checkout, 2)?;
                let found = comes_back(server, &checkout, &documents)?;
                let front = found
                    .iter()
                    .find(|document| document["user"] == "user-4711");
                let front = front.context("find the front segment")?;
                ensure!(front["annotations"]["amount"] == json!(19.99), "{front}");
                ensure!(front["annotations"]["is_gift"] == true, "{front}");
                ensure!(
                    front["metadata"]["shop"]["cart"]["note"] == "Grüße",
                    "{front}"
                );
                let calls = front["subsegments"].as_array().context("find the calls")?;
                let url = |call: &Value| call["http"]["request"]["url"].to_string();
                let neighbour = calls.iter().find(|call| url(call).contains("/stock"));
                let neighbour = neighbour.and_then(|call| call["name"].as_str());
                // With its port or without, as the SDK has it.
                let neighbour = neighbour.context("find the call of the neighbour")?;
                let client = format!("{} (client)", self.service);
                graph_shows(
                    server,
                    &[
                        (self.service, neighbour, "remote"),
                        (self.service, self.service, ""),
                        (&client, self.service, ""),
                    ],
                )
            },
        )
    }

    fn failures_come_back(&self) -> Result<()> {
        self.open(
            |_| Ok(()),
            |server, tee, application| {
                for (number, path, flag) in [
                    (2, "/broken", "fault"),
                    (3, "/missing", "error"),
                    (4, "/busy", "throttle"),
                ] {
                    let id = trace_id(self.series + number);
                    get_sampled(application, path, &id)?;
                    let documents = sent(tee, &id, 1)?;
                    let found = comes_back(server, &id, &documents)?;
                    ensure!(found[0][flag] == true, "{path}: {}", found[0]);
                    if flag == "fault" {
                        let exception = &found[0]["subsegments"][0]["cause"]["exceptions"][0];
                        ensure!(exception["type"] == self.exception, "{}", found[0]);
                        ensure!(
                            exception["message"] == "the shelf is empty: Überraschung",
                            "{exception}"
                        );
                    }
                }
                Ok(())
            },
        )
    }

    fn streamed_subsegments_find_their_segment(&self) -> Result<()> {
        self.open(
            |_| Ok(()),
            |server, tee, application| {
                let id = trace_id(self.series + 5);
                get_sampled(application, "/many", &id)?;
                let documents = sent(tee, &id, 1)?;
                ensure!(documents.len() > 10, "{} documents", documents.len());
                let found = comes_back(server, &id, &documents)?;
                let children = found[0]["subsegments"].as_array().map_or(0, Vec::len);
                ensure!(
                    found.len() == 1 && children == self.steps,
                    "{} segments, {children} children",
                    found.len()
                );
                Ok(())
            },
        )
    }

    fn follows_a_changed_rule(&self) -> Result<()> {
        let create = |server: &Server| {
            let rule = rule("measured", "/measured", 0.0);
            server.ask("CreateSamplingRule", &rule).map(|_: Value| ())
        };
        self.open(create, |server, _, application| {
            decides(application, "/measured", 0)?;
            // The SDK learns of it with its next targets, within 10 s.
            let update =
                json!({ "SamplingRuleUpdate": { "RuleName": "measured", "FixedRate": 1.0 } });
            server.ask("UpdateSamplingRule", &update)?;
            decides(application, "/measured", 1)
        })
    }
}

#[test]
fn go_traces_come_back_with_every_field_and_their_edges() -> Result<()> {
    go_shop()?.traces_come_back()
}

#[test]
fn go_failures_come_back_with_their_flags_and_causes() -> Result<()> {
    go_shop()?.failures_come_back()
}

#[test]
fn go_streamed_subsegments_find_their_segment() -> Result<()> {
    go_shop()?.streamed_subsegments_find_their_segment()
}

#[test]
fn go_follows_a_sampling_rule_changed_while_it_runs() -> Result<()> {
    go_shop()?.follows_a_changed_rule()
}

#[test]
fn java_traces_come_back_with_every_field_and_their_edges() -> Result<()> {
    java_shop()?.traces_come_back()
}

#[test]
fn java_failures_come_back_with_their_flags_and_causes() -> Result<()> {
    java_shop()?.failures_come_back()
}

#[test]
fn java_streamed_subsegments_find_their_segment() -> Result<()> {
    java_shop()?.streamed_subsegments_find_their_segment()
}

#[test]
fn java_follows_a_sampling_rule_changed_while_it_runs() -> Result<()> {
    java_shop()?.follows_a_changed_rule()
}
