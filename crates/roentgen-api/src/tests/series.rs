//! `GetTimeSeriesServiceStatistics`.

use serde_json::{Value, json};

use super::{NOW_SECS, Server, range, segment, shop, with};

const PATH: &str = "/TimeSeriesServiceStatistics";

fn selecting(expression: &str) -> Value {
    with(range(-200, 0), "EntitySelectorExpression", expression)
}

/// (Seconds after now, total) of each row, with the member that has it.
fn totals(answer: &Value, member: &str) -> Vec<(i64, i64)> {
    let rows = answer["TimeSeriesServiceStatistics"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let statistics = row[member].as_object().unwrap();
            let members = ["EdgeSummaryStatistics", "ServiceSummaryStatistics"];
            let present = members.iter().filter(|name| row.get(name).is_some());
            assert_eq!(present.count(), 1, "{row}");
            let at = row["Timestamp"].as_f64().unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds of a test")]
            let at = at as i64 - NOW_SECS;
            (at, statistics["TotalCount"].as_i64().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn series_without_selector_counts_traces_at_the_entry() {
    let server = Server::start().await;
    server.put(&shop()).await;
    insta::assert_json_snapshot!(server.ok(PATH, range(-200, 0)).await);
}

#[tokio::test]
async fn series_of_a_node_counts_its_segments() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let answer = server.ok(PATH, selecting(r#"id(name: "pay")"#)).await;
    insta::assert_json_snapshot!(answer);
    // An alias names the node too.
    let by_alias = server
        .ok(PATH, selecting(r#"service("pay.example.com")"#))
        .await;
    assert_eq!(by_alias, answer);
}

#[tokio::test]
async fn series_of_an_edge_counts_its_calls() {
    let server = Server::start().await;
    server.put(&shop()).await;
    let answer = server.ok(PATH, selecting(r#"edge("web", "pay")"#)).await;
    assert_eq!(totals(&answer, "EdgeSummaryStatistics").len(), 1);
    let nobody = server.ok(PATH, selecting(r#"edge("pay", "web")"#)).await;
    let nothing = json!({"TimeSeriesServiceStatistics": [], "ContainsOldGroupVersions": false});
    assert_eq!(nobody, nothing);
}

#[tokio::test]
async fn windows_have_one_or_five_minutes() {
    let server = Server::start().await;
    // NOW_SECS is a multiple of 300.
    server
        .put(&[
            segment(-290, 1, "web"),
            segment(-230, 2, "web"),
            segment(-5, 3, "web"),
        ])
        .await;
    let body = range(-600, 0);
    let member = "EdgeSummaryStatistics";
    let minutes = server.ok(PATH, body.clone()).await;
    assert_eq!(totals(&minutes, member), [(-300, 1), (-240, 1), (-60, 1)]);
    let fives = server.ok(PATH, with(body.clone(), "Period", 300)).await;
    assert_eq!(totals(&fives, member), [(-300, 3)]);
    for period in [json!(0), json!(59), json!(120), json!(-60)] {
        let message = server
            .refused(PATH, with(body.clone(), "Period", period))
            .await;
        assert!(message.starts_with("`Period`: expected"), "{message}");
    }
}

#[tokio::test]
async fn pages_of_a_long_series_come_with_tokens() {
    let server = Server::start().await;
    server
        .put(&[segment(-200_000, 1, "web"), segment(-5, 2, "web")])
        .await;
    let (mut body, mut found, mut pages) = (range(-259_200, 0), Vec::new(), 0);
    loop {
        let page = server.ok(PATH, body.clone()).await;
        found.extend(totals(&page, "EdgeSummaryStatistics"));
        pages += 1;
        match page.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!((pages, found), (3, vec![(-200_040, 1), (-60, 1)]));
    let other = with(body, "Period", 300);
    let message = server.refused(PATH, other).await;
    assert!(message.contains("NextToken"), "{message}");
}

#[tokio::test]
async fn series_of_all_times_goes_through_the_kept_ones_alone() {
    let server = Server::start().await;
    server
        .put(&[segment(-200_000, 1, "web"), segment(-5, 2, "web")])
        .await;
    let (mut body, mut found, mut pages) = (
        json!({"StartTime": 0, "EndTime": 9_000_000_000_i64}),
        Vec::new(),
        0,
    );
    loop {
        let page = server.ok(PATH, body.clone()).await;
        found.extend(totals(&page, "EdgeSummaryStatistics"));
        pages += 1;
        match page.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(found, [(-200_040, 1), (-60, 1)]);
    // Thirty days back and one ahead.
    assert!(pages <= 32, "{pages} pages");
    let nothing = json!({"TimeSeriesServiceStatistics": [], "ContainsOldGroupVersions": false});
    for (start, end) in [(0, 1), (8_000_000_000_i64, 9_000_000_000_i64)] {
        let body = json!({"StartTime": start, "EndTime": end});
        assert_eq!(server.ok(PATH, body).await, nothing);
    }
}

#[tokio::test]
async fn series_refuses_what_it_cannot_answer() {
    let server = Server::start().await;
    let refuse = async |body: Value| server.refused(PATH, body).await;
    let message = refuse(selecting(r#"service("web") { fault }"#)).await;
    assert!(
        message.starts_with("Invalid entity selector expression"),
        "{message}"
    );
    let message = refuse(selecting("")).await;
    assert!(
        message.starts_with("`EntitySelectorExpression`"),
        "{message}"
    );
    let forecast = |body| with(body, "ForecastStatistics", true);
    for body in [
        range(-60, 0),
        selecting(r#"service("web")"#),
        selecting("edge()"),
    ] {
        let message = refuse(forecast(body)).await;
        assert!(message.starts_with("`ForecastStatistics`"), "{message}");
    }
    server
        .ok(PATH, forecast(selecting(r#"id(name: "web")"#)))
        .await;
    server
        .ok(PATH, forecast(selecting(r#"service(id(name: "web"))"#)))
        .await;
    let message = refuse(with(range(-60, 0), "GroupName", "gone")).await;
    assert!(message.contains("gone"), "{message}");
    server.ok(PATH, range(-90_000, 0)).await;
    let strict = Server::strict().await;
    strict.ok(PATH, range(-86_400, 0)).await;
    let message = strict.refused(PATH, range(-86_401, 0)).await;
    assert_eq!(message, "Time range cannot be longer than 24 hours");
}

#[tokio::test]
async fn forecast_shows_the_expected_faults_of_groups_with_insights() {
    let server = Server::start().await;
    // Ten good requests a minute for an hour, beginning at the full minute.
    let documents: Vec<_> = (0..600_u64)
        .map(|n| segment(i64::try_from(n).unwrap() * 6 - 3_600, n + 1, "web"))
        .collect();
    server.put(&documents).await;
    let body = with(
        range(-120, 0),
        "EntitySelectorExpression",
        r#"id(name: "web")"#,
    );
    let body = with(body, "ForecastStatistics", true);
    let forecasts = async || {
        let answer = server.ok(PATH, body.clone()).await;
        let rows = answer["TimeSeriesServiceStatistics"].as_array().unwrap();
        let of_row = |row: &Value| row.get("ServiceForecastStatistics").cloned();
        rows.iter().map(of_row).collect::<Vec<_>>()
    };
    assert_eq!(forecasts().await, [None, None]);
    let configuration = json!({"InsightsEnabled": true, "NotificationsEnabled": false});
    let update = json!({"GroupName": "Default", "InsightsConfiguration": configuration});
    server.ok("/UpdateGroup", update).await;
    for forecast in forecasts().await {
        let forecast = forecast.unwrap();
        assert_eq!(forecast["FaultCountLow"], 0, "{forecast}");
        assert!(
            forecast["FaultCountHigh"].as_i64().unwrap() >= 1,
            "{forecast}"
        );
    }
}
