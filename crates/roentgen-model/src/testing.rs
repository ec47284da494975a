//! Random traces and filters for property tests (feature `testing`).
//!
//! Traces come as the texts of their documents in order of arrival, so that stores can be fed with
//! them; filters come as texts. Both draw from one small vocabulary, so that conditions are met about
//! as often as not. Everything odd that merging and assembly know of occurs: documents twice, in
//! progress before complete, out of order, orphans, unknown parents, independent subsegments.

mod documents;
mod filters;
mod words;

pub use documents::{RandomTrace, TestTrace, trace};
pub use filters::filter;
