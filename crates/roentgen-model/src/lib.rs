//! X-Ray's language, pure: no input or output, no clock, no logging, no panic on input.
//!
//! Start reading at [`document`] (one segment document: parse, validate, write), go on to [`assembly`]
//! (the documents of a trace become its [`TraceFacts`]), then [`filter`] (which traces match) and
//! [`graph`] (what a trace adds to a service graph). Everything a store keeps beside the documents is a
//! pure function of what this crate computes from them.

pub mod assembly;
pub mod document;
pub mod filter;
pub mod graph;
pub mod histogram;
pub mod ids;
pub mod insight;
pub mod limits;
pub mod sampling;
pub mod scope;
pub mod settings_history;
pub mod summary;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod trace_header;

pub use assembly::facts::TraceFacts;
pub use ids::{SegmentId, TraceId};
pub use scope::Scope;
pub use time::{Stamp, UnixNanos};
