//! A stand-in for the daemon's UDP port that writes down every datagram and passes it on, so that
//! a test knows what an SDK really sent without touching the SDK.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// A running tee; it stops when dropped.
#[derive(Debug)]
pub struct Tee {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tee {
    /// Opens a port on loopback whose datagrams go on to `daemon`.
    ///
    /// # Errors
    /// When no port can be opened.
    pub fn to(daemon: SocketAddr) -> Result<Tee> {
        let socket = UdpSocket::bind("127.0.0.1:0").context("bind the tee")?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let address = socket.local_addr()?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (seen_by_thread, stop) = (Arc::clone(&seen), Arc::clone(&is_stopped));
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while !stop.load(Ordering::Relaxed) {
                let Ok(length) = socket.recv(&mut buffer) else {
                    continue;
                };
                let datagram = buffer[..length].to_vec();
                // Pass it on before it counts as seen: who waits for it may then ask the server.
                let _ = socket.send_to(&datagram, daemon);
                seen_by_thread
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(datagram);
            }
        });
        Ok(Tee {
            address,
            seen,
            is_stopped,
            thread: Some(thread),
        })
    }

    /// Where the SDK should send to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The documents of the trace `trace_id` seen so far, in order of arrival.
    ///
    /// # Errors
    /// When a datagram is not a header line and a JSON document.
    pub fn documents(&self, trace_id: &str) -> Result<Vec<Value>> {
        let mut documents = Vec::new();
        for datagram in self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            let text = std::str::from_utf8(datagram).context("decode a datagram")?;
            let (_, document) = text.split_once('\n').context("find the header line")?;
            let document: Value = serde_json::from_str(document).context("parse a document")?;
            if document["trace_id"] == trace_id {
                documents.push(document);
            }
        }
        Ok(documents)
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
