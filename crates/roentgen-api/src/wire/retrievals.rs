//! What the operations of trace retrieval share (api.md "Transaction Search").

use roentgen_model::Scope;
use roentgen_query::retrieval::{RetrievalStatus, Retrievals};

use super::members::Members;
use crate::error::{ApiError, ErrorCode};

/// Reads `RetrievalToken`.
///
/// # Errors
/// `InvalidRequestException`.
pub(crate) fn read_retrieval_token(members: &Members<'_>) -> Result<String, ApiError> {
    members.required("RetrievalToken")?.text(0..=1_020)
}

/// Where the job with this token is.
///
/// # Errors
/// `ResourceNotFoundException`.
pub(crate) fn find_status(
    retrievals: &Retrievals,
    scope: &Scope,
    token: &str,
) -> Result<RetrievalStatus, ApiError> {
    retrievals
        .status(scope, token)
        .ok_or_else(|| unknown_token(token))
}

/// The answer to a token that nobody was given, or whose results are not kept any more.
pub(crate) fn unknown_token(token: &str) -> ApiError {
    let message = "`RetrievalToken`: no such trace retrieval; results are kept for 60 minutes";
    ApiError::new(ErrorCode::ResourceNotFound, message).with_resource(token)
}
