//! The settings that shape facts, with their history (ASM-2): which expression each group had when, and
//! which share of traces was indexed when. Together with the documents they are the only truth.
//!
//! Control keeps the history and hands it to the store as a watched value; a trace is judged by what was
//! valid at its own stamps, never by the clock of whoever assembles it. So replay, reopening and a second
//! node give what was recorded before.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::assembly::facts::{Membership, TraceFacts};
use crate::filter::{EvalContext, Filter, GroupExpressions, GroupSelector, NoGroups};
use crate::ids::TraceId;
use crate::scope::Scope;
use crate::time::Stamp;

#[cfg(test)]
mod tests;

/// Percent of traces that are indexed while the destination is `XRay`: all (INDEX-1).
pub const ALL_INDEXED_PERCENTAGE: f64 = 100.0;
/// A share is decided in steps of a hundredth of a percent (api.md UpdateIndexingRule).
const SHARE_STEPS: u64 = 10_000;

/// Histories by scope, as the store watches them.
#[derive(Clone, Debug, Default)]
pub struct SettingsHistories {
    scopes: BTreeMap<Scope, Arc<SettingsHistory>>,
    none: Arc<SettingsHistory>,
}

/// The history of one scope. Immutable; a change makes a new one.
#[derive(Clone, Debug, Default)]
pub struct SettingsHistory {
    groups: Vec<GroupHistory>,
    indexing: Vec<IndexingChange>,
    /// Ascending; what is valid before the first is nothing.
    epochs: Vec<Epoch>,
}

/// One group from its creation on; deleted ones stay as long as data that they were judged for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupHistory {
    /// The unique id at the end of the ARN: a group created again under its old name is another one.
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub arn: Arc<str>,
    /// Ascending, at least one.
    pub versions: Vec<GroupVersion>,
    pub deleted: Option<Stamp>,
}

/// An expression of a group and from when on it was valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVersion {
    /// 1, +1 per change of the expression (groups-insights.md 2).
    pub version: u32,
    pub since: Stamp,
    /// Empty: every trace.
    pub expression: Arc<str>,
}

/// From `since` on, this percentage of traces (0–100) is indexed; before the first change all are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndexingChange {
    pub since: Stamp,
    pub percentage: f64,
}

/// What holds between two changes of groups.
#[derive(Clone, Debug)]
struct Epoch {
    since: Stamp,
    /// By id.
    groups: Vec<ValidGroup>,
}

#[derive(Clone, Debug)]
struct ValidGroup {
    id: Arc<str>,
    version: u32,
    /// `None`: the expression cannot be used (it names a group that is gone): the group is skipped.
    filter: Option<Arc<Filter>>,
}

/// Which groups a trace belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Sorted.
    pub memberships: Vec<Membership>,
    /// Ids of groups whose expression cannot be used (groups-insights.md 2: skipped and counted).
    pub skipped: Vec<Arc<str>>,
}

impl SettingsHistories {
    /// The histories of these scopes.
    #[must_use]
    pub fn new(scopes: impl IntoIterator<Item = (Scope, Arc<SettingsHistory>)>) -> Self {
        Self {
            scopes: scopes.into_iter().collect(),
            none: Arc::default(),
        }
    }

    /// The history of a scope: empty if it has none.
    #[must_use]
    pub fn of(&self, scope: &Scope) -> &Arc<SettingsHistory> {
        self.scopes.get(scope).unwrap_or(&self.none)
    }

    /// The latest change in any scope.
    #[must_use]
    pub fn newest_change(&self) -> Option<Stamp> {
        let changes = self
            .scopes
            .values()
            .filter_map(|scope| scope.newest_change());
        changes.max()
    }
}

impl SettingsHistory {
    /// A history of these groups and changes; each expression is checked once for each time it or a
    /// group it names changed.
    #[must_use]
    pub fn new(groups: Vec<GroupHistory>, mut indexing: Vec<IndexingChange>) -> Self {
        indexing.sort_by_key(|change| change.since);
        let epochs = epochs(&groups);
        Self {
            groups,
            indexing,
            epochs,
        }
    }

    /// The groups a trace belongs to, by the versions valid at its last change (ASM-2, GROUP-1).
    #[must_use]
    pub fn judge(&self, facts: &TraceFacts) -> Judged {
        let mut judged = Judged::default();
        let Some(epoch) = self.epoch_at(facts.head.last_stamp) else {
            return judged;
        };
        let context = EvalContext::default();
        for group in &epoch.groups {
            match &group.filter {
                None => judged.skipped.push(Arc::clone(&group.id)),
                Some(filter) if filter.matches(facts, &context) => {
                    judged.memberships.push(Membership {
                        group_id: Arc::clone(&group.id),
                        version: group.version,
                    });
                }
                Some(_) => {}
            }
        }
        judged
    }

    /// Whether a trace is in the indexed share, by the rule valid at its first document (INDEX-1,
    /// ASM-2).
    #[must_use]
    pub fn is_indexed(&self, trace_id: TraceId, first_stamp: Stamp) -> bool {
        let valid = self.indexing.iter().rev();
        let change = valid.into_iter().find(|change| change.since <= first_stamp);
        change.is_none_or(|change| is_in_share(trace_id, change.percentage))
    }

    /// The version of a group's expression that is valid now; `None`: there is no such group.
    #[must_use]
    pub fn current_version(&self, group_id: &str) -> Option<u32> {
        let group = self.groups.iter().find(|group| *group.id == *group_id)?;
        let last = group.versions.last()?;
        group.deleted.is_none().then_some(last.version)
    }

    /// The name of a group, of one that was deleted too.
    #[must_use]
    pub fn group_name(&self, group_id: &str) -> Option<&Arc<str>> {
        let group = self.groups.iter().find(|group| *group.id == *group_id)?;
        Some(&group.name)
    }

    /// The latest change of anything.
    #[must_use]
    pub fn newest_change(&self) -> Option<Stamp> {
        let of_groups = self.epochs.last().map(|epoch| epoch.since);
        of_groups.max(self.indexing.last().map(|change| change.since))
    }

    fn epoch_at(&self, stamp: Stamp) -> Option<&Epoch> {
        let after = self.epochs.partition_point(|epoch| epoch.since <= stamp);
        self.epochs.get(after.checked_sub(1)?)
    }
}

/// The current expressions, for filters of now.
impl GroupExpressions for SettingsHistory {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let now = Stamp(i64::MAX);
        ValidAt {
            groups: &self.groups,
            stamp: now,
        }
        .find(selector)
        .map(Cow::Borrowed)
        .or_else(|| NoGroups.expression(selector))
    }
}

/// Whether a trace id is in a share of so many percent: all spans of a trace agree.
#[must_use]
pub fn is_in_share(trace_id: TraceId, percentage: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "less than 10,000")]
    let step = (trace_id.share_hash() % SHARE_STEPS) as f64;
    step < percentage * 100.0
}

fn epochs(groups: &[GroupHistory]) -> Vec<Epoch> {
    let starts = groups.iter().flat_map(|group| {
        let versions = group.versions.iter().map(|version| version.since);
        versions.chain(group.deleted)
    });
    let mut starts: Vec<Stamp> = starts.collect();
    starts.sort_unstable();
    starts.dedup();
    let mut epochs: Vec<Epoch> = Vec::with_capacity(starts.len());
    for since in starts {
        let before = epochs.last().map_or(&[][..], |epoch| &epoch.groups);
        let groups = valid_groups(groups, since, before);
        epochs.push(Epoch { since, groups });
    }
    epochs
}

/// `before`: those of the epoch before, whose filters are taken over where nothing can have changed, so
/// that a long history costs a check for each change and not for each pair of change and group.
fn valid_groups(groups: &[GroupHistory], stamp: Stamp, before: &[ValidGroup]) -> Vec<ValidGroup> {
    let valid = ValidAt { groups, stamp };
    let found = groups.iter().filter_map(|group| {
        let version = group.valid_at(stamp)?;
        let known = before
            .iter()
            .find(|known| known.id == group.id && known.version == version.version)
            .filter(|_| !may_name_groups(&version.expression));
        Some(known.cloned().unwrap_or_else(|| {
            ValidGroup {
                id: Arc::clone(&group.id),
                version: version.version,
                filter: Filter::parse(&version.expression, &valid)
                    .ok()
                    .map(Arc::new),
            }
        }))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// False if an expression surely means the same whatever other groups do.
fn may_name_groups(expression: &str) -> bool {
    expression.to_ascii_lowercase().contains("group")
}

impl GroupHistory {
    fn valid_at(&self, stamp: Stamp) -> Option<&GroupVersion> {
        if self.deleted.is_some_and(|deleted| deleted <= stamp) {
            return None;
        }
        let versions = self.versions.iter().rev();
        versions.into_iter().find(|version| version.since <= stamp)
    }
}

/// Groups as they were at a stamp: what a group's expression names is what was valid with it.
struct ValidAt<'a> {
    groups: &'a [GroupHistory],
    stamp: Stamp,
}

impl<'a> ValidAt<'a> {
    fn find(&self, selector: GroupSelector<'_>) -> Option<&'a str> {
        let is_it = |group: &&GroupHistory| match selector {
            GroupSelector::Name(name) => *group.name == *name,
            GroupSelector::Arn(arn) => *group.arn == *arn,
        };
        let candidates = self.groups.iter().filter(is_it);
        let mut valid = candidates.filter_map(|group| group.valid_at(self.stamp));
        valid.next().map(|version| &*version.expression)
    }
}

impl GroupExpressions for ValidAt<'_> {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let found = self.find(selector).map(Cow::Borrowed);
        found.or_else(|| NoGroups.expression(selector))
    }
}
