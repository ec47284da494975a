//! The documents of a trace become its facts: which document wins, what hangs where, which segments
//! are inferred, root causes.

pub mod derive;
pub mod facts;
pub mod resolve;
