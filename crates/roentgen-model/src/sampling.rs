//! Sampling, pure: what a rule matches (spec sampling.md 3) and how a rule's reservoir is shared out
//! among the clients that report (5), and when its rate is boosted (6). Time comes in as a parameter.

pub mod boost;
pub mod quota;
pub mod rule;
