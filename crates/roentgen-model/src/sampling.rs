//! Sampling, pure: what a rule matches (spec sampling.md 3) and how a rule's reservoir is shared out
//! among the clients that report (5). Time comes in as a parameter.

pub mod quota;
pub mod rule;
