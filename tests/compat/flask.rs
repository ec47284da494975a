//! A Flask application with the official X-Ray SDK for Python, unchanged: middleware, patched
//! sqlite3, requests and boto3, annotations, metadata, exceptions, nested and streamed
//! subsegments, centralised sampling through the daemon's TCP port.

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Application, Client, Server, Tee, python, with_server};
use serde_json::json;

use super::sdk::{comes_back, decides, get_sampled, graph_shows, rule, sent, trace_id};

/// Starts the application; its datagrams pass through `tee`, its calls go to the daemon's port.
fn start(clients: &Client, server: &Server, tee: &Tee) -> Result<Application> {
    let address = format!("tcp:{} udp:{}", server.daemon(), tee.address());
    let mut command = clients.command("python/flask_app.py");
    command.env("AWS_XRAY_DAEMON_ADDRESS", address);
    clients.start(&mut command)
}

#[test]
fn flask_traces_come_back_with_every_field_and_their_edges() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let tee = Tee::to(server.daemon())?;
        let application = start(&clients, server, &tee)?;
        let checkout = trace_id(1);
        get_sampled(&application, "/checkout", &checkout)?;
        let documents = sent(&tee, &checkout, 2)?;
        let found = comes_back(server, &checkout, &documents)?;
        // What was patched is there: SQL, HTTP and AWS calls.
        let front = found.iter().find(|document| {
            document["http"]["request"]["url"]
                .as_str()
                .is_some_and(|url| url.ends_with("/checkout"))
        });
        let front = front.context("find the front segment")?;
        let calls = front["subsegments"]
            .as_array()
            .context("find the subsegments")?;
        ensure!(calls.iter().any(|call| !call["sql"].is_null()), "{front}");
        ensure!(
            calls
                .iter()
                .any(|call| call["aws"]["table_name"] == "orders"),
            "{front}"
        );
        ensure!(front["annotations"]["order"] == "o-1", "{front}");
        ensure!(
            front["metadata"]["shop"]["cart"]["note"] == "Grüße",
            "{front}"
        );
        graph_shows(
            server,
            &[
                ("flask-shop", "127.0.0.1", "remote"),
                ("flask-shop", ":memory:", "Database::SQL"),
                ("flask-shop", "flask-shop", ""),
                ("flask-shop", "orders", "AWS::DynamoDB::Table"),
                ("flask-shop (client)", "flask-shop", ""),
            ],
        )
    })
}

#[test]
fn flask_failures_come_back_with_their_flags_and_causes() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let tee = Tee::to(server.daemon())?;
        let application = start(&clients, server, &tee)?;
        for (number, path, flag) in [
            (2, "/broken", "fault"),
            (3, "/missing", "error"),
            (4, "/busy", "throttle"),
        ] {
            let id = trace_id(number);
            get_sampled(&application, path, &id)?;
            let documents = sent(&tee, &id, 1)?;
            let found = comes_back(server, &id, &documents)?;
            ensure!(found[0][flag] == true, "{path}: {}", found[0]);
            if flag == "fault" {
                let inner = &found[0]["subsegments"][0];
                ensure!(
                    inner["cause"]["exceptions"][0]["type"] == "ValueError",
                    "{inner}"
                );
            }
        }
        Ok(())
    })
}

#[test]
fn flask_streamed_subsegments_find_their_segment() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let tee = Tee::to(server.daemon())?;
        let application = start(&clients, server, &tee)?;
        let id = trace_id(5);
        get_sampled(&application, "/many", &id)?;
        let documents = sent(&tee, &id, 1)?;
        ensure!(
            documents.len() > 10,
            "the SDK streamed nothing: {}",
            documents.len()
        );
        let found = comes_back(server, &id, &documents)?;
        let children = found[0]["subsegments"].as_array().map_or(0, Vec::len);
        ensure!(
            found.len() == 1 && children == 40,
            "{} segments, {children} children",
            found.len()
        );
        Ok(())
    })
}

#[test]
fn flask_follows_a_sampling_rule_changed_while_it_runs() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        server.ask("CreateSamplingRule", &rule("measured", "/measured", 0.0))?;
        let tee = Tee::to(server.daemon())?;
        let application = start(&clients, server, &tee)?;
        decides(&application, "/measured", 0)?;
        // The SDK learns of it with its next targets (LastRuleModification), within 10 s.
        let update = json!({ "SamplingRuleUpdate": { "RuleName": "measured", "FixedRate": 1.0 } });
        server.ask("UpdateSamplingRule", &update)?;
        decides(&application, "/measured", 1)
    })
}
