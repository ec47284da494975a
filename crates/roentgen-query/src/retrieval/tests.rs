//! Jobs in virtual time over the reference store.

mod graphs;
mod jobs;
mod paging;

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use roentgen_model::document::Verdict;
use roentgen_model::{Scope, TraceId, UnixNanos};
use roentgen_store::NaiveStore;
use roentgen_store::clock::{ManualClock, Randomness};
use roentgen_store::source::TraceWriter;

use super::{RetrievalRequest, RetrievalSettings, RetrievalStatus, Retrievals};
use crate::testing::{NOW_SECS, scope};

fn mine() -> Scope {
    scope("000000000001")
}

fn secs(secs: i64) -> UnixNanos {
    UnixNanos::from_secs(NOW_SECS + secs)
}

/// What starts within the last ten minutes.
fn request(trace_ids: &[TraceId]) -> RetrievalRequest {
    RetrievalRequest {
        scope: mine(),
        trace_ids: trace_ids.to_vec(),
        start: secs(-600),
        end: secs(0),
    }
}

fn retrievals(settings: RetrievalSettings) -> (Retrievals, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(secs(0)));
    let retrievals = Retrievals::new(settings, clock.clone(), Randomness::from_seed(7));
    (retrievals, clock)
}

fn put_texts(store: &NaiveStore, documents: Vec<String>) {
    let count = documents.len();
    let documents = documents.into_iter().map(Bytes::from).collect();
    let verdicts = store.accept(&mine(), documents).now_or_never();
    assert_eq!(verdicts.unwrap().unwrap(), vec![Verdict::Accepted; count]);
}

/// Starts a job, does all work, and gives the ids found.
fn found(retrievals: &Retrievals, store: &NaiveStore, request: RetrievalRequest) -> Vec<TraceId> {
    let token = retrievals.start(request).unwrap();
    assert!(retrievals.work(store).is_empty());
    match retrievals.status(&mine(), &token) {
        Some(RetrievalStatus::Complete(ids)) => ids.to_vec(),
        status => panic!("{status:?}"),
    }
}
