//! What a store tells of traces as they are assembled, for counters (COUNT-1).

use std::fmt;
use std::sync::Arc;

use roentgen_model::graph::EdgeRow;
use roentgen_model::{Scope, TraceFacts};

/// Learns of every state of a live trace that searches get to see.
///
/// Called on the thread that assembles, so it must be quick. After a restart traces that are still live
/// come again.
pub trait AssemblyObserver: Send + Sync + fmt::Debug {
    /// A trace is shown in another state than before.
    fn assembled(&self, assembly: &Assembly<'_>);
}

/// A trace that was assembled.
#[derive(Debug)]
pub struct Assembly<'a> {
    pub scope: &'a Scope,
    pub facts: &'a TraceFacts,
    /// The minute rows it contributes now, all of them with its memberships.
    pub rows: &'a [EdgeRow],
    /// Those it contributed before; `None`: it is new.
    pub before: Option<&'a [EdgeRow]>,
    /// Ids of groups whose expression cannot be used.
    pub skipped_groups: &'a [Arc<str>],
}
