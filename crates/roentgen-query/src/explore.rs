//! What the console asks beside X-Ray's operations: one trace in rows, searches with what they find in
//! sum, values for completion.
//!
//! ```text
//!   search (scan, page by page) ──► rows: newest first, or the best so far
//!                               └─► aggregates: timeline · response times · facets with their clauses
//! ```
//!
//! Everything is bounded: rows by the request, aggregates by the constants of their modules.

pub mod aggregates;
mod best;
pub mod facets;
pub mod response_times;
pub mod search;
pub mod trace;
