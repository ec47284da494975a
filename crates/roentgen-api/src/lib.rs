//! The X-Ray HTTP API: rest-json as AWS clients speak it (spec api.md).
//!
//! [`mod@router`] takes a request to its [`Operation`]; `operations` has one file each; `wire` reads
//! requests and prints results; [`error`] is the one table from what went wrong to what clients see.
//! `console` has what the console asks beside.
//! Nothing here stores or computes: that is the storage seam's, the control store's and
//! `roentgen-query`'s.

mod audit;
mod console;
pub mod encoding;
pub mod error;
mod gate;
pub mod metrics;
mod operation;
mod operations;
pub mod origin;
mod principal;
mod rate;
mod router;
mod state;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod wire;

pub use operation::Operation;
pub use principal::Principal;
pub use router::{Routers, routers};
pub use state::{Addresses, ApiSettings, ApiState, Features, OtelSpans, ServerDescription};
