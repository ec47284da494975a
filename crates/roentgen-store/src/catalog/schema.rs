//! The tables, and whether a file holds them.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::CatalogError;
use super::database::database;

/// Kept in SQLite's `user_version`; 0 is a file without any table.
const VERSION: i64 = 1;

const TABLES: i64 = 4;

/// Unsigned 64-bit numbers (ids) are stored as the signed number of equal bits.
const CREATE: &str = "
    CREATE TABLE store_values (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE blocks (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        level INTEGER NOT NULL,
        is_damaged INTEGER NOT NULL,
        t0_min INTEGER NOT NULL,
        t0_max INTEGER NOT NULL,
        event_min INTEGER NOT NULL,
        event_max INTEGER NOT NULL,
        segment_end_min INTEGER,
        segment_end_max INTEGER,
        trace_id_min BLOB NOT NULL,
        trace_id_max BLOB NOT NULL,
        stamp_min INTEGER NOT NULL,
        stamp_max INTEGER NOT NULL,
        edge_slot_min INTEGER,
        edge_slot_max INTEGER,
        traces INTEGER NOT NULL,
        documents INTEGER NOT NULL,
        entities INTEGER NOT NULL,
        edge_rows INTEGER NOT NULL,
        document_bytes INTEGER NOT NULL,
        file_bytes INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE moved_traces (
        block_id INTEGER NOT NULL REFERENCES blocks (id) ON DELETE CASCADE,
        trace_id BLOB NOT NULL,
        edge_rows BLOB NOT NULL,
        PRIMARY KEY (block_id, trace_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE log_files (
        file INTEGER PRIMARY KEY,
        settled BLOB NOT NULL
    ) STRICT;
    PRAGMA user_version = 1;
";

/// Makes the tables in an empty file, else checks that they are there and sound.
pub(super) async fn check(connection: &mut SqliteConnection) -> Result<(), CatalogError> {
    let version = number(connection, "PRAGMA user_version").await?;
    if version > VERSION {
        return Err(CatalogError::UnsupportedVersion {
            version,
            supported: VERSION,
        });
    }
    let tables = number(
        connection,
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .await?;
    if version == 0 && tables == 0 {
        let script = format!("BEGIN IMMEDIATE; {CREATE} COMMIT;");
        let created = sqlx::raw_sql(sqlx::AssertSqlSafe(script))
            .execute(&mut *connection)
            .await;
        return created.map(|_| ()).map_err(database("create tables"));
    }
    if version != VERSION || tables != TABLES {
        return Err(CatalogError::Damaged(format!(
            "expected version {VERSION} with {TABLES} tables, found version {version} with {tables}"
        )));
    }
    let checked = sqlx::query("PRAGMA quick_check(1)")
        .fetch_one(&mut *connection)
        .await;
    let checked = checked.and_then(|row| row.try_get::<String, _>(0));
    match checked.map_err(database("check"))?.as_str() {
        "ok" => Ok(()),
        complaint => Err(CatalogError::Damaged(complaint.to_owned())),
    }
}

/// Whether a rebuild has finished on this catalog.
pub(super) async fn is_complete(connection: &mut SqliteConnection) -> Result<bool, CatalogError> {
    let query = "SELECT count(*) FROM store_values WHERE name = 'is_complete' AND value = 1";
    Ok(number(connection, query).await? == 1)
}

async fn number(
    connection: &mut SqliteConnection,
    query: &'static str,
) -> Result<i64, CatalogError> {
    let row = sqlx::query(query).fetch_one(&mut *connection).await;
    row.and_then(|row| row.try_get(0))
        .map_err(database("check"))
}
