//! One file per operation.

use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::UnixNanos;
use roentgen_store::source::{QueryControl, TraceReader};
use serde::Serialize;

use crate::error::ApiError;
use crate::operation::Operation;
use crate::principal::Principal;
use crate::state::{ApiState, Shared};
use crate::wire::members::Members;

mod put_telemetry_records;
mod put_trace_segments;

/// One call of an operation.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) principal: Principal,
    pub(crate) now: UnixNanos,
}

impl Call {
    fn api(&self) -> &ApiState {
        &self.shared.api
    }

    /// Runs a read where it may block.
    async fn read<T, E>(
        &self,
        read: impl FnOnce(&dyn TraceReader, &QueryControl) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        let reader = self.api().reader.clone();
        self.shared
            .gate
            .run(move |control| read(&*reader, control))
            .await
    }
}

/// Answers an operation with the JSON text of its result.
pub(crate) async fn answer(
    operation: Operation,
    call: &Call,
    body: &Bytes,
) -> Result<Bytes, ApiError> {
    if operation == Operation::PutTraceSegments {
        return put_trace_segments::answer(call, body).await;
    }
    let members = Members::of_body(body)?;
    match operation {
        Operation::PutTelemetryRecords => put_telemetry_records::answer(call, &members),
        _ => Err(ApiError::invalid(format!(
            "{} is not built yet",
            operation.name()
        ))),
    }
}

/// The JSON text of a result.
fn json<T: Serialize>(result: &T) -> Result<Bytes, ApiError> {
    serde_json::to_vec(result)
        .map(Bytes::from)
        .map_err(ApiError::fault)
}

/// The result of operations without output.
#[derive(Debug, Serialize)]
struct EmptyResult {}
