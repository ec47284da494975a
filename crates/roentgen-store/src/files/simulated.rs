//! The simulated disk.

/// A disk in memory that forgets, tears, fails and fills up.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk {}
