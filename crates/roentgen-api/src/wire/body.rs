//! Reads a request's body within its bounds: 8 MiB before and after decompression, all bodies together
//! within a budget, all of it within a time.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt;
use roentgen_model::limits::BODY_BYTES_MAX;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, ErrorCode};

/// Bodies in memory at once; over it requests are told to come back (our choice).
const BUDGET_BYTES: usize = 256 << 20;
/// What one permit of the budget stands for.
const PERMIT_BYTES: usize = 4096;
/// What is read beyond the limit and thrown away, so that a client that sends before it reads still
/// gets to read our refusal.
const DISCARD_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;

/// Bounds the bytes of all bodies that are being answered.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    permits: Arc<Semaphore>,
    arrival_max: Duration,
}

/// A whole body, decompressed; gives its share of the budget back when dropped.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    _share: Vec<OwnedSemaphorePermit>,
}

impl BodyBudget {
    /// A budget whose bodies may take so long to arrive.
    pub(crate) fn new(arrival_max: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(BUDGET_BYTES / PERMIT_BYTES)),
            arrival_max,
        }
    }

    /// Reads and decompresses a body.
    ///
    /// # Errors
    /// `InvalidRequestException` for an unknown coding, a body over 8 MiB before or after, one that is
    /// cut off, damaged or slow; `ThrottledException` when the budget is used up.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: axum::body::Body,
    ) -> Result<Body, ApiError> {
        let gzip = is_gzip(headers)?;
        let read = tokio::time::timeout(self.arrival_max, self.collect(body)).await;
        let body = read.map_err(|_| {
            ApiError::invalid(format!(
                "the body did not arrive within {:?}",
                self.arrival_max
            ))
        })??;
        if gzip {
            self.decompress(body).await
        } else {
            Ok(body)
        }
    }

    async fn collect(&self, mut body: axum::body::Body) -> Result<Body, ApiError> {
        let mut bytes = BytesMut::new();
        let mut share = Vec::new();
        let mut received: usize = 0;
        let mut paid: usize = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame
                .map_err(|e| ApiError::invalid(format!("the body could not be read whole: {e}")))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            received = received.saturating_add(data.len());
            if received > DISCARD_BYTES_MAX {
                break;
            }
            if received > BODY_BYTES_MAX {
                bytes = BytesMut::new();
                share.clear();
                continue;
            }
            while paid < received {
                // A quarter of what is there already, so that a long body asks a few times only.
                let step = (received - paid).max(received / 4).div_ceil(PERMIT_BYTES);
                share.push(self.take(step)?);
                paid += step * PERMIT_BYTES;
            }
            bytes.extend_from_slice(&data);
        }
        if received > BODY_BYTES_MAX {
            return Err(over_limit(""));
        }
        Ok(Body {
            bytes: bytes.freeze(),
            _share: share,
        })
    }

    async fn decompress(&self, packed: Body) -> Result<Body, ApiError> {
        let share = self.take(BODY_BYTES_MAX / PERMIT_BYTES)?;
        let bytes = tokio::task::spawn_blocking(move || gunzip(&packed.bytes))
            .await
            .map_err(ApiError::fault)??;
        Ok(Body {
            bytes,
            _share: vec![share],
        })
    }

    fn take(&self, permits: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        let permits = u32::try_from(permits).map_err(ApiError::fault)?;
        self.permits
            .clone()
            .try_acquire_many_owned(permits)
            .map_err(|_| {
                ApiError::new(
                    ErrorCode::Throttled,
                    "too many request bodies at once; try again later",
                )
            })
    }
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, ApiError> {
    let mut gzip = false;
    for value in headers.get_all(CONTENT_ENCODING) {
        let coding = value
            .to_str()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match coding.as_str() {
            "" | "identity" => {}
            "gzip" | "x-gzip" if !gzip => gzip = true,
            _ => {
                let problem = "`Content-Encoding`: expected `gzip`, `identity` or none";
                return Err(ApiError::invalid(problem));
            }
        }
    }
    Ok(gzip)
}

fn gunzip(packed: &[u8]) -> Result<Bytes, ApiError> {
    let mut bytes = Vec::with_capacity(packed.len().saturating_mul(4).min(BODY_BYTES_MAX));
    let mut capped = MultiGzDecoder::new(packed).take(BODY_BYTES_MAX as u64 + 1);
    capped
        .read_to_end(&mut bytes)
        .map_err(|e| ApiError::invalid(format!("the body is not valid gzip: {e}")))?;
    if bytes.len() > BODY_BYTES_MAX {
        return Err(over_limit(" after decompression"));
    }
    Ok(bytes.into())
}

fn over_limit(when: &str) -> ApiError {
    ApiError::invalid(format!(
        "expected a body of at most {BODY_BYTES_MAX} bytes{when}"
    ))
}
