//! The storage seam: one writer, one reader. All implementations answer to one conformance suite.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use roentgen_model::assembly::facts::{NodeKey, TimeRange};
use roentgen_model::document::Verdict;
use roentgen_model::filter::NodeSelector;
use roentgen_model::graph::{EdgeKey, EdgeRow, RowKind, RowTime};
use roentgen_model::limits::DOCUMENT_BYTES_MAX;
use roentgen_model::{Scope, Stamp, TraceFacts, TraceId, UnixNanos};

use crate::plan::Plan;

/// Takes documents in.
pub trait TraceWriter: Send + Sync + fmt::Debug {
    /// Takes raw documents of one scope: parses and validates each alone (segments.md 10) and returns
    /// one verdict per document, in order. Resolves when the good ones are durable *and* in the live
    /// traces: readable by id at once, by every search within a second.
    ///
    /// A string that holds a JSON array counts as one document per element (segments.md 1); its
    /// verdicts stand in place of the string's, so the list may be longer than the input.
    ///
    /// Dropping the future does not undo it: the documents may still be taken. Equal documents sent
    /// again change nothing (ASM-1), so a caller may retry the whole call.
    ///
    /// # Errors
    /// As a whole, before anything is taken: [`ErrorKind::Busy`] when a queue or budget is full,
    /// [`ErrorKind::Unavailable`] when log or disk fail. Both are retryable.
    fn accept(&self, scope: &Scope, documents: Vec<Bytes>) -> AcceptFuture<'_> {
        self.accept_up_to(DOCUMENT_BYTES_MAX, scope, documents)
    }

    /// [`Self::accept`] at a door with a size limit of its own for a document (LIMIT-1), at most
    /// [`roentgen_model::limits::SPAN_DOCUMENT_BYTES_MAX`].
    ///
    /// # Errors
    /// As [`Self::accept`].
    fn accept_up_to(
        &self,
        bytes_max: usize,
        scope: &Scope,
        documents: Vec<Bytes>,
    ) -> AcceptFuture<'_>;
}

/// What [`TraceWriter::accept`] returns.
pub type AcceptFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Verdict>, StoreError>> + Send + 'a>>;

/// Finds and returns traces. Methods block (files, decoding): call them from a blocking thread.
///
/// Every method works on one immutable view (VIEW-1), takes the scopes to read (SCOPE-1) and stops
/// early with [`ErrorKind::Cancelled`] or [`ErrorKind::OverBound`] as its [`QueryControl`] says.
pub trait TraceReader: Send + Sync + fmt::Debug {
    /// The documents of these traces as sent: the winning version of each (ASM-1), every acknowledged
    /// one included, in order of their stamps. Unknown ids are absent from the answer; order follows
    /// `ids`, duplicates answered once.
    ///
    /// # Errors
    /// [`StoreError`] of any kind; damaged blocks are left out and reported in the log, not an error.
    fn documents(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError>;

    /// The facts of these traces, as current as [`Self::documents`]; unknown ids are absent.
    ///
    /// # Errors
    /// As [`Self::documents`].
    fn facts(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError>;

    /// One page of traces that match, newest first: (T0, trace id) descending (PAGE-1), each once.
    ///
    /// # Errors
    /// As [`Self::documents`].
    fn scan(&self, request: &ScanRequest, control: &QueryControl) -> Result<ScanPage, StoreError>;

    /// The minute rows of the items whose time, as [`TotalsRequest::time`] says, lies in the range
    /// (service-graph.md 5 and 7, TIME-1). Equal keys may come more than once; counts add up, and so do
    /// the answers for adjacent ranges.
    ///
    /// # Errors
    /// As [`Self::documents`].
    fn totals(
        &self,
        request: &TotalsRequest,
        control: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError>;

    /// The minutes of series time (TIME-1) that may have other rows in these scopes than when `after` was
    /// answered (INS-1). Cheap enough to ask every second.
    fn changed_minutes(&self, scopes: &[Scope], after: Option<ChangeMark>) -> ChangedMinutes;

    /// What the store holds, for `/metrics` and tests.
    fn stats(&self) -> StoreStats;
}

/// The documents of one trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceDocuments {
    pub scope: Scope,
    pub trace_id: TraceId,
    /// Oldest stamp first.
    pub documents: Vec<StoredDocument>,
    /// Documents were refused because the trace is over its size limit.
    pub limit_exceeded: bool,
}

/// One document as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    pub stamp: Stamp,
    pub text: Bytes,
}

/// By which time a trace is in a range (api.md GetTraceSummaries).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeBasis {
    /// T0.
    TraceId,
    /// `[earliest start, latest end]` meets the range.
    Event,
    /// Some segment ends in the range; `service()`/`edge()` then see only such segments.
    Service,
}

/// What to search.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    pub scopes: Vec<Scope>,
    pub basis: TimeBasis,
    /// Half-open.
    pub range: TimeRange,
    pub plan: Arc<Plan>,
    /// Only traces after this one in page order, i.e. with a lesser (T0, id).
    pub after: Option<PageKey>,
    /// Matches of one page, and rows examined for it; whichever is reached first ends the page.
    pub matches_max: usize,
    pub examined_max: u64,
}

/// Position in page order (PAGE-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    pub t0: UnixNanos,
    pub trace_id: TraceId,
}

/// A page of a search.
#[derive(Clone, Debug, Default)]
pub struct ScanPage {
    /// Newest first.
    pub matches: Vec<Arc<TraceFacts>>,
    /// Traces in range between the page's ends, those skipped by pruning included.
    pub examined: u64,
    /// The last key examined when there is more; `None`: the range is exhausted.
    pub next: Option<PageKey>,
}

/// A moment in the life of one opened store. Not to be kept over a restart: there it means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeMark(pub u64);

/// What [`TraceReader::changed_minutes`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedMinutes {
    /// Starts of minutes, ascending; `None`: any minute may have changed, as for a first call.
    pub minutes: Option<Vec<UnixNanos>>,
    /// For the next call.
    pub mark: ChangeMark,
}

/// Which items to count.
#[derive(Clone, Debug)]
pub struct TotalsRequest {
    pub scopes: Vec<Scope>,
    /// Half-open.
    pub range: TimeRange,
    /// Which time of an item lies in the range.
    pub time: RowTime,
    /// Unique id of a group whose members alone count (GROUP-1).
    pub group_id: Option<Arc<str>>,
    pub selector: RowSelector,
    pub grain: RowGrain,
}

/// How far rows are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RowGrain {
    /// As they are stored.
    #[default]
    Exact,
    /// By node or edge, groups, class and slot of the request's time alone: a small part of the rows, for
    /// those who only count. Response times, durations, other names and the other slot say nothing then.
    Counts,
}

impl RowGrain {
    /// The row that this one adds to.
    pub(crate) fn of(self, mut row: EdgeRow, time: RowTime) -> EdgeRow {
        if self == Self::Counts {
            let key = &mut row.key;
            let slot = key.slot(time);
            (key.start_slot, key.end_slot) = (slot, slot);
            (key.response_time_nanos, key.duration_nanos) = (0, 0);
            key.called_name = None;
        }
        row
    }
}

/// Which rows to count.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RowSelector {
    #[default]
    All,
    /// Entry edges (client to root).
    Entries,
    /// Segments of every node, clients have none.
    AllNodes,
    /// Segments of the nodes that one of these selects by its key, and of these very nodes.
    Nodes {
        selectors: Vec<NodeSelector>,
        keys: Vec<NodeKey>,
    },
    /// Calls and entry edges, as far as one of these selects them.
    Edges(Vec<EdgeSelector>),
    /// Calls in which the caller knew the callee under one of these other names.
    CalledBy(Vec<Arc<str>>),
}

/// One edge or several: ends as [`RowSelector::Nodes`] selects nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeSelector {
    pub source: EndSelector,
    pub destination: EndSelector,
}

/// The nodes at one end of an edge.
#[derive(Clone, Debug, PartialEq)]
pub struct EndSelector {
    pub selector: NodeSelector,
    /// Nodes that the selector means by one of their other names.
    pub keys: Vec<NodeKey>,
}

impl RowSelector {
    /// Whether rows of this key count.
    #[must_use]
    pub fn selects(&self, key: &EdgeKey) -> bool {
        let is_node = matches!(key.kind, RowKind::RealNode | RowKind::InferredNode);
        match self {
            Self::All => true,
            Self::Entries => key.kind == RowKind::Client,
            Self::AllNodes => is_node,
            Self::Nodes { selectors, keys } => {
                let node = &key.destination;
                let selected = || {
                    selectors
                        .iter()
                        .any(|selector| selector.selects_key(node, &[]))
                };
                is_node && (keys.contains(node) || selected())
            }
            Self::Edges(edges) => {
                let is_call = matches!(key.kind, RowKind::Call | RowKind::Client);
                let source = key.source.as_ref().filter(|_| is_call);
                source.is_some_and(|source| {
                    let mut edges = edges.iter();
                    edges.any(|edge| {
                        edge.source.selects(source) && edge.destination.selects(&key.destination)
                    })
                })
            }
            Self::CalledBy(names) => {
                let name = key.called_name.as_ref();
                name.is_some_and(|name| names.contains(name))
            }
        }
    }
}

impl EndSelector {
    fn selects(&self, node: &NodeKey) -> bool {
        self.selector.selects_key(node, &[]) || self.keys.contains(node)
    }
}

/// Stops a query and bounds it.
#[derive(Clone, Debug)]
pub struct QueryControl {
    cancelled: Arc<AtomicBool>,
    /// Bytes a query may hold at once beside shared caches.
    pub memory_bytes_max: usize,
}

impl QueryControl {
    /// A control that nobody has cancelled.
    #[must_use]
    pub fn new(memory_bytes_max: usize) -> Self {
        Self {
            cancelled: Arc::default(),
            memory_bytes_max,
        }
    }

    /// Makes the query end with [`ErrorKind::Cancelled`] at its next check.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// To be called at least once for every few thousand rows.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] after [`Self::cancel`].
    pub fn check(&self) -> Result<(), StoreError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(StoreError::new(
                ErrorKind::Cancelled,
                "the query was cancelled",
            ));
        }
        Ok(())
    }
}

impl Default for QueryControl {
    fn default() -> Self {
        Self::new(256 << 20)
    }
}

/// Sizes and counts of a store; gauges unless named `_total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    pub live_traces: u64,
    pub live_bytes: u64,
    pub log_bytes: u64,
    pub blocks: u64,
    pub block_bytes: u64,
    pub block_traces: u64,
    pub moved_traces: u64,
    /// No trace that reads can see has an earlier or later T0; `None` without traces. Copies left behind
    /// and traces outside the indexed share count, so the bounds may be wide.
    pub t0_bounds: Option<(UnixNanos, UnixNanos)>,
    /// Blocks and documents of the log that wait for an encryption key.
    pub locked_blocks: u64,
    pub locked_log_documents: u64,
    /// Documents refused because the key to write under was missing.
    pub documents_without_key_total: u64,
    pub damaged_blocks: u64,
    pub damaged_log_bytes_total: u64,
    pub documents_logged_total: u64,
    pub traces_sealed_total: u64,
    pub traces_reopened_total: u64,
    pub blocks_merged_total: u64,
    pub blocks_retired_total: u64,
}

/// What a caller should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Retry later: a queue, memory or live budget is full. Nothing was taken.
    Busy,
    /// Retry later: log or disk cannot take or give data. Nothing was taken.
    Unavailable,
    /// An encryption key is missing; retry when it is back. Nothing was taken.
    KeyUnavailable,
    /// Data is damaged; an operator should look.
    Damaged,
    /// The query would pass a bound.
    OverBound,
    /// The caller cancelled.
    Cancelled,
    /// A bug in this program.
    Internal,
}

/// An error of the store: what to do ([`ErrorKind`]) and a message for people, which is not API.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// An error without a cause.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// An error with its cause; `message` is a bare verb phrase (`read block footer`).
    #[must_use]
    pub fn caused(
        kind: ErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            source: Some(source.into()),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
