//! Transaction Search: where segments go and which share of traces is indexed (spec api.md
//! "Transaction Search", INDEX-1), with its past as long as data may be judged by it (ASM-2).

use roentgen_model::settings_history::{ALL_INDEXED_PERCENTAGE, IndexingChange};
use roentgen_model::{Scope, Stamp, UnixNanos};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{Control, ControlError};

#[cfg(test)]
mod tests;

/// The one indexing rule.
pub const INDEXING_RULE_NAME: &str = "Default";
/// Percent of traces indexed at first once segments go to logs (limits.md).
const DEFAULT_PERCENTAGE: f64 = 1.0;

/// Where segments go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// Every trace is indexed.
    #[default]
    XRay,
    /// Transaction Search: every trace is kept, the rule's share is indexed.
    CloudWatchLogs,
}

/// The one indexing rule as it is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndexingRule {
    /// 0–100.
    pub desired_percentage: f64,
    /// What is in force: all while the destination is `XRay`.
    pub actual_percentage: f64,
    /// The epoch if it never was.
    pub modified_at: UnixNanos,
}

/// Destination and rule of a scope. Changed by copy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Indexing {
    destination: Destination,
    /// ARN of the key named for the span store. Kept and not used: files are encrypted as
    /// `PutEncryptionConfig` says.
    log_key: Option<String>,
    /// Segments went to logs at some time.
    has_log_store: bool,
    desired_percentage: f64,
    modified_at: UnixNanos,
    /// Ascending; before the first all traces were indexed.
    pub(crate) changes: Vec<IndexingChange>,
}

impl Default for Indexing {
    fn default() -> Self {
        Self {
            destination: Destination::XRay,
            log_key: None,
            has_log_store: false,
            desired_percentage: DEFAULT_PERCENTAGE,
            modified_at: UnixNanos(0),
            changes: Vec::new(),
        }
    }
}

impl Indexing {
    fn percentage(&self) -> f64 {
        match self.destination {
            Destination::XRay => ALL_INDEXED_PERCENTAGE,
            Destination::CloudWatchLogs => self.desired_percentage,
        }
    }

    fn rule(&self) -> IndexingRule {
        IndexingRule {
            desired_percentage: self.desired_percentage,
            actual_percentage: self.percentage(),
            modified_at: self.modified_at,
        }
    }

    fn prune(&mut self, cut: Stamp) {
        let valid = self.changes.partition_point(|change| change.since <= cut);
        self.changes.drain(..valid.saturating_sub(1));
    }
}

impl Control {
    /// Where segments go.
    #[must_use]
    pub fn segment_destination(&self) -> Destination {
        self.indexing.read().destination
    }

    /// The indexing rule.
    #[must_use]
    pub fn indexing_rule(&self) -> IndexingRule {
        self.indexing.read().rule()
    }

    /// Sends segments elsewhere, at once; traces that begin from now on are indexed accordingly.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] for a key once segments went to logs, as documented.
    pub async fn set_segment_destination(
        &self,
        destination: Destination,
        log_key: Option<String>,
        now: UnixNanos,
    ) -> Result<(), ControlError> {
        let _one_change = self.changing.lock().await;
        let mut indexing = self.indexing.read().clone();
        if log_key.is_some() {
            if indexing.has_log_store {
                return Err(ControlError::invalid(
                    "`CloudWatchLogsConfiguration.SpansLogGroupKmsKeyId`: the span store exists; \
                     its key cannot be chosen any more",
                ));
            }
            indexing.log_key = log_key;
        }
        indexing.destination = destination;
        indexing.has_log_store |= destination == Destination::CloudWatchLogs;
        self.keep_indexing(indexing, now).await
    }

    /// Changes the share of the rule (0–100, checked by the caller).
    ///
    /// # Errors
    /// [`ControlError::Storage`].
    pub async fn set_indexing_percentage(
        &self,
        desired_percentage: f64,
        now: UnixNanos,
    ) -> Result<IndexingRule, ControlError> {
        let _one_change = self.changing.lock().await;
        let mut indexing = self.indexing.read().clone();
        indexing.desired_percentage = desired_percentage;
        indexing.modified_at = now;
        let rule = indexing.rule();
        self.keep_indexing(indexing, now).await?;
        Ok(rule)
    }

    async fn keep_indexing(
        &self,
        mut indexing: Indexing,
        now: UnixNanos,
    ) -> Result<(), ControlError> {
        let percentage = indexing.percentage();
        let last = indexing.changes.last();
        if last.map_or(ALL_INDEXED_PERCENTAGE, |last| last.percentage) != percentage {
            let since = self.next_change(now);
            indexing.changes.push(IndexingChange { since, percentage });
        }
        let stamps: Vec<_> = indexing.changes.iter().map(|change| change.since).collect();
        let cut = self.settings.history_cut(&stamps, now);
        indexing.prune(cut);
        let storage = || ControlError::storage("write the indexing settings");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        write(&mut transaction, self.scope(), &indexing).await?;
        prune(&mut transaction, self.scope(), cut).await?;
        transaction.commit().await.map_err(storage())?;
        *self.indexing.write() = indexing;
        self.publish_history();
        Ok(())
    }
}

/// Reads the settings of a scope, forgetting shares that were superseded at `cut` or before.
pub(crate) async fn load(
    pool: &SqlitePool,
    scope: &Scope,
    cut: Stamp,
) -> Result<Indexing, ControlError> {
    let storage = || ControlError::storage("read the indexing settings");
    let mut connection = pool.acquire().await.map_err(storage())?;
    prune(&mut connection, scope, cut).await?;
    let row: Option<(bool, Option<String>, bool, f64, i64)> = sqlx::query_as(
        "SELECT to_logs, log_key, log_store, percentage, modified FROM indexing
         WHERE account = ? AND region = ?",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_optional(&mut *connection)
    .await
    .map_err(storage())?;
    let Some((to_logs, log_key, has_log_store, desired_percentage, modified)) = row else {
        return Ok(Indexing::default());
    };
    let rows: Vec<(i64, f64)> = sqlx::query_as(
        "SELECT since, percentage FROM indexing_change
         WHERE account = ? AND region = ? ORDER BY since",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(&mut *connection)
    .await
    .map_err(storage())?;
    let change = |(since, percentage)| IndexingChange {
        since: Stamp(since),
        percentage,
    };
    let destination = if to_logs {
        Destination::CloudWatchLogs
    } else {
        Destination::XRay
    };
    Ok(Indexing {
        destination,
        log_key,
        has_log_store,
        desired_percentage,
        modified_at: UnixNanos(modified),
        changes: rows.into_iter().map(change).collect(),
    })
}

async fn write(
    connection: &mut SqliteConnection,
    scope: &Scope,
    indexing: &Indexing,
) -> Result<(), ControlError> {
    let storage = || ControlError::storage("write the indexing settings");
    let Indexing {
        destination,
        log_key,
        has_log_store,
        desired_percentage,
        modified_at,
        changes,
    } = indexing;
    sqlx::query("INSERT OR REPLACE INTO indexing VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .bind(*destination == Destination::CloudWatchLogs)
        .bind(log_key.as_deref())
        .bind(has_log_store)
        .bind(desired_percentage)
        .bind(modified_at.0)
        .execute(&mut *connection)
        .await
        .map_err(storage())?;
    let Some(IndexingChange { since, percentage }) = changes.last() else {
        return Ok(());
    };
    sqlx::query("INSERT OR IGNORE INTO indexing_change VALUES (?, ?, ?, ?)")
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .bind(since.0)
        .bind(percentage)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(storage())
}

async fn prune(
    connection: &mut SqliteConnection,
    scope: &Scope,
    cut: Stamp,
) -> Result<(), ControlError> {
    sqlx::query(
        "DELETE FROM indexing_change AS old WHERE account = ? AND region = ?
         AND EXISTS (SELECT 1 FROM indexing_change AS new
            WHERE new.account = old.account AND new.region = old.region
            AND new.since > old.since AND new.since <= ?)",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .bind(cut.0)
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(ControlError::storage("forget old shares of indexing"))
}
