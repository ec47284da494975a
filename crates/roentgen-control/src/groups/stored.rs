//! Groups in the settings file: one row a group, `Default` included once its insights settings were
//! changed, and one a version of an expression.

use std::sync::Arc;

use roentgen_model::settings_history::{GroupHistory, GroupVersion};
use roentgen_model::{Scope, Stamp};
use sqlx::{SqliteConnection, SqlitePool};

use super::{DEFAULT_GROUP_NAME, Groups, InsightsConfiguration, group_arn};
use crate::ControlError;

/// Reads all groups of a scope, forgetting what was superseded or deleted at `cut` or before.
pub(crate) async fn load(
    pool: &SqlitePool,
    scope: &Scope,
    cut: Stamp,
) -> Result<Groups, ControlError> {
    let storage = || ControlError::storage("read groups");
    let mut connection = pool.acquire().await.map_err(storage())?;
    prune(&mut connection, scope, cut).await?;
    let rows: Vec<(String, String, bool, bool, Option<i64>)> = sqlx::query_as(
        "SELECT id, name, insights, notifications, deleted FROM xray_group
         WHERE account = ? AND region = ? ORDER BY rowid",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(&mut *connection)
    .await
    .map_err(storage())?;
    let mut groups = Groups::default();
    for (id, name, insights_enabled, notifications_enabled, deleted) in rows {
        let id: Arc<str> = id.into();
        if deleted.is_none() {
            let insights = InsightsConfiguration {
                insights_enabled,
                notifications_enabled,
            };
            groups.insights.insert(Arc::clone(&id), insights);
        }
        if *id == *DEFAULT_GROUP_NAME {
            continue;
        }
        let versions = load_versions(&mut connection, scope, &id).await?;
        if versions.is_empty() {
            return Err(ControlError::Damaged {
                what: "group",
                reason: format!("`{name}` has no expression"),
            });
        }
        groups.histories.push(GroupHistory {
            arn: group_arn(scope, &name, &id).into(),
            id,
            name: name.into(),
            versions,
            deleted: deleted.map(Stamp),
        });
    }
    Ok(groups)
}

async fn load_versions(
    connection: &mut SqliteConnection,
    scope: &Scope,
    id: &str,
) -> Result<Vec<GroupVersion>, ControlError> {
    let rows: Vec<(u32, i64, String)> = sqlx::query_as(
        "SELECT version, since, expression FROM group_version
         WHERE account = ? AND region = ? AND id = ? ORDER BY version",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .bind(id)
    .fetch_all(connection)
    .await
    .map_err(ControlError::storage("read groups"))?;
    let version = |(version, since, expression): (u32, i64, String)| GroupVersion {
        version,
        since: Stamp(since),
        expression: expression.into(),
    };
    Ok(rows.into_iter().map(version).collect())
}

/// Writes a group (without a history: `Default`); of its versions the last, as no other changes.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    scope: &Scope,
    id: &str,
    history: Option<&GroupHistory>,
    insights: InsightsConfiguration,
) -> Result<(), ControlError> {
    let storage = || ControlError::storage("write a group");
    let name = history.map_or(DEFAULT_GROUP_NAME, |group| &*group.name);
    sqlx::query(
        "INSERT INTO xray_group (account, region, id, name, insights, notifications)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE
         SET insights = excluded.insights, notifications = excluded.notifications",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .bind(id)
    .bind(name)
    .bind(insights.insights_enabled)
    .bind(insights.notifications_enabled)
    .execute(&mut *connection)
    .await
    .map_err(storage())?;
    let Some(last) = history.and_then(|group| group.versions.last()) else {
        return Ok(());
    };
    let GroupVersion {
        version,
        since,
        expression,
    } = last;
    sqlx::query("INSERT OR IGNORE INTO group_version VALUES (?, ?, ?, ?, ?, ?)")
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .bind(id)
        .bind(version)
        .bind(since.0)
        .bind(expression.as_ref())
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(storage())
}

pub(super) async fn mark_deleted(
    connection: &mut SqliteConnection,
    scope: &Scope,
    id: &str,
    deleted: Stamp,
) -> Result<(), ControlError> {
    sqlx::query("UPDATE xray_group SET deleted = ? WHERE account = ? AND region = ? AND id = ?")
        .bind(deleted.0)
        .bind(scope.account.as_ref())
        .bind(scope.region.as_ref())
        .bind(id)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(ControlError::storage("delete a group"))
}

/// Forgets what was superseded or deleted at `cut` or before, as [`Groups::prune`] does.
pub(super) async fn prune(
    connection: &mut SqliteConnection,
    scope: &Scope,
    cut: Stamp,
) -> Result<(), ControlError> {
    for statement in [
        "DELETE FROM xray_group WHERE account = ? AND region = ? AND deleted <= ?",
        "DELETE FROM group_version AS old WHERE account = ? AND region = ? AND (
            EXISTS (SELECT 1 FROM group_version AS new
                WHERE new.account = old.account AND new.region = old.region AND new.id = old.id
                AND new.version > old.version AND new.since <= ?)
            OR NOT EXISTS (SELECT 1 FROM xray_group
                WHERE xray_group.account = old.account AND xray_group.region = old.region
                AND xray_group.id = old.id))",
    ] {
        sqlx::query(statement)
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .bind(cut.0)
            .execute(&mut *connection)
            .await
            .map_err(ControlError::storage("forget old groups"))?;
    }
    Ok(())
}
