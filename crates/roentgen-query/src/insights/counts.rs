//! The counts of the last 24 h by minute and group, compact and in memory within a bound (INS-1); what does
//! not fit is read again when it is needed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use roentgen_model::assembly::facts::{NodeKey, TimeRange};
use roentgen_model::graph::{EdgeRow, RowTime};
use roentgen_model::insight::{
    Counts, MINUTE_NANOS, Minute, NodePair, minute_of, minutes_after, minutes_between,
};
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::source::{
    ErrorKind, QueryControl, RowGrain, RowSelector, StoreError, TotalsRequest, TraceReader,
};

#[cfg(test)]
mod tests;

/// Bytes of counts held: a day of 26 groups with 100 nodes each takes 65 MB.
const BYTES_MAX: usize = 64 << 20;
/// Distinct nodes known by number; over that everything held is dropped and read again.
const NODES_MAX: usize = 200_000;
/// Minutes read at a time.
const MINUTES_AT_A_TIME: i64 = 60;

/// Id of a judged group: its unique id, `Default` for all traces.
pub(crate) type GroupId = Arc<str>;

/// Numbers instead of node keys.
type NodeNumber = u32;

#[derive(Debug, Default)]
pub(crate) struct MinuteCounts {
    numbers: HashMap<NodeKey, NodeNumber>,
    keys: Vec<NodeKey>,
    /// Read minutes; a group without an entry had nothing.
    minutes: BTreeMap<UnixNanos, HashMap<GroupId, Compact>>,
    bytes: usize,
    /// The calls last held: most minutes have those of the minute before.
    last_calls: Arc<[(NodeNumber, NodeNumber)]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Compact {
    nodes: Box<[(NodeNumber, Counts)]>,
    clients: Counts,
    calls: Arc<[(NodeNumber, NodeNumber)]>,
}

impl Compact {
    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.nodes) + 64
    }
}

impl MinuteCounts {
    /// True: the minute is held for all groups that it was read for.
    pub(crate) fn holds(&self, minute: UnixNanos) -> bool {
        self.minutes.contains_key(&minute)
    }

    /// Takes a minute as read; says which groups have other counts than held. A minute not held before is
    /// another one for every group.
    pub(crate) fn put(
        &mut self,
        minute: UnixNanos,
        groups: &[GroupId],
        mut read: HashMap<GroupId, Minute>,
    ) -> Vec<GroupId> {
        if self.keys.len() > NODES_MAX {
            *self = Self::default();
        }
        let mut compact = HashMap::new();
        for group in groups {
            if let Some(found) = read.remove(group) {
                let found = self.compact(found);
                self.bytes += found.bytes();
                compact.insert(Arc::clone(group), found);
            }
        }
        let differs = |held: &HashMap<GroupId, Compact>| {
            let changed = groups.iter().filter(|g| held.get(*g) != compact.get(*g));
            changed.cloned().collect()
        };
        let changed = self
            .minutes
            .get(&minute)
            .map_or_else(|| groups.to_vec(), differs);
        if let Some(held) = self.minutes.insert(minute, compact) {
            self.bytes -= held.values().map(Compact::bytes).sum::<usize>();
        }
        while self.bytes > BYTES_MAX
            && let Some((_, oldest)) = self.minutes.pop_first()
        {
            self.bytes -= oldest.values().map(Compact::bytes).sum::<usize>();
        }
        changed
    }

    /// Drops what was before.
    pub(crate) fn forget_before(&mut self, minute: UnixNanos) {
        let kept = self.minutes.split_off(&minute);
        let gone = std::mem::replace(&mut self.minutes, kept);
        let bytes = gone.values().flat_map(HashMap::values).map(Compact::bytes);
        self.bytes -= bytes.sum::<usize>();
    }

    /// Drops everything, as for another set of groups.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// `None`: not held.
    pub(crate) fn minute(&self, group: &GroupId, minute: UnixNanos) -> Option<Minute> {
        let groups = self.minutes.get(&minute)?;
        Some(
            groups
                .get(group)
                .map_or_else(Minute::default, |held| self.full(held)),
        )
    }

    fn compact(&mut self, minute: Minute) -> Compact {
        let Minute {
            nodes,
            clients,
            calls,
        } = minute;
        let nodes = nodes
            .into_iter()
            .map(|(key, counts)| (self.number(key), counts));
        let nodes = nodes.collect();
        let calls: Vec<_> = calls
            .into_iter()
            .map(|(caller, called)| (self.number(caller), self.number(called)))
            .collect();
        if *calls != *self.last_calls {
            self.bytes += size_of_val(&*calls);
            self.last_calls = calls.into();
        }
        Compact {
            nodes,
            clients,
            calls: Arc::clone(&self.last_calls),
        }
    }

    fn full(&self, held: &Compact) -> Minute {
        let nodes = held
            .nodes
            .iter()
            .filter_map(|(n, counts)| Some((self.key(*n)?, *counts)));
        let call = |(a, b): &(NodeNumber, NodeNumber)| -> Option<NodePair> {
            Some((self.key(*a)?, self.key(*b)?))
        };
        Minute {
            nodes: nodes.collect(),
            clients: held.clients,
            calls: held.calls.iter().filter_map(call).collect(),
        }
    }

    fn key(&self, number: NodeNumber) -> Option<NodeKey> {
        self.keys.get(number as usize).cloned()
    }

    fn number(&mut self, key: NodeKey) -> NodeNumber {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = NodeNumber::try_from(self.keys.len()).unwrap_or(NodeNumber::MAX);
        self.keys.push(key.clone());
        self.numbers.insert(key, number);
        number
    }
}

/// Which rows to read.
#[derive(Debug)]
pub(crate) struct CountsSource<'a> {
    pub(crate) reader: &'a dyn TraceReader,
    pub(crate) scope: &'a Scope,
    pub(crate) groups: &'a [GroupId],
    pub(crate) default_group: &'a str,
    pub(crate) control: &'a QueryControl,
}

impl CountsSource<'_> {
    /// The counts of these minutes by group, every minute of the range present.
    pub(crate) fn read(
        &self,
        range: &TimeRange,
    ) -> Result<BTreeMap<UnixNanos, HashMap<GroupId, Minute>>, StoreError> {
        let mut minutes = BTreeMap::new();
        let mut step = MINUTES_AT_A_TIME;
        let mut at = range.start;
        while at < range.end {
            let until = minutes_after(at, step).min(range.end);
            match self.read_part(&(at..until), &mut minutes) {
                // An hour may be too much for the bound where a few minutes are not.
                Err(error) if error.kind() == ErrorKind::OverBound && step > 1 => step /= 4,
                Err(error) => return Err(error),
                Ok(()) => at = until,
            }
            step = step.max(1);
        }
        Ok(minutes)
    }

    fn read_part(
        &self,
        range: &TimeRange,
        minutes: &mut BTreeMap<UnixNanos, HashMap<GroupId, Minute>>,
    ) -> Result<(), StoreError> {
        self.control.check()?;
        let request = TotalsRequest {
            scopes: vec![self.scope.clone()],
            range: range.clone(),
            time: RowTime::Series,
            group_id: None,
            selector: RowSelector::All,
            grain: RowGrain::Counts,
        };
        let rows = self.reader.totals(&request, self.control)?;
        let mut at = minute_of(range.start);
        while at < range.end {
            minutes.insert(at, HashMap::new());
            at = UnixNanos(at.0.saturating_add(MINUTE_NANOS));
        }
        for group in self.groups {
            let is_all = **group == *self.default_group;
            let counts = |row: &&EdgeRow| {
                let mut members = row.key.memberships.iter();
                is_all || members.any(|member| member.group_id == *group)
            };
            for (at, minute) in Minute::of_rows(rows.iter().filter(counts)) {
                if let Some(groups) = minutes.get_mut(&at) {
                    groups.insert(Arc::clone(group), minute);
                }
            }
        }
        Ok(())
    }
}

/// Sorted minutes as ranges of neighbours.
pub(crate) fn ranges(minutes: impl IntoIterator<Item = UnixNanos>) -> Vec<TimeRange> {
    let mut ranges: Vec<TimeRange> = Vec::new();
    for minute in minutes {
        let end = minutes_after(minute, 1);
        match ranges.last_mut() {
            Some(last) if minutes_between(last.end, minute) == 0 => last.end = end,
            _ => ranges.push(minute..end),
        }
    }
    ranges
}
