//! Opening the store: one folder, one file, one writing connection and a few that read.

use std::{
    fs::{DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use rustix::fs::{FlockOperation, flock};
use sqlx::{
    Connection as _, Sqlite, SqlitePool, Transaction,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::fault::Fault;

/// The oldest SQLite that does not corrupt a write-ahead log when it is reset.
const SQLITE_MIN: [u32; 3] = [3, 51, 3];
/// Connections that read.
const READERS: u32 = 4;
/// SQLite's primary result codes `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
const DAMAGED: [i32; 2] = [11, 26];
/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// The store's file in its folder.
const FILE: &str = "watchkeeper.db";

/// A transaction; dropped before its commit, it leaves nothing behind.
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// The state of one installation, in the file `watchkeeper.db`.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    folder: Option<PathBuf>,
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made, or made private.
    #[error("cannot prepare the folder {path} of the store")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The linked SQLite has a bug that loses data.
    #[error("SQLite {found} can corrupt its write-ahead log: build with SQLite 3.51.3 or newer")]
    SqliteTooOld {
        /// The version that is linked.
        found: String,
    },
    /// The file cannot be opened.
    #[error("cannot open the store {path}")]
    Database {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: sqlx::Error,
    },
    /// The tables cannot be brought up to date.
    #[error("cannot bring the tables of the store {path} up to date")]
    Migration {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: MigrateError,
    },
}

impl OpenError {
    /// Whether the file's content is the cause: it is no database, or a damaged one.
    pub fn is_damage(&self) -> bool {
        let (Self::Database { source: sqlx::Error::Database(error), .. }
        | Self::Migration {
            source:
                MigrateError::Execute(sqlx::Error::Database(error))
                | MigrateError::ExecuteMigration(sqlx::Error::Database(error), _),
            ..
        }) = self
        else {
            return false;
        };
        let extended = error.code().and_then(|code| code.parse::<i32>().ok());
        extended.is_some_and(|code| DAMAGED.contains(&(code & 0xff)))
    }
}

impl SqliteStore {
    /// Opens the store in a folder, which is made (mode 0700) when it is missing. Several processes may have it
    /// open; only one may be the daemon: see [`SqliteStore::lock_daemon`].
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        prepare(folder).map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
        let _alone = alone(folder).await.map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
        let path = folder.join(FILE);
        let reading = SqliteConnectOptions::new().filename(&path).busy_timeout(BUSY).foreign_keys(true);
        let writing = reading
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let failed = |source| OpenError::Database { path: path.clone(), source };
        let writer = connections(1).connect_with(writing).await.map_err(failed)?;
        up_to_date(&writer, &path).await?;
        let readers = connections(READERS).connect_with(reading.pragma("query_only", "ON")).await.map_err(failed)?;
        Ok(Self { writer, readers, folder: Some(folder.to_owned()) })
    }

    /// Whether a folder holds a store; nothing is made.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// A store that lives as long as this value: for simulations and tests. One connection reads and writes.
    pub async fn in_memory() -> Result<Self, OpenError> {
        let path = PathBuf::from(":memory:");
        let failed = |source| OpenError::Database { path: path.clone(), source };
        let options = SqliteConnectOptions::from_str("sqlite::memory:").map_err(failed)?.foreign_keys(true);
        let writer = connections(1).connect_with(options).await.map_err(failed)?;
        up_to_date(&writer, &path).await?;
        Ok(Self { readers: writer.clone(), writer, folder: None })
    }

    /// Closes every connection and waits until the file is let go.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The folder; absent for a store in memory.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// A transaction that may write: it has the write lock from its first statement on.
    pub(crate) async fn write(&self) -> Result<Tx, Fault> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A transaction that reads one state of the store.
    pub(crate) async fn read(&self) -> Result<Tx, Fault> {
        Ok(self.readers.begin().await?)
    }
}

/// Connections live as long as the pool: a store in memory would be lost with its only one. One whose transaction did
/// not end, because its commit failed and could not be taken back, is closed, and another one is opened.
fn connections(max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(max)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let whole = !connection.is_in_transaction();
            Box::pin(async move { Ok(whole) })
        })
}

fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = std::fs::metadata(folder)?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Waits until no other process is opening the store: two that create the tables at once would fail.
async fn alone(folder: &Path) -> io::Result<std::fs::File> {
    let file = OpenOptions::new().create(true).append(true).open(folder.join("open.lock"))?;
    tokio::task::spawn_blocking(move || {
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(file)
    })
    .await
    .map_err(io::Error::other)?
}

async fn up_to_date(writer: &SqlitePool, path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Database { path: path.to_owned(), source };
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(writer).await.map_err(failed)?;
    if !safe(&version) {
        return Err(OpenError::SqliteTooOld { found: version });
    }
    let migrated = sqlx::migrate!().run(writer).await;
    migrated.map_err(|source| OpenError::Migration { path: path.to_owned(), source })
}

/// Whether this version of SQLite is free of the bug.
fn safe(version: &str) -> bool {
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    parts.as_slice() >= SQLITE_MIN.as_slice()
}

#[cfg(test)]
mod tests {
    use super::{SqliteStore, safe};

    #[test]
    fn versions_that_corrupt_the_log_are_refused() {
        for old in ["3.7.0", "3.50.4", "3.51.2", "3.51", "", "unknown"] {
            assert!(!safe(old), "{old}");
        }
        for good in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(safe(good), "{good}");
        }
    }

    #[tokio::test]
    async fn a_commit_that_fails_costs_its_own_transaction_and_nothing_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let mut writer = store.writer.acquire().await.unwrap();
        // As a full disk does: the commit is refused, and the transaction is gone.
        writer.lock_handle().await.unwrap().set_commit_hook(|| false);
        drop(writer);
        let write = async || {
            let mut tx = store.write().await.map_err(|fault| fault.to_string())?;
            let row = sqlx::query("INSERT INTO trouble (part, since, failures, message) VALUES ('store', 1, 1, '')");
            row.execute(&mut *tx).await.map_err(|error| error.to_string())?;
            tx.commit().await.map_err(|error| error.to_string())
        };
        assert!(write().await.is_err(), "the commit is refused");
        assert_eq!(write().await, Ok(()), "the next one goes through a connection of its own");
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM trouble").fetch_one(&store.readers).await.unwrap();
        assert_eq!(rows, 1);
    }
}
