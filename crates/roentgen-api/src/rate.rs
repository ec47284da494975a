//! Request rates per operation, off unless configured, and AWS's rate of documents, with strict limits
//! only (LIMIT-1): one token bucket each.

use std::collections::HashMap;

use parking_lot::Mutex;
use roentgen_model::UnixNanos;

use crate::error::{ApiError, ErrorCode};
use crate::operation::Operation;

#[cfg(test)]
mod tests;

/// A bucket that holds one second's worth of tokens and starts full.
#[derive(Debug)]
struct TokenBucket {
    per_second: f64,
    state: Mutex<BucketState>,
}

#[derive(Debug)]
struct BucketState {
    tokens: f64,
    at: Option<UnixNanos>,
}

/// The buckets of a server.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    requests: HashMap<Operation, TokenBucket>,
    documents: Option<TokenBucket>,
}

impl TokenBucket {
    fn new(per_second: f64) -> Self {
        let state = BucketState {
            tokens: per_second.max(1.0),
            at: None,
        };
        Self {
            per_second,
            state: Mutex::new(state),
        }
    }

    /// Takes tokens. What asks for more than the bucket can hold is let through when it is full.
    fn take(&self, wanted: f64, now: UnixNanos) -> Result<(), ApiError> {
        let capacity = self.per_second.max(1.0);
        let mut state = self.state.lock();
        let elapsed = state.at.map_or(0, |at| now.nanos_since(at));
        let earned = UnixNanos(elapsed).as_secs_f64() * self.per_second;
        state.tokens = (state.tokens + earned).min(capacity);
        state.at = Some(now);
        if state.tokens < wanted.min(capacity) {
            return Err(ApiError::new(ErrorCode::Throttled, "Rate exceeded"));
        }
        state.tokens -= wanted;
        Ok(())
    }
}

impl Rates {
    /// Buckets for these rates: requests per second by operation, and documents per second.
    pub(crate) fn new(
        requests_per_second: &HashMap<Operation, f64>,
        documents_per_second: Option<u32>,
    ) -> Self {
        let bucket = |(operation, rate): (&Operation, &f64)| (*operation, TokenBucket::new(*rate));
        Self {
            requests: requests_per_second.iter().map(bucket).collect(),
            documents: documents_per_second.map(|rate| TokenBucket::new(f64::from(rate))),
        }
    }

    /// Lets one request pass.
    ///
    /// # Errors
    /// `ThrottledException`.
    pub(crate) fn request(&self, operation: Operation, now: UnixNanos) -> Result<(), ApiError> {
        self.requests
            .get(&operation)
            .map_or(Ok(()), |bucket| bucket.take(1.0, now))
    }

    /// Lets a request's documents pass, all or none.
    ///
    /// # Errors
    /// `ThrottledException`.
    pub(crate) fn documents(&self, count: usize, now: UnixNanos) -> Result<(), ApiError> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.documents
            .as_ref()
            .map_or(Ok(()), |bucket| bucket.take(f64::from(count), now))
    }
}
