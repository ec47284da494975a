//! `--strict-limits` imitates AWS's quotas; without it there are no such walls (LIMIT-1, limits.md).

use std::time::Duration;

use anyhow::{Result, ensure};
use roentgen_tests::{Documents, Launch, Server, eventually, now_secs, with_server};
use serde_json::{Value, json};

const DAY_SECS: u64 = 24 * 3600;

/// Ranges and numbers of ids that AWS refuses, by path.
fn too_much() -> Vec<(&'static str, Value, &'static str)> {
    let range = |secs: u64| json!({ "StartTime": now_secs() - secs, "EndTime": now_secs() });
    let ids: Vec<String> = (0..6).map(|n| Documents::new(71, 60).trace_id(n)).collect();
    vec![
        ("Traces", json!({ "TraceIds": ids }), "at most 5"),
        ("TraceGraph", json!({ "TraceIds": ids }), "at most 5"),
        ("TraceSummaries", range(DAY_SECS + 1), "24 hours"),
        ("ServiceGraph", range(6 * 3600 + 1), "6 hours"),
        (
            "TimeSeriesServiceStatistics",
            range(DAY_SECS + 1),
            "24 hours",
        ),
    ]
}

/// Documents that AWS's quotas refuse, each with the code of the refusal.
fn beyond_quotas(server: &Server) -> Result<Vec<String>> {
    let week_old = Documents::new(72, 8 * DAY_SECS).segment(1, 1, "old", 0, 100);
    let make = Documents::new(73, 60);
    let large = |number: u16| {
        let mut segment = make.segment(1, number, "large", 0, 100);
        segment["metadata"] = json!({ "text": "x".repeat(60_000) });
        segment.to_string()
    };
    let mut documents = vec![week_old.to_string()];
    documents.extend((1..=9).map(large));
    let answer = server.ask(
        "TraceSegments",
        &json!({ "TraceSegmentDocuments": documents }),
    )?;
    let unprocessed = answer["UnprocessedTraceSegments"].as_array().cloned();
    let codes = unprocessed.unwrap_or_default();
    Ok(codes
        .iter()
        .map(|entry| entry["ErrorCode"].to_string())
        .collect())
}

/// Whether a search finds a URL by what lies beyond its 250th character.
fn finds_long_url(server: &Server) -> Result<bool> {
    let make = Documents::new(74, 60);
    let mut segment = make.segment(1, 1, "long", 0, 100);
    let url = format!("http://shop.test/{}end", "x".repeat(300));
    segment["http"] = json!({ "request": { "method": "GET", "url": url } });
    server.put(&[segment])?;
    let mut search = json!({ "StartTime": now_secs() - 600, "EndTime": now_secs() + 60 });
    search["FilterExpression"] = json!("http.url CONTAINS \"shop.test\"");
    let count = |search: &Value| -> Result<usize> {
        let answer = server.ask("TraceSummaries", search)?;
        Ok(answer["TraceSummaries"].as_array().map_or(0, Vec::len))
    };
    eventually("the trace", Duration::from_secs(10), || {
        Ok((count(&search)? == 1).then_some(()))
    })?;
    search["FilterExpression"] = json!("http.url ENDSWITH \"end\"");
    Ok(count(&search)? == 1)
}

#[test]
fn strict_limits_refuse_what_aws_quotas_refuse() -> Result<()> {
    with_server(&["--strict-limits"], |server| {
        for (path, body, part) in too_much() {
            let reply = server.call(path, &body)?;
            let message = reply.body["Message"].as_str().unwrap_or_default();
            ensure!(
                reply.error_type == "InvalidRequestException" && message.contains(part),
                "`{path}` answered {reply:?}"
            );
        }
        let codes = beyond_quotas(server)?;
        // One too old; of nine documents of 60 kB eight fit into 500 kB.
        ensure!(
            codes == ["\"InvalidTraceId\"", "\"InvalidSegment\""],
            "{codes:?}"
        );
        ensure!(
            !finds_long_url(server)?,
            "texts are indexed to 250 characters"
        );
        Ok(())
    })
}

#[test]
fn without_strict_limits_there_are_no_such_walls() -> Result<()> {
    with_server(&[], |server| {
        for (path, body, _) in too_much() {
            server.ask(path, &body)?;
        }
        let codes = beyond_quotas(server)?;
        ensure!(codes.is_empty(), "{codes:?}");
        ensure!(finds_long_url(server)?, "long texts are indexed");
        Ok(())
    })
}

#[test]
fn configured_rates_throttle_one_operation_and_strict_limits_the_documents() -> Result<()> {
    let launch = Launch::serve()?.flags(&["--strict-limits"]).settings(&[
        ("ROENTGEN_REQUEST_RATES", "GetGroups=0.001"),
        ("ROENTGEN_STRICT_DOCUMENTS_PER_SECOND", "5"),
    ]);
    let server = launch.start()?;
    server.ask("Groups", &json!({}))?;
    let throttled = server.call("Groups", &json!({}))?;
    let is_throttled = |reply: &roentgen_tests::Reply| {
        (reply.status, reply.error_type.as_str()) == (429, "ThrottledException")
    };
    ensure!(is_throttled(&throttled), "{throttled:?}");
    server.ask("GetSamplingRules", &json!({}))?;
    let make = Documents::new(75, 60);
    let documents = |from: u32| {
        let texts = (from..from + 5).map(|n| make.segment(n, 1, "shop", 0, 100).to_string());
        json!({ "TraceSegmentDocuments": texts.collect::<Vec<_>>() })
    };
    server.ask("TraceSegments", &documents(0))?;
    let throttled = server.call("TraceSegments", &documents(10))?;
    ensure!(is_throttled(&throttled), "{throttled:?}");
    server.finish(&[])
}
