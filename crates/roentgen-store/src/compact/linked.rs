//! LINK-1 at compaction: links that had no source yet are looked up once more.
//!
//! A copy that gets link edges contributes other rows than before. The output's edges take the new
//! ones in, and whoever subtracts the copy later must know them ([`Linked::copies`]).

use std::sync::Arc;

use roentgen_model::graph::{EdgeRow, RowKind};
use roentgen_model::{Scope, TraceFacts};

use crate::block::edge_order;
use crate::engine::Shared;
use crate::facts::minute_rows;
use crate::links::{self, Asked};
use crate::view::Away;

/// Traces that one merge gives link edges to; the others wait for the next merge.
const LINKED_MAX: usize = 20_000;

/// What a merge found out about links.
#[derive(Default)]
pub(super) struct Linked {
    /// Minute rows of copies that got link edges.
    pub(super) copies: Away,
    added: Vec<EdgeRow>,
}

impl Linked {
    /// Looks up what links of these traces still miss.
    pub(super) fn look_up(
        &mut self,
        shared: &Shared,
        scope: &Scope,
        batch: &mut [Arc<TraceFacts>],
    ) {
        let room = LINKED_MAX.saturating_sub(self.copies.len());
        let mut linking: Vec<(&mut Arc<TraceFacts>, TraceFacts)> = batch
            .iter_mut()
            .filter(|facts| facts.links.iter().any(links::is_unresolved))
            .take(room)
            .map(|facts| {
                let own = TraceFacts::clone(facts);
                (facts, own)
            })
            .collect();
        let asked = linking.iter_mut().map(|(_, facts)| (scope, facts));
        links::fill_from_store(shared, asked, Asked::Unresolved);
        for (before, after) in linking {
            if before.links == after.links {
                continue;
            }
            let rows = minute_rows(&after);
            self.added.extend(added(before, &rows));
            self.copies.insert(after.trace_id, rows.into());
            *before = Arc::new(after);
        }
    }

    /// The rows that the output has and the inputs had not, in the table's order.
    pub(super) fn rows(&mut self) -> &[EdgeRow] {
        self.added.sort_by(edge_order);
        &self.added
    }
}

/// New link rows: all after, less all before.
fn added(before: &TraceFacts, after: &[EdgeRow]) -> Vec<EdgeRow> {
    let is_link = |row: &&EdgeRow| row.key.kind == RowKind::Link;
    let gone = minute_rows(before);
    let gone = gone.iter().filter(is_link).map(super::streams::negative);
    let come = after.iter().filter(is_link).cloned();
    come.chain(gone).collect()
}
