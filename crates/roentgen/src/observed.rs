//! The storage seam with counters: what every door hands in, and how long queries take.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use roentgen_model::document::Verdict;
use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceFacts, TraceId};
use roentgen_store::source::{
    AcceptFuture, ChangeMark, ChangedMinutes, ErrorKind, QueryControl, ScanPage, ScanRequest,
    StoreError, StoreStats, TotalsRequest, TraceDocuments, TraceReader, TraceWriter,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueryLabel {
    query: &'static str,
}

/// Counters of the seam; clones share their numbers.
#[derive(Clone, Debug)]
pub(crate) struct StoreMetrics {
    documents_received: Counter,
    documents_accepted: Counter,
    documents_refused: Family<CodeLabel, Counter>,
    calls_refused: Family<ReasonLabel, Counter>,
    accept_seconds: Histogram,
    queries: Family<QueryLabel, Histogram>,
    queries_failed: Family<ReasonLabel, Counter>,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        // 0.1 ms to 6.5 s, doubling.
        let buckets = || Histogram::new(exponential_buckets(0.0001, 2.0, 17));
        Self {
            documents_received: Counter::default(),
            documents_accepted: Counter::default(),
            documents_refused: Family::default(),
            calls_refused: Family::default(),
            accept_seconds: buckets(),
            queries: Family::new_with_constructor(buckets),
            queries_failed: Family::default(),
        }
    }
}

impl StoreMetrics {
    /// Makes the numbers part of `/metrics`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self {
            documents_received,
            documents_accepted,
            documents_refused,
            calls_refused,
            accept_seconds,
            queries,
            queries_failed,
        } = self;
        for (name, help, counter) in [
            (
                "roentgen_documents_received",
                "Documents handed in at any door",
                documents_received,
            ),
            (
                "roentgen_documents_accepted",
                "Documents acknowledged",
                documents_accepted,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
        let help = "Documents refused, by the code of the answer";
        registry.register(
            "roentgen_documents_refused",
            help,
            documents_refused.clone(),
        );
        let help = "Calls refused as a whole, by reason; clients retry them";
        registry.register("roentgen_accept_refused", help, calls_refused.clone());
        let help = "From handing in to durable and readable";
        registry.register_with_unit(
            "roentgen_accept",
            help,
            Unit::Seconds,
            accept_seconds.clone(),
        );
        let help = "Time of reads of the store";
        registry.register_with_unit("roentgen_query", help, Unit::Seconds, queries.clone());
        let help = "Reads of the store that failed, by reason";
        registry.register("roentgen_queries_failed", help, queries_failed.clone());
    }

    fn took_in(&self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            match verdict {
                Verdict::Accepted => {
                    self.documents_accepted.inc();
                }
                Verdict::Refused(refusal) => {
                    let code = refusal.code.as_str();
                    self.documents_refused
                        .get_or_create(&CodeLabel { code })
                        .inc();
                }
            }
        }
    }
}

/// A writer that counts.
#[derive(Debug)]
pub(crate) struct ObservedWriter {
    pub(crate) inner: Arc<dyn TraceWriter>,
    pub(crate) metrics: StoreMetrics,
}

impl TraceWriter for ObservedWriter {
    fn accept_up_to(
        &self,
        bytes_max: usize,
        scope: &Scope,
        documents: Vec<Bytes>,
    ) -> AcceptFuture<'_> {
        let started = Instant::now();
        let count = u64::try_from(documents.len()).unwrap_or(u64::MAX);
        self.metrics.documents_received.inc_by(count);
        let accepting = self.inner.accept_up_to(bytes_max, scope, documents);
        Box::pin(async move {
            let answer = accepting.await;
            match &answer {
                Ok(verdicts) => {
                    self.metrics
                        .accept_seconds
                        .observe(started.elapsed().as_secs_f64());
                    self.metrics.took_in(verdicts);
                }
                Err(error) => {
                    let reason = reason(error);
                    self.metrics
                        .calls_refused
                        .get_or_create(&ReasonLabel { reason })
                        .inc();
                }
            }
            answer
        })
    }
}

/// A reader that counts.
#[derive(Debug)]
pub(crate) struct ObservedReader {
    pub(crate) inner: Arc<dyn TraceReader>,
    pub(crate) metrics: StoreMetrics,
}

impl ObservedReader {
    fn observe<T>(
        &self,
        query: &'static str,
        read: impl FnOnce(&dyn TraceReader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let answer = read(self.inner.as_ref());
        match &answer {
            Ok(_) => {
                let took = started.elapsed().as_secs_f64();
                self.metrics
                    .queries
                    .get_or_create(&QueryLabel { query })
                    .observe(took);
            }
            Err(error) => {
                let reason = reason(error);
                self.metrics
                    .queries_failed
                    .get_or_create(&ReasonLabel { reason })
                    .inc();
            }
        }
        answer
    }
}

impl TraceReader for ObservedReader {
    fn documents(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError> {
        self.observe("documents", |reader| reader.documents(scopes, ids, control))
    }

    fn facts(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        self.observe("facts", |reader| reader.facts(scopes, ids, control))
    }

    fn scan(&self, request: &ScanRequest, control: &QueryControl) -> Result<ScanPage, StoreError> {
        self.observe("scan", |reader| reader.scan(request, control))
    }

    fn totals(
        &self,
        request: &TotalsRequest,
        control: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        self.observe("totals", |reader| reader.totals(request, control))
    }

    fn changed_minutes(&self, scopes: &[Scope], after: Option<ChangeMark>) -> ChangedMinutes {
        self.inner.changed_minutes(scopes, after)
    }

    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }
}

fn reason(error: &StoreError) -> &'static str {
    match error.kind() {
        ErrorKind::Busy => "busy",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::KeyUnavailable => "key_unavailable",
        ErrorKind::Damaged => "damaged",
        ErrorKind::OverBound => "over_bound",
        ErrorKind::Cancelled => "cancelled",
        _ => "internal",
    }
}
