//! Settings: the small, strongly consistent records that steer the data plane. Today sampling rules
//! with their targets and statistics, and the key that seals page tokens; one SQLite file,
//! `control.db`, apart from the store's catalog, so that a slow seal never delays a sampling target.
//!
//! Start reading at [`Control`]. Rules and quotas are answered from memory; changes of rules are in
//! the file before they are answered.

mod database;
pub mod encryption;
mod error;
pub mod groups;
pub mod indexing;
pub mod insight_state;
pub mod policies;
pub mod sampling_rules;
pub mod sampling_targets;
pub mod tags;

mod control;

pub use control::{Control, ControlSettings};
pub use error::{ControlError, PolicyRefusal};
