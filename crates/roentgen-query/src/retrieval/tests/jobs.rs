use std::sync::Arc;

use parking_lot::Mutex;
use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceFacts, TraceId};
use roentgen_store::NaiveStore;
use roentgen_store::clock::Randomness;
use roentgen_store::source::{
    ChangeMark, ChangedMinutes, ErrorKind, QueryControl, ScanPage, ScanRequest, StoreError,
    StoreStats, TotalsRequest, TraceDocuments, TraceReader,
};

use super::{found, mine, put_texts, request, retrievals, secs};
use crate::retrieval::{
    KEPT_SECS, RetrievalRequest, RetrievalSettings, RetrievalStatus, Retrievals, TIMEOUT_SECS,
    TooManyRetrievals,
};
use crate::testing::{NOW_SECS, put, scope, store, trace_id};

type Hook = Box<dyn FnMut() -> Result<(), StoreError> + Send>;

/// The reference store, with something that happens before each read of facts.
struct Hooked {
    store: NaiveStore,
    before_facts: Mutex<Hook>,
}

impl Hooked {
    fn new(
        store: NaiveStore,
        hook: impl FnMut() -> Result<(), StoreError> + Send + 'static,
    ) -> Self {
        Self {
            store,
            before_facts: Mutex::new(Box::new(hook)),
        }
    }
}

impl std::fmt::Debug for Hooked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.store.fmt(f)
    }
}

impl TraceReader for Hooked {
    fn facts(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        (self.before_facts.lock())()?;
        self.store.facts(scopes, ids, control)
    }

    fn documents(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError> {
        self.store.documents(scopes, ids, control)
    }

    fn scan(&self, request: &ScanRequest, control: &QueryControl) -> Result<ScanPage, StoreError> {
        self.store.scan(request, control)
    }

    fn totals(
        &self,
        request: &TotalsRequest,
        control: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        self.store.totals(request, control)
    }

    fn changed_minutes(&self, scopes: &[Scope], after: Option<ChangeMark>) -> ChangedMinutes {
        self.store.changed_minutes(scopes, after)
    }

    fn stats(&self) -> StoreStats {
        self.store.stats()
    }
}

/// A store with one trace.
fn one_trace() -> (NaiveStore, TraceId) {
    let (store, id) = (store(), trace_id(-10, 1));
    put(&store, &mine(), id, 1, "segment");
    (store, id)
}

fn status(retrievals: &Retrievals, token: &str) -> Option<&'static str> {
    retrievals
        .status(&mine(), token)
        .map(|status| status.as_str())
}

#[test]
fn job_goes_from_scheduled_over_running_to_complete() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    let retrievals = Arc::new(retrievals);
    let unknown = trace_id(-10, 2);
    let token = retrievals.start(request(&[unknown, id, id])).unwrap();
    assert_eq!(status(&retrievals, &token), Some("SCHEDULED"));
    let seen: Arc<Mutex<Vec<_>>> = Arc::default();
    let reader = {
        let (retrievals, token, seen) = (retrievals.clone(), token.clone(), seen.clone());
        Hooked::new(store, move || {
            seen.lock().push(status(&retrievals, &token));
            Ok(())
        })
    };
    assert!(retrievals.work(&reader).is_empty());
    // The id asked for twice is looked for once.
    assert_eq!(*seen.lock(), [Some("RUNNING"); 2]);
    let complete = RetrievalStatus::Complete([id].into());
    assert_eq!(retrievals.status(&mine(), &token), Some(complete));
}

#[test]
fn both_ends_of_the_range_count_and_any_activity_in_it() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    // The trace is from -10 s to -9 s.
    let found = |start, end| {
        let request = RetrievalRequest {
            start: secs(start),
            end: secs(end),
            ..request(&[id])
        };
        !found(&retrievals, &store, request).is_empty()
    };
    assert!(found(-60, -10));
    assert!(found(-9, 0));
    assert!(!found(-60, -11));
    assert!(!found(-8, 0));
}

#[test]
fn trace_in_progress_is_found_by_its_start() {
    let (store, id) = (store(), trace_id(-10, 1));
    let start = NOW_SECS - 10;
    put_texts(
        &store,
        vec![format!(
            r#"{{"trace_id":"{id}","id":"{:016x}","name":"n","start_time":{start},"in_progress":true}}"#,
            1
        )],
    );
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    assert_eq!(found(&retrievals, &store, request(&[id])), [id]);
}

#[test]
fn job_of_another_scope_is_unknown() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    let token = retrievals.start(request(&[id])).unwrap();
    retrievals.work(&store);
    let theirs = scope("000000000002");
    assert_eq!(retrievals.status(&theirs, &token), None);
    assert!(!retrievals.cancel(&theirs, &token));
    assert_eq!(status(&retrievals, &token), Some("COMPLETE"));
}

#[test]
fn job_that_waits_is_cancelled_and_never_runs() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    let token = retrievals.start(request(&[id])).unwrap();
    assert!(retrievals.cancel(&mine(), &token));
    assert_eq!(status(&retrievals, &token), Some("CANCELLED"));
    let reader = Hooked::new(store, || panic!("nothing is to be read"));
    assert!(retrievals.work(&reader).is_empty());
    assert_eq!(status(&retrievals, &token), Some("CANCELLED"));
}

#[test]
fn job_that_runs_is_cancelled_at_its_next_trace() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    let retrievals = Arc::new(retrievals);
    let ids = [id, trace_id(-10, 2), trace_id(-10, 3)];
    let token = retrievals.start(request(&ids)).unwrap();
    let reads = Arc::new(Mutex::new(0));
    let reader = {
        let (retrievals, token, reads) = (retrievals.clone(), token.clone(), reads.clone());
        Hooked::new(store, move || {
            *reads.lock() += 1;
            assert!(retrievals.cancel(&mine(), &token));
            Ok(())
        })
    };
    assert!(retrievals.work(&reader).is_empty());
    assert_eq!(*reads.lock(), 1);
    assert_eq!(status(&retrievals, &token), Some("CANCELLED"));
}

#[test]
fn cancelling_what_has_finished_changes_nothing() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    let token = retrievals.start(request(&[id])).unwrap();
    retrievals.work(&store);
    assert!(retrievals.cancel(&mine(), &token));
    assert_eq!(status(&retrievals, &token), Some("COMPLETE"));
    assert!(!retrievals.cancel(&mine(), "unknown"));
}

#[test]
fn job_that_waits_for_an_hour_times_out() {
    let (store, id) = one_trace();
    let (retrievals, clock) = retrievals(RetrievalSettings::default());
    let token = retrievals.start(request(&[id])).unwrap();
    clock.advance_secs(TIMEOUT_SECS - 1);
    assert_eq!(status(&retrievals, &token), Some("SCHEDULED"));
    clock.advance_secs(1);
    assert_eq!(status(&retrievals, &token), Some("TIMEOUT"));
    retrievals.work(&store);
    assert_eq!(status(&retrievals, &token), Some("TIMEOUT"));
}

#[test]
fn job_that_runs_for_an_hour_times_out_though_nobody_asks() {
    let (store, id) = one_trace();
    let (retrievals, clock) = retrievals(RetrievalSettings::default());
    let token = retrievals.start(request(&[id, trace_id(-10, 2)])).unwrap();
    let hook_clock = clock.clone();
    let reader = Hooked::new(store, move || {
        hook_clock.advance_secs(TIMEOUT_SECS);
        Ok(())
    });
    assert!(retrievals.work(&reader).is_empty());
    assert_eq!(status(&retrievals, &token), Some("TIMEOUT"));
}

#[test]
fn results_are_kept_for_an_hour_after_the_end() {
    let (store, id) = one_trace();
    let (retrievals, clock) = retrievals(RetrievalSettings::default());
    let token = retrievals.start(request(&[id])).unwrap();
    clock.advance_secs(600);
    retrievals.work(&store);
    clock.advance_secs(KEPT_SECS - 1);
    assert_eq!(status(&retrievals, &token), Some("COMPLETE"));
    clock.advance_secs(1);
    assert_eq!(status(&retrievals, &token), None);
    assert!(!retrievals.cancel(&mine(), &token));
}

#[test]
fn job_whose_read_fails_has_failed_and_the_next_one_runs() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings::default());
    let first = retrievals.start(request(&[id])).unwrap();
    let second = retrievals.start(request(&[id])).unwrap();
    let mut calls = 0;
    let reader = Hooked::new(store, move || {
        calls += 1;
        if calls == 1 {
            return Err(StoreError::new(ErrorKind::Unavailable, "no disk"));
        }
        Ok(())
    });
    let failures = retrievals.work(&reader);
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].to_string(), "no disk");
    assert_eq!(status(&retrievals, &first), Some("FAILED"));
    assert_eq!(status(&retrievals, &second), Some("COMPLETE"));
}

#[test]
fn panic_fails_the_job_and_gives_the_place_back() {
    let (store, id) = one_trace();
    let (retrievals, _) = retrievals(RetrievalSettings {
        running_max: 1,
        ..RetrievalSettings::default()
    });
    let token = retrievals.start(request(&[id])).unwrap();
    let reader = Hooked::new(store, || panic!("on purpose"));
    let work = std::panic::AssertUnwindSafe(|| retrievals.work(&reader));
    assert!(std::panic::catch_unwind(work).is_err());
    assert_eq!(status(&retrievals, &token), Some("FAILED"));
    assert_eq!(found(&retrievals, &reader.store, request(&[id])), [id]);
}

#[test]
fn jobs_that_wait_run_and_are_kept_are_bounded() {
    let (store, id) = one_trace();
    let (retrievals, clock) = retrievals(RetrievalSettings {
        running_max: 1,
        waiting_max: 2,
        kept_max: 4,
        ..RetrievalSettings::default()
    });
    let retrievals = Arc::new(retrievals);
    retrievals.start(request(&[id])).unwrap();
    retrievals.start(request(&[id])).unwrap();
    assert_eq!(retrievals.start(request(&[id])), Err(TooManyRetrievals));
    // While one runs, another caller finds no place and returns.
    let reader = {
        let (retrievals, other) = (retrievals.clone(), one_trace().0);
        Hooked::new(store, move || {
            let waiting = retrievals.jobs.lock().waiting.len();
            assert!(retrievals.work(&other).is_empty());
            assert_eq!(retrievals.jobs.lock().waiting.len(), waiting);
            Ok(())
        })
    };
    assert!(retrievals.work(&reader).is_empty());
    assert!(retrievals.jobs.lock().waiting.is_empty());
    retrievals.start(request(&[id])).unwrap();
    retrievals.start(request(&[id])).unwrap();
    assert_eq!(retrievals.start(request(&[id])), Err(TooManyRetrievals));
    clock.advance_secs(KEPT_SECS);
    retrievals.start(request(&[id])).unwrap();
}

#[test]
fn tokens_are_of_256_random_bits_and_replay_with_their_seed() {
    let tokens = |seed| {
        let clock = Arc::new(roentgen_store::clock::ManualClock::new(secs(0)));
        let randomness = Randomness::from_seed(seed);
        let retrievals = Retrievals::new(RetrievalSettings::default(), clock, randomness);
        let token = || retrievals.start(request(&[trace_id(-10, 1)])).unwrap();
        [token(), token()]
    };
    let [first, second] = tokens(1);
    assert_eq!(first.len(), 64);
    assert!(first.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_ne!(first, second);
    assert_eq!(tokens(1), [first, second]);
    assert_ne!(tokens(2), tokens(1));
}
