use std::pin::Pin;

use parking_lot::Mutex;
use roentgen_store::source::AcceptFuture;

use super::*;

/// Refuses as often as it is told to, then keeps what it gets.
#[derive(Debug, Default)]
struct Kept {
    refusals_left: Mutex<usize>,
    documents: Mutex<Vec<Bytes>>,
}

impl TraceWriter for Kept {
    fn accept_up_to(&self, _: usize, _: &Scope, documents: Vec<Bytes>) -> AcceptFuture<'_> {
        let answer = {
            let mut left = self.refusals_left.lock();
            if *left > 0 {
                *left -= 1;
                Err(StoreError::new(ErrorKind::Busy, "full"))
            } else {
                let verdicts = documents.iter().map(|_| Verdict::Accepted).collect();
                self.documents.lock().extend(documents);
                Ok(verdicts)
            }
        };
        Box::pin(async move { answer }) as Pin<Box<_>>
    }
}

/// Of a payload that begins with `T1` two documents.
#[derive(Debug)]
struct TwoOfEach;

impl SpanDatagrams for TwoOfEach {
    fn documents(&self, payload: &[u8]) -> Option<Vec<Bytes>> {
        let text = payload.strip_prefix(b"T1")?;
        let made = Bytes::copy_from_slice(text);
        Some(vec![made.clone(), made])
    }
}

fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1").unwrap()
}

async fn run(writer: &Arc<Kept>, settings: UdpSettings, datagrams: &[Vec<u8>]) -> DaemonMetrics {
    let socket = bind("127.0.0.1:0".parse().unwrap(), &settings).unwrap();
    let address = socket.local_addr().unwrap();
    let metrics = DaemonMetrics::default();
    let spans = Some(Arc::new(TwoOfEach) as Arc<dyn SpanDatagrams>);
    let writer = Arc::clone(writer) as Arc<dyn TraceWriter>;
    // All datagrams are in the kernel before the intake starts, so that it drains them at once.
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for datagram in datagrams {
        sender.send_to(datagram, address).await.unwrap();
    }
    let intake =
        UdpIntake::start(socket, writer, spans, scope(), &settings, metrics.clone()).unwrap();
    intake.shutdown().await;
    metrics
}

fn datagram(document: &str) -> Vec<u8> {
    format!("{{\"format\":\"json\",\"version\":1}}\n{document}").into_bytes()
}

fn datagrams_counted(metrics: &DaemonMetrics, result: &'static str) -> u64 {
    metrics
        .datagrams
        .get_or_create(&crate::metrics::ResultLabel { result })
        .get()
}

fn segments_counted(metrics: &DaemonMetrics, result: &'static str) -> u64 {
    metrics
        .segments
        .get_or_create(&crate::metrics::ResultLabel { result })
        .get()
}

#[tokio::test]
async fn datagrams_become_documents_and_garbage_is_counted() {
    let writer = Arc::new(Kept::default());
    let sent = [
        datagram("{\"a\":1}"),
        b"garbage".to_vec(),
        vec![],
        datagram("[2]"),
    ];
    let metrics = run(&writer, UdpSettings::default(), &sent).await;
    assert_eq!(*writer.documents.lock(), ["{\"a\":1}", "[2]"]);
    let counts = ["ok", "bad_header", "empty"].map(|r| datagrams_counted(&metrics, r));
    assert_eq!(counts, [2, 1, 1]);
    assert_eq!(
        (
            segments_counted(&metrics, "sent"),
            metrics.queue_bytes.get()
        ),
        (2, 0)
    );
}

#[tokio::test]
async fn largest_datagram_passes_whole() {
    let writer = Arc::new(Kept::default());
    let header = datagram("").len();
    let metrics = run(
        &writer,
        UdpSettings::default(),
        &[datagram(&"x".repeat(65_507 - header))],
    )
    .await;
    assert_eq!(writer.documents.lock()[0].len(), 65_507 - header);
    assert_eq!(datagrams_counted(&metrics, "ok"), 1);
}

#[tokio::test(start_paused = true)]
async fn store_without_room_is_tried_again() {
    let writer = Arc::new(Kept {
        refusals_left: Mutex::new(3),
        ..Default::default()
    });
    let metrics = run(&writer, UdpSettings::default(), &[datagram("{}")]).await;
    assert_eq!(writer.documents.lock().len(), 1);
    assert_eq!(segments_counted(&metrics, "sent"), 1);
}

#[tokio::test]
async fn full_queue_spills_and_counts() {
    let writer = Arc::new(Kept::default());
    let settings = UdpSettings {
        queue_bytes_max: 10,
        ..Default::default()
    };
    let metrics = run(
        &writer,
        settings,
        &[datagram("12345678"), datagram("12345678")],
    )
    .await;
    assert_eq!(
        segments_counted(&metrics, "sent") + segments_counted(&metrics, "spilled"),
        2
    );
    assert_eq!(segments_counted(&metrics, "spilled"), 1);
}

#[test]
fn kernel_drops_are_read_from_the_socket_table() {
    let table = "  sl  local_address rem_address st tx rx tr tm retrnsmt uid timeout inode ref pointer drops\n\
        1: 0100007F:07D0 00000000:0000 07 0:0 00:0 0 0 0 1 2 0 17\n\
        2: 0100007F:07D1 00000000:0000 07 0:0 00:0 0 0 0 1 2 0 5\n";
    assert_eq!(drops_in(table, 2000), [17]);
    assert!(drops_in("", 2000).is_empty());
}

#[tokio::test]
async fn datagrams_of_spans_become_the_documents_that_are_made_of_them() {
    let writer = Arc::new(Kept::default());
    let datagrams = ["{\"a\":1}", "T1x", "T2"].map(|payload| {
        let header = "{\"format\":\"json\",\"version\":1}";
        format!("{header}\n{payload}").into_bytes()
    });
    run(&writer, UdpSettings::default(), &datagrams).await;
    let mut kept = writer.documents.lock().clone();
    kept.sort();
    assert_eq!(kept, ["T2", "x", "x", "{\"a\":1}"]);
}
