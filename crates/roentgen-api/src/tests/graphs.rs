//! `GetServiceGraph` and `GetTraceGraph`.

use serde_json::{Value, json};

use super::{NOW_SECS, Server, range, segment, shop, trace_id, with};

fn reference_ids(page: &Value) -> Vec<u64> {
    let services = page["Services"].as_array().unwrap().iter();
    services
        .map(|service| service["ReferenceId"].as_u64().unwrap())
        .collect()
}

/// So many services in a chain of one trace each: with the client nodes twice as many.
async fn put_services(server: &Server, services: std::ops::Range<u64>) {
    let documents: Vec<_> = services
        .map(|n| segment(-50, n + 1, &format!("service-{n:05}")))
        .collect();
    for some in documents.chunks(1_000) {
        server.put(some).await;
    }
}

#[tokio::test]
async fn service_graph_of_the_worked_example() {
    let server = Server::start().await;
    server.put(&shop()).await;
    insta::assert_json_snapshot!(server.ok("/ServiceGraph", range(-200, 0)).await);
}

#[tokio::test]
async fn trace_graph_of_given_traces_counts_each_once() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let x = trace_id(-100, 1);
    let answer = server
        .ok("/TraceGraph", json!({"TraceIds": [x, trace_id(-7, 7), x]}))
        .await;
    insta::assert_json_snapshot!(answer);
}

#[tokio::test]
async fn service_graphs_of_adjacent_ranges_add_up() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let count = |graph: &Value| -> i64 {
        let services = graph["Services"].as_array().unwrap().iter();
        services
            .filter_map(|s| s["SummaryStatistics"]["TotalCount"].as_i64())
            .sum()
    };
    let whole = count(&server.ok("/ServiceGraph", range(-200, 0)).await);
    // Trace X starts at -100, trace Y at -97.78.
    let left = count(&server.ok("/ServiceGraph", range(-200, -98)).await);
    let right = count(&server.ok("/ServiceGraph", range(-98, 0)).await);
    assert_eq!((left, right, left + right), (3, 1, whole));
}

#[tokio::test]
async fn service_graph_of_nothing_is_empty() {
    let answer = Server::start()
        .await
        .ok("/ServiceGraph", range(-10, 0))
        .await;
    let expected = json!({"StartTime": NOW_SECS as f64 - 10.0, "EndTime": NOW_SECS as f64,
        "Services": [], "ContainsOldGroupVersions": false});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn service_graph_refuses_bad_requests() {
    let server = Server::start().await;
    let cases = [
        (json!({}), "`StartTime` is required"),
        (
            json!({"StartTime": 2, "EndTime": 1}),
            "expected `StartTime` before `EndTime`, found 2.0 and 1.0",
        ),
        (
            with(range(-1, 0), "GroupName", "nobody"),
            "`GroupName`: no group `nobody`",
        ),
        (
            with(range(-1, 0), "GroupARN", "arn"),
            "`GroupARN`: no group `arn`",
        ),
        (
            with(range(-1, 0), "NextToken", "x"),
            "`NextToken` does not belong to this request",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(server.refused("/ServiceGraph", body).await, message);
    }
    server
        .ok("/ServiceGraph", with(range(-1, 0), "GroupName", "Default"))
        .await;
    server.ok("/ServiceGraph", range(-21_601, 0)).await;
    let strict = Server::strict().await;
    strict.ok("/ServiceGraph", range(-21_600, 0)).await;
    let message = strict.refused("/ServiceGraph", range(-21_601, 0)).await;
    assert_eq!(message, "Time range cannot be longer than 6 hours");
}

#[tokio::test]
async fn service_graph_pages_share_reference_ids_while_data_arrives() {
    let server = Server::start().await;
    put_services(&server, 0..1_100).await;
    let body = range(-100, 0);
    let first = server.ok("/ServiceGraph", body.clone()).await;
    // A node that sorts before all others would move every reference.
    server.put(&[segment(-50, 9_999, "aaa")]).await;
    let second = server
        .ok(
            "/ServiceGraph",
            with(body.clone(), "NextToken", first["NextToken"].clone()),
        )
        .await;
    let third = server
        .ok(
            "/ServiceGraph",
            with(body, "NextToken", second["NextToken"].clone()),
        )
        .await;
    assert!(third.get("NextToken").is_none());
    let all: Vec<_> = [&first, &second, &third]
        .into_iter()
        .flat_map(reference_ids)
        .collect();
    assert_eq!(all, (0..2_200).collect::<Vec<_>>());
    for page in [&first, &second, &third] {
        for service in page["Services"].as_array().unwrap() {
            assert_ne!(service["Name"], "aaa");
        }
    }
}

#[tokio::test]
async fn token_of_a_graph_no_longer_held_works_while_the_nodes_are_the_same() {
    let server = Server::start().await;
    put_services(&server, 0..600).await;
    let body = range(-100, 0);
    let first = server.ok("/ServiceGraph", body.clone()).await;
    let next = with(body, "NextToken", first["NextToken"].clone());
    server.clock.advance_secs(601);
    // Another trace of a known service changes numbers, not nodes.
    server.put(&[segment(-50, 8_888, "service-00001")]).await;
    let second = server.ok("/ServiceGraph", next.clone()).await;
    assert_eq!(reference_ids(&second), (1_000..1_200).collect::<Vec<_>>());
    server.clock.advance_secs(601);
    server.put(&[segment(-50, 9_999, "aaa")]).await;
    let message = server.refused("/ServiceGraph", next).await;
    assert!(message.starts_with("the graph has changed"), "{message}");
}
