//! An Express application with the official X-Ray SDK for Node, unchanged.

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Application, Client, Server, Tee, node, with_server};
use serde_json::json;

use super::sdk::{comes_back, decides, get_sampled, graph_shows, rule, sent, trace_id};

fn start(clients: &Client, server: &Server, tee: &Tee) -> Result<Application> {
    let address = format!("tcp:{} udp:{}", server.daemon(), tee.address());
    let mut command = clients.command("node/express_app.js");
    command.env("AWS_XRAY_DAEMON_ADDRESS", address);
    clients.start(&mut command)
}

#[test]
fn express_traces_come_back_with_every_field_and_their_edges() -> Result<()> {
    let Some(clients) = node()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let tee = Tee::to(server.daemon())?;
        let application = start(&clients, server, &tee)?;
        let checkout = trace_id(11);
        get_sampled(&application, "/checkout", &checkout)?;
        let documents = sent(&tee, &checkout, 2)?;
        let found = comes_back(server, &checkout, &documents)?;
        let front = found
            .iter()
            .find(|document| document["user"] == "user-4711");
        let front = front.context("find the front segment")?;
        ensure!(front["annotations"]["amount"] == json!(19.99), "{front}");
        ensure!(
            front["metadata"]["shop"]["cart"]["note"] == "Grüße",
            "{front}"
        );
        graph_shows(
            server,
            &[
                ("express-shop", "127.0.0.1", "remote"),
                ("express-shop", "express-shop", ""),
                ("express-shop (client)", "express-shop", ""),
            ],
        )
    })
}

#[test]
fn express_failures_come_back_with_their_flags_and_causes() -> Result<()> {
    let Some(clients) = node()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let tee = Tee::to(server.daemon())?;
        let application = start(&clients, server, &tee)?;
        for (number, path, flag) in [
            (12, "/broken", "fault"),
            (13, "/missing", "error"),
            (14, "/busy", "throttle"),
        ] {
            let id = trace_id(number);
            get_sampled(&application, path, &id)?;
            let documents = sent(&tee, &id, 1)?;
            let found = comes_back(server, &id, &documents)?;
            ensure!(found[0][flag] == true, "{path}: {}", found[0]);
        }
        Ok(())
    })
}

#[test]
fn express_samples_by_the_rules_of_the_api() -> Result<()> {
    let Some(clients) = node()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        // Only from its start: this SDK never refetches rules early, by a slip of its own.
        server.ask("CreateSamplingRule", &rule("never", "/measured", 0.0))?;
        let tee = Tee::to(server.daemon())?;
        let application = start(&clients, server, &tee)?;
        decides(&application, "/measured", 0)
    })
}
