//! Groups: what a group holds is decided when data comes, and kept over sealing and restarts (GROUP-1,
//! ASM-2).

use std::time::Duration;

use anyhow::{Result, ensure};
use roentgen_tests::{Documents, Launch, SEALS_EARLY, Server, eventually, now_secs};
use serde_json::{Value, json};

fn last_hour() -> Value {
    json!({ "StartTime": now_secs() - 3600, "EndTime": now_secs() + 60 })
}

/// How often `shop` is counted among the group's traces, and whether older versions decided.
fn counted(server: &Server, path: &str, more: &Value) -> Result<(i64, bool)> {
    let mut request = last_hour();
    request["GroupName"] = json!("faulty");
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    let answer = server.ask(path, &request)?;
    let counts = |items: &Value, statistics: &str| -> i64 {
        let items = items.as_array().into_iter().flatten();
        items
            .filter(|item| item["Type"] != "client")
            .filter_map(|item| item[statistics]["TotalCount"].as_i64())
            .sum()
    };
    let total = counts(&answer["Services"], "SummaryStatistics")
        + counts(
            &answer["TimeSeriesServiceStatistics"],
            "ServiceSummaryStatistics",
        );
    Ok((total, answer["ContainsOldGroupVersions"] == true))
}

/// Waits until graph and series of the group count this.
fn await_counted(server: &Server, expected: (i64, bool)) -> Result<()> {
    let series = json!({ "EntitySelectorExpression": "service(\"shop\")" });
    let mut found = Vec::new();
    let arrived = eventually("the group", Duration::from_secs(10), || {
        found = vec![
            counted(server, "ServiceGraph", &json!({}))?,
            counted(server, "TimeSeriesServiceStatistics", &series)?,
        ];
        Ok((found == [expected, expected]).then_some(()))
    });
    ensure!(arrived.is_ok(), "expected {expected:?}, found {found:?}");
    Ok(())
}

fn await_sealed(server: &Server) -> Result<()> {
    eventually("sealing", Duration::from_secs(30), || {
        let live = server.metric("roentgen_live_traces", "")?;
        Ok((live == 0.0).then_some(()))
    })
}

#[test]
fn group_members_stay_members_over_sealing_restarts_and_new_versions() -> Result<()> {
    let launch = Launch::serve()?.settings(&SEALS_EARLY);
    let mut server = launch.start()?;
    let make = Documents::new(31, 120);
    let segment = |trace: u32, fault: bool| {
        let mut segment = make.segment(trace, 1, "shop", trace * 10, trace * 10 + 100);
        segment["fault"] = json!(fault);
        segment
    };
    server.put(&[segment(1, true)])?;
    let group = json!({ "GroupName": "faulty", "FilterExpression": "fault" });
    let created = server.ask("CreateGroup", &group)?;
    let arn = created["Group"]["GroupARN"].clone();
    // Members are decided when data comes: the first trace came before the group.
    server.put(&[segment(2, true), segment(3, false), segment(4, true)])?;
    await_counted(&server, (2, false))?;
    await_sealed(&server)?;
    await_counted(&server, (2, false))?;
    ensure!(
        server.metric("xray_group_traces_total", "group=\"faulty\"")? >= 2.0,
        "the group's traces are counted"
    );

    server.kill()?;
    server = launch.start()?;
    await_counted(&server, (2, false))?;
    let kept = server.ask("GetGroup", &json!({ "GroupName": "faulty" }))?;
    ensure!(kept["Group"]["GroupARN"] == arn, "{kept}");

    // A new version decides about what comes from now on; the old members tell that they are old.
    let update = json!({ "GroupName": "faulty", "FilterExpression": "ok" });
    server.ask("UpdateGroup", &update)?;
    server.put(&[segment(5, false), segment(6, true)])?;
    await_counted(&server, (3, true))?;
    await_sealed(&server)?;
    await_counted(&server, (3, true))?;
    server.finish(&[])?;
    server = launch.start()?;
    await_counted(&server, (3, true))?;

    // A late document judges its trace again.
    let late = json!({
        "type": "subsegment", "name": "late", "id": make.id(2, 2), "trace_id": make.trace_id(2),
        "parent_id": make.id(2, 1), "start_time": make.at(20), "end_time": make.at(30),
    });
    server.put(&[late])?;
    await_counted(&server, (2, true))?;

    // Deleting and creating again starts clean.
    server.ask("DeleteGroup", &json!({ "GroupName": "faulty" }))?;
    let again = server.ask("CreateGroup", &group)?;
    ensure!(again["Group"]["GroupARN"] != arn, "{again}");
    await_counted(&server, (0, false))?;
    server.put(&[segment(7, true)])?;
    await_counted(&server, (1, false))?;
    server.finish(&[])
}
