use roentgen_model::TraceId;
use roentgen_model::testing::TestTrace;
use serde_json::{Value, json};

use super::*;

fn facts(start: f64, members: &Value) -> TraceFacts {
    let trace_id = TraceId::from_bytes([1; 16]);
    let mut document = json!({"trace_id": trace_id.to_string(), "id": "00000000000000a1",
        "name": "web", "start_time": start, "end_time": start + 0.25});
    let members = members.as_object().unwrap().clone();
    document.as_object_mut().unwrap().extend(members);
    let documents = vec![document];
    TestTrace {
        trace_id,
        documents,
    }
    .facts()
}

fn aggregates(range: &TimeRange, windows: u32) -> Aggregates {
    let request = AggregatesRequest {
        timeline_windows: windows,
        facets: FacetsRequest::All,
    };
    Aggregates::new(range, TimeBasis::Event, request)
}

#[test]
fn traces_count_in_the_window_they_start_in() {
    let range = UnixNanos::from_secs(100)..UnixNanos::from_secs(110);
    let mut sums = aggregates(&range, 5);
    for (start, members) in [
        (90.0, json!({})),
        (100.5, json!({"fault": true, "error": true})),
        (102.0, json!({"error": true})),
        (109.9, json!({"throttle": true})),
        (109.9, json!({"in_progress": true, "end_time": null})),
    ] {
        sums.add(&facts(start, &members));
    }
    let Timeline {
        start,
        window_nanos,
        windows,
    } = &sums.timeline;
    assert_eq!((*start, *window_nanos), (range.start, 2_000_000_000));
    let counts = |at: usize| {
        let ClassCounts {
            ok,
            error,
            fault,
            throttle,
        } = windows[at].classes;
        [ok, error, fault, throttle]
    };
    let all: Vec<_> = (0..windows.len()).map(counts).collect();
    assert_eq!(
        all,
        [[1, 0, 1, 0], [0, 1, 0, 0], [0; 4], [0; 4], [1, 0, 0, 1]]
    );
    assert_eq!(windows[4].response_times.count(), 1);
    assert_eq!(sums.response_times.permille(500), Some(250));
}

#[test]
fn windows_cover_the_range_whatever_its_length() {
    for (length, windows) in [(1, 60), (7, 3), (61, 60), (3_600_000_000_000, 7)] {
        let range = UnixNanos(5)..UnixNanos(5 + length);
        let timeline = aggregates(&range, windows).timeline;
        let count = i64::try_from(timeline.windows.len()).unwrap();
        assert!((1..=i64::from(windows)).contains(&count));
        assert!(timeline.window_nanos * count >= length);
        assert!(timeline.window_nanos * (count - 1) < length);
    }
}
