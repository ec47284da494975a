//! A small store for tests of this crate.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use roentgen_model::document::Verdict;
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_store::NaiveStore;
use roentgen_store::clock::ManualClock;
use roentgen_store::settings::StoreSettings;
use roentgen_store::source::TraceWriter;

/// The store's time.
pub(crate) const NOW_SECS: i64 = 1_710_410_400;

pub(crate) fn scope(account: &str) -> Scope {
    Scope::new(account, "eu-west-1").unwrap()
}

pub(crate) fn store() -> NaiveStore {
    let clock = Arc::new(ManualClock::new(UnixNanos::from_secs(NOW_SECS)));
    NaiveStore::new(StoreSettings::default(), clock)
}

/// The id of a trace that began `secs` after now.
pub(crate) fn trace_id(secs: i64, number: u64) -> TraceId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&u32::try_from(NOW_SECS + secs).unwrap().to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    TraceId::from_bytes(bytes)
}

/// Puts a segment of 1 s.
pub(crate) fn put(store: &NaiveStore, scope: &Scope, trace_id: TraceId, id: u64, name: &str) {
    let start = i64::from(trace_id.epoch_secs());
    let document = format!(
        r#"{{"trace_id":"{trace_id}","id":"{id:016x}","name":"{name}","start_time":{start},"end_time":{}}}"#,
        start + 1
    );
    let verdicts = store
        .accept(scope, vec![Bytes::from(document)])
        .now_or_never();
    assert_eq!(verdicts.unwrap().unwrap(), [Verdict::Accepted]);
}

/// Puts a trace of one segment that began `secs` after now and took 1 s.
pub(crate) fn put_faulty(
    store: &NaiveStore,
    scope: &Scope,
    secs: i64,
    number: u64,
    name: &str,
    fault: bool,
) {
    let trace_id = trace_id(secs, number + 1);
    let start = i64::from(trace_id.epoch_secs());
    let document = format!(
        r#"{{"trace_id":"{trace_id}","id":"{:016x}","name":"{name}","start_time":{start},"end_time":{},"fault":{fault}}}"#,
        number + 1,
        start + 1
    );
    let verdicts = store
        .accept(scope, vec![Bytes::from(document)])
        .now_or_never();
    assert_eq!(verdicts.unwrap().unwrap(), [Verdict::Accepted]);
}
