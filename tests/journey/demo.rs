//! `roentgen demo`: within seconds every reading has something to show.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Launch, Server, eventually, now_secs};
use serde_json::{Value, json};

/// Twice what the demo promises: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(40);

const SERVICES: [&str; 12] = [
    "shop-frontend",
    "orders-api/prod",
    "create-order",
    "order-events",
    "mail-worker",
    "cart",
    "shop/cart-node",
    "shop-web",
    "pay",
    "shop-graph",
    "fulfil-order",
    "reserve-stock",
];

/// The judge of insights looks once a minute, ten seconds after it; twice that.
const INSIGHT_PATIENCE: Duration = Duration::from_secs(140);

fn window() -> Value {
    last(600)
}

fn last(secs: u64) -> Value {
    json!({ "StartTime": now_secs() - secs, "EndTime": now_secs() + 1 })
}

fn nodes(server: &Server) -> Result<Vec<Value>> {
    let graph = server.ask("ServiceGraph", &window())?;
    Ok(graph["Services"]
        .as_array()
        .context("find the services")?
        .clone())
}

#[test]
fn demo_shows_every_service_its_calls_and_a_fault() -> Result<()> {
    let server = Launch::demo()?
        .flags(&["--seed", "7", "--no-history"])
        .start()?;
    let mut missing = Vec::new();
    let shown = eventually("every service", PATIENCE, || {
        let nodes = nodes(&server)?;
        let active = nodes.iter().filter(|node| node["State"] == "active");
        let names: BTreeSet<&str> = active.filter_map(|node| node["Name"].as_str()).collect();
        missing = SERVICES
            .into_iter()
            .filter(|name| !names.contains(name))
            .collect();
        Ok(missing.is_empty().then_some(()))
    });
    shown.with_context(|| format!("missing: {missing:?}"))?;
    let nodes = nodes(&server)?;
    for kind in [
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "Database::SQL",
        "remote",
        "client",
    ] {
        ensure!(
            nodes.iter().any(|node| node["Type"] == kind),
            "no node of type `{kind}`"
        );
    }
    eventually("a fault", PATIENCE, || {
        let mut filtered = window();
        filtered["FilterExpression"] = json!("fault");
        let page = server.ask("TraceSummaries", &filtered)?;
        Ok(page["TraceSummaries"].get(0).map(|_| ()))
    })?;
    let groups = server.ask("Groups", &json!({}))?;
    let names = groups["Groups"].as_array().into_iter().flatten();
    let names: Vec<&str> = names
        .filter_map(|group| group["GroupName"].as_str())
        .collect();
    ensure!(
        names == ["Default", "checkout", "payment-faults", "slow"],
        "{names:?}"
    );
    eventually("members of a group", PATIENCE, || {
        let mut of_group = window();
        of_group["GroupName"] = json!("checkout");
        let graph = server.ask("ServiceGraph", &of_group)?;
        Ok(graph["Services"].get(0).map(|_| ()))
    })?;
    let rejected = server.metric("xray_daemon_segments_total", "\"rejected\"")?;
    ensure!(
        rejected == 0.0,
        "{rejected} of the demo's own documents were refused"
    );
    server.finish(&[])
}

#[test]
fn demo_begins_with_the_last_hours_and_an_insight() -> Result<()> {
    let server = Launch::demo()?.flags(&["--seed", "7"]).start()?;
    let shown = |secs_ago: u64| {
        let now = now_secs();
        let range = json!({ "StartTime": now - secs_ago - 600, "EndTime": now - secs_ago });
        eventually("the past", PATIENCE, || {
            let graph = server.ask("ServiceGraph", &range)?;
            let services = graph["Services"].as_array().map_or(0, Vec::len);
            Ok((services > 20).then_some(()))
        })
    };
    shown(600)?;
    shown(2 * 3600)?;
    let mut seen = Value::Null;
    let insight = eventually("an insight", INSIGHT_PATIENCE, || {
        let mut request = last(3 * 3600);
        request["GroupName"] = json!("Default");
        seen = server.ask("InsightSummaries", &request)?["InsightSummaries"].take();
        // A judge that looks while the history is being stored knows better a minute later.
        let found = seen.as_array().into_iter().flatten().any(|insight| {
            insight["RootCauseServiceId"]["Name"] == "pay" && insight["State"] == "ACTIVE"
        });
        Ok(found.then_some(()))
    });
    insight.with_context(|| format!("insights: {seen}"))?;
    server.finish(&[])
}
