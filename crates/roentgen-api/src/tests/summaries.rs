//! `GetTraceSummaries`.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{NOW_SECS, Server, range, segment, shop, trace_id, with};

fn ids(page: &Value) -> Vec<String> {
    let summaries = page["TraceSummaries"].as_array().unwrap().iter();
    summaries
        .map(|summary| summary["Id"].as_str().unwrap().to_owned())
        .collect()
}

/// Follows tokens to the last page; calls `between` after each page.
async fn pages(server: &Server, body: &Value, mut between: impl AsyncFnMut(usize)) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = server
            .ok("/TraceSummaries", with(body.clone(), "NextToken", token))
            .await;
        token = page.get("NextToken").cloned().unwrap_or_default();
        pages.push(page);
        between(pages.len()).await;
        if token.is_null() {
            return pages;
        }
    }
}

#[tokio::test]
async fn summaries_have_all_members() {
    let server = Server::start().await;
    server.put(&shop()).await;
    insta::assert_json_snapshot!(server.ok("/TraceSummaries", range(-200, 0)).await);
}

#[tokio::test]
async fn trace_in_progress_lacks_what_is_unknown() {
    let server = Server::start().await;
    let mut running = segment(-10, 1, "running");
    running.as_object_mut().unwrap().remove("end_time");
    server.put(&[with(running, "in_progress", true)]).await;
    let answer = server.ok("/TraceSummaries", range(-20, 0)).await;
    let summary = &answer["TraceSummaries"][0];
    assert_eq!(summary["IsPartial"], true);
    assert!(summary.get("Duration").is_none());
    assert!(summary.get("ResponseTime").is_none());
    assert_eq!(summary["Http"], json!({}));
    assert_eq!(summary["Annotations"], json!({}));
}

#[tokio::test]
async fn filter_expressions_select_and_bad_ones_are_refused() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let body = range(-200, 0);
    for (filter, count) in [
        ("", 2),
        ("service(\"pay\") { fault }", 1),
        ("annotation.tier = \"gold\"", 1),
        ("responsetime > 5", 0),
        ("group.name = \"Default\"", 2),
    ] {
        let page = server
            .ok(
                "/TraceSummaries",
                with(body.clone(), "FilterExpression", filter),
            )
            .await;
        assert_eq!(ids(&page).len(), count, "{filter}");
        assert_eq!(page["TracesProcessedCount"], 2, "{filter}");
    }
    for filter in ["service(", "nonsense = 1", "duration >", &"a".repeat(9000)] {
        let body = with(body.clone(), "FilterExpression", filter);
        let message = server.refused("/TraceSummaries", body).await;
        assert!(
            message.starts_with("Invalid filter expression: "),
            "{message}"
        );
    }
}

#[tokio::test]
async fn time_range_types_select_by_their_times() {
    let server = Server::start().await;
    // T0 at -30 by its id; the segment lasts from -30 to +0 of the range below.
    let mut long = segment(-30, 1, "long");
    long["end_time"] = json!(NOW_SECS - 5);
    server.put(&[long]).await;
    for (kind, from, to, found) in [
        ("TraceId", -31, -29, true),
        ("TraceId", -29, 0, false),
        ("TraceId", -40, -30, false),
        ("Event", -20, -10, true),
        ("Event", -4, 0, false),
        ("Service", -20, -10, false),
        ("Service", -6, -4, true),
    ] {
        let body = with(range(from, to), "TimeRangeType", kind);
        let page = server.ok("/TraceSummaries", body).await;
        assert_eq!(!ids(&page).is_empty(), found, "{kind} {from} {to}");
        let matched = page["TraceSummaries"][0].get("MatchedEventTime");
        assert_eq!(
            matched.is_some(),
            found && kind == "Event",
            "{kind} {from} {to}"
        );
    }
}

#[tokio::test]
async fn bad_requests_are_refused_by_name() {
    let server = Server::start().await;
    let good = range(-10, 0);
    let strategy = |strategy: Value| with(range(-10, 0), "SamplingStrategy", strategy);
    let cases = [
        (json!({"EndTime": 1}), "`StartTime` is required"),
        (json!({"StartTime": 1}), "`EndTime` is required"),
        (
            json!({"StartTime": 2, "EndTime": 2}),
            "expected `StartTime` before `EndTime`, found 2.0 and 2.0",
        ),
        (
            json!({"StartTime": 3, "EndTime": 2}),
            "expected `StartTime` before `EndTime`, found 3.0 and 2.0",
        ),
        (
            json!({"StartTime": true, "EndTime": 2}),
            "`StartTime`: expected a time as epoch seconds or an ISO 8601 string, found `true`",
        ),
        (
            with(good.clone(), "TimeRangeType", "Trace"),
            "`TimeRangeType`: expected `TraceId` or `Event` or `Service`",
        ),
        (
            with(good.clone(), "Sampling", "true"),
            "`Sampling`: expected a boolean, found `\"true\"`",
        ),
        (
            with(good.clone(), "FilterExpression", 5),
            "`FilterExpression`: expected a string, found `5`",
        ),
        (
            with(good.clone(), "NextToken", "made-up"),
            "`NextToken` does not belong to this request",
        ),
        (
            strategy(json!([])),
            "`SamplingStrategy`: expected an object, found `[]`",
        ),
        (
            strategy(json!({"Name": "Some"})),
            "`SamplingStrategy.Name`: expected `PartialScan` or `FixedRate`",
        ),
        (
            strategy(json!({"Name": "FixedRate", "Value": 1.5})),
            "`SamplingStrategy.Value`: expected a number from 0 to 1, found 1.5",
        ),
        (
            strategy(json!({"Name": "FixedRate", "Value": 0})),
            "`SamplingStrategy.Value`: expected a number above 0 and up to 1",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/TraceSummaries", body).await, message);
    }
}

#[tokio::test]
async fn long_ranges_are_refused_with_strict_limits_only() {
    let day = json!({"StartTime": NOW_SECS - 86_400, "EndTime": NOW_SECS});
    let longer = json!({"StartTime": NOW_SECS - 86_400, "EndTime": NOW_SECS as f64 + 0.001});
    let strict = Server::strict().await;
    strict.ok("/TraceSummaries", day).await;
    let message = strict.refused("/TraceSummaries", longer.clone()).await;
    assert_eq!(message, "Time range cannot be longer than 24 hours");
    Server::start().await.ok("/TraceSummaries", longer).await;
    let ages = json!({"StartTime": 0, "EndTime": 4_000_000_000_i64});
    Server::start().await.ok("/TraceSummaries", ages).await;
}

#[tokio::test]
async fn pages_hold_every_trace_once_while_data_arrives() {
    let server = Server::start().await;
    // 2,500 traces, three in each second.
    let before: Vec<_> = (0..2_500_u64)
        .map(|n| segment(-1_000 + n as i64 / 3, n + 1, "n"))
        .collect();
    for some in before.chunks(500) {
        server.put(some).await;
    }
    let body = range(-1_100, 0);
    // Between pages come a newer trace, which later pages do not see, and an older one, which they do.
    let pages = pages(&server, &body, async |page| {
        let number = 10_000 + page as u64 * 2;
        server
            .put(&[
                segment(-1, number, "new"),
                segment(-1_050, number + 1, "old"),
            ])
            .await;
    })
    .await;
    let sizes: Vec<_> = pages.iter().map(|page| ids(page).len()).collect();
    assert_eq!(sizes, [1000, 1000, 502]);
    let all: Vec<_> = pages.iter().flat_map(ids).collect();
    let distinct: HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    for document in &before {
        assert!(distinct.contains(&document["trace_id"].as_str().unwrap().to_owned()));
    }
    // Newest first: (T0, id) descending, as the ids of these traces begin with their T0.
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]));
    let times: Vec<_> = pages
        .iter()
        .map(|page| page["ApproximateTime"].as_f64().unwrap())
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{times:?}");
    assert_eq!(times.last(), Some(&(NOW_SECS as f64 - 1_100.0)));
    let processed: Vec<_> = pages
        .iter()
        .map(|page| page["TracesProcessedCount"].as_u64().unwrap())
        .collect();
    assert_eq!(processed, [1000, 1000, 502]);
}

#[tokio::test]
async fn page_ends_after_the_traces_it_may_examine() {
    let server = Server::start().await;
    let documents: Vec<_> = (0..10_500_u64).map(|n| segment(-100, n + 1, "n")).collect();
    for some in documents.chunks(1_000) {
        server.put(some).await;
    }
    let body = with(range(-200, 0), "FilterExpression", "fault");
    let pages = pages(&server, &body, async |_| {}).await;
    let processed: Vec<_> = pages
        .iter()
        .map(|page| page["TracesProcessedCount"].as_u64().unwrap())
        .collect();
    assert_eq!(processed, [10_000, 500]);
    assert!(pages.iter().all(|page| ids(page).is_empty()));
}

#[tokio::test]
async fn token_is_bound_to_every_other_parameter_and_to_a_day() {
    let server = Server::start().await;
    let documents: Vec<_> = (0..1_001_u64).map(|n| segment(-100, n + 1, "n")).collect();
    server.put(&documents[..1000]).await;
    server.put(&documents[1000..]).await;
    let body = range(-200, 0);
    let token = server.ok("/TraceSummaries", body.clone()).await["NextToken"].clone();
    let again = with(body.clone(), "NextToken", token.clone());
    assert_eq!(
        ids(&server.ok("/TraceSummaries", again.clone()).await).len(),
        1
    );
    // The same parameters in another spelling are the same.
    let spelt = with(again.clone(), "TimeRangeType", "TraceId");
    server
        .ok("/TraceSummaries", with(spelt, "FilterExpression", ""))
        .await;
    let strategy = json!({"Name": "FixedRate", "Value": 0.5});
    for (name, value) in [
        ("StartTime", json!(NOW_SECS - 201)),
        ("EndTime", json!(NOW_SECS - 1)),
        ("TimeRangeType", json!("Event")),
        ("FilterExpression", json!("ok")),
        ("SamplingStrategy", strategy),
    ] {
        let message = server
            .refused("/TraceSummaries", with(again.clone(), name, value))
            .await;
        assert_eq!(
            message, "`NextToken` does not belong to this request",
            "{name}"
        );
    }
    let message = server.refused("/ServiceGraph", again.clone()).await;
    assert_eq!(message, "`NextToken` does not belong to this request");
    // It outlives the process: another server with the same key of the control store.
    let other = Server::start().await;
    other.ok("/TraceSummaries", again.clone()).await;
    server.clock.advance_secs(24 * 3600 + 1);
    let message = server.refused("/TraceSummaries", again).await;
    assert_eq!(message, "`NextToken` has expired");
}

#[tokio::test]
async fn sampling_keeps_a_share_and_agrees_between_calls() {
    let server = Server::start().await;
    let documents: Vec<_> = (0..1_000_u64)
        .map(|n| segment(-100 + n as i64 / 20, n + 1, "n"))
        .collect();
    server.put(&documents).await;
    let search = async |sampling: Value, strategy: Value| {
        let body = with(range(-200, 0), "Sampling", sampling);
        server
            .ok("/TraceSummaries", with(body, "SamplingStrategy", strategy))
            .await
    };
    let fixed = |value: f64| json!({"Name": "FixedRate", "Value": value});
    let third = search(json!(true), fixed(0.3)).await;
    assert!(
        (220..=380).contains(&ids(&third).len()),
        "{}",
        ids(&third).len()
    );
    assert_eq!(third["TracesProcessedCount"], 1000);
    assert_eq!(ids(&third), ids(&search(Value::Null, fixed(0.3)).await));
    // A smaller rate keeps a part of what a greater keeps.
    let tenth = search(json!(true), fixed(0.1)).await;
    let third: HashSet<_> = ids(&third).into_iter().collect();
    assert!(ids(&tenth).iter().all(|id| third.contains(id)));
    for (sampling, strategy) in [
        (json!(true), fixed(1.0)),
        (json!(false), fixed(0.3)),
        (json!(true), Value::Null),
        (json!(true), json!({"Name": "PartialScan", "Value": 1})),
    ] {
        assert_eq!(ids(&search(sampling, strategy).await).len(), 1000);
    }
    let partial = search(json!(true), json!({"Name": "PartialScan", "Value": 0.25})).await;
    assert_eq!(ids(&partial).len(), 250);
    assert_eq!(partial["TracesProcessedCount"], 250);
    assert!(partial.get("NextToken").is_none());
    assert_eq!(ids(&partial)[0], trace_id(-51, 1000));
}
