//! One line for each call that changes settings (security.md 8), under log target `audit`.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::Extensions;
use uuid::Uuid;

use crate::error::ApiError;
use crate::operation::Operation;
use crate::principal::Principal;

/// Characters of the request's parameters in a line (our choice); whole for all but policies.
const PARAMETERS_CHARS_MAX: usize = 8_192;

/// Who called from where.
#[derive(Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) principal: &'a Principal,
    /// `None` where the server does not tell.
    pub(crate) source: Option<SocketAddr>,
    pub(crate) request_id: Uuid,
}

/// The address a request came from, where the server tells it.
pub(crate) fn source_address(extensions: &Extensions) -> Option<SocketAddr> {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| *address)
}

/// Writes the line of a call that was answered, if it is one that changes settings.
pub(crate) fn record(
    operation: Operation,
    caller: &Caller<'_>,
    body: &[u8],
    error: Option<&ApiError>,
) {
    if !changes_settings(operation) {
        return;
    }
    let Caller {
        principal,
        source,
        request_id,
    } = caller;
    let text = String::from_utf8_lossy(body);
    let parameters: String = text.chars().take(PARAMETERS_CHARS_MAX).collect();
    tracing::info!(
        target: "audit",
        operation = operation.name(),
        account = %principal.scope.account,
        caller = principal.name,
        source = source.map(tracing::field::display),
        %request_id,
        parameters,
        error = error.map(|error| error.code().name()),
        "settings changed or asked to change"
    );
}

const fn changes_settings(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::CreateSamplingRule
            | Operation::UpdateSamplingRule
            | Operation::DeleteSamplingRule
            | Operation::CreateGroup
            | Operation::UpdateGroup
            | Operation::DeleteGroup
            | Operation::PutEncryptionConfig
            | Operation::PutResourcePolicy
            | Operation::DeleteResourcePolicy
            | Operation::TagResource
            | Operation::UntagResource
            | Operation::UpdateTraceSegmentDestination
            | Operation::UpdateIndexingRule
    )
}
