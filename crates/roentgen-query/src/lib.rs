//! Answers over the storage seam: by id, summaries, service graph, trace graph, time series, insights,
//! trace retrieval, and what the console explores.
//!
//! Everything here is a function of a [`roentgen_store::source::TraceReader`] and of parameters; no
//! wire format, no settings, no time but what comes in as a parameter or through a clock. Methods block
//! like the reader's: call them from a blocking thread.

pub mod explore;
pub mod fetch;
pub mod insights;
pub mod plan;
pub mod retrieval;
pub mod service_graph;
pub mod summaries;
pub mod time_series;
pub mod token;

#[cfg(test)]
mod testing;
