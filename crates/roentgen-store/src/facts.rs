//! From winning documents to facts and rows: how the store calls the model's assembly.

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::assembly::resolve::Arrival;
use roentgen_model::assembly::{self, AssemblySettings};
use roentgen_model::graph::{self, EdgeRow};
use roentgen_model::{TraceFacts, TraceId};

use crate::merge::Winners;
use crate::source::TotalsRequest;

/// Slots of live and sealed rows.
pub(crate) const MINUTE_SECS: i64 = 60;

/// What a store knows of a trace beside its documents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded {
    pub(crate) revision: u32,
    pub(crate) limit_exceeded: bool,
}

/// The facts of a trace with these documents.
pub(crate) fn assemble_winners<T>(
    id: TraceId,
    winners: &Winners<T>,
    recorded: Recorded,
) -> TraceFacts {
    let winners = winners.by_stamp();
    let arrivals: Vec<_> = winners
        .iter()
        .map(|winner| Arrival {
            stamp: winner.version.stamp,
            document: &winner.document,
        })
        .collect();
    let recorded = assembly::Recorded {
        revision: recorded.revision.max(1),
        limit_exceeded: recorded.limit_exceeded,
        ..assembly::Recorded::default()
    };
    assembly::assemble(id, &arrivals, recorded, AssemblySettings::default())
}

/// Adds the minute rows of a trace's items that lie in the range and are asked for.
pub(crate) fn add_rows(
    facts: &TraceFacts,
    request: &TotalsRequest,
    range: &TimeRange,
    rows: &mut Vec<EdgeRow>,
) {
    if !facts.head.is_indexed {
        return;
    }
    let found = graph::rows_in_range(facts, MINUTE_SECS, request.time, range);
    rows.extend(found.into_iter().filter(|row| is_wanted(row, request)));
}

/// True for the rows of the group and the nodes that a request names.
pub(crate) fn is_wanted(row: &EdgeRow, request: &TotalsRequest) -> bool {
    let key = &row.key;
    let in_group = |group: &str| {
        key.memberships
            .iter()
            .any(|member| *member.group_id == *group)
    };
    if !request.group_id.as_deref().is_none_or(in_group) {
        return false;
    }
    let nodes = &request.nodes;
    nodes.is_empty()
        || nodes.contains(&key.destination)
        || key
            .source
            .as_ref()
            .is_some_and(|source| nodes.contains(source))
}
