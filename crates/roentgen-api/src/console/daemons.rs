//! `/api/v1/daemons`: the agents that report, newest report first.

use serde::Serialize;

use super::Ask;
use super::answer::Answer;
use crate::error::ApiError;
use crate::telemetry::{Agent, AgentCounts, AgentId, BackendConnectionErrors, TelemetryRecord};

#[derive(Debug, Serialize)]
struct DaemonsResult {
    daemons: Vec<DaemonShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DaemonShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_arn: Option<String>,
    /// Nanoseconds as text: a number of JavaScript does not hold them.
    last_report_unix_nanos: String,
    totals: CountsShape,
    records: Vec<RecordShape>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordShape {
    timestamp_unix_nanos: String,
    counts: CountsShape,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CountsShape {
    segments_received: u64,
    segments_sent: u64,
    segments_spilled: u64,
    segments_rejected: u64,
    connection_errors: ConnectionErrorsShape,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionErrorsShape {
    timeout: u64,
    connection_refused: u64,
    http4xx: u64,
    http5xx: u64,
    unknown_host: u64,
    other: u64,
}

pub(super) async fn answer(ask: Ask) -> Result<Answer, ApiError> {
    let agents = ask.call.api().telemetry.agents(ask.call.now);
    let result = DaemonsResult {
        daemons: agents.into_iter().map(daemon).collect(),
    };
    Answer::json(&result, ask.accepts_gzip())
}

fn daemon(agent: Agent) -> DaemonShape {
    let Agent {
        id,
        last_report,
        totals,
        records,
    } = agent;
    let AgentId {
        hostname,
        instance_id,
        resource_arn,
    } = id;
    let record = |TelemetryRecord { timestamp, counts }| RecordShape {
        timestamp_unix_nanos: timestamp.0.to_string(),
        counts: counts_shape(counts),
    };
    DaemonShape {
        hostname,
        instance_id,
        resource_arn,
        last_report_unix_nanos: last_report.0.to_string(),
        totals: counts_shape(totals),
        records: records.into_iter().map(record).collect(),
    }
}

fn counts_shape(counts: AgentCounts) -> CountsShape {
    let AgentCounts {
        segments_received,
        segments_sent,
        segments_spilled,
        segments_rejected,
        connection_errors,
    } = counts;
    let BackendConnectionErrors {
        timeout,
        connection_refused,
        http_4xx,
        http_5xx,
        unknown_host,
        other,
    } = connection_errors;
    CountsShape {
        segments_received,
        segments_sent,
        segments_spilled,
        segments_rejected,
        connection_errors: ConnectionErrorsShape {
            timeout,
            connection_refused,
            http4xx: http_4xx,
            http5xx: http_5xx,
            unknown_host,
            other,
        },
    }
}
