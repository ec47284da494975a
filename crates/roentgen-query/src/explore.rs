//! What the console asks beside X-Ray's operations: one trace in rows, searches with what they find in
//! sum, values for completion.

pub mod trace;
