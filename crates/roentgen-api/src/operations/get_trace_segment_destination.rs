//! `GetTraceSegmentDestination` (api.md "Transaction Search").

use bytes::Bytes;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::indexing::DestinationResult;

pub(super) fn answer(call: &Call) -> Result<Bytes, ApiError> {
    let destination = call.api().control.segment_destination();
    json(&DestinationResult::from(destination))
}
