//! `CancelTraceRetrieval` (api.md "Transaction Search").

use bytes::Bytes;

use super::{Call, EmptyResult, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::retrievals::{read_retrieval_token, unknown_token};

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let token = read_retrieval_token(members)?;
    if !call.api().retrievals.cancel(&call.principal.scope, &token) {
        return Err(unknown_token(&token));
    }
    json(&EmptyResult {})
}
