//! The catalog's database and its transactions.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use parking_lot::Mutex;
use roentgen_model::Stamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteTransaction};

use super::{
    BlockRow, CatalogContents, CatalogError, CatalogLocation, CatalogState, MovedTrace,
    Publication, rows, schema,
};
use crate::block::BlockId;
use crate::files::{Disk, file_exists, set_file_aside};
use crate::wal::{SettledBitmaps, SettledBits};

/// How long another holder of the file (a backup, a shell) is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The catalog of one store; the only process that uses the file. Shared between threads; calls wait for
/// each other.
#[derive(Debug)]
pub struct Catalog {
    connection: Mutex<SqliteConnection>,
    disk: Arc<dyn Disk>,
}

impl Catalog {
    /// Opens the catalog, creating an empty one when there is none or the present one is damaged.
    /// `disk` is asked before each transaction ([`Disk::before_commit`]), nothing else.
    ///
    /// # Errors
    /// [`CatalogError::Database`] when it cannot be opened for a reason that is not damage (permissions,
    /// another process), [`CatalogError::UnsupportedVersion`].
    pub fn open(
        location: &CatalogLocation,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, CatalogState), CatalogError> {
        let (connection, state) = block_on(open(location))?;
        Ok((
            Self {
                connection: Mutex::new(connection),
                disk,
            },
            state,
        ))
    }

    /// Closes the file in order: its log is folded in and removed. Dropping the catalog without this
    /// loses nothing.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub fn close(self) -> Result<(), CatalogError> {
        block_on(self.connection.into_inner().close()).map_err(database("close"))
    }

    /// Reads everything.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; [`CatalogError::Damaged`] for a row nobody wrote.
    pub fn load(&self) -> Result<CatalogContents, CatalogError> {
        block_on(load(&mut self.connection.lock()))
    }

    /// Publishes what a seal or a merge made (SEAL-1, COMPACT-1), in one transaction; durable on success.
    ///
    /// # Errors
    /// [`CatalogError::DuplicateBlock`], [`CatalogError::UnknownBlock`] for a replaced block that is not
    /// there, [`CatalogError::Database`]; nothing is changed then.
    pub fn publish(&self, publication: &Publication) -> Result<(), CatalogError> {
        let Publication {
            blocks,
            replaced,
            moved,
            settled,
            last_stamp,
        } = publication;
        self.transaction("publish blocks", async |transaction| {
            for id in replaced {
                if rows::delete_block(transaction, *id).await? == 0 {
                    return Err(CatalogError::UnknownBlock(*id));
                }
            }
            for block in blocks {
                rows::insert_block(transaction, block).await?;
            }
            for trace in moved {
                rows::insert_moved(transaction, trace).await?;
            }
            rows::settle(transaction, settled, *last_stamp).await
        })
    }

    /// Sets bits where nothing new came to a block (LOG-4), and raises the last stamp.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn settle(&self, bits: &SettledBits, last_stamp: Stamp) -> Result<(), CatalogError> {
        self.transaction("settle log documents", async |transaction| {
            rows::settle(transaction, bits, last_stamp).await
        })
    }

    /// Forgets the bitmaps of log files that were recycled or are gone.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn forget_log_files(&self, files: &[u32]) -> Result<(), CatalogError> {
        self.transaction("forget log files", async |transaction| {
            for file in files {
                rows::forget_log_file(transaction, *file).await?;
            }
            Ok(())
        })
    }

    /// Removes blocks with their moved traces (retention). Unknown ones are no error. Delete the files
    /// afterwards.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn remove_blocks(&self, blocks: &[BlockId]) -> Result<(), CatalogError> {
        self.transaction("remove blocks", async |transaction| {
            for id in blocks {
                rows::delete_block(transaction, *id).await?;
            }
            Ok(())
        })
    }

    /// Notes that the files of a block failed a check.
    ///
    /// # Errors
    /// [`CatalogError::UnknownBlock`], [`CatalogError::Database`]; nothing is changed then.
    pub fn mark_damaged(&self, block: BlockId) -> Result<(), CatalogError> {
        self.transaction("mark a block as damaged", async |transaction| {
            rows::mark_damaged(transaction, block).await
        })
    }

    /// Marks blocks as locked: their key is missing (FILE-1). Durable on success.
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn mark_locked(&self, blocks: &[BlockId]) -> Result<(), CatalogError> {
        self.transaction("mark blocks as locked", async |transaction| {
            for id in blocks {
                rows::mark_locked(transaction, *id).await?;
            }
            Ok(())
        })
    }

    /// A locked block is back; these of its traces have another home by now (HOME-1).
    ///
    /// # Errors
    /// [`CatalogError::Database`]; nothing is changed then.
    pub fn unlock(
        &self,
        block: BlockId,
        moved: &[MovedTrace],
        last_stamp: Stamp,
    ) -> Result<(), CatalogError> {
        self.transaction("unlock a block", async |transaction| {
            for trace in moved {
                rows::insert_moved(transaction, trace).await?;
            }
            rows::unmark_locked(transaction, block).await?;
            rows::settle(transaction, &SettledBits::default(), last_stamp).await
        })
    }

    /// Replaces all blocks and moved traces by what the blocks' metadata say, drops all bitmaps (the
    /// whole log is replayed: equal documents change nothing), and makes the catalog complete: the next
    /// opening reports [`CatalogState::Opened`]. Also the last step of starting a new, empty store.
    /// Moved traces of blocks not listed are left out. `locked`: blocks that are there and cannot be read
    /// now for want of a key; while there are any the catalog stays incomplete, so that the next start
    /// looks again, and marks of an earlier time stay.
    ///
    /// # Errors
    /// [`CatalogError::DuplicateBlock`], [`CatalogError::Database`]; nothing is changed then.
    pub fn rebuild(
        &self,
        blocks: &[BlockRow],
        moved: &[MovedTrace],
        locked: &[BlockId],
        last_stamp: Stamp,
    ) -> Result<(), CatalogError> {
        self.transaction("rebuild", async |transaction| {
            rows::clear(transaction).await?;
            for id in locked {
                rows::mark_locked(transaction, *id).await?;
            }
            for block in blocks {
                rows::insert_block(transaction, block).await?;
            }
            for trace in moved {
                rows::insert_moved(transaction, trace).await?;
            }
            rows::settle(transaction, &SettledBits::default(), last_stamp).await?;
            if locked.is_empty() {
                rows::mark_complete(transaction).await
            } else {
                rows::mark_incomplete(transaction).await
            }
        })
    }

    /// Runs `work` and commits; an error of either leaves the database as it was.
    fn transaction(
        &self,
        operation: &'static str,
        work: impl AsyncFnOnce(&mut SqliteTransaction<'_>) -> Result<(), CatalogError>,
    ) -> Result<(), CatalogError> {
        let mut connection = self.connection.lock();
        block_on(async {
            let begun = connection.begin_with("BEGIN IMMEDIATE").await;
            let mut transaction = begun.map_err(database(operation))?;
            work(&mut transaction).await?;
            let permitted = self.disk.before_commit();
            permitted.map_err(|source| CatalogError::Disk { operation, source })?;
            transaction.commit().await.map_err(database(operation))
        })
    }
}

/// Gives an error of SQLite its context.
pub(super) fn database(operation: &'static str) -> impl Fn(sqlx::Error) -> CatalogError {
    move |source| CatalogError::Database { operation, source }
}

async fn open(
    location: &CatalogLocation,
) -> Result<(SqliteConnection, CatalogState), CatalogError> {
    let path = match location {
        CatalogLocation::Memory => {
            let connection = connect(SqliteConnectOptions::new().in_memory(true)).await?;
            return Ok((connection, CatalogState::Created));
        }
        CatalogLocation::File(path) => path,
    };
    let options = || {
        SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
    };
    let is_there = file_exists(path);
    let is_there = is_there.map_err(|source| CatalogError::Disk {
        operation: "look for",
        source,
    })?;
    match connect(options()).await {
        Ok(mut connection) => {
            let is_complete = schema::is_complete(&mut connection).await?;
            let state = if is_complete {
                CatalogState::Opened
            } else {
                CatalogState::Created
            };
            Ok((connection, state))
        }
        Err(error) if is_there && is_damage(&error) => {
            let set_aside = move_aside(path)?;
            tracing::error!(
                error = &error as &dyn std::error::Error,
                path = %set_aside.display(),
                "the catalog is damaged and was set aside; it is rebuilt from the blocks"
            );
            let connection = connect(options()).await?;
            Ok((connection, CatalogState::Damaged { set_aside }))
        }
        Err(error) => Err(error),
    }
}

fn move_aside(path: &std::path::Path) -> Result<PathBuf, CatalogError> {
    set_file_aside(path, &["-wal", "-shm"]).map_err(|source| CatalogError::Disk {
        operation: "set aside",
        source,
    })
}

async fn connect(options: SqliteConnectOptions) -> Result<SqliteConnection, CatalogError> {
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(database("open"))?;
    let checked = schema::check(&mut connection).await;
    if let Err(error) = checked {
        // Files must not be renamed under an open connection.
        let _ = connection.close().await;
        return Err(error);
    }
    Ok(connection)
}

/// Whether an error says that the file is no readable catalog, not that it cannot be reached.
fn is_damage(error: &CatalogError) -> bool {
    const SQLITE_CORRUPT: i32 = 11;
    const SQLITE_NOTADB: i32 = 26;
    match error {
        CatalogError::Damaged(_) => true,
        CatalogError::Database {
            source: sqlx::Error::Database(source),
            ..
        } => {
            let code = source.code().and_then(|code| code.parse::<i32>().ok());
            // Extended codes carry the primary one in their low byte.
            code.is_some_and(|code| [SQLITE_CORRUPT, SQLITE_NOTADB].contains(&(code & 0xff)))
        }
        _ => false,
    }
}

async fn load(connection: &mut SqliteConnection) -> Result<CatalogContents, CatalogError> {
    let read = database("read");
    let blocks = sqlx::query(rows::SELECT_BLOCKS)
        .fetch_all(&mut *connection)
        .await;
    let blocks = blocks
        .map_err(&read)?
        .iter()
        .map(rows::block)
        .collect::<Result<_, _>>()?;
    let moved = sqlx::query(rows::SELECT_MOVED)
        .fetch_all(&mut *connection)
        .await;
    let moved = moved
        .map_err(&read)?
        .iter()
        .map(rows::moved)
        .collect::<Result<_, _>>()?;
    let mut settled = SettledBitmaps::default();
    let files = sqlx::query(rows::SELECT_LOG_FILES)
        .fetch_all(&mut *connection)
        .await;
    for row in files.map_err(&read)? {
        let (file, bitmap) = rows::log_file(&row)?;
        settled.insert(file, bitmap);
    }
    let last = sqlx::query(rows::SELECT_LAST_STAMP)
        .fetch_optional(&mut *connection)
        .await;
    let last_stamp = match last.map_err(&read)? {
        Some(row) => Stamp(row.try_get(0).map_err(&read)?),
        None => Stamp::default(),
    };
    let locked = sqlx::query(rows::SELECT_LOCKED)
        .fetch_all(&mut *connection)
        .await;
    let locked = locked
        .map_err(&read)?
        .iter()
        .map(rows::locked)
        .collect::<Result<_, _>>()?;
    Ok(CatalogContents {
        blocks,
        moved,
        locked,
        settled,
        last_stamp,
    })
}
