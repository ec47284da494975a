use roentgen_model::TraceId;
use roentgen_model::testing::TestTrace;
use serde_json::json;

use super::*;

/// A trace that starts so many seconds in and takes so many milliseconds; none: it is in progress.
fn facts(number: u8, start: i64, millis: Option<i64>) -> TraceFacts {
    let trace_id = TraceId::from_bytes([number; 16]);
    let start = 1_700_000_000 + start;
    let mut document = json!({"trace_id": trace_id.to_string(), "id": "00000000000000a1",
        "name": "web", "start_time": start});
    match millis {
        Some(millis) => {
            let end = format!("{start}.{millis:03}");
            document["end_time"] = serde_json::from_str(&end).unwrap();
        }
        None => document["in_progress"] = true.into(),
    }
    let documents = vec![document];
    TestTrace {
        trace_id,
        documents,
    }
    .facts()
}

#[test]
fn best_rows_stay_in_the_order_asked_for() {
    let traces = [
        facts(1, 0, Some(300)),
        facts(2, 1, Some(100)),
        facts(3, 2, None),
        facts(4, 3, Some(200)),
        facts(5, 4, Some(100)),
    ];
    for (sort, expected) in [
        (Sort::Slowest, [1, 4, 5]),
        (Sort::Fastest, [5, 2, 4]),
        (Sort::Longest, [1, 4, 5]),
        (Sort::Shortest, [5, 2, 4]),
        (Sort::Oldest, [1, 2, 3]),
    ] {
        let mut best = BestRows::new(sort, 3);
        for facts in &traces {
            best.offer(facts, None);
        }
        let found: Vec<u8> = best
            .rows()
            .iter()
            .map(|row| row.trace_id.bytes()[0])
            .collect();
        assert_eq!(found, expected, "{sort:?}");
    }
}

#[test]
fn no_rows_are_kept_where_none_are_wanted() {
    let mut best = BestRows::new(Sort::Slowest, 0);
    assert!(!best.offer(&facts(1, 0, Some(1)), None));
    assert!(best.rows().is_empty());
}
