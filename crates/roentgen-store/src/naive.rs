//! The reference store: everything in memory, every answer by the plain evaluator on assembled facts.
//!
//! It is the truth that property tests compare the embedded engine with, so it is written to be
//! obviously right: no snapshot, no columns, no rows kept. Nothing in it is durable.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use roentgen_model::assembly::AssemblySettings;
use roentgen_model::document::Verdict;
use roentgen_model::graph::{self, EdgeRow};
use roentgen_model::settings_history::{SettingsHistories, SettingsHistory};
use roentgen_model::{Scope, Stamp, TraceFacts, TraceId, UnixNanos};

use crate::accept::{self, Call, Holdings, Judgement};
use crate::clock::Clock;
use crate::facts::{self, Recorded};
use crate::links;
use crate::merge::{DocumentKey, Version, Winners};
use crate::search::{self, Examined, PageSource};
use crate::settings::StoreSettings;
use crate::source::{
    AcceptFuture, ChangeMark, ChangedMinutes, PageKey, QueryControl, ScanPage, ScanRequest,
    StoreError, StoreStats, StoredDocument, TotalsRequest, TraceDocuments, TraceReader,
    TraceWriter,
};
use crate::wal::StampSource;

#[cfg(test)]
mod tests;

/// The reference store. Unbounded but for `trace_bytes_max`.
#[derive(Debug)]
pub struct NaiveStore {
    settings: StoreSettings,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    histories: Arc<SettingsHistories>,
    stamps: StampSource,
    traces: BTreeMap<(Scope, TraceId), NaiveTrace>,
    documents_logged: u64,
    assembly: AssemblySettings,
}

#[derive(Debug, Default)]
struct NaiveTrace {
    winners: Winners<Bytes>,
    revision: u32,
    limit_exceeded: bool,
    /// Since the last change.
    facts: Option<Arc<TraceFacts>>,
}

impl Holdings for NaiveTrace {
    fn holding(&self, key: DocumentKey) -> Option<(Version, u32)> {
        self.winners
            .get(key)
            .map(|winner| (winner.version, winner.document.text_bytes))
    }

    fn bytes(&self) -> u64 {
        self.winners.bytes()
    }
}

impl NaiveTrace {
    /// But for where links begin.
    fn own_facts(
        &mut self,
        id: TraceId,
        history: &SettingsHistory,
        settings: AssemblySettings,
    ) -> Arc<TraceFacts> {
        let (winners, revision, limit_exceeded) =
            (&self.winners, self.revision, self.limit_exceeded);
        let assemble = || {
            let recorded = Recorded {
                revision,
                limit_exceeded,
            };
            Arc::new(facts::assemble_winners(id, winners, recorded, history, settings).facts)
        };
        Arc::clone(self.facts.get_or_insert_with(assemble))
    }
}

impl State {
    fn facts(&mut self, scope: &Scope, id: TraceId) -> Option<Arc<TraceFacts>> {
        let history = self.histories.of(scope);
        let trace = self.traces.get_mut(&(scope.clone(), id))?;
        let mut facts = trace.own_facts(id, history, self.assembly);
        if !facts.links.is_empty() {
            links::fill(Arc::make_mut(&mut facts), |linked| {
                let trace = self.traces.get(&(scope.clone(), linked));
                let winners = trace
                    .map(|trace| trace.winners.by_stamp())
                    .unwrap_or_default();
                let documents = winners.into_iter();
                documents
                    .map(|w| (w.version.stamp, Arc::clone(&w.document)))
                    .collect()
            });
        }
        Some(facts)
    }
}

impl NaiveStore {
    /// An empty store.
    #[must_use]
    pub fn new(settings: StoreSettings, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            histories: Arc::default(),
            stamps: StampSource::after(Stamp::default()),
            traces: BTreeMap::new(),
            documents_logged: 0,
            assembly: settings.assembly(),
        };
        Self {
            settings,
            clock,
            state: Mutex::new(state),
        }
    }

    /// The settings that shape facts from now on; every trace is judged anew by its stamps (ASM-2).
    pub fn publish_histories(&self, histories: Arc<SettingsHistories>) {
        let mut state = self.state.lock();
        state.histories = histories;
        state
            .traces
            .values_mut()
            .for_each(|trace| trace.facts = None);
    }

    fn take(&self, bytes_max: usize, scope: &Scope, documents: Vec<Bytes>) -> Vec<Verdict> {
        let now = self.clock.now();
        let mut call = Call::parse(scope, documents, bytes_max, &self.settings, now);
        let mut state = self.state.lock();
        let mut changed = BTreeSet::new();
        for parsed in std::mem::take(&mut call.documents) {
            let id = parsed.document.trace_id;
            let key = (scope.clone(), id);
            let mut unknown = NaiveTrace::default();
            let stamp = Stamp(now.0.max(state.stamps.last().0.saturating_add(1)));
            let trace = state.traces.get_mut(&key).unwrap_or(&mut unknown);
            match accept::judge(
                trace,
                &parsed.document,
                stamp,
                self.settings.trace_bytes_max,
            ) {
                Judgement::NothingNew => {}
                Judgement::RefuseId => {
                    call.refuse(parsed.verdict, accept::id_refusal(&parsed.document));
                }
                Judgement::RefuseSize => {
                    trace.limit_exceeded = true;
                    trace.facts = None;
                    call.refuse(parsed.verdict, accept::size_refusal(&parsed.document));
                }
                Judgement::Take => {
                    let stamp = state.stamps.reserve(now, 1);
                    let trace = state.traces.entry(key).or_default();
                    trace.winners.add(stamp, parsed.document, parsed.text);
                    trace.facts = None;
                    changed.insert(id);
                    state.documents_logged += 1;
                }
            }
        }
        for id in changed {
            if let Some(trace) = state.traces.get_mut(&(scope.clone(), id)) {
                trace.revision += 1;
            }
        }
        call.verdicts
    }

    /// KEEP-1: what lies before is gone.
    fn oldest(&self) -> UnixNanos {
        self.settings.oldest_kept(self.clock.now())
    }

    /// The facts of every trace of these scopes that is not gone.
    fn all_facts(&self, scopes: &[Scope]) -> Vec<Arc<TraceFacts>> {
        let oldest = self.oldest();
        let mut state = self.state.lock();
        let in_scope = state
            .traces
            .keys()
            .filter(|(scope, _)| scopes.contains(scope));
        let keys: Vec<_> = in_scope.cloned().collect();
        let facts = keys
            .iter()
            .filter_map(|(scope, id)| state.facts(scope, *id));
        facts.filter(|facts| facts.t0 >= oldest).collect()
    }
}

impl TraceWriter for NaiveStore {
    fn accept_up_to(
        &self,
        bytes_max: usize,
        scope: &Scope,
        documents: Vec<Bytes>,
    ) -> AcceptFuture<'_> {
        let verdicts = self.take(bytes_max, scope, documents);
        Box::pin(std::future::ready(Ok(verdicts)))
    }
}

impl TraceReader for NaiveStore {
    fn documents(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<TraceDocuments>, StoreError> {
        control.check()?;
        let oldest = self.oldest();
        let mut state = self.state.lock();
        let histories = Arc::clone(&state.histories);
        let assembly = state.assembly;
        let mut answer = Vec::new();
        for (scope, trace_id) in scope_ids(scopes, ids) {
            let Some(trace) = state.traces.get_mut(&(scope.clone(), trace_id)) else {
                continue;
            };
            let history = histories.of(scope);
            if trace.own_facts(trace_id, history, assembly).t0 < oldest {
                continue;
            }
            let winners = trace.winners.by_stamp();
            let stored = winners.into_iter().map(|winner| StoredDocument {
                stamp: winner.version.stamp,
                text: winner.text.clone(),
            });
            answer.push(TraceDocuments {
                scope: scope.clone(),
                trace_id,
                documents: stored.collect(),
                limit_exceeded: trace.limit_exceeded,
            });
        }
        Ok(answer)
    }

    fn facts(
        &self,
        scopes: &[Scope],
        ids: &[TraceId],
        control: &QueryControl,
    ) -> Result<Vec<Arc<TraceFacts>>, StoreError> {
        control.check()?;
        let oldest = self.oldest();
        let mut state = self.state.lock();
        let mut answer = Vec::new();
        for (scope, id) in scope_ids(scopes, ids) {
            answer.extend(state.facts(scope, id).filter(|facts| facts.t0 >= oldest));
        }
        Ok(answer)
    }

    fn scan(&self, request: &ScanRequest, control: &QueryControl) -> Result<ScanPage, StoreError> {
        let mut facts = self.all_facts(&request.scopes);
        facts.retain(|facts| {
            let is_later = request
                .after
                .is_none_or(|after| search::page_key(facts) < after);
            let is_indexed = facts.head.is_indexed;
            is_later && is_indexed && search::is_in_range(facts, request.basis, &request.range)
        });
        facts.sort_by_key(|facts| std::cmp::Reverse(search::page_key(facts)));
        let source = Sorted {
            request,
            facts: facts.into_iter(),
        };
        search::page(
            vec![Box::new(source)],
            request.matches_max,
            request.examined_max,
            control,
        )
    }

    fn totals(
        &self,
        request: &TotalsRequest,
        control: &QueryControl,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        control.check()?;
        let mut rows = Vec::new();
        for facts in self.all_facts(&request.scopes) {
            facts::add_rows(&facts, request, &request.range, &mut rows);
        }
        let grain = |row| request.grain.of(row, request.time);
        Ok(graph::merge_rows(rows.into_iter().map(grain)))
    }

    /// Any minute, as long as documents come.
    fn changed_minutes(&self, _: &[Scope], after: Option<ChangeMark>) -> ChangedMinutes {
        let mark = ChangeMark(self.state.lock().documents_logged);
        let minutes = (after == Some(mark)).then(Vec::new);
        ChangedMinutes { minutes, mark }
    }

    fn stats(&self) -> StoreStats {
        let mut state = self.state.lock();
        let keys: Vec<_> = state.traces.keys().cloned().collect();
        let t0s = keys
            .iter()
            .filter_map(|(scope, id)| Some(state.facts(scope, *id)?.t0));
        let kept = t0s.filter(|t0| *t0 >= self.oldest()).map(|t0| (t0, t0));
        let t0_bounds = kept.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let bytes = state
            .traces
            .values()
            .map(|trace| trace.winners.bytes())
            .sum();
        StoreStats {
            live_traces: state.traces.len() as u64,
            live_bytes: bytes,
            t0_bounds,
            documents_logged_total: state.documents_logged,
            ..StoreStats::default()
        }
    }
}

/// The pairs that a read by id looks for: ids in order, each once, in every scope.
pub(crate) fn scope_ids<'a>(scopes: &'a [Scope], ids: &[TraceId]) -> Vec<(&'a Scope, TraceId)> {
    let mut seen = HashSet::new();
    let mut pairs = Vec::new();
    for &id in ids.iter().filter(|&&id| seen.insert(id)) {
        let mut scopes: Vec<_> = scopes.iter().collect();
        scopes.dedup();
        pairs.extend(scopes.into_iter().map(|scope| (scope, id)));
    }
    pairs
}

/// All facts in range, in page order.
struct Sorted<'a> {
    request: &'a ScanRequest,
    facts: std::vec::IntoIter<Arc<TraceFacts>>,
}

impl PageSource for Sorted<'_> {
    fn next(&mut self, _control: &QueryControl) -> Result<Option<Examined>, StoreError> {
        let ScanRequest {
            plan, basis, range, ..
        } = self.request;
        let context = search::eval_context(*basis, range);
        Ok(self.facts.next().map(|facts| Examined {
            key: PageKey {
                t0: facts.t0,
                trace_id: facts.trace_id,
            },
            found: search::matches(plan, &facts, &context).then_some(facts),
        }))
    }
}
