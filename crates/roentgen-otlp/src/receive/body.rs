//! Bodies within their bounds: each before and after decompression, all together within a budget, each
//! within a time.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use ::http::header::CONTENT_ENCODING;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::{Failure, FailureKind};

/// Bytes of all requests that are being answered (our choice); over it senders are told to come back.
const BUDGET_BYTES: usize = 256 << 20;
/// What one permit of the budget stands for.
const PERMIT_BYTES: usize = 4096;
/// How long a body may take to arrive.
const ARRIVAL_MAX: Duration = Duration::from_secs(30);
/// What is decompressed before more of the budget is asked for.
const STEP_BYTES: usize = 256 << 10;
/// What is read beyond the limit and thrown away, so that a sender that writes before it reads still
/// gets to read our refusal.
const DISCARD_FACTOR: usize = 2;

/// Bounds the bytes of all bodies.
#[derive(Debug)]
pub(super) struct BodyBudget {
    permits: Arc<Semaphore>,
}

/// A part of the budget; given back when dropped.
#[derive(Debug, Default)]
pub(super) struct Share(Vec<OwnedSemaphorePermit>);

/// A whole body with its part of the budget.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) share: Share,
}

/// `Content-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Zstd,
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(BUDGET_BYTES / PERMIT_BYTES)),
        }
    }
}

impl BodyBudget {
    /// Adds to a share.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] when the budget is used up.
    pub(super) fn take(&self, share: &mut Share, bytes: usize) -> Result<(), Failure> {
        let permits = u32::try_from(bytes.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.permits).try_acquire_many_owned(permits);
        let busy = |_| {
            Failure::new(
                FailureKind::Busy,
                "too many requests at once; send it again",
            )
        };
        share.0.push(taken.map_err(busy)?);
        Ok(())
    }

    /// Reads and decompresses a body.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] for an unknown coding, a body that is cut off, damaged or slow;
    /// [`FailureKind::TooLarge`]; [`FailureKind::Busy`].
    pub(super) async fn read(
        &self,
        headers: &HeaderMap,
        body: axum::body::Body,
        bytes_max: usize,
    ) -> Result<Body, Failure> {
        let codings = codings(headers)?;
        let collecting = self.collect(body, bytes_max);
        let collected = tokio::time::timeout(ARRIVAL_MAX, collecting).await;
        let mut body = collected.map_err(|_| {
            Failure::malformed(format!("the body did not arrive within {ARRIVAL_MAX:?}"))
        })??;
        // The last coding was applied last.
        for coding in codings.into_iter().rev() {
            body = self.decompress(coding, body, bytes_max).await?;
        }
        Ok(body)
    }

    async fn collect(&self, mut body: axum::body::Body, bytes_max: usize) -> Result<Body, Failure> {
        let mut bytes = BytesMut::new();
        let mut share = Share::default();
        let (mut received, mut paid) = (0usize, 0usize);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Failure::malformed(format!("the body could not be read whole: {error}"))
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            received = received.saturating_add(data.len());
            if received > bytes_max {
                (bytes, share) = (BytesMut::new(), Share::default());
                if received > bytes_max.saturating_mul(DISCARD_FACTOR) {
                    break;
                }
                continue;
            }
            if received > paid {
                // A quarter more than is there, so that a long body asks a few times only.
                let step = (received - paid) + received / 4;
                self.take(&mut share, step)?;
                paid += step;
            }
            bytes.extend_from_slice(&data);
        }
        if received > bytes_max {
            return Err(too_large(bytes_max, ""));
        }
        Ok(Body {
            bytes: bytes.freeze(),
            share,
        })
    }

    async fn decompress(
        &self,
        coding: Coding,
        packed: Body,
        bytes_max: usize,
    ) -> Result<Body, Failure> {
        let permits = Arc::clone(&self.permits);
        let unpacking = tokio::task::spawn_blocking(move || {
            Self { permits }.unpack(coding, &packed.bytes, bytes_max)
        });
        unpacking.await.map_err(Failure::fault)?
    }

    fn unpack(&self, coding: Coding, packed: &[u8], bytes_max: usize) -> Result<Body, Failure> {
        let damaged =
            |error| Failure::malformed(format!("the body is not valid {coding:?}: {error}"));
        let mut reader: Box<dyn Read + '_> = match coding {
            Coding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            Coding::Deflate => Box::new(flate2::read::ZlibDecoder::new(packed)),
            Coding::Zstd => Box::new(zstd::Decoder::new(packed).map_err(damaged)?),
        };
        let mut bytes = Vec::new();
        let mut share = Share::default();
        loop {
            self.take(&mut share, STEP_BYTES)?;
            let mut step = reader.by_ref().take(STEP_BYTES as u64);
            if step.read_to_end(&mut bytes).map_err(damaged)? == 0 {
                break;
            }
            if bytes.len() > bytes_max {
                return Err(too_large(bytes_max, " after decompression"));
            }
        }
        Ok(Body {
            bytes: bytes.into(),
            share,
        })
    }
}

fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Failure> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().unwrap_or("?").to_ascii_lowercase();
        for coding in value.split(',').map(str::trim) {
            match coding {
                "" | "identity" => {}
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "deflate" | "zlib" => codings.push(Coding::Deflate),
                "zstd" => codings.push(Coding::Zstd),
                other => {
                    return Err(Failure::malformed(format!(
                        "`Content-Encoding`: expected gzip, zstd, deflate, identity or none, found `{other}`"
                    )));
                }
            }
        }
    }
    if codings.len() > 1 {
        let problem = "`Content-Encoding`: expected one coding, found several";
        return Err(Failure::malformed(problem.to_owned()));
    }
    Ok(codings)
}

fn too_large(bytes_max: usize, when: &str) -> Failure {
    let message = format!("expected a body of at most {bytes_max} bytes{when}");
    Failure::new(FailureKind::TooLarge, message)
}
