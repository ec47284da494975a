use roentgen_control::insight_state::{InsightRecord, InsightState};
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::insight::{Counts, Insight, InsightEvent, InsightId, Picture};
use roentgen_query::insights::PublishedInsights;

use super::*;

const DEFAULT_ARN: &str = "arn:aws:xray:eu-west-1:123456789012:group/Default";

fn at(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(NOW_SECS + secs)
}

fn picture() -> Picture {
    let node = |name: &str, node_type: Option<&str>| NodeKey {
        name: name.into(),
        node_type: node_type.map(Into::into),
        account_id: None,
    };
    let counts = |total, faults, ok| Counts { total, faults, ok };
    Picture {
        root_cause: node("pay", None),
        anomalous: vec![node("pay", None), node("web", Some("AWS::EC2::Instance"))],
        clients: counts(200, 12, 180),
        root_cause_counts: counts(100, 40, 60),
    }
}

/// Insight `number` of `Default` or of a group that is gone, from `start` on.
fn record(number: u128, start: i64, end: Option<i64>, group: &str) -> InsightRecord {
    let id = number << 80 | 4 << 76 | 0b10 << 62 | number;
    InsightRecord {
        group_id: group.into(),
        group_name: group.into(),
        group_arn: DEFAULT_ARN.into(),
        insight: Insight {
            id: InsightId(id.to_be_bytes()),
            start: at(start),
            end: end.map(at),
            picture: picture(),
            updated: at(end.unwrap_or(start) + 180),
        },
    }
}

async fn server_with(records: Vec<InsightRecord>, strict: bool) -> Server {
    let mut server = if strict {
        Server::strict().await
    } else {
        Server::start().await
    };
    let events = records.iter().flat_map(|record| {
        let insight = &record.insight;
        (1..=3).map(|number| {
            let event = InsightEvent {
                time: UnixNanos(insight.start.0 + number * 180_000_000_000),
                summary: insight.picture.summary(insight.start, None),
                picture: insight.picture.clone(),
            };
            (insight.id, event)
        })
    });
    let state = InsightState {
        events: events.collect(),
        insights: records.clone(),
        ..InsightState::default()
    };
    server.state.insights = Arc::new(PublishedInsights::restored(&state));
    server.router = routers(server.state.clone()).api;
    server
}

/// One active insight since ten minutes ago, one closed, and one of a group that is gone.
async fn server() -> Server {
    let records = vec![
        record(1, -600, None, "Default"),
        record(2, -7_200, Some(-6_600), "Default"),
        record(3, -600, None, "GONE"),
    ];
    server_with(records, false).await
}

fn id_of(number: u128) -> String {
    record(number, 0, None, "Default").insight.id.to_string()
}

fn default_group(from: i64, to: i64) -> Value {
    with(range(from, to), "GroupName", "Default")
}

async fn ids(server: &Server, body: Value) -> Vec<String> {
    let answer = server.ok("/InsightSummaries", body).await;
    let summaries = answer["InsightSummaries"].as_array().unwrap();
    let ids = summaries
        .iter()
        .map(|summary| summary["InsightId"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn insight_summaries_have_every_member() {
    let server = server().await;
    let answer = server
        .ok("/InsightSummaries", default_group(-86_400, 0))
        .await;
    let service = json!({"Name": "pay", "Names": ["pay"]});
    let web = json!({"Name": "web", "Names": ["web"], "Type": "AWS::EC2::Instance"});
    assert_eq!(
        answer["InsightSummaries"][1],
        json!({
            "InsightId": id_of(2),
            "GroupARN": DEFAULT_ARN,
            "GroupName": "Default",
            "RootCauseServiceId": service,
            "Categories": ["FAULT"],
            "State": "CLOSED",
            "StartTime": json!((NOW_SECS - 7_200) as f64),
            "EndTime": json!((NOW_SECS - 6_600) as f64),
            "Summary": "Incident closed. Faults from pay were above the expected range for 10 minutes, 40 of 100 requests failed.",
            "ClientRequestImpactStatistics": {"FaultCount": 12, "OkCount": 180, "TotalCount": 200},
            "RootCauseServiceRequestImpactStatistics": {"FaultCount": 40, "OkCount": 60, "TotalCount": 100},
            "TopAnomalousServices": [{"ServiceId": service}, {"ServiceId": web}],
            "LastUpdateTime": json!((NOW_SECS - 6_420) as f64),
        })
    );
    let active = &answer["InsightSummaries"][0];
    assert_eq!(active["State"], "ACTIVE");
    assert_eq!(active.get("EndTime"), None);
}

#[tokio::test]
async fn insight_summaries_are_selected_by_group_state_and_window() {
    let server = server().await;
    assert_eq!(
        ids(&server, default_group(-86_400, 0)).await,
        [id_of(1), id_of(2)]
    );
    let by_arn = with(range(-86_400, 0), "GroupARN", DEFAULT_ARN);
    assert_eq!(ids(&server, by_arn).await.len(), 2);
    for (state, expected) in [("ACTIVE", id_of(1)), ("CLOSED", id_of(2))] {
        let body = with(default_group(-86_400, 0), "States", json!([state]));
        assert_eq!(ids(&server, body).await, [expected]);
    }
    let both = with(default_group(-86_400, 0), "States", json!([]));
    assert_eq!(ids(&server, both).await.len(), 2);
    // An active one reaches to now, a closed one to its end.
    assert_eq!(ids(&server, default_group(-300, 0)).await, [id_of(1)]);
    assert_eq!(
        ids(&server, default_group(-7_000, -6_900)).await,
        [id_of(2)]
    );
    assert_eq!(ids(&server, default_group(-6_000, -5_000)).await, [""; 0]);
    assert_eq!(
        ids(&server, default_group(-9_000, -7_200)).await,
        [""; 0],
        "half-open"
    );
}

#[tokio::test]
async fn a_group_without_insights_has_an_empty_list() {
    let server = server().await;
    server
        .ok("/CreateGroup", json!({"GroupName": "quiet"}))
        .await;
    let body = with(range(-86_400, 0), "GroupName", "quiet");
    let answer = server.ok("/InsightSummaries", body).await;
    assert_eq!(answer, json!({"InsightSummaries": []}));
}

#[tokio::test]
async fn insight_summaries_come_in_pages() {
    let records = (1..=5).map(|n| record(n, -600 - n as i64 / 2, None, "Default"));
    let server = server_with(records.collect(), false).await;
    let body = with(default_group(-86_400, 0), "MaxResults", 2);
    let (mut seen, mut token) = (Vec::new(), None);
    for _ in 0..3 {
        let body = token
            .take()
            .map_or(body.clone(), |t: Value| with(body.clone(), "NextToken", t));
        let answer = server.ok("/InsightSummaries", body).await;
        let page = answer["InsightSummaries"].as_array().unwrap().clone();
        seen.extend(
            page.iter()
                .map(|s| s["InsightId"].as_str().unwrap().to_owned()),
        );
        token = answer.get("NextToken").cloned();
    }
    assert_eq!(token, None);
    let mut expected = seen.clone();
    expected.sort();
    expected.dedup();
    assert_eq!((seen.len(), expected.len()), (5, 5));
    let other = with(
        with(default_group(-86_400, 0), "MaxResults", 3),
        "NextToken",
        "x",
    );
    server.refused("/InsightSummaries", other).await;
}

#[tokio::test]
async fn insight_summaries_refuse_what_breaks_a_constraint() {
    let server = server().await;
    let good = || default_group(-86_400, 0);
    let days_31 = -31 * 86_400;
    for (body, member) in [
        (range(-86_400, 0), "GroupName"),
        (with(range(-86_400, 0), "GroupName", "nobody"), "GroupName"),
        (
            with(good(), "States", json!(["ACTIVE", "CLOSED"])),
            "States",
        ),
        (with(good(), "States", json!(["OPEN"])), "States"),
        (with(good(), "MaxResults", 0), "MaxResults"),
        (with(good(), "MaxResults", 101), "MaxResults"),
        (with(good(), "NextToken", ""), "NextToken"),
        (with(good(), "NextToken", "x".repeat(2_001)), "NextToken"),
        (with(good(), "NextToken", "forged"), "NextToken"),
        (
            json!({"GroupName": "Default", "EndTime": NOW_SECS}),
            "StartTime",
        ),
        (
            json!({"GroupName": "Default", "StartTime": NOW_SECS}),
            "EndTime",
        ),
        (default_group(0, 0), "StartTime"),
        (default_group(days_31, 0), "StartTime"),
    ] {
        let message = server.refused("/InsightSummaries", body.clone()).await;
        assert!(message.contains(member), "{body}: {message}");
    }
}

#[tokio::test]
async fn an_insight_is_found_by_its_id() {
    let server = server().await;
    let answer = server.ok("/Insight", json!({"InsightId": id_of(1)})).await;
    let insight = &answer["Insight"];
    assert_eq!(insight["InsightId"], id_of(1));
    assert_eq!(insight["RootCauseServiceId"]["Name"], "pay");
    assert_eq!(insight.get("LastUpdateTime"), None);
    let upper = id_of(1).to_uppercase();
    server.ok("/Insight", json!({"InsightId": upper})).await;
}

#[tokio::test]
async fn unknown_and_malformed_insight_ids_are_refused_everywhere() {
    let server = server().await;
    let unknown = id_of(9);
    let of_gone_group = id_of(3);
    let wrong_version = id_of(1).replace("-4", "-6");
    for path in ["/Insight", "/InsightEvents", "/InsightImpactGraph"] {
        for id in [&*unknown, &*of_gone_group, &*wrong_version, "", "12"] {
            let message = server
                .refused(path, with(range(-60, 0), "InsightId", id))
                .await;
            assert!(message.contains("InsightId"), "{path} {id}: {message}");
        }
        server.refused(path, range(-60, 0)).await;
    }
}

#[tokio::test]
async fn insight_events_come_newest_first_in_pages() {
    let server = server().await;
    let body = json!({"InsightId": id_of(1), "MaxResults": 2});
    let first = server.ok("/InsightEvents", body.clone()).await;
    let times = |answer: &Value| -> Vec<f64> {
        let events = answer["InsightEvents"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["EventTime"].as_f64().unwrap())
            .collect()
    };
    let start = (NOW_SECS - 600) as f64;
    assert_eq!(times(&first), [start + 540.0, start + 360.0]);
    let second = with(body, "NextToken", first["NextToken"].clone());
    let second = server.ok("/InsightEvents", second).await;
    assert_eq!(times(&second), [start + 180.0]);
    assert_eq!(second.get("NextToken"), None);
    let event = &second["InsightEvents"][0];
    assert_eq!(event["ClientRequestImpactStatistics"]["FaultCount"], 12);
    assert_eq!(
        event["RootCauseServiceRequestImpactStatistics"]["TotalCount"],
        100
    );
    assert_eq!(event["TopAnomalousServices"].as_array().unwrap().len(), 2);
    assert!(
        event["Summary"]
            .as_str()
            .unwrap()
            .starts_with("Faults from pay")
    );
    for max in [0, 51] {
        let body = json!({"InsightId": id_of(1), "MaxResults": max});
        server.refused("/InsightEvents", body).await;
    }
}

#[tokio::test]
async fn the_impact_graph_has_the_paths_from_clients_to_the_root_cause() {
    let server = server().await;
    server.put(&shop()).await;
    let body = with(range(-600, 0), "InsightId", id_of(1));
    let answer = server.ok("/InsightImpactGraph", body).await;
    let services = answer["Services"].as_array().unwrap();
    let names: Vec<_> = services
        .iter()
        .map(|s| s["Name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["pay", "web", "web"],
        "the queue and the worker are not on the way"
    );
    for service in services {
        for edge in service["Edges"].as_array().unwrap() {
            let to = edge["ReferenceId"].as_u64().unwrap();
            assert!(services.iter().any(|s| s["ReferenceId"] == to));
            assert_eq!(edge.as_object().unwrap().len(), 1, "structure only");
        }
        assert_eq!(service.get("SummaryStatistics"), None);
    }
    assert_eq!(answer["InsightId"], id_of(1));
    assert_eq!(answer["StartTime"], (NOW_SECS - 600) as f64);
    assert_eq!(answer["EndTime"], NOW_SECS as f64);
    assert_eq!(answer["ServiceGraphStartTime"], (NOW_SECS - 100) as f64);
    let end = answer["ServiceGraphEndTime"].as_f64().unwrap();
    assert!(end > (NOW_SECS - 100) as f64 && end < NOW_SECS as f64);
}

#[tokio::test]
async fn the_impact_graph_outside_the_incident_is_empty() {
    let server = server().await;
    server.put(&shop()).await;
    let body = with(range(-3_600, -1_800), "InsightId", id_of(1));
    let answer = server.ok("/InsightImpactGraph", body).await;
    assert_eq!(answer["Services"], json!([]));
}

#[tokio::test]
async fn the_longest_ranges_of_insights_are_refused_with_strict_limits_only() {
    let records = || vec![record(1, -600, None, "Default")];
    let hours_7 = with(range(-7 * 3_600, 0), "InsightId", id_of(1));
    let lenient = server_with(records(), false).await;
    lenient.ok("/InsightImpactGraph", hours_7.clone()).await;
    let far_ahead = default_group(-86_400, 30 * 86_400);
    lenient.ok("/InsightSummaries", far_ahead.clone()).await;
    let strict = server_with(records(), true).await;
    strict.refused("/InsightImpactGraph", hours_7).await;
    strict.refused("/InsightSummaries", far_ahead).await;
    let old = with(
        range(-31 * 86_400, -31 * 86_400 + 60),
        "InsightId",
        id_of(1),
    );
    lenient.refused("/InsightImpactGraph", old).await;
}
