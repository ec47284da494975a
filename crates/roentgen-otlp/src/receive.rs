//! The receivers: OTLP over gRPC, HTTP and the daemon's datagrams (otlp.md 1).
//!
//! All end in [`Intake`]: the frame of a request is read, its spans become documents, and the store
//! accepts them like documents of any other door: durable before acknowledged, a verdict each. A request
//! is taken in one call, so when the store cannot take it nothing of it is stored, and the sender, told
//! to come back, sends no half of it twice.

mod answer;
mod body;
mod cors;
mod datagram;
mod grpc;
mod http;
mod intake;
mod metrics;
mod other_signals;
#[cfg(test)]
mod tests;

pub use cors::AllowedOrigins;
pub use grpc::grpc_routes;
pub use http::{http_router, http_routes};
pub use intake::{Intake, IntakeSettings};
pub use metrics::OtlpMetrics;
