//! The log writer: one thread that judges, logs, syncs and acknowledges calls in groups.
//!
//! There is no timer: while one group syncs the next gathers in the queue, so groups grow by
//! themselves under load and a lone caller never waits for a window. A call is acknowledged after the
//! sync *and* after its documents are in the live traces.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

use bytes::Bytes;
use parking_lot::Mutex;
use roentgen_model::document::Verdict;
use roentgen_model::{Stamp, TraceId, UnixNanos};
use tokio::sync::oneshot;

use super::{Call, Holdings, Judgement, ParsedDocument, id_refusal, judge, size_refusal};
use crate::encryption::Settings;
use crate::engine::Shared;
use crate::live::{LiveArrival, LiveTrace, TraceKey, document_cost};
use crate::merge::{DocumentKey, Version};
use crate::settings::StoreSettings;
use crate::source::{ErrorKind, StoreError};
use crate::wal::{DocumentPosition, GroupKeys, Log, Record, RecordHeader, RecordKind};

/// Bytes of documents in one group: small against a log file, and enough that a sync of it costs no
/// more than its bytes.
const GROUP_BYTES_MAX: usize = 4 << 20;

/// A record of trace ids (16 bytes each) of which documents were refused for size: replay must know,
/// because refused documents are not logged (LOG-3).
pub(crate) const LIMIT_EXCEEDED: RecordKind = RecordKind(2);

/// What a caller waits for.
pub(crate) type Answer = oneshot::Receiver<Result<Vec<Verdict>, StoreError>>;

type Reply = oneshot::Sender<Result<Vec<Verdict>, StoreError>>;

#[derive(Debug)]
struct Waiting {
    call: Call,
    bytes: usize,
    reply: Reply,
}

/// The queue before the log writer, bounded in documents and bytes.
#[derive(Debug)]
pub(crate) struct Intake {
    sender: Mutex<Option<SyncSender<Waiting>>>,
    documents: AtomicUsize,
    bytes: AtomicUsize,
}

/// The writer's end of the queue.
#[derive(Debug)]
pub(crate) struct Queue(Receiver<Waiting>);

impl Intake {
    pub(crate) fn new(settings: &StoreSettings) -> (Self, Queue) {
        let (sender, receiver) = sync_channel(settings.queue_documents_max.max(1));
        let sender = Mutex::new(Some(sender));
        let intake = Self {
            sender,
            documents: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        };
        (intake, Queue(receiver))
    }

    /// No call is taken any more; what waits is still written.
    pub(crate) fn close(&self) {
        self.sender.lock().take();
    }

    /// Bytes of documents that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Queues a call.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when the queue is full, [`ErrorKind::Unavailable`] after [`Self::close`].
    pub(crate) fn send(&self, call: Call, settings: &StoreSettings) -> Result<Answer, StoreError> {
        let (documents, bytes) = (call.documents.len(), call.bytes());
        let waiting = self.documents.fetch_add(documents, Ordering::Relaxed);
        let waiting_bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // A call that finds an empty queue is always taken, however large.
        let is_full = waiting > 0 && waiting + documents > settings.queue_documents_max
            || waiting_bytes > 0 && waiting_bytes + bytes > settings.queue_bytes_max;
        let sent = if is_full {
            Err(busy())
        } else {
            self.push(call, bytes)
        };
        if sent.is_err() {
            self.release(documents, bytes);
        }
        sent
    }

    fn push(&self, call: Call, bytes: usize) -> Result<Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.lock().clone().ok_or_else(stopped)?;
        match sender.try_send(Waiting { call, bytes, reply }) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(busy()),
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }

    fn release(&self, documents: usize, bytes: usize) {
        self.documents.fetch_sub(documents, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

fn busy() -> StoreError {
    StoreError::new(ErrorKind::Busy, "the queue before the log is full")
}

/// The answer to calls that come after the store was closed, or whose writer died.
pub(crate) fn stopped() -> StoreError {
    StoreError::new(ErrorKind::Unavailable, "the store is closed")
}

/// Writes until the intake is closed and everything that waited is written.
pub(crate) fn run(shared: &Shared, log: &mut Log, queue: &Queue) {
    let mut generation = shared.encryption.generation();
    while let Ok(first) = queue.0.recv() {
        let group = gather(first, queue);
        let now = shared.encryption.generation();
        if std::mem::replace(&mut generation, now) != now {
            // A change of the encryption closes open files.
            log.end_file();
        }
        for waiting in &group {
            shared
                .intake
                .release(waiting.call.documents.len(), waiting.bytes);
        }
        commit(shared, log, group);
    }
}

fn gather(first: Waiting, queue: &Queue) -> Vec<Waiting> {
    let mut bytes = first.bytes;
    let mut group = vec![first];
    while bytes < GROUP_BYTES_MAX {
        match queue.0.try_recv() {
            Ok(next) => {
                bytes += next.bytes;
                group.push(next);
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    group
}

/// Counts documents that were refused because their key is missing.
pub(crate) fn count_without_key(shared: &Shared, documents: usize) {
    let counter = &shared.counters.documents_without_key;
    counter.fetch_add(documents as u64, Ordering::Relaxed);
}

/// Answers the calls whose scope has a key that is missing, and takes them out; returns the keys of the
/// others.
fn take_keys(shared: &Shared, settings: &Settings<'_>, group: &mut Vec<Waiting>) -> GroupKeys {
    let mut keys = GroupKeys::new();
    if settings.is_empty() {
        return keys;
    }
    let mut refused = Vec::new();
    for waiting in std::mem::take(group) {
        if waiting.call.documents.is_empty() {
            group.push(waiting);
            continue;
        }
        let scope = &waiting.call.scope;
        match shared.encryption.write_key_of(settings.get(scope)) {
            Ok(key) => {
                keys.extend(key.map(|key| (scope.clone(), key)));
                group.push(waiting);
            }
            Err(error) => refused.push((waiting, error)),
        }
    }
    for (waiting, error) in refused {
        count_without_key(shared, waiting.call.verdicts.len());
        let _ = waiting.reply.send(Err(error));
    }
    keys
}

fn commit(shared: &Shared, log: &mut Log, mut group: Vec<Waiting>) {
    // Held until the group is durable: a change of the encryption waits for it.
    let settings = shared.encryption.settings();
    let keys = take_keys(shared, &settings, &mut group);
    let now = shared.clock.now();
    let mut pending = Pending {
        shared,
        traces: HashMap::new(),
    };
    let mut batches = Vec::new();
    for waiting in &mut group {
        pending.judge_call(&mut waiting.call, now, &mut batches);
    }
    drop(pending);
    let records: Vec<Record> = batches.iter().map(Batch::record).collect();
    let appended = if records.is_empty() {
        Ok(Vec::new())
    } else {
        log.append_group_under(&records, &keys)
    };
    match appended {
        Ok(positions) => {
            for (batch, positions) in batches.into_iter().zip(positions) {
                batch.insert(shared, &positions, now);
            }
            for waiting in group {
                // The caller may be gone; the documents are taken all the same.
                let _ = waiting.reply.send(Ok(waiting.call.verdicts));
            }
        }
        Err(error) => {
            tracing::error!(%error, calls = group.len(), "failed to log documents; nothing was taken");
            let (kind, text) = (error.kind(), error.to_string());
            for waiting in group {
                let _ = waiting.reply.send(Err(StoreError::new(kind, text.clone())));
            }
        }
    }
}

/// What one record will hold.
struct Batch {
    header: RecordHeader,
    documents: Vec<ParsedDocument>,
    /// Of [`LIMIT_EXCEEDED`] records.
    traces: Vec<TraceId>,
}

impl Batch {
    fn record(&self) -> Record {
        let texts = self.documents.iter().map(|parsed| parsed.text.clone());
        let ids = self
            .traces
            .iter()
            .map(|id| Bytes::copy_from_slice(&id.bytes()));
        Record {
            header: self.header.clone(),
            documents: texts.chain(ids).collect(),
        }
    }

    /// Takes what was logged into the live traces. The documents of one trace go in at once: no seal
    /// may see half a record, or its revision would be counted twice.
    fn insert(self, shared: &Shared, positions: &[DocumentPosition], now: UnixNanos) {
        let record = self.header.base_stamp;
        let scope = self.header.scope;
        let documents = self
            .documents
            .into_iter()
            .map(|p| (p.document.trace_id, Some(p.document)));
        let notes = self.traces.into_iter().map(|id| (id, None));
        let mut by_trace: HashMap<TraceId, Vec<LiveArrival>> = HashMap::new();
        for (index, ((id, document), position)) in documents.chain(notes).zip(positions).enumerate()
        {
            let stamp = Stamp(
                record
                    .0
                    .saturating_add(i64::try_from(index).unwrap_or(i64::MAX)),
            );
            let arrival = LiveArrival {
                stamp,
                record,
                position: *position,
                document,
            };
            by_trace.entry(id).or_default().push(arrival);
        }
        shared
            .counters
            .documents_logged
            .fetch_add(positions.len() as u64, Ordering::Relaxed);
        for (id, arrivals) in by_trace {
            insert(
                shared,
                TraceKey {
                    scope: scope.clone(),
                    id,
                },
                arrivals,
                now,
            );
        }
    }
}

/// Takes logged documents of one trace in, and tells the assembler.
pub(crate) fn insert(shared: &Shared, key: TraceKey, arrivals: Vec<LiveArrival>, now: UnixNanos) {
    let cost: i64 = arrivals
        .iter()
        .filter_map(|a| a.document.as_deref())
        .map(document_cost)
        .sum();
    shared.live.add_bytes(cost);
    let is_first_change = {
        let mut shard = shared.live.shard(&key);
        let trace = shard
            .entry(key.clone())
            .or_insert_with(|| LiveTrace::new(now));
        for arrival in arrivals {
            trace.add(arrival);
        }
        trace.cost += cost;
        trace.change = shared.live.next_change();
        trace.changed = now;
        let is_first_change = trace.waits_since.is_none();
        trace.waits_since.get_or_insert(now);
        is_first_change
    };
    if is_first_change {
        shared.changed.lock().push(key);
        shared.signals.wake_assembler();
    }
}

/// The traces that a group touches: what is live, and what earlier documents of the group add.
struct Pending<'a> {
    shared: &'a Shared,
    traces: HashMap<TraceKey, PendingTrace>,
}

#[derive(Default)]
struct PendingTrace {
    documents: HashMap<DocumentKey, (Version, u32)>,
    bytes_before: u64,
    bytes_added: i64,
    is_known: bool,
    limit_exceeded: bool,
}

impl Pending<'_> {
    fn judge_call(&mut self, call: &mut Call, now: UnixNanos, batches: &mut Vec<Batch>) {
        let documents = std::mem::take(&mut call.documents);
        if documents.is_empty() {
            return;
        }
        let first = now.max(call.parsed_at);
        let base = self.shared.stamps.reserve(first, documents.len());
        let mut taken = Vec::with_capacity(documents.len());
        let mut exceeded = Vec::new();
        for parsed in documents {
            let index = i64::try_from(taken.len()).unwrap_or(i64::MAX);
            let stamp = Stamp(base.0.saturating_add(index));
            let key = TraceKey {
                scope: call.scope.clone(),
                id: parsed.document.trace_id,
            };
            match self.judge(&key, &parsed, stamp) {
                Judgement::Take => taken.push(parsed),
                Judgement::NothingNew => {}
                Judgement::RefuseId => call.refuse(parsed.verdict, id_refusal(&parsed.document)),
                Judgement::RefuseSize => {
                    call.refuse(parsed.verdict, size_refusal(&parsed.document));
                    exceeded.extend(self.note_limit(&key));
                }
            }
        }
        let scope = &call.scope;
        let mut add = |kind, base_stamp, documents: Vec<ParsedDocument>, traces: Vec<TraceId>| {
            if !documents.is_empty() || !traces.is_empty() {
                let header = RecordHeader {
                    kind,
                    scope: scope.clone(),
                    base_stamp,
                };
                batches.push(Batch {
                    header,
                    documents,
                    traces,
                });
            }
        };
        add(RecordKind::SEGMENT_DOCUMENTS, base, taken, Vec::new());
        if !exceeded.is_empty() {
            let base = self.shared.stamps.reserve(now, exceeded.len());
            add(LIMIT_EXCEEDED, base, Vec::new(), exceeded);
        }
    }

    fn judge(&mut self, key: &TraceKey, parsed: &ParsedDocument, stamp: Stamp) -> Judgement {
        let document = &parsed.document;
        let (own, max) = (
            DocumentKey::of(document),
            self.shared.settings.trace_bytes_max,
        );
        let trace = self.traces.entry(key.clone()).or_default();
        trace.look_up(self.shared, key, own);
        let judgement = judge(trace, document, stamp, max);
        if judgement == Judgement::Take {
            let version = Version::of(stamp, document);
            let old = trace.documents.insert(own, (version, document.text_bytes));
            let old_bytes = old.map_or(0, |(_, bytes)| i64::from(bytes));
            trace.bytes_added += i64::from(document.text_bytes) - old_bytes;
            trace.is_known = true;
        }
        judgement
    }

    /// The trace, if it is there and not yet known to have gone over its limit.
    fn note_limit(&mut self, key: &TraceKey) -> Option<TraceId> {
        let trace = self.traces.get_mut(key)?;
        let is_news = trace.is_known && !trace.limit_exceeded;
        trace.limit_exceeded |= is_news;
        is_news.then_some(key.id)
    }
}

impl PendingTrace {
    /// Reads what the live trace has under a document's id, unless the group has changed it already.
    fn look_up(&mut self, shared: &Shared, key: &TraceKey, document: DocumentKey) {
        let shard = shared.live.shard(key);
        let Some(live) = shard.get(key) else { return };
        self.is_known = true;
        self.limit_exceeded |= live.limit_exceeded;
        self.bytes_before = live.bytes();
        for place in [document, document.rival()] {
            if let (false, Some(held)) = (self.documents.contains_key(&place), live.holding(place))
            {
                self.documents.insert(place, held);
            }
        }
    }
}

impl Holdings for PendingTrace {
    fn holding(&self, key: DocumentKey) -> Option<(Version, u32)> {
        self.documents.get(&key).copied()
    }

    fn bytes(&self) -> u64 {
        self.bytes_before.saturating_add_signed(self.bytes_added)
    }
}
