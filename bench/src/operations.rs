//! Latency of every operation over HTTP, one client, on the data of the loads before.
//!
//! Operations that act on an insight are left out: the load has no incident, so there is none.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::client::Client;
use crate::table::Table;

/// Calls of an operation that is answered from memory or by one read.
const CHEAP_SAMPLES: usize = 200;
/// Calls of an operation that goes through all data of a range, or writes settings.
const DEAR_SAMPLES: usize = 30;
/// Traces of one call by ids.
const IDS: usize = 5;

/// What the calls are about.
struct Subject<'a> {
    client: &'a Client,
    table: &'a mut Table,
    now_secs: f64,
    ids: Vec<String>,
}

/// Measures them all; `now_secs` is when the load ended.
pub(crate) async fn measure(
    client: &Client,
    now_secs: f64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let ids = newest_ids(client, now_secs).await?;
    let mut subject = Subject {
        client,
        table,
        now_secs,
        ids,
    };
    subject.traces().await?;
    subject.groups().await?;
    subject.sampling().await?;
    subject.settings().await?;
    subject.transaction_search().await
}

async fn newest_ids(client: &Client, now_secs: f64) -> anyhow::Result<Vec<String>> {
    let request = json!({"StartTime": now_secs - 3600.0, "EndTime": now_secs + 60.0});
    let answer = client.call("/TraceSummaries", &request).await?;
    let summaries = answer.get("TraceSummaries").and_then(Value::as_array);
    let ids = summaries.context("read summaries")?.iter();
    let ids = ids.filter_map(|summary| summary.get("Id")?.as_str());
    Ok(ids.map(ToOwned::to_owned).collect())
}

impl Subject<'_> {
    /// Calls an operation so often, each time with the body for that number.
    async fn sample(
        &mut self,
        name: &str,
        path: &str,
        samples: usize,
        body: impl Fn(usize) -> Value,
    ) -> anyhow::Result<()> {
        let mut latencies: Vec<Duration> = Vec::with_capacity(samples);
        for number in 0..samples {
            let body = body(number);
            let begun = Instant::now();
            self.client
                .call(path, &body)
                .await
                .context(name.to_owned())?;
            latencies.push(begun.elapsed());
        }
        self.table.add_latencies(name, latencies, "");
        Ok(())
    }

    fn range(&self, more: Value) -> Value {
        let mut body =
            json!({"StartTime": self.now_secs - 3600.0, "EndTime": self.now_secs + 60.0});
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        body
    }

    fn some_ids(&self, number: usize) -> Vec<&String> {
        let from = number * IDS % self.ids.len().max(1);
        self.ids.iter().cycle().skip(from).take(IDS).collect()
    }

    async fn traces(&mut self) -> anyhow::Result<()> {
        let searches = [
            ("newest page", json!({})),
            (
                "fault at a service",
                json!({"FilterExpression": "service() { fault }"}),
            ),
            (
                "rare condition",
                json!({"FilterExpression": "responsetime > 1000"}),
            ),
            (
                "negated selector",
                json!({"FilterExpression": "!service(\"nobody\")"}),
            ),
            ("by event time", json!({"TimeRangeType": "Event"})),
            ("by service time", json!({"TimeRangeType": "Service"})),
        ];
        for (what, more) in searches {
            let (name, body) = (format!("GetTraceSummaries, {what}"), self.range(more));
            self.sample(&name, "/TraceSummaries", DEAR_SAMPLES, |_| body.clone())
                .await?;
        }
        let by_ids: Vec<Value> = (0..CHEAP_SAMPLES)
            .map(|number| json!({"TraceIds": self.some_ids(number)}))
            .collect();
        let of = |number: usize| by_ids.get(number).cloned().unwrap_or_default();
        self.sample("BatchGetTraces, 5 ids", "/Traces", CHEAP_SAMPLES, of)
            .await?;
        self.sample("GetTraceGraph, 5 ids", "/TraceGraph", CHEAP_SAMPLES, of)
            .await?;
        let body = self.range(json!({}));
        self.sample("GetServiceGraph", "/ServiceGraph", DEAR_SAMPLES, |_| {
            body.clone()
        })
        .await?;
        let path = "/TimeSeriesServiceStatistics";
        let name = "GetTimeSeriesServiceStatistics, entries";
        self.sample(name, path, DEAR_SAMPLES, |_| body.clone())
            .await?;
        let body = self.range(json!({"EntitySelectorExpression": "service()"}));
        let name = "GetTimeSeriesServiceStatistics, all nodes";
        self.sample(name, path, DEAR_SAMPLES, |_| body.clone())
            .await?;
        let telemetry = json!({"TelemetryRecords": [{"Timestamp": self.now_secs}]});
        let telemetry = |_| telemetry.clone();
        self.sample(
            "PutTelemetryRecords",
            "/TelemetryRecords",
            CHEAP_SAMPLES,
            telemetry,
        )
        .await
    }

    async fn groups(&mut self) -> anyhow::Result<()> {
        // Fewer than the 25 that may exist.
        const GROUPS: usize = 20;
        let group = |number| json!({"GroupName": format!("bench-{number}")});
        let with = |number, expression: &str| json!({"GroupName": format!("bench-{number}"), "FilterExpression": expression});
        let create = |number| with(number, "fault");
        self.sample("CreateGroup", "/CreateGroup", GROUPS, create)
            .await?;
        let update = |number| with(number, "fault OR error");
        self.sample("UpdateGroup", "/UpdateGroup", GROUPS, update)
            .await?;
        self.sample("GetGroup", "/GetGroup", GROUPS, group).await?;
        self.sample("GetGroups", "/Groups", CHEAP_SAMPLES, |_| json!({}))
            .await?;
        let body = self.range(json!({"GroupName": "bench-0"}));
        let name = "GetServiceGraph, of a group";
        self.sample(name, "/ServiceGraph", DEAR_SAMPLES, |_| body.clone())
            .await?;
        let name = "GetInsightSummaries";
        self.sample(name, "/InsightSummaries", DEAR_SAMPLES, |_| body.clone())
            .await?;
        self.sample("DeleteGroup", "/DeleteGroup", GROUPS, group)
            .await
    }

    async fn sampling(&mut self) -> anyhow::Result<()> {
        const RULES: usize = 20;
        let rule = |number| {
            json!({"SamplingRule": {"RuleName": format!("bench-{number}"), "Priority": 100,
                "FixedRate": 0.1, "ReservoirSize": 10, "ServiceName": "*", "ServiceType": "*",
                "Host": "*", "HTTPMethod": "*", "URLPath": "*", "ResourceARN": "*", "Version": 1}})
        };
        self.sample("CreateSamplingRule", "/CreateSamplingRule", RULES, rule)
            .await?;
        let update = |number| json!({"SamplingRuleUpdate": {"RuleName": format!("bench-{number}"), "FixedRate": 0.2}});
        self.sample("UpdateSamplingRule", "/UpdateSamplingRule", RULES, update)
            .await?;
        let none = |_| json!({});
        self.sample("GetSamplingRules", "/GetSamplingRules", CHEAP_SAMPLES, none)
            .await?;
        let now = self.now_secs;
        let report = |number| {
            json!({"SamplingStatisticsDocuments": [{"RuleName": "bench-0",
                "ClientID": format!("{number:024x}"), "Timestamp": now, "RequestCount": 20,
                "SampledCount": 10, "BorrowCount": 0}]})
        };
        self.sample(
            "GetSamplingTargets",
            "/SamplingTargets",
            CHEAP_SAMPLES,
            report,
        )
        .await?;
        let path = "/SamplingStatisticSummaries";
        self.sample("GetSamplingStatisticSummaries", path, CHEAP_SAMPLES, none)
            .await?;
        let delete = |number| json!({"RuleName": format!("bench-{number}")});
        self.sample("DeleteSamplingRule", "/DeleteSamplingRule", RULES, delete)
            .await
    }

    async fn settings(&mut self) -> anyhow::Result<()> {
        let none = |_| json!({});
        let group = self
            .client
            .call("/CreateGroup", &json!({"GroupName": "tagged"}))
            .await?;
        let arn = group
            .pointer("/Group/GroupARN")
            .cloned()
            .unwrap_or_default();
        let tag = |number: usize| json!({"ResourceARN": arn, "Tags": [{"Key": format!("k{}", number % 40), "Value": "v"}]});
        self.sample("TagResource", "/TagResource", DEAR_SAMPLES, tag)
            .await?;
        let list = |_| json!({"ResourceARN": arn});
        self.sample(
            "ListTagsForResource",
            "/ListTagsForResource",
            CHEAP_SAMPLES,
            list,
        )
        .await?;
        let untag =
            |number: usize| json!({"ResourceARN": arn, "TagKeys": [format!("k{}", number % 40)]});
        self.sample("UntagResource", "/UntagResource", DEAR_SAMPLES, untag)
            .await?;
        let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"}, "Action": "xray:PutTraceSegments",
            "Resource": "*"}]});
        let policy = |_| json!({"PolicyName": "bench", "PolicyDocument": policy.to_string()});
        self.sample(
            "PutResourcePolicy",
            "/PutResourcePolicy",
            DEAR_SAMPLES,
            policy,
        )
        .await?;
        self.sample(
            "ListResourcePolicies",
            "/ListResourcePolicies",
            CHEAP_SAMPLES,
            none,
        )
        .await?;
        let delete = json!({"PolicyName": "bench"});
        let name = "DeleteResourcePolicy";
        self.sample(name, "/DeleteResourcePolicy", 1, |_| delete.clone())
            .await?;
        self.sample(
            "GetEncryptionConfig",
            "/EncryptionConfig",
            CHEAP_SAMPLES,
            none,
        )
        .await?;
        let plain = |_| json!({"Type": "NONE"});
        self.sample("PutEncryptionConfig", "/PutEncryptionConfig", 5, plain)
            .await
    }

    async fn transaction_search(&mut self) -> anyhow::Result<()> {
        let none = |_| json!({});
        let path = "/GetTraceSegmentDestination";
        self.sample("GetTraceSegmentDestination", path, CHEAP_SAMPLES, none)
            .await?;
        let path = "/UpdateTraceSegmentDestination";
        let to = |_| json!({"Destination": "XRay"});
        self.sample("UpdateTraceSegmentDestination", path, DEAR_SAMPLES, to)
            .await?;
        self.sample("GetIndexingRules", "/GetIndexingRules", CHEAP_SAMPLES, none)
            .await?;
        let rule = |_| {
            json!({"Name": "Default",
                "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 50.0}}})
        };
        self.sample(
            "UpdateIndexingRule",
            "/UpdateIndexingRule",
            DEAR_SAMPLES,
            rule,
        )
        .await?;
        let ids = json!({"TraceIds": self.some_ids(0)});
        let start = self.range(ids);
        let path = "/StartTraceRetrieval";
        self.sample("StartTraceRetrieval", path, DEAR_SAMPLES, |_| start.clone())
            .await?;
        let begun = Instant::now();
        let started = self.client.call(path, &start).await?;
        let token = json!({"RetrievalToken": started.get("RetrievalToken")});
        loop {
            let answer = self.client.call("/ListRetrievedTraces", &token).await?;
            let status = answer.get("RetrievalStatus").and_then(Value::as_str);
            if status == Some("COMPLETE") {
                break;
            }
            anyhow::ensure!(
                begun.elapsed() < Duration::from_secs(30),
                "retrieval is {status:?}"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let millis = begun.elapsed().as_secs_f64() * 1000.0;
        self.table
            .add("retrieval of 5 traces, start to complete", millis, "ms", "");
        let token = |_| token.clone();
        self.sample(
            "ListRetrievedTraces",
            "/ListRetrievedTraces",
            DEAR_SAMPLES,
            &token,
        )
        .await?;
        let path = "/GetRetrievedTracesGraph";
        self.sample("GetRetrievedTracesGraph", path, DEAR_SAMPLES, &token)
            .await?;
        let path = "/CancelTraceRetrieval";
        self.sample("CancelTraceRetrieval", path, CHEAP_SAMPLES, &token)
            .await
    }
}
