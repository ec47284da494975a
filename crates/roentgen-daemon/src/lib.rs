//! The daemon port: UDP intake of segment documents (spec daemon.md 1, 10 "P"). In the single binary
//! datagrams go straight to the store: no HTTP hop, no signing, no region. The TCP side of the port is
//! the X-Ray API itself, which the binary serves.
//!
//! A datagram's way: [`udp`] (socket, bounded queue, batches) → [`packet`] (header line and document) →
//! the store's `accept`. The socket is never blocked by a sync: when the queue is full, datagrams are
//! counted and dropped.

pub mod metrics;
pub mod packet;
pub mod udp;

mod refusals;

pub use metrics::DaemonMetrics;
pub use udp::{SpanDatagrams, UdpIntake, UdpSettings};
