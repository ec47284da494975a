//! Groups (spec groups-insights.md 1 and 2; api.md "Groups and insights"): their expressions with all
//! versions as long as data may be judged by them (ASM-2), and their insights settings.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rand::RngExt;
use rand::rngs::StdRng;
use roentgen_model::filter::{Filter, GroupExpressions, GroupSelector, NoGroups};
use roentgen_model::settings_history::{GroupHistory, GroupVersion};
use roentgen_model::{Scope, Stamp, UnixNanos};

use crate::{Control, ControlError, tags};

mod stored;
#[cfg(test)]
mod tests;

pub(crate) use stored::load;

/// Groups per account and region, `Default` not counted.
pub const GROUPS_MAX: usize = 25;
/// The group of all traces, which always exists. It is also its id.
pub const DEFAULT_GROUP_NAME: &str = "Default";
/// The version of `Default`, whose expression cannot change.
const DEFAULT_GROUP_VERSION: u32 = 1;

const NAME_CHARS_MAX: usize = 32;
/// Characters of the unique id at the end of an ARN, five bits each (our choice).
const UNIQUE_ID_CHARS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A group as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The end of the ARN: 32 characters of `[A-Z2-7]`, or `Default`.
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub arn: Arc<str>,
    /// 1, +1 per change of the expression.
    pub version: u32,
    /// Empty: every trace.
    pub expression: Arc<str>,
    pub insights: InsightsConfiguration,
}

/// What a group does with insights; nothing at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InsightsConfiguration {
    pub insights_enabled: bool,
    /// Only together with insights.
    pub notifications_enabled: bool,
}

/// A change of [`InsightsConfiguration`]: what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InsightsUpdate {
    pub insights_enabled: Option<bool>,
    pub notifications_enabled: Option<bool>,
}

/// A group to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewGroup {
    pub name: String,
    /// Empty: every trace.
    pub expression: String,
    pub insights: InsightsUpdate,
    /// Checked by the caller.
    pub tags: BTreeMap<String, String>,
}

/// A change of a group: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupUpdate {
    pub expression: Option<String>,
    pub insights: InsightsUpdate,
}

impl Group {
    /// The group of all traces: no trace is a member of it by record.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self.id == *DEFAULT_GROUP_NAME
    }
}

impl InsightsUpdate {
    /// The settings after this change. Insights that are switched off take notifications with them
    /// unless the change asks for those (our choice).
    fn applied_to(
        self,
        before: InsightsConfiguration,
    ) -> Result<InsightsConfiguration, ControlError> {
        let Self {
            insights_enabled,
            notifications_enabled,
        } = self;
        let insights = insights_enabled.unwrap_or(before.insights_enabled);
        let kept = before.notifications_enabled && insights;
        let after = InsightsConfiguration {
            insights_enabled: insights,
            notifications_enabled: notifications_enabled.unwrap_or(kept),
        };
        if after.notifications_enabled && !after.insights_enabled {
            return Err(ControlError::invalid(
                "`InsightsConfiguration.NotificationsEnabled` needs `InsightsEnabled`",
            ));
        }
        Ok(after)
    }
}

/// All groups of a scope with their past. Changed by copy, so that readers see whole changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    /// Deleted ones included, in order of creation.
    pub(crate) histories: Vec<GroupHistory>,
    /// By id, of current groups and `Default`; absent: the defaults.
    insights: HashMap<Arc<str>, InsightsConfiguration>,
}

impl Groups {
    /// `Default` first, then by name (api.md GetGroups, our choice).
    fn current(&self, scope: &Scope) -> Vec<Group> {
        let mut groups: Vec<_> = self
            .histories
            .iter()
            .filter_map(|g| self.group(g))
            .collect();
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        groups.insert(0, self.default_group(scope));
        groups
    }

    /// `None`: it is deleted.
    fn group(&self, history: &GroupHistory) -> Option<Group> {
        let GroupHistory {
            id,
            name,
            arn,
            versions,
            deleted,
        } = history;
        let last = versions.last().filter(|_| deleted.is_none())?;
        Some(Group {
            id: Arc::clone(id),
            name: Arc::clone(name),
            arn: Arc::clone(arn),
            version: last.version,
            expression: Arc::clone(&last.expression),
            insights: self.insights.get(id).copied().unwrap_or_default(),
        })
    }

    fn default_group(&self, scope: &Scope) -> Group {
        let configured = self.insights.get(DEFAULT_GROUP_NAME);
        Group {
            id: DEFAULT_GROUP_NAME.into(),
            name: DEFAULT_GROUP_NAME.into(),
            arn: default_group_arn(scope).into(),
            version: DEFAULT_GROUP_VERSION,
            expression: "".into(),
            insights: configured.copied().unwrap_or_default(),
        }
    }

    fn history_mut(&mut self, id: &str) -> Option<&mut GroupHistory> {
        self.histories.iter_mut().find(|group| *group.id == *id)
    }

    /// Forgets what was superseded or deleted at `cut` or before.
    fn prune(&mut self, cut: Stamp) {
        self.histories
            .retain(|group| group.deleted.is_none_or(|deleted| deleted > cut));
        for group in &mut self.histories {
            let valid = group
                .versions
                .partition_point(|version| version.since <= cut);
            group.versions.drain(..valid.saturating_sub(1));
        }
    }

    /// When anything changed, ascending.
    pub(crate) fn changes(&self) -> Vec<Stamp> {
        let of_group = |group: &GroupHistory| {
            let versions = group.versions.iter().map(|version| version.since);
            versions.chain(group.deleted).collect::<Vec<_>>()
        };
        let mut changes: Vec<_> = self.histories.iter().flat_map(of_group).collect();
        changes.sort_unstable();
        changes
    }
}

/// The current expressions with one in the place of another, to find what a change would break.
struct Candidate<'a> {
    groups: &'a Groups,
    name: &'a str,
    /// `None`: it does not exist yet, and nothing can name it by ARN.
    arn: Option<&'a str>,
    expression: &'a str,
}

impl GroupExpressions for Candidate<'_> {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let is_candidate = match selector {
            GroupSelector::Name(name) => name == self.name,
            GroupSelector::Arn(arn) => Some(arn) == self.arn,
        };
        if is_candidate {
            return Some(Cow::Borrowed(self.expression));
        }
        let is_it = |group: &&GroupHistory| {
            group.deleted.is_none()
                && match selector {
                    GroupSelector::Name(name) => *group.name == *name,
                    GroupSelector::Arn(arn) => *group.arn == *arn,
                }
        };
        let found = self.groups.histories.iter().find(is_it);
        let last = found.and_then(|group| group.versions.last());
        last.map(|version| Cow::Borrowed(&*version.expression))
            .or_else(|| NoGroups.expression(selector))
    }
}

impl Candidate<'_> {
    fn check(&self) -> Result<(), ControlError> {
        let checked = Filter::parse(self.expression, self);
        checked
            .map(|_| ())
            .map_err(|error| ControlError::invalid(error.to_string()))
    }
}

/// The ARN of `Default`, which has no unique part.
#[must_use]
pub fn default_group_arn(scope: &Scope) -> String {
    format!(
        "arn:aws:xray:{}:{}:group/{DEFAULT_GROUP_NAME}",
        scope.region, scope.account
    )
}

fn group_arn(scope: &Scope, name: &str, id: &str) -> String {
    format!(
        "arn:aws:xray:{}:{}:group/{name}/{id}",
        scope.region, scope.account
    )
}

fn check_name(name: &str) -> Result<(), ControlError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let count = name.chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&count) {
        return Err(ControlError::invalid(format!(
            "`GroupName`: expected 1 to {NAME_CHARS_MAX} characters, found {count}"
        )));
    }
    if !name.chars().all(is_allowed) {
        return Err(ControlError::invalid(
            "`GroupName`: expected letters, digits and `_.-`",
        ));
    }
    Ok(())
}

fn unique_id(random: &mut StdRng) -> String {
    let bytes: [u8; 32] = random.random();
    let char = |byte: u8| char::from(UNIQUE_ID_CHARS[usize::from(byte & 31)]);
    bytes.into_iter().map(char).collect()
}

impl Control {
    /// All groups: `Default` first, then by name.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        self.groups.read().current(self.scope())
    }

    /// A group by its name or ARN.
    #[must_use]
    pub fn group(&self, selector: GroupSelector<'_>) -> Option<Group> {
        self.groups().into_iter().find(|group| match selector {
            GroupSelector::Name(name) => *group.name == *name,
            GroupSelector::Arn(arn) => *group.arn == *arn,
        })
    }

    /// Creates a group; its members are traces that change from now on.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for a broken constraint, an existing name or `Default`, an expression
    /// that cannot be used, notifications without insights, and over the allowed number.
    pub async fn create_group(&self, new: NewGroup, now: UnixNanos) -> Result<Group, ControlError> {
        let _one_change = self.changing.lock().await;
        let NewGroup {
            name,
            expression,
            insights,
            tags,
        } = new;
        check_name(&name)?;
        let mut groups = self.groups.read().clone();
        let current = groups.current(self.scope());
        if current.iter().any(|group| *group.name == *name) {
            return Err(ControlError::invalid(format!(
                "`GroupName`: a group named `{name}` exists"
            )));
        }
        let limit = self.settings.groups_max;
        if current.len() > limit {
            return Err(ControlError::invalid(format!(
                "the account already has {limit} groups, the most allowed"
            )));
        }
        Candidate {
            groups: &groups,
            name: &name,
            arn: None,
            expression: &expression,
        }
        .check()?;
        let insights = insights.applied_to(InsightsConfiguration::default())?;
        let id: Arc<str> = self.unused_group_id(&groups).into();
        let history = GroupHistory {
            id: Arc::clone(&id),
            arn: group_arn(self.scope(), &name, &id).into(),
            name: name.into(),
            versions: vec![GroupVersion {
                version: 1,
                since: self.next_change(now),
                expression: expression.into(),
            }],
            deleted: None,
        };
        groups.histories.push(history);
        self.keep_group(groups, &id, insights, tags, now).await
    }

    /// Changes a group; of `Default` only the insights settings. A changed expression has a new version
    /// and decides about traces that change from now on.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for an unknown group, an expression that cannot be used (one that makes
    /// the group refer to itself included), and notifications without insights.
    pub async fn update_group(
        &self,
        selector: GroupSelector<'_>,
        update: GroupUpdate,
        now: UnixNanos,
    ) -> Result<Group, ControlError> {
        let _one_change = self.changing.lock().await;
        let before = self.known_group(selector)?;
        let GroupUpdate {
            expression,
            insights,
        } = update;
        let insights = insights.applied_to(before.insights)?;
        let mut groups = self.groups.read().clone();
        if let Some(expression) = expression {
            if before.is_default() {
                return Err(ControlError::invalid(
                    "`FilterExpression`: the Default group holds all traces; only its \
                     `InsightsConfiguration` can be changed",
                ));
            }
            Candidate {
                groups: &groups,
                name: &before.name,
                arn: Some(&before.arn),
                expression: &expression,
            }
            .check()?;
            let since = self.next_change(now);
            if *before.expression != *expression
                && let Some(history) = groups.history_mut(&before.id)
            {
                history.versions.push(GroupVersion {
                    version: before.version.saturating_add(1),
                    since,
                    expression: expression.into(),
                });
            }
        }
        let no_tags = BTreeMap::new();
        self.keep_group(groups, &before.id, insights, no_tags, now)
            .await
    }

    /// Deletes a group. Groups whose expression names it cannot be used from then on: they are skipped
    /// when traces are judged, until they are changed or a group of that name is created.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for `Default` or an unknown group.
    pub async fn delete_group(
        &self,
        selector: GroupSelector<'_>,
        now: UnixNanos,
    ) -> Result<(), ControlError> {
        let _one_change = self.changing.lock().await;
        let group = self.known_group(selector)?;
        if group.is_default() {
            return Err(ControlError::invalid("the Default group cannot be deleted"));
        }
        let mut groups = self.groups.read().clone();
        let deleted = self.next_change(now);
        if let Some(history) = groups.history_mut(&group.id) {
            history.deleted = Some(deleted);
        }
        groups.insights.remove(&group.id);
        let storage = || ControlError::storage("delete a group");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        stored::mark_deleted(&mut transaction, self.scope(), &group.id, deleted).await?;
        tags::delete_all(&mut transaction, self.scope(), &group.arn).await?;
        self.prune_groups(&mut transaction, &mut groups, now)
            .await?;
        transaction.commit().await.map_err(storage())?;
        self.tags.write().remove(&group.arn);
        self.publish_groups(groups);
        Ok(())
    }

    fn known_group(&self, selector: GroupSelector<'_>) -> Result<Group, ControlError> {
        self.group(selector).ok_or_else(|| {
            let (member, wanted) = match selector {
                GroupSelector::Name(name) => ("GroupName", name),
                GroupSelector::Arn(arn) => ("GroupARN", arn),
            };
            ControlError::invalid(format!("`{member}`: no group `{wanted}`"))
        })
    }

    /// Makes a created group, with its tags, or a changed one durable, then visible.
    async fn keep_group(
        &self,
        mut groups: Groups,
        id: &Arc<str>,
        insights: InsightsConfiguration,
        new_tags: BTreeMap<String, String>,
        now: UnixNanos,
    ) -> Result<Group, ControlError> {
        groups.insights.insert(Arc::clone(id), insights);
        let storage = || ControlError::storage("write a group");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        let history = groups.histories.iter().find(|group| group.id == *id);
        stored::write(&mut transaction, self.scope(), id, history, insights).await?;
        let kept = history
            .and_then(|history| groups.group(history))
            .unwrap_or_else(|| groups.default_group(self.scope()));
        tags::write(&mut transaction, self.scope(), &kept.arn, &new_tags).await?;
        self.prune_groups(&mut transaction, &mut groups, now)
            .await?;
        transaction.commit().await.map_err(storage())?;
        if !new_tags.is_empty() {
            self.tags.write().put(&kept.arn, new_tags);
        }
        self.publish_groups(groups);
        Ok(kept)
    }

    async fn prune_groups(
        &self,
        connection: &mut sqlx::SqliteConnection,
        groups: &mut Groups,
        now: UnixNanos,
    ) -> Result<(), ControlError> {
        let cut = self.settings.history_cut(&groups.changes(), now);
        groups.prune(cut);
        stored::prune(connection, self.scope(), cut).await
    }

    fn publish_groups(&self, groups: Groups) {
        *self.groups.write() = groups;
        self.publish_history();
    }

    /// Random, and not that of a group whose past is kept.
    fn unused_group_id(&self, groups: &Groups) -> String {
        let mut random = self.random.lock();
        loop {
            let id = unique_id(&mut random);
            if groups.histories.iter().all(|group| *group.id != *id) {
                return id;
            }
        }
    }
}
