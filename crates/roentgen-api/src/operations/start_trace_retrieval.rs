//! `StartTraceRetrieval` (api.md "Transaction Search").

use bytes::Bytes;
use roentgen_query::retrieval::RetrievalRequest;
use serde::Serialize;

use super::{Call, json};
use crate::error::ApiError;
use crate::wire::members::Members;
use crate::wire::ranges::read_range;
use crate::wire::trace_ids::read_retrieved_ids;

/// The longest range: 30 days, with strict limits only.
const STRICT_HOURS_MAX: i64 = 30 * 24;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct StartTraceRetrievalResult {
    retrieval_token: String,
}

pub(super) fn answer(call: &Call, members: &Members<'_>) -> Result<Bytes, ApiError> {
    let strict = call.api().settings.strict_limits;
    let trace_ids = read_retrieved_ids(members)?;
    let range = read_range(members, strict.then_some(STRICT_HOURS_MAX))?;
    let retrieval_token = call.api().retrievals.start(RetrievalRequest {
        scope: call.principal.scope.clone(),
        trace_ids,
        start: range.start,
        // Of this operation alone the end counts too.
        end: range.end,
    })?;
    work(call);
    json(&StartTraceRetrievalResult { retrieval_token })
}

/// Has the job run in the background, unless enough others do so already.
fn work(call: &Call) {
    let (retrievals, reader) = (call.api().retrievals.clone(), call.api().reader.clone());
    let working = tokio::task::spawn_blocking(move || retrievals.work(&*reader));
    tokio::spawn(async move {
        match working.await {
            Ok(failures) => {
                for error in failures {
                    tracing::error!(%error, "a trace retrieval failed");
                }
            }
            Err(error) => tracing::error!(%error, "a trace retrieval ended in a panic"),
        }
    });
}
