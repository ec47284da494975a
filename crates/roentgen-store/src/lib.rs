//! The storage seam and the embedded engine.
//!
//! [`source`] is the seam: what every store promises and the naive in-memory reference fulfils too.
//! The embedded engine follows a document's way: `accept` (validate, log, acknowledge) → [`wal`] →
//! `live` (assembly, searches) → seal → [`block`] (Parquet) → `compact`, `retain`; the [`catalog`] says
//! which blocks exist and what moved. All file access goes through [`files`].

pub mod block;
pub mod catalog;
pub mod files;
pub mod plan;
pub mod source;
pub mod wal;
