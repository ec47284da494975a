//! One suite for every storage implementation: whatever answers to the seam answers alike.
//!
//! A [`Subject`] is a store under test, together with what makes "everything that was accepted" take
//! the shape under test: live, sealed, merged, restarted. Every case feeds the subject and the
//! reference store ([`NaiveStore`]) with the same calls and compares all their answers
//! ([`compare::assert_equal_answers`]); cases with a known answer check that too.
//!
//! Failures are panics, as in any test.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use roentgen_model::document::Verdict;
use roentgen_model::settings_history::SettingsHistories;
use roentgen_model::{Scope, UnixNanos};

use crate::clock::ManualClock;
use crate::naive::NaiveStore;
use crate::settings::StoreSettings;
use crate::source::{TraceReader, TraceWriter};

pub(crate) mod cases;
pub mod compare;
pub mod documents;
mod histories;

/// A store under test.
pub trait Subject: fmt::Debug {
    /// The store's way in.
    fn writer(&self) -> &dyn TraceWriter;

    /// The store's answers.
    fn reader(&self) -> &dyn TraceReader;

    /// Takes the settings that shape facts from now on (ASM-2).
    fn publish_histories(&mut self, histories: Arc<SettingsHistories>);

    /// Brings everything accepted into the shape under test, visible to every read.
    fn settle(&mut self);
}

/// Makes an empty store with these settings on this clock.
pub type Factory<'a> = dyn Fn(StoreSettings, &Arc<ManualClock>) -> Box<dyn Subject> + 'a;

/// Runs every case on fresh subjects.
///
/// # Panics
/// When the subject answers otherwise than promised.
pub fn run_all(factory: &Factory<'_>) {
    cases::merging(factory);
    cases::batches(factory);
    cases::limits(factory);
    cases::large_documents(factory);
    cases::late_documents(factory);
    cases::links(factory);
    cases::response_time_causes(factory);
    cases::scopes(factory);
    histories::groups(factory);
    histories::indexed_share(factory);
    cases::retention(factory);
    cases::random(factory);
}

/// A subject and the reference, fed alike.
pub struct Pair {
    pub subject: Box<dyn Subject>,
    pub reference: NaiveStore,
    pub clock: Arc<ManualClock>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// When the suite's clocks start: 2026-11-20T12:00:00Z.
pub const NOON: UnixNanos = UnixNanos(1_795_176_000_000_000_000);

/// The scope most cases use.
#[must_use]
pub fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1").expect("account and region have their form")
}

/// A second scope, for what must be kept apart.
#[must_use]
pub fn other_scope() -> Scope {
    Scope::new("111111111111", "eu-west-1").expect("account and region have their form")
}

impl Pair {
    /// Both empty, at [`NOON`].
    #[must_use]
    pub fn new(factory: &Factory<'_>, settings: StoreSettings) -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let subject = factory(settings.clone(), &clock);
        let reference = NaiveStore::new(settings, Arc::clone(&clock) as _);
        Self {
            subject,
            reference,
            clock,
        }
    }

    /// Sends a call to both; their verdicts must be equal and are returned.
    ///
    /// # Panics
    /// When a verdict differs.
    pub fn accept_in(&mut self, scope: &Scope, documents: &[String]) -> Vec<Verdict> {
        self.clock.advance_nanos(1_000_000);
        let verdicts = accept(self.subject.writer(), scope, documents);
        let expected = accept(&self.reference, scope, documents);
        assert_eq!(verdicts, expected, "verdicts of {documents:?}");
        verdicts
    }

    /// Sends a call to both through a door that takes documents up to `bytes_max`.
    ///
    /// # Panics
    /// When a verdict differs.
    pub fn accept_up_to(&mut self, bytes_max: usize, documents: &[String]) -> Vec<Verdict> {
        self.clock.advance_nanos(1_000_000);
        let texts = || documents.iter().cloned().map(Bytes::from).collect();
        let take = |writer: &dyn TraceWriter| {
            let accepting = writer.accept_up_to(bytes_max, &scope(), texts());
            block_on(accepting).expect("the store takes the call")
        };
        let verdicts = take(self.subject.writer());
        assert_eq!(verdicts, take(&self.reference));
        verdicts
    }

    /// [`Self::accept_in`] the usual scope; every document must be accepted.
    ///
    /// # Panics
    /// When a document is refused.
    pub fn accept(&mut self, documents: &[String]) {
        for (verdict, document) in self.accept_in(&scope(), documents).iter().zip(documents) {
            assert_eq!(*verdict, Verdict::Accepted, "{document}");
        }
    }

    /// Publishes settings that shape facts to both.
    pub fn publish(&mut self, histories: SettingsHistories) {
        let histories = Arc::new(histories);
        self.subject.publish_histories(Arc::clone(&histories));
        self.reference.publish_histories(histories);
    }

    /// Settles the subject and compares every answer.
    ///
    /// # Panics
    /// When an answer differs.
    pub fn check(&mut self) {
        self.subject.settle();
        compare::assert_equal_answers(self.subject.reader(), &self.reference, self.clock.as_ref());
    }
}

/// Calls the writer and waits for its verdicts.
///
/// # Panics
/// When the store refuses the whole call.
pub fn accept(writer: &dyn TraceWriter, scope: &Scope, documents: &[String]) -> Vec<Verdict> {
    let documents = documents
        .iter()
        .map(|text| Bytes::from(text.clone()))
        .collect();
    block_on(writer.accept(scope, documents)).expect("the store takes the call")
}

/// Waits for a future on this thread.
///
/// # Panics
/// When called inside an async runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime
        .expect("a runtime without drivers always starts")
        .block_on(future)
}
