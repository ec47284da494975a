//! The envelope of one event, as EventBridge hands it on (groups-insights.md 5).

use roentgen_control::insight_state::InsightRecord;
use roentgen_model::Scope;
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::insight::{Counts, InsightEvent, Picture};
use roentgen_query::insights::Notification;
use serde::Serialize;

#[derive(Serialize)]
struct Envelope<'a> {
    version: &'static str,
    id: String,
    #[serde(rename = "detail-type")]
    detail_type: &'static str,
    source: &'static str,
    account: &'a str,
    time: String,
    region: &'a str,
    resources: [&'a str; 1],
    detail: Detail<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Detail<'a> {
    insight_id: String,
    group_name: &'a str,
    #[serde(rename = "GroupARN")]
    group_arn: &'a str,
    categories: [&'static str; 1],
    /// A documented pattern filters on this name.
    category: [&'static str; 1],
    state: &'static str,
    start_time: f64,
    /// `null` while active.
    end_time: Option<f64>,
    root_cause_service_id: ServiceId<'a>,
    client_request_impact_statistics: Impact,
    root_cause_service_request_impact_statistics: Impact,
    top_anomalous_services: Vec<AnomalousService<'a>>,
    summary: String,
    event: Event<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    event_time: f64,
    summary: &'a str,
    client_request_impact_statistics: Impact,
    root_cause_service_request_impact_statistics: Impact,
    top_anomalous_services: Vec<AnomalousService<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceId<'a> {
    name: &'a str,
    names: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AnomalousService<'a> {
    service_id: ServiceId<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Impact {
    fault_count: u64,
    ok_count: u64,
    total_count: u64,
}

/// The JSON text.
pub(super) fn text(scope: &Scope, notification: &Notification) -> serde_json::Result<String> {
    let Notification { record, event } = notification;
    let InsightRecord {
        group_id: _,
        group_name,
        group_arn,
        insight,
    } = record;
    let InsightEvent {
        time,
        summary,
        picture,
    } = event;
    let at = chrono::DateTime::from_timestamp(time.secs(), 0).unwrap_or_default();
    serde_json::to_string(&Envelope {
        version: "0",
        id: insight.id.of_event(*time).to_string(),
        detail_type: "AWS X-Ray Insight Update",
        source: "aws.xray",
        account: &scope.account,
        time: at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        region: &scope.region,
        resources: [group_arn],
        detail: Detail {
            insight_id: insight.id.to_string(),
            group_name,
            group_arn,
            categories: ["FAULT"],
            category: ["FAULT"],
            state: if insight.end.is_none() {
                "ACTIVE"
            } else {
                "CLOSED"
            },
            start_time: insight.start.as_secs_f64(),
            end_time: insight.end.map(|end| end.as_secs_f64()),
            root_cause_service_id: service_id(&insight.picture.root_cause),
            client_request_impact_statistics: impact(insight.picture.clients),
            root_cause_service_request_impact_statistics: impact(insight.picture.root_cause_counts),
            top_anomalous_services: services(&insight.picture),
            summary: insight.summary(),
            event: Event {
                event_time: time.as_secs_f64(),
                summary,
                client_request_impact_statistics: impact(picture.clients),
                root_cause_service_request_impact_statistics: impact(picture.root_cause_counts),
                top_anomalous_services: services(picture),
            },
        },
    })
}

fn services(picture: &Picture) -> Vec<AnomalousService<'_>> {
    let service = |node| AnomalousService {
        service_id: service_id(node),
    };
    picture.anomalous.iter().map(service).collect()
}

fn service_id(node: &NodeKey) -> ServiceId<'_> {
    let NodeKey {
        name,
        node_type,
        account_id,
    } = node;
    ServiceId {
        name,
        names: [name],
        account_id: account_id.as_deref(),
        r#type: node_type.as_deref(),
    }
}

fn impact(counts: Counts) -> Impact {
    let Counts { total, faults, ok } = counts;
    Impact {
        fault_count: faults,
        ok_count: ok,
        total_count: total,
    }
}
