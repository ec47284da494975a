//! A load larger than the memory for live traces: the budget holds, intake refuses with an answer
//! that clients retry, and nothing acknowledged is lost (LOAD-1).

use std::time::Duration;

use anyhow::{Result, ensure};
use roentgen_tests::{Documents, Launch, Server, eventually};
use serde_json::{Value, json};

const BUDGET: &str = "2MiB";
const BUDGET_BYTES: f64 = 2.0 * 1024.0 * 1024.0;

/// A document counts some kilobytes while its trace lives: several budgets full.
const TRACES: u32 = 20_000;

const A_CALL: u32 = 200;

/// Puts `documents` until they are taken.
fn put_patiently(server: &Server, documents: &[Value]) -> Result<()> {
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    let request = json!({ "TraceSegmentDocuments": texts });
    eventually(
        "a refused call to be taken",
        Duration::from_secs(60),
        || {
            let reply = server.call("TraceSegments", &request)?;
            if reply.status == 200 {
                ensure!(
                    reply.body["UnprocessedTraceSegments"] == json!([]),
                    "{reply:?}"
                );
                return Ok(Some(()));
            }
            ensure!(
                reply.status == 429 && reply.error_type == "ThrottledException",
                "{reply:?}"
            );
            Ok(None)
        },
    )
}

#[test]
fn load_beyond_the_live_budget_stays_within_it_and_loses_nothing() -> Result<()> {
    let settings = [
        ("ROENTGEN_STORE_LIVE_MAX_BYTES", BUDGET),
        ("ROENTGEN_STORE_SEAL_WAIT", "200ms"),
        ("ROENTGEN_STORE_SEAL_IDLE", "200ms"),
    ];
    let server = Launch::serve()?.settings(&settings).start()?;
    let make = Documents::new(60, 900);
    let mut live_a_call = 0.0;
    for first in (0..TRACES).step_by(A_CALL as usize) {
        let segment = |trace: u32| make.segment(trace, 1, "shop", trace, trace + 10);
        let batch: Vec<Value> = (first..first + A_CALL).map(segment).collect();
        put_patiently(&server, &batch)?;
        let live = server.metric("roentgen_live_bytes", "")?;
        if first == 0 {
            live_a_call = live;
        }
        // The call that meets the budget is still taken whole.
        ensure!(
            live <= BUDGET_BYTES + 1.01 * live_a_call,
            "{live} live bytes after {first} traces"
        );
    }
    let load = live_a_call * f64::from(TRACES / A_CALL);
    ensure!(
        load > 2.0 * BUDGET_BYTES,
        "the load was no load: {load} bytes in all"
    );
    for ids in (0..TRACES).collect::<Vec<_>>().chunks(500) {
        let ids: Vec<String> = ids.iter().map(|number| make.trace_id(*number)).collect();
        let answer = server.ask("Traces", &json!({ "TraceIds": ids }))?;
        let lost = answer["UnprocessedTraceIds"].as_array().map_or(0, Vec::len);
        ensure!(lost == 0, "{lost} of {} traces are lost", ids.len());
    }
    server.finish(&[])
}
