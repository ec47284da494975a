//! [`Control`]: the settings of one server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use roentgen_model::sampling::quota::Client;
use roentgen_model::sampling::rule::{DEFAULT_RULE_NAME, SamplingRule};
use roentgen_model::settings_history::SettingsHistory;
use roentgen_model::{Scope, Stamp, UnixNanos};
use sqlx::SqlitePool;
use tokio::sync::watch;

use crate::encryption::EncryptionConfigs;
use crate::groups::{self, GROUPS_MAX, Groups};
use crate::sampling_rules::{
    CUSTOM_RULES_MAX, RuleSelector, SamplingRuleRecord, SamplingRuleUpdate, StoredRule, rule_arn,
    validate,
};
use crate::sampling_targets::{
    Counts, SamplingTargets, StatisticsReport, StatisticsWindow, Targets,
};
use crate::{ControlError, database};

#[cfg(test)]
mod tests;

const TOKEN_KEY: &str = "token_key";
const LAST_RULE_MODIFICATION: &str = "last_rule_modification";
/// A trace may count from so long after its documents came (LIMIT-1, a start ahead) and stay until its
/// whole day is over: the history outlives the data by it.
const HISTORY_MARGIN: Duration = Duration::from_secs(2 * 24 * 3600);
/// Changes of groups, and of indexing, that are kept: each costs a check of its expressions. Beyond it
/// the oldest are forgotten; documents of that time are then judged as by the oldest known.
const HISTORY_CHANGES_MAX: usize = 1_000;

/// Where settings are kept, and for whom.
#[derive(Clone, Debug)]
pub struct ControlSettings {
    /// `control.db`; `None` keeps everything in memory (tests).
    pub path: Option<PathBuf>,
    pub scope: Scope,
    /// Custom sampling rules allowed; AWS's 25 unless configured.
    pub custom_rules_max: usize,
    /// Groups allowed beside `Default`; AWS's 25 unless configured.
    pub groups_max: usize,
    /// The retention of traces: how long expressions of groups and shares of indexing are kept that
    /// are no longer valid. 30 days unless configured.
    pub data_kept: Duration,
}

impl ControlSettings {
    /// The settings of `scope` in the file at `path`.
    #[must_use]
    pub fn new(path: Option<PathBuf>, scope: Scope) -> Self {
        Self {
            path,
            scope,
            custom_rules_max: CUSTOM_RULES_MAX,
            groups_max: GROUPS_MAX,
            data_kept: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

impl ControlSettings {
    /// What was superseded at this stamp or before may be forgotten, by age and by number: `changes`
    /// are all that are kept, ascending.
    pub(crate) fn history_cut(&self, changes: &[Stamp], now: UnixNanos) -> Stamp {
        let kept = self.data_kept.saturating_add(HISTORY_MARGIN).as_nanos();
        let by_age = Stamp(
            now.0
                .saturating_sub(i64::try_from(kept).unwrap_or(i64::MAX)),
        );
        let over = changes.len().checked_sub(HISTORY_CHANGES_MAX);
        let by_number = over.and_then(|over| changes.get(over));
        by_number.map_or(by_age, |by_number| by_age.max(*by_number))
    }
}

/// The settings of one server: reads are answered from memory, changes are durable before they are
/// answered. Quotas and statistics are written by [`Control::write_statistics`] only (SAMP-1).
#[derive(Debug)]
pub struct Control {
    pub(crate) pool: SqlitePool,
    pub(crate) settings: ControlSettings,
    token_key: [u8; 32],
    encryption: EncryptionConfigs,
    rules: RwLock<Rules>,
    targets: Mutex<Targets>,
    pub(crate) groups: RwLock<Groups>,
    history: watch::Sender<Arc<SettingsHistory>>,
    /// Of unique ids.
    pub(crate) random: Mutex<StdRng>,
    /// One change of settings at a time, over its write to the file.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Rules {
    /// Sorted by (priority, name); `Default` is always there.
    records: Vec<SamplingRuleRecord>,
    last_modification: UnixNanos,
}

impl Control {
    /// Opens the settings, creating the file if there is none. `seed` makes the key for page tokens on
    /// first use, and unique ids. Quotas as last written count as given for one activity window from `now`.
    ///
    /// # Errors
    /// [`ControlError::Storage`] and [`ControlError::Damaged`].
    pub async fn open(
        settings: ControlSettings,
        seed: [u8; 32],
        now: UnixNanos,
    ) -> Result<Self, ControlError> {
        let pool = database::open(settings.path.as_deref()).await?;
        let mut random = StdRng::from_seed(seed);
        let mut first_key = vec![0; 32];
        random.fill_bytes(&mut first_key);
        let key = database::value_or_insert(&pool, TOKEN_KEY, || first_key).await?;
        let token_key = key.try_into().map_err(|_| ControlError::Damaged {
            what: "token key",
            reason: "expected 32 bytes".into(),
        })?;
        let encryption = EncryptionConfigs::open(&pool, &settings.scope).await?;
        let rules = load_rules(&pool, &settings.scope).await?;
        let targets = load_targets(&pool, &settings.scope, now).await?;
        let groups = groups::load(&pool, &settings.scope, settings.history_cut(&[], now)).await?;
        let history = SettingsHistory::new(groups.histories.clone(), Vec::new());
        Ok(Self {
            pool,
            settings,
            token_key,
            encryption,
            rules: RwLock::new(rules),
            targets: Mutex::new(targets),
            groups: RwLock::new(groups),
            history: watch::Sender::new(Arc::new(history)),
            random: Mutex::new(random),
            changing: tokio::sync::Mutex::new(()),
        })
    }

    /// The key that seals page tokens; the same after a restart.
    #[must_use]
    pub fn token_key(&self) -> [u8; 32] {
        self.token_key
    }

    /// What data is written under.
    #[must_use]
    pub fn encryption(&self) -> &EncryptionConfigs {
        &self.encryption
    }

    /// Whose settings these are.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.settings.scope
    }

    /// The settings that shape facts, with their past as long as data may be judged by it (ASM-2).
    #[must_use]
    pub fn history(&self) -> Arc<SettingsHistory> {
        self.history.borrow().clone()
    }

    /// The history as it changes; what is seen there is durable.
    #[must_use]
    pub fn watch_history(&self) -> watch::Receiver<Arc<SettingsHistory>> {
        self.history.subscribe()
    }

    /// When a change that is made now begins to be valid: after every one before.
    pub(crate) fn next_change(&self, now: UnixNanos) -> Stamp {
        let last = self.history.borrow().newest_change();
        last.map_or(Stamp(now.0), |last| {
            Stamp(now.0.max(last.0.saturating_add(1)))
        })
    }

    pub(crate) fn publish_history(&self) {
        let groups = self.groups.read().histories.clone();
        let history = SettingsHistory::new(groups, Vec::new());
        self.history.send_replace(Arc::new(history));
    }

    /// All rules with `Default`, sorted by (priority, name).
    #[must_use]
    pub fn sampling_rules(&self) -> Vec<SamplingRuleRecord> {
        self.rules.read().records.clone()
    }

    /// Creates a custom rule.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for a broken constraint, an existing name or `Default`;
    /// [`ControlError::RuleLimit`] over the allowed number.
    pub async fn create_sampling_rule(
        &self,
        rule: SamplingRule,
        now: UnixNanos,
    ) -> Result<SamplingRuleRecord, ControlError> {
        let _one_change = self.changing.lock().await;
        let mut records = self.sampling_rules();
        if rule.name == DEFAULT_RULE_NAME {
            return Err(ControlError::invalid(
                "the Default rule exists and cannot be created",
            ));
        }
        validate(&rule)?;
        if records.iter().any(|r| r.rule.name == rule.name) {
            let name = &rule.name;
            return Err(ControlError::invalid(format!(
                "a sampling rule named `{name}` exists"
            )));
        }
        let limit = self.settings.custom_rules_max;
        if records.len() > limit {
            return Err(ControlError::RuleLimit { limit });
        }
        let record = SamplingRuleRecord {
            rule,
            created_at: now,
            modified_at: now,
        };
        self.store_rule(&record, now).await?;
        records.push(record.clone());
        self.publish(records, now);
        Ok(record)
    }

    /// Changes a rule; of `Default` only rate, reservoir and boost.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for an unknown rule or a broken constraint.
    pub async fn update_sampling_rule(
        &self,
        selector: &RuleSelector,
        update: SamplingRuleUpdate,
        now: UnixNanos,
    ) -> Result<SamplingRuleRecord, ControlError> {
        let _one_change = self.changing.lock().await;
        let mut records = self.sampling_rules();
        let record = self.find(&mut records, selector)?;
        record.rule = update.applied_to(&record.rule)?;
        record.modified_at = now;
        let changed = record.clone();
        self.store_rule(&changed, now).await?;
        self.publish(records, now);
        Ok(changed)
    }

    /// Deletes a custom rule and returns it.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for `Default` or an unknown rule.
    pub async fn delete_sampling_rule(
        &self,
        selector: &RuleSelector,
        now: UnixNanos,
    ) -> Result<SamplingRuleRecord, ControlError> {
        let _one_change = self.changing.lock().await;
        let mut records = self.sampling_rules();
        let deleted = self.find(&mut records, selector)?.clone();
        if deleted.rule.name == DEFAULT_RULE_NAME {
            return Err(ControlError::invalid("the Default rule cannot be deleted"));
        }
        let storage = || ControlError::storage("delete a sampling rule");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        sqlx::query("DELETE FROM sampling_rule WHERE account = ? AND region = ? AND name = ?")
            .bind(self.settings.scope.account.as_ref())
            .bind(self.settings.scope.region.as_ref())
            .bind(&deleted.rule.name)
            .execute(&mut *transaction)
            .await
            .map_err(storage())?;
        database::put_value(
            &mut *transaction,
            LAST_RULE_MODIFICATION,
            &now.0.to_be_bytes(),
        )
        .await?;
        transaction.commit().await.map_err(storage())?;
        records.retain(|r| r.rule.name != deleted.rule.name);
        self.publish(records, now);
        self.targets.lock().reservoirs.remove(&deleted.rule.name);
        Ok(deleted)
    }

    /// Takes clients' reports and answers their targets (sampling.md 5).
    #[must_use]
    pub fn sampling_targets(
        &self,
        reports: Vec<StatisticsReport>,
        now: UnixNanos,
    ) -> SamplingTargets {
        let rules = self.rules.read().clone();
        let answer = self.targets.lock().answer(&rules.records, reports, now);
        SamplingTargets {
            last_rule_modification: rules.last_modification,
            ..answer
        }
    }

    /// Statistics of the last ten minutes, newest first (sampling.md 7).
    #[must_use]
    pub fn statistics_windows(&self, now: UnixNanos) -> Vec<StatisticsWindow> {
        self.targets.lock().windows(now)
    }

    /// Writes quotas and statistics if they changed; to be called every ten seconds and at the end
    /// (SAMP-1).
    ///
    /// # Errors
    /// [`ControlError::Storage`]; nothing is lost from memory, the next call tries again.
    pub async fn write_statistics(&self) -> Result<(), ControlError> {
        let Some((quotas, windows)) = self.changed_statistics() else {
            return Ok(());
        };
        let written = self.write_all(quotas, windows).await;
        if written.is_err() {
            self.targets.lock().changed = true;
        }
        written
    }

    fn changed_statistics(&self) -> Option<(Vec<QuotaRow>, Vec<WindowRow>)> {
        let mut targets = self.targets.lock();
        if !std::mem::take(&mut targets.changed) {
            return None;
        }
        let of_rule =
            |(rule, reservoir): (&String, &roentgen_model::sampling::quota::Reservoir)| {
                let rule = rule.clone();
                reservoir
                    .clients()
                    .map(|(id, c)| (rule.clone(), id.to_owned(), *c))
                    .collect::<Vec<_>>()
            };
        let quotas = targets.reservoirs.iter().flat_map(of_rule).collect();
        let windows = targets
            .windows
            .iter()
            .map(|(key, counts)| (key.clone(), *counts))
            .collect();
        Some((quotas, windows))
    }

    async fn write_all(
        &self,
        quotas: Vec<QuotaRow>,
        windows: Vec<WindowRow>,
    ) -> Result<(), ControlError> {
        let storage = || ControlError::storage("write sampling statistics");
        let scope = &self.settings.scope;
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        for table in [
            "DELETE FROM sampling_quota WHERE account = ? AND region = ?",
            "DELETE FROM sampling_window WHERE account = ? AND region = ?",
        ] {
            sqlx::query(table)
                .bind(scope.account.as_ref())
                .bind(scope.region.as_ref())
                .execute(&mut *transaction)
                .await
                .map_err(storage())?;
        }
        for (rule, client_id, client) in quotas {
            sqlx::query("INSERT INTO sampling_quota VALUES (?, ?, ?, ?, ?, ?, ?)")
                .bind(scope.account.as_ref())
                .bind(scope.region.as_ref())
                .bind(rule)
                .bind(client_id)
                .bind(client.last_seen.0)
                .bind(client.rate)
                .bind(i64::from(client.quota))
                .execute(&mut *transaction)
                .await
                .map_err(storage())?;
        }
        for ((start, rule), counts) in windows {
            sqlx::query("INSERT INTO sampling_window VALUES (?, ?, ?, ?, ?, ?, ?)")
                .bind(scope.account.as_ref())
                .bind(scope.region.as_ref())
                .bind(rule)
                .bind(start)
                .bind(whole(counts.requests))
                .bind(whole(counts.sampled))
                .bind(whole(counts.borrowed))
                .execute(&mut *transaction)
                .await
                .map_err(storage())?;
        }
        transaction.commit().await.map_err(storage())
    }

    fn find<'r>(
        &self,
        records: &'r mut [SamplingRuleRecord],
        selector: &RuleSelector,
    ) -> Result<&'r mut SamplingRuleRecord, ControlError> {
        let scope = &self.settings.scope;
        let is_it = |r: &&mut SamplingRuleRecord| match selector {
            RuleSelector::Name(name) => r.rule.name == *name,
            RuleSelector::Arn(arn) => rule_arn(scope, &r.rule.name) == *arn,
        };
        let (RuleSelector::Name(wanted) | RuleSelector::Arn(wanted)) = selector;
        let unknown = || ControlError::invalid(format!("no sampling rule `{wanted}`"));
        records.iter_mut().find(is_it).ok_or_else(unknown)
    }

    async fn store_rule(
        &self,
        record: &SamplingRuleRecord,
        now: UnixNanos,
    ) -> Result<(), ControlError> {
        let storage = || ControlError::storage("write a sampling rule");
        let body = serde_json::to_string(&StoredRule::from(record.rule.clone()))
            .expect("a rule of texts and finite numbers has a JSON form");
        let scope = &self.settings.scope;
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        sqlx::query("INSERT OR REPLACE INTO sampling_rule VALUES (?, ?, ?, ?, ?, ?)")
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .bind(&record.rule.name)
            .bind(body)
            .bind(record.created_at.0)
            .bind(record.modified_at.0)
            .execute(&mut *transaction)
            .await
            .map_err(storage())?;
        database::put_value(
            &mut *transaction,
            LAST_RULE_MODIFICATION,
            &now.0.to_be_bytes(),
        )
        .await?;
        transaction.commit().await.map_err(storage())
    }

    fn publish(&self, mut records: Vec<SamplingRuleRecord>, now: UnixNanos) {
        sort(&mut records);
        *self.rules.write() = Rules {
            records,
            last_modification: now,
        };
    }
}

type QuotaRow = (String, String, Client);
type WindowRow = ((i64, String), Counts);

fn sort(records: &mut [SamplingRuleRecord]) {
    records.sort_by(|a, b| {
        a.rule
            .priority
            .cmp(&b.rule.priority)
            .then_with(|| a.rule.name.cmp(&b.rule.name))
    });
}

async fn load_rules(pool: &SqlitePool, scope: &Scope) -> Result<Rules, ControlError> {
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT name, body, created_at, modified_at FROM sampling_rule WHERE account = ? AND region = ?",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(pool)
    .await
    .map_err(ControlError::storage("read sampling rules"))?;
    let mut records = Vec::with_capacity(rows.len() + 1);
    for (name, body, created_at, modified_at) in rows {
        let stored: StoredRule =
            serde_json::from_str(&body).map_err(|e| ControlError::Damaged {
                what: "sampling rule",
                reason: e.to_string(),
            })?;
        let rule = stored.named(name);
        let (created_at, modified_at) = (UnixNanos(created_at), UnixNanos(modified_at));
        records.push(SamplingRuleRecord {
            rule,
            created_at,
            modified_at,
        });
    }
    if !records.iter().any(|r| r.rule.name == DEFAULT_RULE_NAME) {
        let (created_at, modified_at) = (UnixNanos(0), UnixNanos(0));
        let rule = SamplingRule::default_rule();
        records.push(SamplingRuleRecord {
            rule,
            created_at,
            modified_at,
        });
    }
    sort(&mut records);
    let zero = || 0_i64.to_be_bytes().to_vec();
    let modified = database::value_or_insert(pool, LAST_RULE_MODIFICATION, zero).await?;
    let bytes: [u8; 8] = modified.try_into().map_err(|_| ControlError::Damaged {
        what: "time of the last rule change",
        reason: "expected 8 bytes".into(),
    })?;
    Ok(Rules {
        records,
        last_modification: UnixNanos(i64::from_be_bytes(bytes)),
    })
}

async fn load_targets(
    pool: &SqlitePool,
    scope: &Scope,
    now: UnixNanos,
) -> Result<Targets, ControlError> {
    let mut targets = Targets::default();
    let quotas: Vec<(String, String, i64, f64, i64)> = sqlx::query_as(
        "SELECT rule, client, last_seen, rate, quota FROM sampling_quota WHERE account = ? AND region = ?",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(pool)
    .await
    .map_err(ControlError::storage("read sampling quotas"))?;
    for (rule, client_id, last_seen, rate, quota) in quotas {
        let quota = u32::try_from(quota).unwrap_or(u32::MAX);
        let client = Client {
            last_seen: UnixNanos(last_seen),
            rate,
            quota,
        };
        targets
            .reservoirs
            .entry(rule)
            .or_default()
            .restore(&client_id, client, now);
    }
    let windows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT rule, start, requests, sampled, borrowed FROM sampling_window WHERE account = ? AND region = ?",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(pool)
    .await
    .map_err(ControlError::storage("read sampling statistics"))?;
    for (rule, start, requests, sampled, borrowed) in windows {
        let [requests, sampled, borrowed] = [requests, sampled, borrowed].map(count);
        targets.windows.insert(
            (start, rule),
            Counts {
                requests,
                sampled,
                borrowed,
            },
        );
    }
    Ok(targets)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
