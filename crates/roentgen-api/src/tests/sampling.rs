//! Sampling rules, targets, statistics (sampling.md, sdk.md 3.5).

use http::StatusCode;
use serde_json::{Value, json};

use super::{NOW_SECS, Server, with};

fn rule(name: &str, priority: i64) -> Value {
    json!({"RuleName": name, "ResourceARN": "*", "Priority": priority, "FixedRate": 0.1,
        "ReservoirSize": 5, "ServiceName": "Web", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "GET", "URLPath": "/state/*", "Version": 1})
}

async fn create(server: &Server, rule: Value) -> Value {
    server
        .ok("/CreateSamplingRule", json!({ "SamplingRule": rule }))
        .await
}

fn report(rule: &str) -> Value {
    json!({"RuleName": rule, "ClientID": "0123456789abcdef01234567", "Timestamp": NOW_SECS,
        "RequestCount": 10, "SampledCount": 2, "BorrowCount": 1})
}

#[tokio::test]
async fn rules_are_created_listed_updated_and_deleted() {
    let server = Server::start().await;
    insta::assert_json_snapshot!(
        "default_rules",
        server.ok("/GetSamplingRules", json!({})).await
    );
    let boost = json!({"MaxRate": 0.5, "CooldownWindowMinutes": 10});
    let full = with(
        with(rule("polling", 5000), "Attributes", json!({"k": "v"})),
        "SamplingRateBoost",
        boost,
    );
    insta::assert_json_snapshot!("created_rule", create(&server, full).await);
    create(&server, rule("first", 5000)).await;
    server.clock.advance_secs(10);
    let update = json!({"RuleName": "first", "FixedRate": 0.25, "Priority": 1});
    let updated = server
        .ok("/UpdateSamplingRule", json!({"SamplingRuleUpdate": update}))
        .await;
    let record = &updated["SamplingRuleRecord"];
    assert_eq!(record["SamplingRule"]["FixedRate"], 0.25);
    assert_eq!(record["CreatedAt"], NOW_SECS as f64);
    assert_eq!(record["ModifiedAt"], (NOW_SECS + 10) as f64);
    let listed = server.ok("/GetSamplingRules", json!({})).await;
    let names: Vec<_> = listed["SamplingRuleRecords"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["SamplingRule"]["RuleName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["first", "polling", "Default"]);
    let arn = "arn:aws:xray:eu-west-1:123456789012:sampling-rule/first";
    let deleted = server
        .ok("/DeleteSamplingRule", json!({"RuleARN": arn}))
        .await;
    assert_eq!(
        deleted["SamplingRuleRecord"]["SamplingRule"]["RuleName"],
        "first"
    );
    let again = server
        .refused("/DeleteSamplingRule", json!({"RuleARN": arn}))
        .await;
    assert!(again.contains("first"), "{again}");
}

#[tokio::test]
async fn twenty_sixth_custom_rule_is_over_the_limit() {
    let server = Server::start().await;
    for number in 0..25 {
        create(&server, rule(&format!("r{number}"), 1)).await;
    }
    let body = json!({"SamplingRule": rule("r25", 1)});
    let answer = server.post("/CreateSamplingRule", body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.error_type(), "RuleLimitExceededException");
    assert_eq!(answer.body["__type"], "RuleLimitExceededException");
}

#[tokio::test]
async fn create_sampling_rule_refuses_each_broken_constraint() {
    let server = Server::start().await;
    create(&server, rule("taken", 1)).await;
    let changed: [(&str, Value); 27] = [
        ("RuleName", json!("")),
        ("RuleName", json!("n".repeat(33))),
        ("RuleName", json!(7)),
        ("RuleName", json!("taken")),
        ("RuleName", json!("Default")),
        ("RuleName", Value::Null),
        ("RuleARN", json!("arn")),
        ("ResourceARN", json!("a".repeat(501))),
        ("Priority", json!(0)),
        ("Priority", json!(10_000)),
        ("Priority", json!(1.5)),
        ("FixedRate", json!(1.01)),
        ("FixedRate", json!(-0.1)),
        ("FixedRate", json!("0.1")),
        ("ReservoirSize", json!(-1)),
        ("ReservoirSize", json!(1_i64 << 40)),
        ("ServiceName", json!("s".repeat(65))),
        ("ServiceType", json!("")),
        ("Host", json!("h".repeat(65))),
        ("HTTPMethod", json!("m".repeat(11))),
        ("URLPath", json!("p".repeat(129))),
        ("Version", json!(2)),
        ("Version", json!(0)),
        (
            "Attributes",
            json!({"a": "1", "b": "1", "c": "1", "d": "1", "e": "1", "f": "1"}),
        ),
        ("Attributes", json!({"a": "v".repeat(33)})),
        ("Attributes", json!({"": "v"})),
        (
            "SamplingRateBoost",
            json!({"MaxRate": 1.1, "CooldownWindowMinutes": 1}),
        ),
    ];
    for (name, value) in changed {
        let rule = with(rule("fresh", 1), name, value.clone());
        let message = server
            .refused("/CreateSamplingRule", json!({ "SamplingRule": rule }))
            .await;
        assert!(message.len() > 10, "{name} {value}: {message}");
    }
}

#[tokio::test]
async fn create_sampling_rule_names_missing_members_and_bad_tags() {
    let server = Server::start().await;
    let required = [
        "ResourceARN",
        "Priority",
        "FixedRate",
        "ReservoirSize",
        "ServiceName",
        "ServiceType",
        "Host",
        "HTTPMethod",
        "URLPath",
        "Version",
    ];
    for name in required {
        let rule = with(rule("fresh", 1), name, Value::Null);
        let message = server
            .refused("/CreateSamplingRule", json!({ "SamplingRule": rule }))
            .await;
        assert_eq!(message, format!("`SamplingRule.{name}` is required"));
    }
    for tags in [
        json!([{"Key": "", "Value": ""}]),
        json!([{"Key": "k"}]),
        json!([{"Key": "aws:k", "Value": ""}]),
        json!([{"Key": "k", "Value": ""}, {"Key": "k", "Value": ""}]),
        json!([{"Key": "k<", "Value": ""}]),
        json!([{"Key": "k", "Value": "v".repeat(257)}]),
        json!(vec![json!({"Key": "k", "Value": ""}); 201]),
    ] {
        let body = json!({"SamplingRule": rule("fresh", 1), "Tags": tags});
        let message = server.refused("/CreateSamplingRule", body).await;
        assert!(message.starts_with("`Tags"), "{message}");
    }
    create(&server, rule("fresh", 1)).await;
}

#[tokio::test]
async fn update_and_delete_refuse_what_they_cannot_do() {
    let server = Server::start().await;
    create(&server, rule("r", 1)).await;
    let arn = "arn:aws:xray:eu-west-1:123456789012:sampling-rule/r";
    for update in [
        json!({}),
        json!({"RuleName": "r", "RuleARN": arn}),
        json!({"RuleName": "unknown", "FixedRate": 0.1}),
        json!({"RuleName": "r", "FixedRate": 2}),
        json!({"RuleName": "r", "Priority": 10_000}),
        json!({"RuleName": "r", "Host": ""}),
        json!({"RuleName": "Default", "Priority": 1}),
        json!({"RuleName": "Default", "Host": "*"}),
    ] {
        server
            .refused("/UpdateSamplingRule", json!({"SamplingRuleUpdate": update}))
            .await;
    }
    let update = json!({"RuleName": "Default", "FixedRate": 0.5, "ReservoirSize": 9});
    server
        .ok("/UpdateSamplingRule", json!({"SamplingRuleUpdate": update}))
        .await;
    for body in [
        json!({}),
        json!({"RuleName": "Default"}),
        json!({"RuleName": "unknown"}),
        json!({"RuleName": "r", "RuleARN": arn}),
    ] {
        server.refused("/DeleteSamplingRule", body).await;
    }
}

#[tokio::test]
async fn targets_answer_known_rules_and_name_the_others() {
    let server = Server::start().await;
    create(&server, rule("polling", 1)).await;
    let late = with(report("polling"), "Timestamp", NOW_SECS - 301);
    let body = json!({"SamplingStatisticsDocuments": [report("polling"), report("gone"), late]});
    // The late one is of the same client and rule as the first: both count as one report.
    insta::assert_json_snapshot!("targets", server.ok("/SamplingTargets", body).await);
    let empty = server
        .ok(
            "/SamplingTargets",
            json!({"SamplingStatisticsDocuments": []}),
        )
        .await;
    assert_eq!(empty["SamplingTargetDocuments"], json!([]));
    assert_eq!(empty["UnprocessedStatistics"], json!([]));
    assert!(empty["LastRuleModification"].is_number());
}

#[tokio::test]
async fn targets_take_reports_without_or_with_misspelt_sampled_count() {
    let server = Server::start().await;
    let mut misspelt = report("Default");
    let members = misspelt.as_object_mut().unwrap();
    members.remove("SampledCount");
    members.remove("BorrowCount");
    let absent = with(misspelt.clone(), "ClientID", "f".repeat(24));
    let misspelt = with(misspelt, "SampleCount", 4);
    let body = json!({"SamplingStatisticsDocuments": [misspelt, absent]});
    let answer = server.ok("/SamplingTargets", body).await;
    assert_eq!(
        answer["SamplingTargetDocuments"].as_array().unwrap().len(),
        2
    );
    let windows = server.ok("/SamplingStatisticSummaries", json!({})).await;
    insta::assert_json_snapshot!("statistics", windows);
}

#[tokio::test]
async fn targets_take_a_report_dated_in_milliseconds() {
    let server = Server::start().await;
    let body = |timestamp: i64| {
        let report = with(report("Default"), "Timestamp", timestamp);
        json!({"SamplingStatisticsDocuments": [report]})
    };
    let millis = NOW_SECS * 1000 + 250;
    let answer = server.ok("/SamplingTargets", body(millis)).await;
    assert_eq!(answer["SamplingTargetDocuments"][0]["RuleName"], "Default");
    assert_eq!(answer["UnprocessedStatistics"], json!([]));
    // As strict about its age as about a date in seconds.
    let answer = server.ok("/SamplingTargets", body(millis - 301_000)).await;
    assert_eq!(answer["UnprocessedStatistics"][0]["ErrorCode"], "400");
}

#[tokio::test]
async fn targets_refuse_the_call_for_broken_constraints() {
    let server = Server::start().await;
    let cases = [
        (
            "RuleName",
            json!(""),
            "expected 1 to 32 characters, found 0",
        ),
        (
            "ClientID",
            json!("short"),
            "expected 24 to 24 characters, found 5",
        ),
        (
            "RequestCount",
            json!(-1),
            "expected a whole number from 0 to 2147483647, found -1",
        ),
        (
            "SampledCount",
            json!(-1),
            "expected a whole number from 0 to 2147483647, found -1",
        ),
        (
            "BorrowCount",
            json!("1"),
            "expected a whole number, found `\"1\"`",
        ),
        (
            "Timestamp",
            json!("x"),
            "expected a time as epoch seconds or an ISO 8601 string, found `\"x\"`",
        ),
    ];
    for (name, value, problem) in cases {
        let document = with(report("Default"), name, value);
        let body = json!({"SamplingStatisticsDocuments": [document]});
        let message = server.refused("/SamplingTargets", body).await;
        assert_eq!(
            message,
            format!("`SamplingStatisticsDocuments[0].{name}`: {problem}")
        );
    }
    for name in ["RuleName", "ClientID", "RequestCount", "Timestamp"] {
        let document = with(report("Default"), name, Value::Null);
        let body = json!({"SamplingStatisticsDocuments": [document]});
        let message = server.refused("/SamplingTargets", body).await;
        assert_eq!(
            message,
            format!("`SamplingStatisticsDocuments[0].{name}` is required")
        );
    }
    let many = json!({"SamplingStatisticsDocuments": vec![report("Default"); 26]});
    let message = server.refused("/SamplingTargets", many).await;
    assert_eq!(
        message,
        "`SamplingStatisticsDocuments`: expected at most 25 items, found 26"
    );
    assert_eq!(
        server.refused("/SamplingTargets", json!({})).await,
        "`SamplingStatisticsDocuments` is required"
    );
}

#[tokio::test]
async fn boost_reports_are_checked_and_refused_alone() {
    let server = Server::start().await;
    let boost = |rule: &str| {
        json!({"RuleName": rule, "ServiceName": "s", "Timestamp": NOW_SECS, "AnomalyCount": 1,
            "TotalCount": 2, "SampledAnomalyCount": 0})
    };
    let body = |reports: Value| json!({"SamplingStatisticsDocuments": [], "SamplingBoostStatisticsDocuments": reports});
    let answer = server
        .ok(
            "/SamplingTargets",
            body(json!([boost("Default"), boost("gone")])),
        )
        .await;
    let codes: Vec<_> = answer["UnprocessedBoostStatistics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["ErrorCode"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["400", "404"]);
    let broken = with(boost("Default"), "AnomalyCount", -1);
    server
        .refused("/SamplingTargets", body(json!([broken])))
        .await;
    server
        .refused("/SamplingTargets", body(json!(vec![boost("Default"); 26])))
        .await;
}

#[tokio::test]
async fn statistic_summaries_page_to_exhaustion() {
    let server = Server::start().await;
    for number in 0..25 {
        create(&server, rule(&format!("r{number}"), 1)).await;
    }
    // 25 rules and 59 windows of ten seconds are more than a page of 1,000.
    for window in 0..59 {
        let documents: Vec<_> = (0..25)
            .map(|number| {
                with(
                    report(&format!("r{number}")),
                    "Timestamp",
                    NOW_SECS + window * 10,
                )
            })
            .collect();
        server
            .ok(
                "/SamplingTargets",
                json!({ "SamplingStatisticsDocuments": documents }),
            )
            .await;
        server.clock.advance_secs(10);
    }
    let first = server.ok("/SamplingStatisticSummaries", json!({})).await;
    let token = &first["NextToken"];
    let second = server
        .ok("/SamplingStatisticSummaries", json!({ "NextToken": token }))
        .await;
    assert!(second.get("NextToken").is_none());
    let mut all: Vec<(f64, String)> = [&first, &second]
        .iter()
        .flat_map(|page| page["SamplingStatisticSummaries"].as_array().unwrap())
        .map(|item| {
            (
                item["Timestamp"].as_f64().unwrap(),
                item["RuleName"].to_string(),
            )
        })
        .collect();
    assert_eq!(all.len(), 25 * 59);
    assert!(all.windows(2).all(|pair| pair[0].0 >= pair[1].0));
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all.dedup();
    assert_eq!(all.len(), 25 * 59);
}

#[tokio::test]
async fn boost_is_in_the_answer_of_its_rule_and_in_no_other() {
    let server = Server::start().await;
    let boost = json!({"MaxRate": 0.5, "CooldownWindowMinutes": 10});
    create(&server, with(rule("shop", 1), "SamplingRateBoost", boost)).await;
    let anomalies = json!({"RuleName": "shop", "ServiceName": "s", "Timestamp": NOW_SECS,
        "AnomalyCount": 2, "TotalCount": 9, "SampledAnomalyCount": 0});
    let body = json!({"SamplingStatisticsDocuments": [report("shop"), report("Default")],
        "SamplingBoostStatisticsDocuments": [anomalies]});
    let answer = server.ok("/SamplingTargets", body).await;
    let targets = &answer["SamplingTargetDocuments"];
    let expected = json!({"BoostRate": 0.5, "BoostRateTTL": (NOW_SECS + 60) as f64});
    assert_eq!(targets[0]["SamplingBoost"], expected);
    assert!(targets[1].get("SamplingBoost").is_none(), "{targets}");
    assert_eq!(answer["UnprocessedBoostStatistics"], json!([]));
    server.clock.advance_secs(60);
    let report = with(report("shop"), "Timestamp", NOW_SECS + 60);
    let body = json!({ "SamplingStatisticsDocuments": [report] });
    let answer = server.ok("/SamplingTargets", body).await;
    let target = &answer["SamplingTargetDocuments"][0];
    assert!(target.get("SamplingBoost").is_none(), "{target}");
}
