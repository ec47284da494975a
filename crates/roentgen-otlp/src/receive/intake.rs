//! From a request's bytes to the store and back to an answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use roentgen_model::document::Verdict;
use roentgen_model::limits::SPAN_DOCUMENT_BYTES_MAX;
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::clock::Clock;
use roentgen_store::source::{ErrorKind, StoreError, TraceWriter};

use super::answer::{Answer, Failure, FailureKind};
use super::body::BodyBudget;
use super::cors::AllowedOrigins;
use super::metrics::OtlpMetrics;
use super::other_signals;
use crate::map::segments::{MapSettings, SpanBatch, documents_from_request};
use crate::proto::ExportRequest;

/// Larger requests are read and mapped on a blocking thread.
const INLINE_BYTES_MAX: usize = 128 << 10;
/// Reasons that an answer repeats; the others are only counted.
const REASONS_TOLD_MAX: usize = 5;

/// What the receivers hold to.
#[derive(Clone, Debug)]
pub struct IntakeSettings {
    pub map: MapSettings,
    /// A body over HTTP, before and after decompression; bytes.
    pub http_bytes_max: usize,
    /// A message over gRPC, decompressed; bytes.
    pub grpc_bytes_max: usize,
    /// More refuse the whole request (otlp.md 1.5).
    pub spans_max: usize,
    /// How far apart the spans of one request may start; `None`: not checked.
    pub spread_max: Option<std::time::Duration>,
    /// Spans that datagrams mark as unsampled are stored like others.
    pub keeps_unsampled: bool,
    pub cors: AllowedOrigins,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            map: MapSettings::default(),
            http_bytes_max: 20 << 20,
            grpc_bytes_max: 4 << 20,
            spans_max: 10_000,
            spread_max: None,
            keeps_unsampled: false,
            cors: AllowedOrigins::default(),
        }
    }
}

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    pub(super) const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }
}

/// The one way in for OpenTelemetry's requests; clones share everything.
#[derive(Clone, Debug)]
pub struct Intake {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    writer: Arc<dyn TraceWriter>,
    clock: Arc<dyn Clock>,
    scope: Scope,
    pub(super) settings: IntakeSettings,
    pub(super) metrics: OtlpMetrics,
    pub(super) bodies: BodyBudget,
}

impl Intake {
    /// An intake whose spans become documents of `scope`.
    #[must_use]
    pub fn new(
        writer: Arc<dyn TraceWriter>,
        clock: Arc<dyn Clock>,
        scope: Scope,
        settings: IntakeSettings,
        metrics: OtlpMetrics,
    ) -> Self {
        let shared = Shared {
            writer,
            clock,
            scope,
            settings,
            metrics,
            bodies: BodyBudget::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Takes a request in. A panic inside is a failure of this request only.
    ///
    /// # Errors
    /// [`Failure`]: nothing of the request was taken.
    pub(super) async fn take(
        &self,
        signal: Signal,
        encoding: Encoding,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let intake = self.clone();
        let taking = async move {
            match signal {
                Signal::Traces => intake.take_traces(encoding, body).await,
                Signal::Logs => {
                    intake.decline(other_signals::count_log_records, encoding, &body, signal)
                }
                Signal::Metrics => {
                    intake.decline(other_signals::count_data_points, encoding, &body, signal)
                }
            }
        };
        // A task of its own: a client that goes away does not stop what it asked for half-way, and a
        // panic ends here.
        tokio::spawn(taking).await.map_err(Failure::fault)?
    }

    async fn take_traces(&self, encoding: Encoding, body: Bytes) -> Result<Answer, Failure> {
        if body.len() <= INLINE_BYTES_MAX {
            let batch = self.shared.read(encoding, body)?;
            return self.shared.store(batch).await;
        }
        let shared = Arc::clone(&self.shared);
        let runtime = tokio::runtime::Handle::current();
        // The store parses documents before it waits, which is the dear part; so that is there too.
        let taking = tokio::task::spawn_blocking(move || {
            let batch = shared.read(encoding, body)?;
            runtime.block_on(shared.store(batch))
        });
        taking.await.map_err(Failure::fault)?
    }

    /// Counts what is not stored yet, and says so.
    fn decline(
        &self,
        count: fn(Encoding, &Bytes) -> Result<u64, Failure>,
        encoding: Encoding,
        body: &Bytes,
        signal: Signal,
    ) -> Result<Answer, Failure> {
        let rejected = count(encoding, body)?;
        self.shared.metrics.declined(signal, rejected);
        if rejected == 0 {
            return Ok(Answer::default());
        }
        Ok(Answer {
            rejected,
            message: format!("{} are not stored yet", signal.name()),
        })
    }
}

impl Shared {
    pub(super) fn now(&self) -> UnixNanos {
        self.clock.now()
    }

    /// Reads a request and makes its documents.
    fn read(&self, encoding: Encoding, body: Bytes) -> Result<SpanBatch, Failure> {
        let request = match encoding {
            Encoding::Protobuf => ExportRequest::from_protobuf(body),
            Encoding::Json => ExportRequest::from_json(&body),
        };
        let request = request.map_err(|error| Failure::malformed(error.to_string()))?;
        let (count, max) = (request.span_count(), self.settings.spans_max);
        if count > max {
            let message = format!("the request has {count} spans, at most {max} are taken");
            return Err(Failure::malformed(message));
        }
        let batch = documents_from_request(&request, &self.settings.map, self.clock.now());
        let spread = batch.starts_apart();
        if self.settings.spread_max.is_some_and(|max| spread > max) {
            let message = "the spans of the request start more than 24 hours apart";
            return Err(Failure::malformed(message.to_owned()));
        }
        Ok(batch)
    }

    async fn store(&self, mut batch: SpanBatch) -> Result<Answer, Failure> {
        let started = Instant::now();
        let documents = std::mem::take(&mut batch.documents);
        let verdicts = if documents.is_empty() {
            Vec::new()
        } else {
            let accepting =
                self.writer
                    .accept_up_to(SPAN_DOCUMENT_BYTES_MAX, &self.scope, documents);
            accepting.await.map_err(Failure::from)?
        };
        let answer = answer(&batch, &verdicts);
        self.metrics
            .took_in(batch.span_count, answer.rejected, started.elapsed());
        Ok(answer)
    }
}

/// What the sender is told: how many spans were refused, and why the first of them.
fn answer(batch: &SpanBatch, verdicts: &[Verdict]) -> Answer {
    let mut refused: BTreeSet<u32> = batch
        .refusals
        .iter()
        .map(|refusal| refusal.ordinal)
        .collect();
    let mut reasons: Vec<String> = Vec::new();
    for refusal in batch.refusals.iter().take(REASONS_TOLD_MAX) {
        let which = if refusal.span_id.is_empty() {
            format!("number {}", refusal.ordinal + 1)
        } else {
            refusal.span_id.clone()
        };
        reasons.push(format!("span {which}: {}", refusal.reason));
    }
    for (verdict, owner) in verdicts.iter().zip(&batch.owners) {
        let Verdict::Refused(refusal) = verdict else {
            continue;
        };
        if refused.insert(*owner) && reasons.len() < REASONS_TOLD_MAX {
            let id = refusal.id.as_deref().unwrap_or_default();
            reasons.push(format!("span {id}: {}", refusal.message));
        }
    }
    let rejected = refused.len();
    if rejected > 0 {
        let head = format!("{rejected} of {} spans refused", batch.span_count);
        reasons.insert(0, head);
    }
    let warnings = batch.warnings.iter().map(ToString::to_string);
    reasons.extend(warnings.take(REASONS_TOLD_MAX));
    Answer {
        rejected: rejected as u64,
        message: reasons.join("; "),
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind() {
            ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::KeyUnavailable => {
                FailureKind::Busy
            }
            _ => FailureKind::Fault,
        };
        let message = match kind {
            FailureKind::Busy => "the store cannot take spans right now; send them again",
            _ => "the spans could not be stored",
        };
        Self {
            kind,
            message: message.to_owned(),
            source: Some(Box::new(error)),
        }
    }
}
