//! `roentgen demo`: the server plus a sample shop that lives: about a dozen services that send real
//! segment documents through the UDP port (spec integrations.md 16), and has been open for a while: what
//! happened in the hours before goes through the store's intake at once. A fixed seed gives the same
//! traces, ids and times apart from the moment of the start.

mod document;
mod furnish;
mod history;
mod incident;
mod journeys;
mod orders;
mod storefront;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use rand::SeedableRng;
use rand::rngs::StdRng;
use roentgen_model::UnixNanos;
use roentgen_store::clock::{Clock, RealClock};
use tokio::net::UdpSocket;
use tokio::sync::watch;

pub(crate) use furnish::furnish;
pub(crate) use history::Intake;

use document::Sent;
use incident::Incident;
use journeys::Journey;

#[cfg(test)]
mod tests;

/// Time between two requests to the shop: about eight a second.
const REQUEST_PERIOD_NANOS: i64 = 125_000_000;
/// What the demo is asked to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DemoOptions {
    pub(crate) seed: u64,
    /// Begin with the last hours, not with an empty shop.
    pub(crate) history: bool,
}

const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// The stream of the shop's documents, in order of their sending.
#[derive(Debug)]
pub(crate) struct Shop {
    seed: u64,
    start: UnixNanos,
    next_request: i64,
    waiting: BinaryHeap<Reverse<Sent>>,
}

impl Shop {
    /// A shop that opens at `start`.
    pub(crate) fn new(seed: u64, start: UnixNanos) -> Self {
        Self {
            seed,
            start,
            next_request: 0,
            waiting: BinaryHeap::new(),
        }
    }

    /// Puts documents of the time before the opening in; those due by then come first.
    pub(crate) fn remember(&mut self, documents: impl IntoIterator<Item = Sent>) {
        self.waiting.extend(documents.into_iter().map(Reverse));
    }

    /// When the next document is due.
    pub(crate) fn next_due(&mut self) -> UnixNanos {
        let request_at = self.request_time(self.next_request);
        self.waiting
            .peek()
            .map_or(request_at, |Reverse(sent)| sent.at.min(request_at))
    }

    /// The documents that are due by `now`, oldest first.
    pub(crate) fn due(&mut self, now: UnixNanos) -> Vec<String> {
        while self.request_time(self.next_request) <= now {
            let (number, at) = (self.next_request, self.request_time(self.next_request));
            self.next_request += 1;
            let incident = incident::at(self.start, at);
            self.remember(request(self.seed, number, incident, at));
        }
        let mut due = Vec::new();
        while self
            .waiting
            .peek()
            .is_some_and(|Reverse(sent)| sent.at <= now)
        {
            due.extend(self.waiting.pop().map(|Reverse(sent)| sent.text));
        }
        due
    }

    fn request_time(&self, number: i64) -> UnixNanos {
        UnixNanos(self.start.0 + number * REQUEST_PERIOD_NANOS)
    }
}

/// The documents of request number `number`, which comes in at `at`.
fn request(seed: u64, number: i64, incident: Incident, at: UnixNanos) -> Vec<Sent> {
    let mut journey = journey(seed, number, incident, at);
    journeys::walk(&mut journey, number);
    journey.into_documents()
}

fn journey(seed: u64, number: i64, incident: Incident, at: UnixNanos) -> Journey {
    let seed = seed ^ u64::from_be_bytes(number.to_be_bytes()).rotate_left(32);
    Journey::new(StdRng::seed_from_u64(seed), incident, at)
}

/// Sends the shop's documents to the daemon port until `stopping` turns true; those of its history to
/// `intake` before, if there is one. Calls `opened` in between: who comes then finds a living shop.
pub(crate) async fn run(
    seed: u64,
    daemon: SocketAddr,
    intake: Option<Intake>,
    opened: impl FnOnce() + Send,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let any_port = SocketAddr::new(daemon.ip(), 0);
    let socket = UdpSocket::bind(any_port)
        .await
        .context("open a socket for the shop")?;
    let mut shop = Shop::new(seed, RealClock.now());
    if let Some(intake) = intake {
        tokio::select! {
            remembered = intake.take_history(&mut shop) => remembered?,
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
        }
    }
    opened();
    loop {
        let now = RealClock.now();
        for text in shop.due(now) {
            let datagram = format!("{HEADER}{text}");
            if let Err(error) = socket.send_to(datagram.as_bytes(), daemon).await {
                tracing::debug!(%error, "a document of the shop was not sent");
            }
        }
        let pause = shop.next_due().nanos_since(now).max(1_000_000);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_nanos(pause.unsigned_abs())) => {}
            _ = stopping.wait_for(|stop| *stop) => return Ok(()),
        }
    }
}
