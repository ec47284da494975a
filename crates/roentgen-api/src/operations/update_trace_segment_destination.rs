//! `UpdateTraceSegmentDestination` (api.md "Transaction Search").

use bytes::Bytes;
use roentgen_control::indexing::Destination;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::indexing::{DESTINATIONS, DestinationResult};
use crate::wire::members::Members;

pub(super) async fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let chosen = members
        .required("Destination")?
        .choice(&DESTINATIONS.map(|(name, _)| name))?;
    let destination = DESTINATIONS.get(chosen).map_or(Destination::XRay, |d| d.1);
    let key = read_key(members, destination)?;
    let control = &call.api().control;
    control
        .set_segment_destination(destination, key, call.now)
        .await?;
    json(&DestinationResult::from(destination))
}

/// The ARN of a key, given only with the destination it is for.
fn read_key(members: &Members<'_>, destination: Destination) -> Result<Option<String>, ApiError> {
    let Some(member) = members.optional("CloudWatchLogsConfiguration") else {
        return Ok(None);
    };
    let configuration = member.object()?;
    if destination != Destination::CloudWatchLogs {
        return Err(member.refuse("only with the destination `CloudWatchLogs`"));
    }
    let Some(member) = configuration.optional("SpansLogGroupKmsKeyId") else {
        return Ok(None);
    };
    let arn = member.text(1..=256)?;
    if !is_key_arn(&arn) {
        return Err(member.refuse("expected the ARN of a key, `arn:aws:kms:…:key/…`"));
    }
    Ok(Some(arn))
}

/// `arn:<partition>:kms:<region>:<account>:key/<id>`.
fn is_key_arn(text: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts[..] else {
        return false;
    };
    let id = resource.strip_prefix("key/").unwrap_or_default();
    arn == "arn"
        && partition.starts_with("aws")
        && service == "kms"
        && !region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
