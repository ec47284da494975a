//! From winning documents to facts and rows: how the store calls the model's assembly.

use std::sync::Arc;

use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::assembly::resolve::Arrival;
use roentgen_model::assembly::{self, AssemblySettings};
use roentgen_model::graph::{self, EdgeRow};
use roentgen_model::settings_history::SettingsHistory;
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

/// What assembling a trace gives.
#[derive(Clone, Debug)]
pub(crate) struct Assembled {
    pub(crate) facts: TraceFacts,
    /// Groups whose expression cannot be used (groups-insights.md 2).
    pub(crate) skipped_groups: Vec<Arc<str>>,
}

/// The facts of a trace with these documents, in the groups and the share that its stamps say (ASM-2).
pub(crate) fn assemble_winners<T>(
    id: TraceId,
    winners: &Winners<T>,
    recorded: Recorded,
    history: &SettingsHistory,
    settings: AssemblySettings,
) -> Assembled {
    let winners = winners.by_stamp();
    let arrivals: Vec<_> = winners
        .iter()
        .map(|winner| Arrival {
            stamp: winner.version.stamp,
            document: &winner.document,
        })
        .collect();
    let first = arrivals.iter().map(|arrival| arrival.stamp).min();
    let Recorded {
        revision,
        limit_exceeded,
    } = recorded;
    let recorded = assembly::Recorded {
        revision: revision.max(1),
        limit_exceeded,
        is_indexed: history.is_indexed(id, first.unwrap_or_default()),
        memberships: Vec::new(),
    };
    let mut facts = assembly::assemble(id, &arrivals, recorded, settings);
    let judged = history.judge(&facts);
    facts.head.memberships = judged.memberships;
    Assembled {
        facts,
        skipped_groups: judged.skipped,
    }
}

/// The minute rows that a trace contributes: none outside the indexed share (INDEX-1).
pub(crate) fn minute_rows(facts: &TraceFacts) -> Vec<EdgeRow> {
    if facts.head.is_indexed {
        graph::rows(facts, MINUTE_SECS)
    } else {
        Vec::new()
    }
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

/// True for the rows of the group and the kind that a request names.
pub(crate) fn is_wanted(row: &EdgeRow, request: &TotalsRequest) -> bool {
    let in_group = |group: &str| {
        let memberships = row.key.memberships.iter();
        memberships
            .into_iter()
            .any(|member| *member.group_id == *group)
    };
    request.group_id.as_deref().is_none_or(in_group) && request.selector.selects(&row.key)
}
