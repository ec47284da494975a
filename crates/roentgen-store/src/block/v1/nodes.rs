//! Columns `nodes` and `calls` of `traces`: what follows from the entities, ready for search and graphs.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, UInt8Array, UInt32Array};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use roentgen_model::TraceFacts;
use roentgen_model::assembly::facts::{EntityFacts, NodeKey, NodeKind};

use super::codes;
use super::columns::{Ends, Texts, fields_of};
use super::schema::{Table, item_of};

/// How the segments of a node, or the calls of an edge, went: one item each.
#[derive(Debug, Default)]
struct Outcomes {
    flags: [Vec<bool>; 5],
    least: Vec<Option<i64>>,
    greatest: Vec<Option<i64>>,
}

/// The outcome of several entities together.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    flags: [bool; 5],
    response_times: Option<(i64, i64)>,
}

impl Outcome {
    fn add(&mut self, entity: &EntityFacts) {
        let flags = entity.flags;
        let of = [
            flags.ok(),
            flags.error,
            flags.throttle,
            flags.fault,
            entity.end.is_none(),
        ];
        for (all, one) in self.flags.iter_mut().zip(of) {
            *all |= one;
        }
        if let Some(time) = entity.response_time_nanos() {
            let (least, greatest) = self.response_times.unwrap_or((time, time));
            self.response_times = Some((least.min(time), greatest.max(time)));
        }
    }
}

impl Outcomes {
    fn push(&mut self, outcome: Outcome) {
        for (column, flag) in self.flags.iter_mut().zip(outcome.flags) {
            column.push(flag);
        }
        self.least.push(outcome.response_times.map(|t| t.0));
        self.greatest.push(outcome.response_times.map(|t| t.1));
    }

    fn columns(self) -> impl Iterator<Item = ArrayRef> {
        let flags = self
            .flags
            .map(|f| -> ArrayRef { Arc::new(BooleanArray::from(f)) });
        let times = [self.least, self.greatest];
        let times = times.map(|t| -> ArrayRef { Arc::new(Int64Array::from(t)) });
        flags.into_iter().chain(times)
    }
}

#[derive(Debug, Default)]
pub(super) struct NodesColumn {
    ends: Ends,
    key: [Texts; 3],
    other_name_ends: Ends,
    other_names: Texts,
    kinds: Vec<u8>,
    roots: Vec<bool>,
    outcomes: Outcomes,
}

impl NodesColumn {
    pub(super) fn push(&mut self, facts: &TraceFacts) {
        let mut outcomes: HashMap<&NodeKey, Outcome> = HashMap::new();
        for entity in &facts.entities {
            if let Some(key) = &entity.node {
                outcomes.entry(key).or_default().add(entity);
            }
        }
        for node in &facts.nodes {
            let [name, node_type, account_id] = &mut self.key;
            name.push(&node.key.name);
            node_type.push_option(node.key.node_type.as_ref());
            account_id.push_option(node.key.account_id.as_ref());
            for name in &node.other_names {
                self.other_names.push(name);
            }
            self.other_name_ends.push(node.other_names.len());
            self.kinds.push(codes::of_node_kind(node.kind));
            self.roots.push(node.is_root);
            // A client node has no segments, even if a real node bears its key.
            let client = node.kind == NodeKind::Client;
            let outcome = outcomes.get(&node.key).filter(|_| !client).copied();
            self.outcomes.push(outcome.unwrap_or_default());
        }
        self.ends.push(facts.nodes.len());
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let item = item_of(Table::Traces, "nodes");
        let fields = fields_of(&item);
        let names = fields
            .find("other_names")
            .map(|(_, field)| field.data_type());
        let Some(DataType::List(name_item)) = names else {
            unreachable!("`other_names` is a list column of the schema")
        };
        let names = self.other_names.finish();
        let mut columns = self.key.map(Texts::finish).to_vec();
        columns.push(self.other_name_ends.finish(Arc::clone(name_item), names)?);
        columns.push(Arc::new(UInt8Array::from(self.kinds)));
        columns.push(Arc::new(BooleanArray::from(self.roots)));
        columns.extend(self.outcomes.columns());
        self.ends.finish_rows(item, columns)
    }
}

#[derive(Debug, Default)]
pub(super) struct CallsColumn {
    ends: Ends,
    sources: Vec<u32>,
    destinations: Vec<u32>,
    aliases: Texts,
    calls: Vec<u32>,
    outcomes: Outcomes,
}

impl CallsColumn {
    /// One item per (source, destination, alias), in order of first appearance.
    pub(super) fn push(&mut self, facts: &TraceFacts) {
        let mut edges: Vec<(u32, u32, Option<&str>, u32, Outcome)> = Vec::new();
        let mut known: HashMap<(u32, u32, Option<&str>), usize> = HashMap::new();
        for call in &facts.calls {
            let key = (call.source, call.destination, call.alias.as_deref());
            let at = *known.entry(key).or_insert_with(|| {
                edges.push((key.0, key.1, key.2, 0, Outcome::default()));
                edges.len() - 1
            });
            if let Some((.., calls, outcome)) = edges.get_mut(at) {
                *calls += 1;
                outcome.add(facts.entity(call.entity));
            }
        }
        self.ends.push(edges.len());
        for (source, destination, alias, calls, outcome) in edges {
            self.sources.push(source);
            self.destinations.push(destination);
            self.aliases.push_option(alias);
            self.calls.push(calls);
            self.outcomes.push(outcome);
        }
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(self.sources)),
            Arc::new(UInt32Array::from(self.destinations)),
            self.aliases.finish(),
            Arc::new(UInt32Array::from(self.calls)),
        ];
        columns.extend(self.outcomes.columns());
        self.ends
            .finish_rows(item_of(Table::Traces, "calls"), columns)
    }
}
