//! LINK-1: a link edge belongs to the linking trace, and begins where the linked trace says.
//!
//! The linked trace is asked when the linking one is assembled and again when it is sealed, never at
//! query time: live first, then the blocks. What is not found by then is left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use roentgen_model::assembly::facts::LinkSource;
use roentgen_model::assembly::link::link_sources;
use roentgen_model::assembly::resolve::Arrival;
use roentgen_model::document::facts::Document;
use roentgen_model::{Scope, SegmentId, Stamp, TraceFacts, TraceId};

use crate::engine::{Shared, reads};
use crate::live::TraceKey;
use crate::maintenance::Chain;

/// The documents of a trace with their stamps.
pub(crate) type Documents = Vec<(Stamp, Arc<Document>)>;

/// Fills in where the links of a trace begin; `documents` finds the linked traces.
pub(crate) fn fill(facts: &mut TraceFacts, mut documents: impl FnMut(TraceId) -> Documents) {
    let mut by_trace: BTreeMap<TraceId, Vec<usize>> = BTreeMap::new();
    for (at, link) in facts.links.iter().enumerate() {
        by_trace.entry(link.trace_id).or_default().push(at);
    }
    for (trace_id, places) in by_trace {
        let ids: Vec<SegmentId> = places
            .iter()
            .filter_map(|at| facts.links.get(*at))
            .map(|link| link.id)
            .collect();
        let sources = find(&documents(trace_id), &ids);
        for (at, source) in places.into_iter().zip(sources) {
            if let Some(link) = facts.links.get_mut(at) {
                link.source = source;
            }
        }
    }
}

fn find(documents: &Documents, ids: &[SegmentId]) -> Vec<Option<LinkSource>> {
    let arrivals: Vec<Arrival<'_>> = documents
        .iter()
        .map(|(stamp, document)| Arrival {
            stamp: *stamp,
            document,
        })
        .collect();
    link_sources(&arrivals, ids)
}

/// [`fill`] from the live traces and the blocks of one scope. A trace that cannot be read now counts as
/// unknown.
pub(crate) fn fill_from_store(shared: &Shared, scope: &Scope, facts: &mut TraceFacts) {
    fill(facts, |id| {
        let key = TraceKey {
            scope: scope.clone(),
            id,
        };
        reads::parsed_documents(shared, &key).unwrap_or_else(|error| {
            tracing::warn!(trace = %id, error = %Chain(&error), "a linked trace could not be read");
            Documents::new()
        })
    });
}
