//! The storage seam and the embedded engine.
//!
//! [`source`] is the seam: what every store promises and the naive in-memory reference fulfils too.
//! The embedded engine follows a document's way: `accept` (validate, log, acknowledge) → [`wal`] →
//! `live` (assembly, searches) → `seal` → [`block`] (Parquet) → `compact`, `retain`; the [`catalog`] says
//! which blocks exist and what moved. All file access goes through [`files`].
//!
//! [`naive`] is the reference that everything is compared with, `conformance` the suite that does so.

mod accept;
pub mod block;
pub mod catalog;
pub mod clock;
mod compact;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod encryption;
mod engine;
mod facts;
pub mod files;
mod links;
mod live;
mod maintenance;
mod merge;
mod minute_changes;
mod moved;
pub mod naive;
pub mod observer;
pub mod plan;
mod poison;
mod reopen;
pub mod repair;
mod retain;
mod seal;
mod search;
pub mod settings;
pub mod source;
mod view;
pub mod wal;

pub use engine::{EmbeddedStore, StoreParts};
pub use naive::NaiveStore;
pub use settings::StoreSettings;
