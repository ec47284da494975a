//! What insights stand on over a restart: checkpoints of each group's detector, published insights and
//! their events (INS-1). Rows carry their body as JSON of a versioned stored type.

use std::sync::Arc;

use roentgen_model::UnixNanos;
use roentgen_model::insight::{Detector, Insight, InsightEvent, InsightId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Sqlite, Transaction};

use crate::{Control, ControlError};

mod stored;

#[cfg(test)]
mod tests;

/// Tables of this module.
pub(crate) const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS insight_group (
        account TEXT NOT NULL, region TEXT NOT NULL, group_id TEXT NOT NULL, since INTEGER NOT NULL,
        PRIMARY KEY (account, region, group_id)) STRICT",
    "CREATE TABLE IF NOT EXISTS insight_checkpoint (
        account TEXT NOT NULL, region TEXT NOT NULL, group_id TEXT NOT NULL,
        minute INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (account, region, group_id, minute)) STRICT",
    "CREATE TABLE IF NOT EXISTS insight (
        account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (account, region, id)) STRICT",
    "CREATE TABLE IF NOT EXISTS insight_event (
        account TEXT NOT NULL, region TEXT NOT NULL, insight_id TEXT NOT NULL,
        time INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (account, region, insight_id, time)) STRICT",
];

/// A published insight and the group it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct InsightRecord {
    /// The group's unique id, `Default` for that one.
    pub group_id: Arc<str>,
    pub group_name: Arc<str>,
    pub group_arn: Arc<str>,
    pub insight: Insight,
}

/// Everything kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InsightState {
    /// Groups that are judged, and since when.
    pub groups: Vec<(Arc<str>, UnixNanos)>,
    /// By group and minute: the detector before that minute was judged.
    pub checkpoints: Vec<(Arc<str>, UnixNanos, Detector)>,
    pub insights: Vec<InsightRecord>,
    /// By insight, then time.
    pub events: Vec<(InsightId, InsightEvent)>,
}

/// What one run of the judge changed; written as one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InsightChanges {
    /// Groups that begin to be judged.
    pub groups_added: Vec<(Arc<str>, UnixNanos)>,
    /// Groups that are judged no more; their checkpoints go too.
    pub groups_removed: Vec<Arc<str>>,
    /// Checkpoints of a group from here on are replaced by the ones below.
    pub checkpoints_replaced: Vec<(Arc<str>, UnixNanos)>,
    /// Checkpoints before this minute are of no more use.
    pub checkpoints_before: Vec<(Arc<str>, UnixNanos)>,
    pub checkpoints: Vec<(Arc<str>, UnixNanos, Arc<Detector>)>,
    /// New or changed.
    pub insights: Vec<InsightRecord>,
    /// New; an event that is there already is left as it is.
    pub events: Vec<(InsightId, InsightEvent)>,
    /// Insights that go, with their events.
    pub insights_removed: Vec<InsightId>,
}

impl InsightChanges {
    /// Nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Control {
    /// Everything kept of insights. Checkpoints and records that cannot be read are left out and logged:
    /// they are computed again from the traces.
    ///
    /// # Errors
    /// [`ControlError::Storage`].
    pub async fn insight_state(&self) -> Result<InsightState, ControlError> {
        let groups = self
            .insight_rows(
                "SELECT group_id, since, '' FROM insight_group WHERE account = ? AND region = ?",
            )
            .await?;
        let checkpoints = self
            .insight_rows("SELECT group_id, minute, body FROM insight_checkpoint WHERE account = ? AND region = ? ORDER BY group_id, minute")
            .await?;
        let insights = self
            .insight_rows(
                "SELECT id, 0, body FROM insight WHERE account = ? AND region = ? ORDER BY id",
            )
            .await?;
        let events = self
            .insight_rows("SELECT insight_id, time, body FROM insight_event WHERE account = ? AND region = ? ORDER BY insight_id, time")
            .await?;
        let groups = groups.into_iter().map(|row| (row.key.into(), row.time));
        let checkpoints = checkpoints.into_iter().filter_map(|row| {
            let stored: stored::StoredDetector = readable("insight checkpoint", &row.body)?;
            let group: Arc<str> = row.key.into();
            Some((Arc::clone(&group), row.time, stored.detector(group)))
        });
        let insights = insights.into_iter().filter_map(|row| {
            let stored: stored::StoredInsight = readable("insight", &row.body)?;
            Some(stored.record(InsightId::parse(&row.key)?))
        });
        let events = events.into_iter().filter_map(|row| {
            let stored: stored::StoredEvent = readable("insight event", &row.body)?;
            Some((InsightId::parse(&row.key)?, stored.event(row.time)))
        });
        Ok(InsightState {
            groups: groups.collect(),
            checkpoints: checkpoints.collect(),
            insights: insights.collect(),
            events: events.collect(),
        })
    }

    /// Writes what changed, all or nothing.
    ///
    /// # Errors
    /// [`ControlError::Storage`].
    pub async fn write_insights(&self, changes: &InsightChanges) -> Result<(), ControlError> {
        let storage = || ControlError::storage("write insights");
        let mut transaction = self.pool.begin().await.map_err(storage())?;
        let mut write = Write {
            control: self,
            transaction: &mut transaction,
        };
        write.groups(changes).await?;
        write.checkpoints(changes).await?;
        write.insights(changes).await?;
        transaction.commit().await.map_err(storage())
    }

    async fn insight_rows(&self, query: &'static str) -> Result<Vec<Row>, ControlError> {
        let scope = self.scope();
        let rows: Vec<(String, i64, String)> = sqlx::query_as(query)
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .fetch_all(&self.pool)
            .await
            .map_err(ControlError::storage("read insights"))?;
        let row = |(key, time, body): (String, i64, String)| Row {
            key,
            time: UnixNanos(time),
            body,
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

struct Row {
    key: String,
    time: UnixNanos,
    body: String,
}

/// Statements of one transaction: each binds account, region and a key, then what it has of a time and a body.
struct Write<'a, 't> {
    control: &'a Control,
    transaction: &'a mut Transaction<'t, Sqlite>,
}

impl Write<'_, '_> {
    async fn groups(&mut self, changes: &InsightChanges) -> Result<(), ControlError> {
        let group = "DELETE FROM insight_group WHERE account = ? AND region = ? AND group_id = ?";
        let checkpoints =
            "DELETE FROM insight_checkpoint WHERE account = ? AND region = ? AND group_id = ?";
        for id in &changes.groups_removed {
            self.run(group, id, None, None).await?;
            self.run(checkpoints, id, None, None).await?;
        }
        let add = "INSERT OR REPLACE INTO insight_group VALUES (?, ?, ?, ?)";
        for (id, since) in &changes.groups_added {
            self.run(add, id, Some(*since), None).await?;
        }
        Ok(())
    }

    async fn checkpoints(&mut self, changes: &InsightChanges) -> Result<(), ControlError> {
        let after = "DELETE FROM insight_checkpoint \
            WHERE account = ? AND region = ? AND group_id = ? AND minute >= ?";
        for (group, from) in &changes.checkpoints_replaced {
            self.run(after, group, Some(*from), None).await?;
        }
        let before = "DELETE FROM insight_checkpoint \
            WHERE account = ? AND region = ? AND group_id = ? AND minute < ?";
        for (group, until) in &changes.checkpoints_before {
            self.run(before, group, Some(*until), None).await?;
        }
        let add = "INSERT OR REPLACE INTO insight_checkpoint VALUES (?, ?, ?, ?, ?)";
        for (group, minute, detector) in &changes.checkpoints {
            let body = body(&stored::StoredDetector::new(detector));
            self.run(add, group, Some(*minute), Some(&body)).await?;
        }
        Ok(())
    }

    async fn insights(&mut self, changes: &InsightChanges) -> Result<(), ControlError> {
        let add = "INSERT OR REPLACE INTO insight VALUES (?, ?, ?, ?)";
        for record in &changes.insights {
            let body = body(&stored::StoredInsight::new(record));
            let id = record.insight.id.to_string();
            self.run(add, &id, None, Some(&body)).await?;
        }
        let add = "INSERT OR IGNORE INTO insight_event VALUES (?, ?, ?, ?, ?)";
        for (id, event) in &changes.events {
            let body = body(&stored::StoredEvent::new(event));
            self.run(add, &id.to_string(), Some(event.time), Some(&body))
                .await?;
        }
        let insight = "DELETE FROM insight WHERE account = ? AND region = ? AND id = ?";
        let events =
            "DELETE FROM insight_event WHERE account = ? AND region = ? AND insight_id = ?";
        for id in &changes.insights_removed {
            let id = id.to_string();
            self.run(insight, &id, None, None).await?;
            self.run(events, &id, None, None).await?;
        }
        Ok(())
    }

    async fn run(
        &mut self,
        statement: &'static str,
        key: &str,
        time: Option<UnixNanos>,
        body: Option<&str>,
    ) -> Result<(), ControlError> {
        let scope = self.control.scope();
        let mut query = sqlx::query(statement)
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .bind(key);
        if let Some(time) = time {
            query = query.bind(time.0);
        }
        if let Some(body) = body {
            query = query.bind(body);
        }
        query
            .execute(&mut **self.transaction)
            .await
            .map(|_| ())
            .map_err(ControlError::storage("write insights"))
    }
}

fn body<T: Serialize>(stored: &T) -> String {
    serde_json::to_string(stored).expect("texts and finite numbers have a JSON form")
}

fn readable<T: DeserializeOwned>(what: &str, body: &str) -> Option<T> {
    serde_json::from_str(body)
        .inspect_err(
            |error| tracing::warn!(what, %error, "a stored record cannot be read, left out"),
        )
        .ok()
}
