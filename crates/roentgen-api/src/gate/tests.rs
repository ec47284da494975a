use std::sync::mpsc;

use roentgen_store::source::StoreError;

use super::QueryGate;
use crate::error::ErrorCode;

#[tokio::test]
async fn read_is_cancelled_when_its_request_is_dropped() {
    let gate = QueryGate::new(1, 1 << 20);
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (ended, has_ended) = mpsc::channel();
    let read = gate.run::<(), StoreError>(move |control| {
        let _ = started.send(());
        while control.check().is_ok() {
            std::thread::yield_now();
        }
        let _ = ended.send(());
        control.check()
    });
    // The client goes away once the read runs.
    tokio::select! {
        _ = read => panic!("the read ends only when cancelled"),
        _ = has_started => {}
    }
    let waited = tokio::task::spawn_blocking(move || has_ended.recv());
    waited.await.unwrap().unwrap();
    // Its place is free again.
    assert_eq!(gate.run::<_, StoreError>(|_| Ok(5)).await.unwrap(), 5);
}

#[tokio::test]
async fn line_before_the_reads_is_bounded() {
    let gate = QueryGate::new(1, 1 << 20);
    let (release, released) = mpsc::channel::<()>();
    let mut first = Box::pin(gate.run::<_, StoreError>(move |_| {
        let _ = released.recv();
        Ok(0)
    }));
    assert!(futures::poll!(&mut first).is_pending());
    // 32 may wait for the one that runs.
    let mut waiting: Vec<_> = (1..=32)
        .map(|n| Box::pin(gate.run::<_, StoreError>(move |_| Ok(n))))
        .collect();
    for read in &mut waiting {
        assert!(futures::poll!(read).is_pending());
    }
    let refused = gate.run::<_, StoreError>(|_| Ok(33)).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Throttled);
    release.send(()).unwrap();
    assert_eq!(first.await.unwrap(), 0);
    let answers = futures::future::join_all(waiting).await;
    let numbers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, (1..=32).collect::<Vec<_>>());
}

#[tokio::test]
async fn read_that_panics_is_an_internal_failure() {
    let gate = QueryGate::new(1, 1 << 20);
    let answer = gate.run::<(), StoreError>(|_| panic!("a bug")).await;
    assert_eq!(answer.unwrap_err().code(), ErrorCode::InternalFailure);
    assert!(gate.run::<_, StoreError>(|_| Ok(())).await.is_ok());
}
