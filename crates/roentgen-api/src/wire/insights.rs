//! Insights on the wire (groups-insights.md 3 and 5), and the readers of what selects them.

use std::sync::Arc;

use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::NodeKey;
use roentgen_model::graph::{Edge, Service};
use roentgen_model::insight::{Counts, InsightEvent, InsightId, Picture};
use roentgen_query::insights::PublishedInsight;
use serde::Serialize;

use super::members::Members;
use super::numbers::Time;
use crate::error::ApiError;

/// How far back insights may be asked for, days.
const AGE_DAYS_MAX: i64 = 30;
/// A client that asks for exactly so many days has done so a moment ago.
const AGE_GRACE_SECS: i64 = 60;

/// `Insight`, and `InsightSummary` with its `LastUpdateTime`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InsightShape<'a> {
    insight_id: String,
    #[serde(rename = "GroupARN")]
    group_arn: &'a str,
    group_name: &'a str,
    root_cause_service_id: ServiceIdShape<'a>,
    categories: [&'static str; 1],
    state: &'static str,
    start_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Time>,
    summary: String,
    client_request_impact_statistics: ImpactShape,
    root_cause_service_request_impact_statistics: ImpactShape,
    top_anomalous_services: Vec<AnomalousServiceShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_time: Option<Time>,
}

/// `InsightEvent`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InsightEventShape<'a> {
    summary: &'a str,
    event_time: Time,
    client_request_impact_statistics: ImpactShape,
    root_cause_service_request_impact_statistics: ImpactShape,
    top_anomalous_services: Vec<AnomalousServiceShape<'a>>,
}

/// `ServiceId`. A node that has no type or account has no such member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceIdShape<'a> {
    name: &'a str,
    names: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AnomalousServiceShape<'a> {
    service_id: ServiceIdShape<'a>,
}

/// `RequestImpactStatistics`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImpactShape {
    fault_count: u64,
    ok_count: u64,
    total_count: u64,
}

/// `InsightImpactGraphService`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImpactGraphServiceShape<'a> {
    reference_id: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
    name: &'a str,
    names: &'a [Arc<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    edges: Vec<ImpactGraphEdgeShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImpactGraphEdgeShape {
    reference_id: usize,
}

impl<'a> InsightShape<'a> {
    /// `Insight`.
    pub(crate) fn new(published: &'a PublishedInsight) -> Self {
        let record = &published.record;
        let insight = &record.insight;
        let Picture {
            root_cause,
            anomalous,
            clients,
            root_cause_counts,
        } = &insight.picture;
        Self {
            insight_id: insight.id.to_string(),
            group_arn: &record.group_arn,
            group_name: &record.group_name,
            root_cause_service_id: service_id(root_cause),
            categories: ["FAULT"],
            state: if insight.end.is_none() {
                "ACTIVE"
            } else {
                "CLOSED"
            },
            start_time: Time(insight.start),
            end_time: insight.end.map(Time),
            summary: insight.summary(),
            client_request_impact_statistics: impact(*clients),
            root_cause_service_request_impact_statistics: impact(*root_cause_counts),
            top_anomalous_services: services(anomalous),
            last_update_time: None,
        }
    }

    /// `InsightSummary`.
    pub(crate) fn summary(published: &'a PublishedInsight) -> Self {
        Self {
            last_update_time: Some(Time(published.record.insight.updated)),
            ..Self::new(published)
        }
    }
}

impl<'a> InsightEventShape<'a> {
    pub(crate) fn new(event: &'a InsightEvent) -> Self {
        let InsightEvent {
            time,
            summary,
            picture:
                Picture {
                    root_cause: _,
                    anomalous,
                    clients,
                    root_cause_counts,
                },
        } = event;
        Self {
            summary,
            event_time: Time(*time),
            client_request_impact_statistics: impact(*clients),
            root_cause_service_request_impact_statistics: impact(*root_cause_counts),
            top_anomalous_services: services(anomalous),
        }
    }
}

impl<'a> ImpactGraphServiceShape<'a> {
    pub(crate) fn new(service: &'a Service) -> Self {
        let edge = |edge: &Edge| ImpactGraphEdgeShape {
            reference_id: edge.destination,
        };
        Self {
            reference_id: service.reference_id,
            r#type: service.key.node_type.as_deref(),
            name: &service.key.name,
            names: &service.names,
            account_id: service.key.account_id.as_deref(),
            edges: service.edges.iter().map(edge).collect(),
        }
    }
}

fn service_id(node: &NodeKey) -> ServiceIdShape<'_> {
    let NodeKey {
        name,
        node_type,
        account_id,
    } = node;
    ServiceIdShape {
        name,
        names: [name],
        account_id: account_id.as_deref(),
        r#type: node_type.as_deref(),
    }
}

fn services(nodes: &[NodeKey]) -> Vec<AnomalousServiceShape<'_>> {
    let shape = |node| AnomalousServiceShape {
        service_id: service_id(node),
    };
    nodes.iter().map(shape).collect()
}

fn impact(counts: Counts) -> ImpactShape {
    let Counts { total, faults, ok } = counts;
    ImpactShape {
        fault_count: faults,
        ok_count: ok,
        total_count: total,
    }
}

/// `InsightId`: a UUID of version 1 to 5.
///
/// # Errors
/// `InvalidRequestException` if it is missing or of another form.
pub(crate) fn read_insight_id(members: &Members<'_>) -> Result<InsightId, ApiError> {
    let member = members.required("InsightId")?;
    let text = member.text(0..=usize::MAX)?;
    let bytes = text.as_bytes();
    let version = bytes
        .get(14)
        .is_some_and(|byte| (b'1'..=b'5').contains(byte));
    let variant = bytes.get(19).is_some_and(|byte| b"89abAB".contains(byte));
    let id = InsightId::parse(&text).filter(|_| version && variant);
    id.ok_or_else(|| member.refuse("expected a UUID of version 1 to 5"))
}

/// `NextToken` of the operations on insights.
///
/// # Errors
/// `InvalidRequestException` if it is not of 1 to 2,000 characters.
pub(crate) fn read_token(members: &Members<'_>) -> Result<Option<String>, ApiError> {
    members.optional_text("NextToken", 1..=2_000)
}

/// Refuses an end of a range that lies too far back.
///
/// # Errors
/// `InvalidRequestException`.
pub(crate) fn refuse_old(name: &str, time: UnixNanos, now: UnixNanos) -> Result<(), ApiError> {
    let age_secs = now.secs().saturating_sub(time.secs());
    if age_secs > AGE_DAYS_MAX * 24 * 3600 + AGE_GRACE_SECS {
        return Err(ApiError::invalid(format!(
            "`{name}`: expected a time of the last {AGE_DAYS_MAX} days, found {time}"
        )));
    }
    Ok(())
}
