//! Request and result shapes of the protocol (api.md "Wire protocol" and "Structures").

pub(crate) mod body;
pub(crate) mod encryption;
pub(crate) mod groups;
pub(crate) mod indexing;
pub(crate) mod insights;
pub(crate) mod json;
pub(crate) mod members;
pub(crate) mod numbers;
pub(crate) mod policies;
pub(crate) mod ranges;
pub(crate) mod retrievals;
pub(crate) mod root_causes;
pub(crate) mod sampling;
pub(crate) mod services;
pub(crate) mod summaries;
pub(crate) mod tags;
pub(crate) mod trace_ids;
