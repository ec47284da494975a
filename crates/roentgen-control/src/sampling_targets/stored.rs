//! Quotas, boosts and statistics in the settings file, written all together (SAMP-1).

use roentgen_model::sampling::boost::SamplingBoost;
use roentgen_model::sampling::quota::Client;
use roentgen_model::{Scope, UnixNanos};
use sqlx::SqlitePool;

use super::{Counts, Targets};
use crate::ControlError;

/// What is written of [`Targets`].
pub(super) struct Rows {
    /// (rule, client id, client).
    quotas: Vec<(String, String, Client)>,
    /// (rule, its last boost).
    boosts: Vec<(String, SamplingBoost)>,
    windows: Vec<((i64, String), Counts)>,
}

impl Rows {
    pub(super) fn of(targets: &Targets) -> Self {
        let quotas = targets.reservoirs.iter().flat_map(|(rule, reservoir)| {
            let clients = reservoir.clients();
            clients.map(move |(id, client)| (rule.clone(), id.to_owned(), *client))
        });
        let boosts = targets.boosts.iter().filter_map(|(rule, boosts)| {
            let last = boosts.last()?;
            Some((rule.clone(), last))
        });
        let windows = targets.windows.iter();
        Self {
            quotas: quotas.collect(),
            boosts: boosts.collect(),
            windows: windows
                .map(|(key, counts)| (key.clone(), *counts))
                .collect(),
        }
    }
}

pub(super) async fn write(
    pool: &SqlitePool,
    scope: &Scope,
    rows: Rows,
) -> Result<(), ControlError> {
    let storage = || ControlError::storage("write sampling statistics");
    let Rows {
        quotas,
        boosts,
        windows,
    } = rows;
    let mut transaction = pool.begin().await.map_err(storage())?;
    for table in [
        "DELETE FROM sampling_quota WHERE account = ? AND region = ?",
        "DELETE FROM sampling_boost WHERE account = ? AND region = ?",
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
        let Client {
            last_seen,
            rate,
            quota,
        } = client;
        sqlx::query("INSERT INTO sampling_quota VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .bind(rule)
            .bind(client_id)
            .bind(last_seen.0)
            .bind(rate)
            .bind(i64::from(quota))
            .execute(&mut *transaction)
            .await
            .map_err(storage())?;
    }
    for (rule, boost) in boosts {
        let SamplingBoost { rate, start } = boost;
        sqlx::query("INSERT INTO sampling_boost VALUES (?, ?, ?, ?, ?)")
            .bind(scope.account.as_ref())
            .bind(scope.region.as_ref())
            .bind(rule)
            .bind(rate)
            .bind(start.0)
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

/// Reads what was written; quotas count as given for one activity window from `now` (SAMP-1).
pub(crate) async fn load(
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
    let boosts: Vec<(String, f64, i64)> = sqlx::query_as(
        "SELECT rule, rate, start FROM sampling_boost WHERE account = ? AND region = ?",
    )
    .bind(scope.account.as_ref())
    .bind(scope.region.as_ref())
    .fetch_all(pool)
    .await
    .map_err(ControlError::storage("read sampling boosts"))?;
    for (rule, rate, start) in boosts {
        let start = UnixNanos(start);
        let last = SamplingBoost { rate, start };
        targets.boosts.entry(rule).or_default().restore(last);
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
