//! What happened in the shop before it was opened: fewer requests than now, one incident of each kind. That of
//! the payments ends so short before the opening that it becomes an insight: what is over for ten minutes
//! when a group is first judged is history, no insight.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use roentgen_model::document::Verdict;
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::source::{ErrorKind, TraceWriter};

use super::document::Sent;
use super::incident::{self, Incident};
use super::{Shop, journey, request, storefront};

/// How long the shop has been open.
const MINUTES: i64 = 150;
/// Payments are a tenth of them: the judge of insights learns from a hundred.
const REQUESTS_PER_MINUTE: i64 = 60;
/// While payments fail, one of so many requests is followed by another try to pay. Else four faults a minute
/// were all: so few that the judge takes some minutes for usual, and then the others as well.
const REQUESTS_PER_RETRY: i64 = 6;
const RETRY_AFTER_NANOS: i64 = 3 * 1_000_000_000;
/// Far above the numbers of the requests that come later.
const FIRST_NUMBER: i64 = 1 << 40;
/// Documents handed over at once.
const BATCH: usize = 500;
/// The store is asked again after so long when it is busy.
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// The documents of all requests between `after` and the opening, whose last ones may be due later.
pub(crate) fn history(seed: u64, opening: UnixNanos, after: UnixNanos) -> Vec<Sent> {
    let mut documents = Vec::new();
    let mut number = FIRST_NUMBER;
    for ago in (1..=MINUTES).rev() {
        let incident = incident::before(ago);
        for nth in 0..REQUESTS_PER_MINUTE {
            let since_opening = (nth * 60_000 / REQUESTS_PER_MINUTE - ago * 60_000) * 1_000_000;
            let at = UnixNanos(opening.0 + since_opening);
            number += 1;
            if at > after {
                documents.extend(request(seed, number, incident, at));
                if incident == Incident::FailingPayments && nth % REQUESTS_PER_RETRY == 0 {
                    documents.extend(retry(seed, number, at));
                }
            }
        }
    }
    documents
}

/// Another try to pay, after request number `number`.
fn retry(seed: u64, number: i64, at: UnixNanos) -> Vec<Sent> {
    let at = UnixNanos(at.0 + RETRY_AFTER_NANOS);
    let mut again = journey(seed, number + FIRST_NUMBER, Incident::FailingPayments, at);
    storefront::checkout(&mut again);
    again.into_documents()
}

/// Takes the history of the shop.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) writer: Arc<dyn TraceWriter>,
    pub(crate) scope: Scope,
    /// What happened until then is there already, or would be too old.
    pub(crate) after: UnixNanos,
}

impl Intake {
    /// Makes the history of the shop and hands over what was due by its opening; the shop sends the rest.
    ///
    /// # Errors
    /// The store's, but that of being busy.
    pub(crate) async fn take_history(self, shop: &mut Shop) -> anyhow::Result<()> {
        let (seed, opening) = (shop.seed, shop.start);
        let make = move || history(seed, opening, self.after);
        let made = tokio::task::spawn_blocking(make);
        shop.remember(made.await.context("make the history of the shop")?);
        let documents: Vec<Bytes> = shop.due(opening).into_iter().map(Bytes::from).collect();
        for batch in documents.chunks(BATCH) {
            self.take(batch).await?;
        }
        tracing::info!(
            documents = documents.len(),
            "the history of the sample shop is stored"
        );
        Ok(())
    }

    async fn take(&self, batch: &[Bytes]) -> anyhow::Result<()> {
        let verdicts = loop {
            match self.writer.accept(&self.scope, batch.to_vec()).await {
                Err(error) if error.kind() == ErrorKind::Busy => {
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                taken => break taken.context("store the history of the shop")?,
            }
        };
        for verdict in verdicts {
            if let Verdict::Refused(refusal) = verdict {
                tracing::warn!(?refusal, "a document of the history was refused");
            }
        }
        Ok(())
    }
}
