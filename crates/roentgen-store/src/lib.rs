//! The storage seam and the embedded engine.
//!
//! [`source`] is the seam: what every store promises and the naive in-memory reference fulfils too.
//! The embedded engine follows a document's way: `accept` (validate, log, acknowledge) → [`wal`] →
//! `live` (assembly, searches) → seal → [`block`] (Parquet) → `compact`, `retain`; the [`catalog`] says
//! which blocks exist and what moved. All file access goes through [`files`].
//!
//! [`naive`] is the reference that everything is compared with, `conformance` the suite that does so.

mod accept;
pub mod block;
pub mod catalog;
pub mod clock;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod facts;
pub mod files;
mod merge;
pub mod naive;
pub mod plan;
mod search;
pub mod settings;
pub mod source;
pub mod wal;

pub use naive::NaiveStore;
pub use settings::StoreSettings;
