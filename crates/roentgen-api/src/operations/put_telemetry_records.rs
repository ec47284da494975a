//! `PutTelemetryRecords` (api.md "Sending data"): what agents count about themselves.

use bytes::Bytes;
use roentgen_model::UnixNanos;

use super::{Call, EmptyResult, json};
use crate::error::ApiError;
use crate::telemetry::{BackendConnectionErrors, TelemetryRecord};
use crate::wire::members::Members;

/// Records of one request. The model gives no bound; agents send one a minute (our choice).
const RECORDS_MAX: usize = 1_000;
/// Older records are ignored silently (our choice).
const AGE_SECS_MAX: i64 = 24 * 3600;

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let instance_id = members.optional_text("EC2InstanceId", 0..=20)?;
    let hostname = members.optional_text("Hostname", 0..=255)?;
    let resource_arn = members.optional_text("ResourceARN", 0..=500)?;
    let list = members
        .required("TelemetryRecords")?
        .list(0..=RECORDS_MAX)?;
    let mut records = Vec::with_capacity(list.len());
    for item in &list {
        let item = item.object()?;
        let record = TelemetryRecord {
            timestamp: item.required("Timestamp")?.time()?,
            instance_id: instance_id.clone(),
            hostname: hostname.clone(),
            resource_arn: resource_arn.clone(),
            segments_received: count(&item, "SegmentsReceivedCount")?,
            segments_sent: count(&item, "SegmentsSentCount")?,
            segments_spilled: count(&item, "SegmentsSpilloverCount")?,
            segments_rejected: count(&item, "SegmentsRejectedCount")?,
            connection_errors: connection_errors(&item)?,
        };
        records.push(record);
    }
    let oldest = UnixNanos::from_secs(call.now.secs() - AGE_SECS_MAX);
    records.retain(|record| record.timestamp >= oldest);
    call.api().metrics.telemetry_taken(records.len());
    call.api().telemetry.add(records);
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

/// A count, 0 if absent; the model's integers have 32 bits.
fn count(members: &Members<'_>, name: &str) -> Result<i64, ApiError> {
    let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
    Ok(members
        .optional(name)
        .map(|m| m.integer(range))
        .transpose()?
        .unwrap_or(0))
}
