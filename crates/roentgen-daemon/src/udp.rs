//! The UDP socket: receive without ever waiting for the store, batch what is queued, retry what the
//! store cannot take yet.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use roentgen_model::Scope;
use roentgen_model::document::Verdict;
use roentgen_model::limits::{DOCUMENT_BYTES_MAX, SPAN_DOCUMENT_BYTES_MAX};
use roentgen_store::source::{ErrorKind, StoreError, TraceWriter};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::metrics::{CodeLabel, DaemonMetrics};
use crate::packet::{self, PacketError};
use crate::refusals::RefusalLog;

#[cfg(test)]
mod tests;

/// The largest datagram (daemon.md 0): UDP over IPv4 carries at most 65,507 bytes.
const DATAGRAM_BYTES_MAX: usize = 65_536;
/// Datagrams taken before the task lets others run.
const DATAGRAMS_PER_TURN: usize = 256;
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(2);

/// Sizes of the intake.
#[derive(Clone, Debug)]
pub struct UdpSettings {
    /// What the kernel is asked to hold (daemon.md 10 "K"); it may grant less.
    pub receive_buffer_bytes: usize,
    /// Documents that may wait for the store; further ones are dropped and counted as spilled.
    pub queue_bytes_max: usize,
    /// Documents handed to the store in one call.
    pub batch_documents_max: usize,
}

impl Default for UdpSettings {
    fn default() -> Self {
        Self {
            receive_buffer_bytes: 4 << 20,
            queue_bytes_max: 64 << 20,
            batch_documents_max: 500,
        }
    }
}

/// Reads datagrams that hold spans instead of a document (otlp.md 1.7). The mapping lives in a crate of
/// this floor, so the binary hands it in.
pub trait SpanDatagrams: Send + Sync + fmt::Debug {
    /// The documents of the spans in what follows a datagram's header line; `None` if it is something
    /// else, as every JSON text is.
    fn documents(&self, payload: &[u8]) -> Option<Vec<Bytes>>;
}

/// A running intake.
#[derive(Debug)]
pub struct UdpIntake {
    stop: oneshot::Sender<()>,
    receiving: JoinHandle<()>,
    storing: JoinHandle<()>,
}

/// Binds the daemon's socket with a large receive buffer.
///
/// # Errors
/// Those of `bind`, a taken port above all.
pub fn bind(address: SocketAddr, settings: &UdpSettings) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    // The kernel caps this at its own maximum; less than asked for is no reason not to start.
    let _granted_or_not = socket.set_recv_buffer_size(settings.receive_buffer_bytes);
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

impl UdpIntake {
    /// Starts receiving on a bound socket; documents go to `writer` as of `scope`, those of spans too if
    /// somebody can read them.
    ///
    /// # Errors
    /// If the socket cannot be registered with the runtime.
    pub fn start(
        socket: std::net::UdpSocket,
        writer: Arc<dyn TraceWriter>,
        spans: Option<Arc<dyn SpanDatagrams>>,
        scope: Scope,
        settings: &UdpSettings,
        metrics: DaemonMetrics,
    ) -> io::Result<Self> {
        let socket = UdpSocket::from_std(socket)?;
        let (stop, stopped) = oneshot::channel();
        // The byte budget bounds the queue; this many of the smallest documents fit it anyway.
        let (sender, queue) = mpsc::channel(settings.queue_bytes_max / 256 + 1);
        let waiting = Arc::new(AtomicUsize::new(0));
        let queue_end = QueueEnd {
            sender,
            waiting: Arc::clone(&waiting),
            queue_bytes_max: settings.queue_bytes_max,
            metrics: metrics.clone(),
        };
        let receiver = Receiver {
            socket,
            queue: queue_end,
        };
        let batch_max = settings.batch_documents_max.max(1);
        let storer = Storer {
            writer,
            spans,
            scope,
            queue,
            waiting,
            batch_max,
            metrics,
            refusals: RefusalLog::default(),
        };
        Ok(Self {
            stop,
            receiving: tokio::spawn(receiver.run(stopped)),
            storing: tokio::spawn(storer.run()),
        })
    }

    /// Takes what the kernel still holds, hands everything to the store and ends. What the store has
    /// not taken by then is lost, so give it a deadline of your own.
    pub async fn shutdown(self) {
        let _already_gone = self.stop.send(());
        let _panicked = self.receiving.await;
        let _panicked = self.storing.await;
    }
}

struct Receiver {
    socket: UdpSocket,
    queue: QueueEnd,
}

impl Receiver {
    async fn run(self, mut stopped: oneshot::Receiver<()>) {
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            tokio::select! {
                ready = self.socket.readable() => if let Err(error) = ready {
                    tracing::error!(%error, "udp socket failed, no more datagrams are taken");
                    return;
                },
                _ = &mut stopped => break,
            }
            self.queue.take(&mut buffer, DATAGRAMS_PER_TURN, |into| {
                self.socket.try_recv(into)
            });
            tokio::task::yield_now().await;
        }
        // What the kernel holds is taken from the bare socket: the runtime may not know of it yet.
        match self.socket.into_std() {
            Ok(socket) => self
                .queue
                .take(&mut buffer, usize::MAX, |into| socket.recv(into)),
            Err(error) => tracing::error!(%error, "datagrams left in the kernel are lost"),
        }
    }
}

/// The receiving end of the queue to the store.
struct QueueEnd {
    sender: mpsc::Sender<Bytes>,
    waiting: Arc<AtomicUsize>,
    queue_bytes_max: usize,
    metrics: DaemonMetrics,
}

impl QueueEnd {
    /// Takes what the kernel holds, at most `count_max` datagrams.
    fn take(
        &self,
        buffer: &mut [u8],
        count_max: usize,
        receive: impl Fn(&mut [u8]) -> io::Result<usize>,
    ) {
        for _ in 0..count_max {
            match receive(buffer) {
                Ok(len) => self.datagram(buffer.get(..len).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An error of one datagram (an ICMP answer, say) does not concern the next.
                Err(error) => tracing::debug!(%error, "receiving a datagram failed"),
            }
        }
    }

    fn datagram(&self, datagram: &[u8]) {
        let document = match packet::document(datagram) {
            Ok(document) => document,
            Err(error) => return self.dropped(error, datagram),
        };
        self.metrics.datagram("ok");
        let len = document.len();
        let waiting = self.waiting.fetch_add(len, Ordering::Relaxed) + len;
        let fits = waiting <= self.queue_bytes_max;
        if !fits
            || self
                .sender
                .try_send(Bytes::copy_from_slice(document))
                .is_err()
        {
            self.waiting.fetch_sub(len, Ordering::Relaxed);
            self.metrics.segments("spilled", 1);
            return;
        }
        self.metrics.queue_segments.inc();
        self.metrics
            .queue_bytes
            .inc_by(i64::try_from(len).unwrap_or(0));
    }

    fn dropped(&self, error: PacketError, datagram: &[u8]) {
        if error == PacketError::Empty {
            return self.metrics.datagram("empty");
        }
        self.metrics.datagram("bad_header");
        tracing::debug!(%error, bytes = datagram.len(), "datagram dropped");
    }
}

struct Storer {
    writer: Arc<dyn TraceWriter>,
    spans: Option<Arc<dyn SpanDatagrams>>,
    scope: Scope,
    queue: mpsc::Receiver<Bytes>,
    waiting: Arc<AtomicUsize>,
    batch_max: usize,
    metrics: DaemonMetrics,
    refusals: RefusalLog,
}

impl Storer {
    async fn run(mut self) {
        let mut batch = Vec::new();
        while self.queue.recv_many(&mut batch, self.batch_max).await > 0 {
            let documents = std::mem::take(&mut batch);
            let (count, bytes) = (
                documents.len(),
                documents.iter().map(Bytes::len).sum::<usize>(),
            );
            let (documents, of_spans) = self.sorted(documents);
            self.store(documents, DOCUMENT_BYTES_MAX).await;
            self.store(of_spans, SPAN_DOCUMENT_BYTES_MAX).await;
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.metrics
                .queue_segments
                .dec_by(i64::try_from(count).unwrap_or(0));
            self.metrics
                .queue_bytes
                .dec_by(i64::try_from(bytes).unwrap_or(0));
        }
    }

    /// Documents as they came, and those made of spans.
    fn sorted(&self, payloads: Vec<Bytes>) -> (Vec<Bytes>, Vec<Bytes>) {
        let Some(spans) = &self.spans else {
            return (payloads, Vec::new());
        };
        let (mut documents, mut of_spans) = (Vec::with_capacity(payloads.len()), Vec::new());
        for payload in payloads {
            match spans.documents(&payload) {
                None => documents.push(payload),
                Some(made) => of_spans.extend(made),
            }
        }
        (documents, of_spans)
    }

    /// Hands a batch over, waiting and trying again while the store has no room for it; meanwhile the
    /// queue fills and then spills.
    async fn store(&mut self, documents: Vec<Bytes>, bytes_max: usize) {
        if documents.is_empty() {
            return;
        }
        let mut pause = RETRY_FIRST;
        loop {
            let accepting = self
                .writer
                .accept_up_to(bytes_max, &self.scope, documents.clone());
            match accepting.await {
                Ok(verdicts) => return self.count(&verdicts),
                Err(error) if is_retryable(&error) => {
                    tracing::warn!(%error, pause_ms = pause.as_millis(), "the store cannot take datagrams, trying again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_MAX);
                }
                Err(error) => {
                    tracing::error!(%error, documents = documents.len(), "documents of datagrams are lost");
                    let count = u64::try_from(documents.len()).unwrap_or(u64::MAX);
                    return self.metrics.segments("spilled", count);
                }
            }
        }
    }

    fn count(&mut self, verdicts: &[Verdict]) {
        let now = Instant::now();
        let mut sent = 0;
        for verdict in verdicts {
            match verdict {
                Verdict::Accepted => sent += 1,
                Verdict::Refused(refusal) => {
                    self.metrics.segments("rejected", 1);
                    let code = refusal.code.as_str();
                    self.metrics
                        .rejected
                        .get_or_create(&CodeLabel { code })
                        .inc();
                    self.refusals.refused(refusal, now);
                }
            }
        }
        self.metrics.segments("sent", sent);
    }
}

fn is_retryable(error: &StoreError) -> bool {
    use ErrorKind::{Busy, KeyUnavailable, Unavailable};
    matches!(error.kind(), Busy | Unavailable | KeyUnavailable)
}

/// Datagrams the kernel dropped on the UDP socket bound to `port`, from Linux's socket table; `None`
/// elsewhere.
#[must_use]
pub fn kernel_drops(port: u16) -> Option<u64> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"];
    let texts = tables
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let drops: Vec<u64> = texts.flat_map(|table| drops_in(&table, port)).collect();
    (!drops.is_empty()).then(|| drops.iter().sum())
}

/// Rows are `sl local_address …  drops`, addresses `<hex>:<hex port>`.
fn drops_in(table: &str, port: u16) -> Vec<u64> {
    let suffix = format!(":{port:04X}");
    let of_row = |row: &str| {
        let mut columns = row.split_whitespace();
        let local = columns.nth(1)?;
        local
            .ends_with(&suffix)
            .then(|| columns.next_back()?.parse().ok())
            .flatten()
    };
    table.lines().skip(1).filter_map(of_row).collect()
}
