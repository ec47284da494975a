//! What the black-box tests stand on: the real binary on free ports, the wire, the clients.
//!
//! Start reading at [`Server`]. Nothing here knows the inside of Roentgen: the tests speak to its
//! sockets, read its log and its answers, and could be kept if all the code were replaced.

mod clients;
mod documents;
mod server;
mod tee;
mod wire;

pub use clients::{Application, Client, go, go_otel, java, java_otel, node, python};
pub use documents::{Documents, now_secs};
pub use server::{Launch, SEALS_EARLY, Server, with_server};
pub use tee::Tee;
pub use wire::{Reply, exchange, exchange_and_hang_up, http_request};

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Polls `probe` until it gives a value; what it waits for becomes true soon or never.
///
/// # Errors
/// When `probe` fails, or has given nothing after `patience`.
pub fn eventually<T>(
    what: &str,
    patience: Duration,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = probe().with_context(|| format!("wait for {what}"))? {
            return Ok(value);
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "waited {patience:?} in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
