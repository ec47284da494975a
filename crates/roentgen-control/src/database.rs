//! `control.db`: SQLite, one connection that writes, WAL mode, every commit synced.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::ControlError;

const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS settings_value (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS sampling_rule (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
        body TEXT NOT NULL, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,
        PRIMARY KEY (account, region, name)) STRICT",
    "CREATE TABLE IF NOT EXISTS sampling_quota (
        account TEXT NOT NULL, region TEXT NOT NULL, rule TEXT NOT NULL, client TEXT NOT NULL,
        last_seen INTEGER NOT NULL, rate REAL NOT NULL, quota INTEGER NOT NULL,
        PRIMARY KEY (account, region, rule, client)) STRICT",
    "CREATE TABLE IF NOT EXISTS sampling_window (
        account TEXT NOT NULL, region TEXT NOT NULL, rule TEXT NOT NULL, start INTEGER NOT NULL,
        requests INTEGER NOT NULL, sampled INTEGER NOT NULL, borrowed INTEGER NOT NULL,
        PRIMARY KEY (account, region, rule, start)) STRICT",
    // `group` is a word of SQL. The order of rows is that of creation.
    "CREATE TABLE IF NOT EXISTS xray_group (
        account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
        insights INTEGER NOT NULL, notifications INTEGER NOT NULL, deleted INTEGER,
        PRIMARY KEY (account, region, id)) STRICT",
    "CREATE TABLE IF NOT EXISTS group_version (
        account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
        since INTEGER NOT NULL, expression TEXT NOT NULL,
        PRIMARY KEY (account, region, id, version)) STRICT",
    "CREATE TABLE IF NOT EXISTS sampling_boost (
        account TEXT NOT NULL, region TEXT NOT NULL, rule TEXT NOT NULL,
        rate REAL NOT NULL, start INTEGER NOT NULL,
        PRIMARY KEY (account, region, rule)) STRICT",
    "CREATE TABLE IF NOT EXISTS resource_tag (
        account TEXT NOT NULL, region TEXT NOT NULL, arn TEXT NOT NULL, key TEXT NOT NULL,
        value TEXT NOT NULL, PRIMARY KEY (account, region, arn, key)) STRICT",
    "CREATE TABLE IF NOT EXISTS resource_policy (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
        revision INTEGER NOT NULL, updated INTEGER NOT NULL,
        PRIMARY KEY (account, region, name)) STRICT",
    "CREATE TABLE IF NOT EXISTS indexing (
        account TEXT NOT NULL, region TEXT NOT NULL, to_logs INTEGER NOT NULL,
        log_key TEXT, log_store INTEGER NOT NULL, percentage REAL NOT NULL,
        modified INTEGER NOT NULL, PRIMARY KEY (account, region)) STRICT",
    "CREATE TABLE IF NOT EXISTS indexing_change (
        account TEXT NOT NULL, region TEXT NOT NULL, since INTEGER NOT NULL,
        percentage REAL NOT NULL, PRIMARY KEY (account, region, since)) STRICT",
];

/// Opens the file, or an in-memory database for tests (`None`), with its tables.
pub(crate) async fn open(path: Option<&Path>) -> Result<SqlitePool, ControlError> {
    let options = match path {
        Some(path) => SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true),
        None => SqliteConnectOptions::new().in_memory(true),
    };
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(ControlError::storage("open tables"))?;
    for table in TABLES.iter().chain(crate::insight_state::TABLES) {
        sqlx::query(*table)
            .execute(&pool)
            .await
            .map_err(ControlError::storage("create tables"))?;
    }
    Ok(pool)
}

/// The value under `name`, made by `make` and kept if there is none yet.
pub(crate) async fn value_or_insert(
    pool: &SqlitePool,
    name: &str,
    make: impl FnOnce() -> Vec<u8>,
) -> Result<Vec<u8>, ControlError> {
    let found: Option<(Vec<u8>,)> =
        sqlx::query_as("SELECT value FROM settings_value WHERE name = ?")
            .bind(name)
            .fetch_optional(pool)
            .await
            .map_err(ControlError::storage("read a value"))?;
    if let Some((value,)) = found {
        return Ok(value);
    }
    let value = make();
    sqlx::query("INSERT INTO settings_value (name, value) VALUES (?, ?)")
        .bind(name)
        .bind(&value)
        .execute(pool)
        .await
        .map_err(ControlError::storage("write a value"))?;
    Ok(value)
}

/// Writes the value under `name`, new or not.
pub(crate) async fn put_value<'e>(
    executor: impl sqlx::SqliteExecutor<'e>,
    name: &str,
    value: &[u8],
) -> Result<(), ControlError> {
    sqlx::query("INSERT OR REPLACE INTO settings_value (name, value) VALUES (?, ?)")
        .bind(name)
        .bind(value)
        .execute(executor)
        .await
        .map(|_| ())
        .map_err(ControlError::storage("write a value"))
}
