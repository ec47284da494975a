//! Bounds what reads may do at once: they run on blocking threads, so many at a time, with a bounded
//! line before them, and stop when their client goes away.

use std::sync::Arc;

use roentgen_store::source::QueryControl;
use tokio::sync::Semaphore;

use crate::error::{ApiError, ErrorCode};

#[cfg(test)]
mod tests;

/// Reads that may wait for one that runs.
const WAITING_PER_RUNNING: usize = 32;

/// Lets reads in.
#[derive(Debug)]
pub(crate) struct QueryGate {
    running: Arc<Semaphore>,
    line: Arc<Semaphore>,
    memory_bytes_max: usize,
}

/// Cancels its query when dropped, as the future of a request is when its client goes away.
struct CancelOnDrop(QueryControl);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl QueryGate {
    /// A gate for so many reads at a time, each with so much memory.
    pub(crate) fn new(running_max: usize, memory_bytes_max: usize) -> Self {
        let running_max = running_max.max(1);
        Self {
            running: Arc::new(Semaphore::new(running_max)),
            line: Arc::new(Semaphore::new(running_max * (1 + WAITING_PER_RUNNING))),
            memory_bytes_max,
        }
    }

    /// Runs `read` on a blocking thread.
    ///
    /// # Errors
    /// `ThrottledException` when the line is full; what `read` answers; `InternalFailure` if it panics.
    pub(crate) async fn run<T, E>(
        &self,
        read: impl FnOnce(&QueryControl) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        let place = self.line.clone().try_acquire_owned().map_err(|_| {
            ApiError::new(ErrorCode::Throttled, "too many requests are being answered")
        })?;
        let turn = self
            .running
            .clone()
            .acquire_owned()
            .await
            .map_err(ApiError::fault)?;
        let control = QueryControl::new(self.memory_bytes_max);
        let _guard = CancelOnDrop(control.clone());
        let task = tokio::task::spawn_blocking(move || {
            // Held by the thread, not by the request: a cancelled read counts until it has stopped.
            let _held = (place, turn);
            read(&control).map_err(Into::into)
        });
        task.await.map_err(ApiError::fault)?
    }
}
