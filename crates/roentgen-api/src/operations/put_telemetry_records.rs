//! `PutTelemetryRecords` (api.md "Sending data"): what agents count about themselves.

use bytes::Bytes;
use roentgen_model::UnixNanos;

use super::{Call, EmptyResult, json};
use crate::error::ApiError;
use crate::telemetry::{
    AGE_SECS_MAX, AgentCounts, AgentId, BackendConnectionErrors, TelemetryRecord,
};
use crate::wire::members::Members;

/// Records of one request. The model gives no bound; agents send one a minute (our choice).
const RECORDS_MAX: usize = 1_000;
pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let named = |name, chars_max| -> Result<Option<String>, ApiError> {
        let text = members.optional_text(name, 0..=chars_max)?;
        // Agents send an empty text for what they do not know.
        Ok(text.filter(|text| !text.is_empty()))
    };
    let id = AgentId {
        instance_id: named("EC2InstanceId", 20)?,
        hostname: named("Hostname", 255)?,
        resource_arn: named("ResourceARN", 500)?,
    };
    let list = members
        .required("TelemetryRecords")?
        .list(0..=RECORDS_MAX)?;
    let mut records = Vec::with_capacity(list.len());
    for item in &list {
        let item = item.object()?;
        records.push(TelemetryRecord {
            timestamp: item.required("Timestamp")?.time()?,
            counts: AgentCounts {
                segments_received: count(&item, "SegmentsReceivedCount")?,
                segments_sent: count(&item, "SegmentsSentCount")?,
                segments_spilled: count(&item, "SegmentsSpilloverCount")?,
                segments_rejected: count(&item, "SegmentsRejectedCount")?,
                connection_errors: connection_errors(&item)?,
            },
        });
    }
    let oldest = UnixNanos::from_secs(call.now.secs() - AGE_SECS_MAX);
    records.retain(|record| record.timestamp >= oldest);
    call.api().metrics.telemetry_taken(&records);
    call.api().telemetry.add(id, records, call.now);
    json(&EmptyResult {})
}

fn connection_errors(record: &Members<'_>) -> Result<BackendConnectionErrors, ApiError> {
    let Some(errors) = record.optional("BackendConnectionErrors") else {
        return Ok(BackendConnectionErrors::default());
    };
    let errors = errors.object()?;
    Ok(BackendConnectionErrors {
        timeout: count(&errors, "TimeoutCount")?,
        connection_refused: count(&errors, "ConnectionRefusedCount")?,
        http_4xx: count(&errors, "HTTPCode4XXCount")?,
        http_5xx: count(&errors, "HTTPCode5XXCount")?,
        unknown_host: count(&errors, "UnknownHostCount")?,
        other: count(&errors, "OtherCount")?,
    })
}

/// A count, 0 if absent; the model's integers have 32 bits and a sign. Less than nothing is nothing (our
/// choice).
fn count(members: &Members<'_>, name: &str) -> Result<u64, ApiError> {
    let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let count = members
        .optional(name)
        .map(|m| m.integer(range))
        .transpose()?;
    Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
}
