//! Table `edges`: what the traces add to service graphs, by slots.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, UInt8Array, UInt32Array};
use arrow::error::ArrowError;
use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::{Membership, NodeKey};
use roentgen_model::graph::{EdgeKey, EdgeRow, EdgeSums};

use super::codes;
use super::columns::{ColumnError, Ends, Interner, Lists, Rows, Texts, batch, times};
use super::schema::{Table, item_of};

/// Memberships in the making, as items of a list.
#[derive(Debug, Default)]
pub(super) struct Memberships {
    ends: Ends,
    group_ids: Texts,
    versions: Vec<u32>,
}

impl Memberships {
    pub(super) fn push(&mut self, memberships: &[Membership]) {
        for Membership { group_id, version } in memberships {
            self.group_ids.push(group_id);
            self.versions.push(*version);
        }
        self.ends.push(memberships.len());
    }

    pub(super) fn finish(self, table: Table) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            self.group_ids.finish(),
            Arc::new(UInt32Array::from(self.versions)),
        ];
        self.ends
            .finish_rows(item_of(table, "memberships"), columns)
    }
}

/// The memberships of one row.
pub(super) fn memberships_of(
    lists: &Lists,
    row: usize,
    texts: &mut Interner,
) -> Result<Vec<Membership>, ColumnError> {
    let range = lists.range(row);
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let group_ids = lists.items.texts("group_id")?;
    let versions: &UInt32Array = lists.items.column("version")?;
    let membership = |at| Membership {
        group_id: texts.text(group_ids.value(at)),
        version: versions.value(at),
    };
    Ok(range.map(membership).collect())
}

/// Rows of `edges` in the making.
#[derive(Debug, Default)]
pub(super) struct EdgesBatch {
    slot_secs: Vec<u32>,
    kinds: Vec<u8>,
    texts: [Texts; 7],
    memberships: Memberships,
    classes: Vec<Option<u8>>,
    response_times: Vec<i64>,
    durations: Vec<i64>,
    slots: [Vec<UnixNanos>; 2],
    sums: [Vec<i64>; 3],
    bounds: [Vec<UnixNanos>; 2],
}

impl EdgesBatch {
    pub(super) fn rows(&self) -> usize {
        self.kinds.len()
    }

    pub(super) fn push(&mut self, slot_secs: u32, row: &EdgeRow) {
        let EdgeRow { key, sums } = row;
        let EdgeKey {
            kind,
            source,
            destination,
            called_name,
            memberships,
            class,
            response_time_nanos,
            duration_nanos,
            start_slot,
            end_slot,
        } = key;
        let EdgeSums {
            count,
            in_progress,
            response_time_sum_nanos,
            earliest_start,
            latest_end,
        } = sums;
        self.slot_secs.push(slot_secs);
        self.kinds.push(codes::of_row_kind(*kind));
        let node = |key: &'_ NodeKey| {
            let NodeKey {
                name,
                node_type,
                account_id,
            } = key.clone();
            [Some(name), node_type, account_id]
        };
        let source = source.as_ref().map(node).unwrap_or_default();
        let texts = node(destination)
            .into_iter()
            .chain(source)
            .chain([called_name.clone()]);
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.push_option(text.as_ref());
        }
        self.memberships.push(memberships);
        self.classes.push(class.map(codes::of_class));
        self.response_times.push(*response_time_nanos);
        self.durations.push(*duration_nanos);
        for (column, time) in self.slots.iter_mut().zip([start_slot, end_slot]) {
            column.push(*time);
        }
        for (column, sum) in self
            .sums
            .iter_mut()
            .zip([count, in_progress, response_time_sum_nanos])
        {
            column.push(*sum);
        }
        for (column, time) in self.bounds.iter_mut().zip([earliest_start, latest_end]) {
            column.push(*time);
        }
    }

    pub(super) fn finish(self) -> Result<RecordBatch, ArrowError> {
        let number = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(self.slot_secs)),
            Arc::new(UInt8Array::from(self.kinds)),
        ];
        columns.extend(self.texts.into_iter().map(Texts::finish));
        columns.push(self.memberships.finish(Table::Edges)?);
        columns.push(Arc::new(UInt8Array::from(self.classes)));
        columns.extend([self.response_times, self.durations].map(number));
        columns.extend(self.slots.map(times));
        columns.extend(self.sums.map(number));
        columns.extend(self.bounds.map(times));
        batch(Table::Edges.schema(), columns)
    }
}

/// Reads the rows for which `wanted` (slot length, start slot, end slot) says true.
pub(super) fn edge_rows(
    rows: &Rows,
    texts: &mut Interner,
    wanted: impl Fn(u32, UnixNanos, UnixNanos) -> bool,
    out: &mut Vec<(u32, EdgeRow)>,
) -> Result<(), ColumnError> {
    let slot_secs: &UInt32Array = rows.column("slot_secs")?;
    let kinds: &UInt8Array = rows.column("kind")?;
    let to = [
        "destination_name",
        "destination_type",
        "destination_account_id",
    ];
    let from = ["source_name", "source_type", "source_account_id"];
    let [to_name, to_type, to_account] = to.map(|n| rows.texts(n));
    let (to_name, to_type, to_account) = (to_name?, to_type?, to_account?);
    let [from_name, from_type, from_account] = from.map(|n| rows.texts(n));
    let (from_name, from_type, from_account) = (from_name?, from_type?, from_account?);
    let called_name = rows.texts("called_name")?;
    let memberships = rows.lists("memberships")?;
    let classes: &UInt8Array = rows.column("class")?;
    let response_times = rows.numbers("response_time_nanos")?;
    let durations = rows.numbers("duration_nanos")?;
    let (start_slots, end_slots) = (rows.times("start_slot")?, rows.times("end_slot")?);
    let (counts, in_progress) = (rows.numbers("count")?, rows.numbers("in_progress")?);
    let sums = rows.numbers("response_time_sum_nanos")?;
    let (earliest, latest) = (rows.times("earliest_start")?, rows.times("latest_end")?);
    let unknown = |column| ColumnError::new(column, "has an unknown value");
    for row in 0..rows.len() {
        let start_slot = UnixNanos(start_slots.value(row));
        let end_slot = UnixNanos(end_slots.value(row));
        if !wanted(slot_secs.value(row), start_slot, end_slot) {
            continue;
        }
        let class = classes
            .is_valid(row)
            .then(|| codes::class(classes.value(row)));
        let key = EdgeKey {
            kind: codes::row_kind(kinds.value(row)).ok_or_else(|| unknown("kind"))?,
            source: texts.text_at(from_name, row).map(|name| NodeKey {
                name,
                node_type: texts.text_at(from_type, row),
                account_id: texts.text_at(from_account, row),
            }),
            destination: NodeKey {
                name: texts.text(to_name.value(row)),
                node_type: texts.text_at(to_type, row),
                account_id: texts.text_at(to_account, row),
            },
            called_name: texts.text_at(called_name, row),
            memberships: memberships_of(&memberships, row, texts)?.into(),
            class: class
                .map(|known| known.ok_or_else(|| unknown("class")))
                .transpose()?,
            response_time_nanos: response_times.value(row),
            duration_nanos: durations.value(row),
            start_slot,
            end_slot,
        };
        let sums = EdgeSums {
            count: counts.value(row),
            in_progress: in_progress.value(row),
            response_time_sum_nanos: sums.value(row),
            earliest_start: UnixNanos(earliest.value(row)),
            latest_end: UnixNanos(latest.value(row)),
        };
        out.push((slot_secs.value(row), EdgeRow { key, sums }));
    }
    Ok(())
}
