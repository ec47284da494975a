//! Rows of the tables, to and from values.

use bytes::Bytes;
use roentgen_model::{Scope, Stamp, TraceId, UnixNanos};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteTransaction};

use super::database::database;
use super::{BlockRow, BlockState, CatalogError, MovedTrace};
use crate::block::{BlockId, BlockSummary};
use crate::wal::{Bitmap, SettledBits};

pub(super) const SELECT_BLOCKS: &str = "SELECT * FROM blocks ORDER BY account, region, t0_min, id";
pub(super) const SELECT_MOVED: &str =
    "SELECT block_id, trace_id, edge_rows FROM moved_traces ORDER BY block_id, trace_id";
pub(super) const SELECT_LOG_FILES: &str = "SELECT file, settled FROM log_files ORDER BY file";
pub(super) const SELECT_LAST_STAMP: &str =
    "SELECT value FROM store_values WHERE name = 'last_stamp'";

/// A locked block has a value of this name and its id.
const LOCKED_NAME: &str = "locked_block.";
pub(super) const SELECT_LOCKED: &str =
    "SELECT name FROM store_values WHERE name GLOB 'locked_block.*' ORDER BY name";

type Transaction<'a, 'c> = &'a mut SqliteTransaction<'c>;

pub(super) async fn insert_block(
    transaction: Transaction<'_, '_>,
    block: &BlockRow,
) -> Result<(), CatalogError> {
    let BlockRow {
        id,
        scope: Scope { account, region },
        level,
        summary,
        state,
    } = block;
    let BlockSummary {
        t0,
        event,
        segment_ends,
        trace_ids,
        stamps,
        edge_slots,
        traces,
        documents,
        entities,
        edge_rows,
        document_bytes,
        file_bytes,
    } = summary;
    let inserted = sqlx::query(
        "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(key(*id))
    .bind(&**account)
    .bind(&**region)
    .bind(i64::from(*level))
    .bind(matches!(state, BlockState::Damaged))
    .bind(t0.0.0)
    .bind(t0.1.0)
    .bind(event.0.0)
    .bind(event.1.0)
    .bind(segment_ends.map(|ends| ends.0.0))
    .bind(segment_ends.map(|ends| ends.1.0))
    .bind(trace_ids.0.bytes().to_vec())
    .bind(trace_ids.1.bytes().to_vec())
    .bind(stamps.0.0)
    .bind(stamps.1.0)
    .bind(edge_slots.map(|slots| slots.0.0))
    .bind(edge_slots.map(|slots| slots.1.0))
    .bind(traces.cast_signed())
    .bind(documents.cast_signed())
    .bind(entities.cast_signed())
    .bind(edge_rows.cast_signed())
    .bind(document_bytes.cast_signed())
    .bind(file_bytes.cast_signed())
    .execute(&mut **transaction)
    .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(e)) if e.is_unique_violation() => {
            Err(CatalogError::DuplicateBlock(*id))
        }
        Err(error) => Err(database("add a block")(error)),
    }
}

pub(super) fn block(row: &SqliteRow) -> Result<BlockRow, CatalogError> {
    read_block(row)
        .map_err(database("read a block"))?
        .ok_or_else(|| damaged("blocks"))
}

fn read_block(row: &SqliteRow) -> Result<Option<BlockRow>, sqlx::Error> {
    let nanos = |name: &str| row.try_get(name).map(UnixNanos);
    let stamp = |name: &str| row.try_get(name).map(Stamp);
    let count = |name: &str| row.try_get::<i64, _>(name).map(i64::cast_unsigned);
    let optional = |min: &str, max: &str| {
        let (min, max): (Option<i64>, Option<i64>) = (row.try_get(min)?, row.try_get(max)?);
        Ok::<_, sqlx::Error>(
            min.zip(max)
                .map(|(min, max)| (UnixNanos(min), UnixNanos(max))),
        )
    };
    let is_damaged: bool = row.try_get("is_damaged")?;
    let scope = Scope::new(row.try_get("account")?, row.try_get("region")?);
    let level = u32::try_from(row.try_get::<i64, _>("level")?).ok();
    let trace_id_min = trace_id(row.try_get("trace_id_min")?);
    let trace_id_max = trace_id(row.try_get("trace_id_max")?);
    let (Some(scope), Some(level), Some(trace_id_min), Some(trace_id_max)) =
        (scope, level, trace_id_min, trace_id_max)
    else {
        return Ok(None);
    };
    let summary = BlockSummary {
        t0: (nanos("t0_min")?, nanos("t0_max")?),
        event: (nanos("event_min")?, nanos("event_max")?),
        segment_ends: optional("segment_end_min", "segment_end_max")?,
        trace_ids: (trace_id_min, trace_id_max),
        stamps: (stamp("stamp_min")?, stamp("stamp_max")?),
        edge_slots: optional("edge_slot_min", "edge_slot_max")?,
        traces: count("traces")?,
        documents: count("documents")?,
        entities: count("entities")?,
        edge_rows: count("edge_rows")?,
        document_bytes: count("document_bytes")?,
        file_bytes: count("file_bytes")?,
    };
    let id = BlockId(row.try_get::<i64, _>("id")?.cast_unsigned());
    let state = if is_damaged {
        BlockState::Damaged
    } else {
        BlockState::Ok
    };
    Ok(Some(BlockRow {
        id,
        scope,
        level,
        summary,
        state,
    }))
}

/// Removes a block and (by its key) its moved traces; returns how many there were.
pub(super) async fn delete_block(
    transaction: Transaction<'_, '_>,
    id: BlockId,
) -> Result<u64, CatalogError> {
    unmark_locked(transaction, id).await?;
    let query = sqlx::query("DELETE FROM blocks WHERE id = ?").bind(key(id));
    let deleted = query.execute(&mut **transaction).await;
    Ok(deleted.map_err(database("remove a block"))?.rows_affected())
}

pub(super) async fn mark_damaged(
    transaction: Transaction<'_, '_>,
    id: BlockId,
) -> Result<(), CatalogError> {
    let query = sqlx::query("UPDATE blocks SET is_damaged = 1 WHERE id = ?").bind(key(id));
    let marked = query.execute(&mut **transaction).await;
    match marked
        .map_err(database("mark a block as damaged"))?
        .rows_affected()
    {
        0 => Err(CatalogError::UnknownBlock(id)),
        _ => Ok(()),
    }
}

pub(super) async fn mark_locked(
    transaction: Transaction<'_, '_>,
    id: BlockId,
) -> Result<(), CatalogError> {
    let query = "INSERT OR REPLACE INTO store_values (name, value) VALUES (?, 1)";
    let query = sqlx::query(query).bind(format!("{LOCKED_NAME}{id}"));
    let marked = query.execute(&mut **transaction).await;
    marked
        .map(|_| ())
        .map_err(database("mark a block as locked"))
}

pub(super) async fn unmark_locked(
    transaction: Transaction<'_, '_>,
    id: BlockId,
) -> Result<(), CatalogError> {
    let query = sqlx::query("DELETE FROM store_values WHERE name = ?");
    let query = query.bind(format!("{LOCKED_NAME}{id}"));
    let unmarked = query.execute(&mut **transaction).await;
    unmarked.map(|_| ()).map_err(database("unlock a block"))
}

pub(super) fn locked(row: &SqliteRow) -> Result<BlockId, CatalogError> {
    let name = row.try_get::<String, _>("name");
    let name = name.map_err(database("read a locked block"))?;
    let id = name.strip_prefix(LOCKED_NAME);
    id.and_then(|id| id.parse().ok())
        .ok_or_else(|| damaged("store_values"))
}

/// HOME-1. Left out when the block is gone; a trace moves out of a block once only, so a row that is
/// there stays.
pub(super) async fn insert_moved(
    transaction: Transaction<'_, '_>,
    moved: &MovedTrace,
) -> Result<(), CatalogError> {
    let MovedTrace {
        block,
        trace_id,
        edge_rows,
    } = moved;
    let inserted = sqlx::query(
        "INSERT OR IGNORE INTO moved_traces (block_id, trace_id, edge_rows)
         SELECT id, ?2, ?3 FROM blocks WHERE id = ?1",
    )
    .bind(key(*block))
    .bind(trace_id.bytes().to_vec())
    .bind(edge_rows.to_vec())
    .execute(&mut **transaction)
    .await;
    inserted.map(|_| ()).map_err(database("add a moved trace"))
}

pub(super) fn moved(row: &SqliteRow) -> Result<MovedTrace, CatalogError> {
    let read = || {
        let block = BlockId(row.try_get::<i64, _>("block_id")?.cast_unsigned());
        let edge_rows = Bytes::from(row.try_get::<Vec<u8>, _>("edge_rows")?);
        let trace_id = trace_id(row.try_get("trace_id")?);
        Ok(trace_id.map(|trace_id| MovedTrace {
            block,
            trace_id,
            edge_rows,
        }))
    };
    read()
        .map_err(database("read a moved trace"))?
        .ok_or_else(|| damaged("moved_traces"))
}

/// LOG-4 and LOG-3.
pub(super) async fn settle(
    transaction: Transaction<'_, '_>,
    bits: &SettledBits,
    last_stamp: Stamp,
) -> Result<(), CatalogError> {
    let failed = database("settle log documents");
    for (file, indexes) in bits.iter() {
        let query = sqlx::query("SELECT file, settled FROM log_files WHERE file = ?");
        let old = query
            .bind(i64::from(file))
            .fetch_optional(&mut **transaction)
            .await;
        let mut bitmap = match old.map_err(&failed)? {
            Some(row) => log_file(&row)?.1,
            None => Bitmap::default(),
        };
        for index in indexes {
            bitmap.set(*index);
        }
        sqlx::query("INSERT OR REPLACE INTO log_files (file, settled) VALUES (?, ?)")
            .bind(i64::from(file))
            .bind(bitmap.to_bytes())
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
    }
    let raised = sqlx::query(
        "INSERT INTO store_values (name, value) VALUES ('last_stamp', ?)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
    )
    .bind(last_stamp.0)
    .execute(&mut **transaction)
    .await;
    raised.map(|_| ()).map_err(&failed)
}

pub(super) async fn forget_log_file(
    transaction: Transaction<'_, '_>,
    file: u32,
) -> Result<(), CatalogError> {
    let query = sqlx::query("DELETE FROM log_files WHERE file = ?").bind(i64::from(file));
    let deleted = query.execute(&mut **transaction).await;
    deleted.map(|_| ()).map_err(database("forget a log file"))
}

pub(super) fn log_file(row: &SqliteRow) -> Result<(u32, Bitmap), CatalogError> {
    let read = || {
        Ok((
            row.try_get::<i64, _>("file")?,
            row.try_get::<Vec<u8>, _>("settled")?,
        ))
    };
    let (file, settled) = read().map_err(database("read a log file"))?;
    let file = u32::try_from(file).map_err(|_| damaged("log_files"))?;
    Ok((file, Bitmap::from_bytes(&settled)))
}

/// Removes everything but the last stamp.
pub(super) async fn clear(transaction: Transaction<'_, '_>) -> Result<(), CatalogError> {
    for query in [
        "DELETE FROM moved_traces",
        "DELETE FROM blocks",
        "DELETE FROM log_files",
    ] {
        let cleared = sqlx::query(query).execute(&mut **transaction).await;
        cleared.map_err(database("clear"))?;
    }
    Ok(())
}

pub(super) async fn mark_complete(transaction: Transaction<'_, '_>) -> Result<(), CatalogError> {
    let query = "INSERT OR REPLACE INTO store_values (name, value) VALUES ('is_complete', 1)";
    let marked = sqlx::query(query).execute(&mut **transaction).await;
    marked.map(|_| ()).map_err(database("mark as complete"))
}

/// The next start rebuilds again.
pub(super) async fn mark_incomplete(transaction: Transaction<'_, '_>) -> Result<(), CatalogError> {
    let query = "DELETE FROM store_values WHERE name = 'is_complete'";
    let marked = sqlx::query(query).execute(&mut **transaction).await;
    marked.map(|_| ()).map_err(database("mark as incomplete"))
}

/// The signed number of equal bits, as SQLite has no unsigned ones.
fn key(id: BlockId) -> i64 {
    id.0.cast_signed()
}

fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    bytes.try_into().ok().map(TraceId::from_bytes)
}

fn damaged(table: &str) -> CatalogError {
    CatalogError::Damaged(format!("a row of `{table}` holds what was never written"))
}
