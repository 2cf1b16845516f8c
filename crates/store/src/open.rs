//! Opening the store: one folder, one file, one writing connection and a few that read.

use std::{
    io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Connection as _, Sqlite, SqlitePool, Transaction,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use watchkeeper_engine::fault_points::{Point, Side, reach};

use crate::{
    fault::Fault,
    place::{self, FILE, Identity, PlaceError},
    repeated::Repeated,
    waiting::Waiting,
};

/// The oldest SQLite that does not corrupt a write-ahead log when it is reset.
const SQLITE_MIN: [u32; 3] = [3, 51, 3];
/// Connections that read.
const READERS: u32 = 4;
/// SQLite's primary result codes `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
const DAMAGED: [i32; 2] = [11, 26];
/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// How long a task waits for a connection that others of this process have: a year, the pool knows no time without end.
const FOR_EVER: Duration = Duration::from_secs(365 * 86_400);

/// The tables as this version has them.
static TABLES: Migrator = sqlx::migrate!();

/// A transaction; dropped before its commit, it leaves nothing behind.
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// The state of one installation, in the file `watchkeeper.db`.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    folder: Option<PathBuf>,
    /// The file that was opened; absent for a store in memory.
    file: Option<Arc<Identity>>,
    waiting: Arc<Waiting>,
    repeated: Arc<Repeated>,
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be a store's.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Whoever only reads cannot bring the tables up to date.
    #[error("the store {path} was written by another version of Watchkeeper")]
    OtherVersion {
        /// The file.
        path: PathBuf,
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
        place::prepare(folder)?;
        let _alone = place::alone(folder).await?;
        let path = folder.join(FILE);
        let reading = options(&path);
        let writing = reading
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let failed = |source| OpenError::Database { path: path.clone(), source };
        let writer = connections(1).connect_with(writing).await.map_err(failed)?;
        up_to_date(&writer, &path).await?;
        let readers = connections(READERS).connect_with(reading.pragma("query_only", "ON")).await.map_err(failed)?;
        Self::of_file(writer, readers, folder)
    }

    /// Opens the store in a folder to read it; nothing is made or changed, so that it may lie on read-only media. There
    /// it is taken for finished: nobody may be writing to it. Everything that writes fails. `None` where there is no store.
    pub async fn open_to_read(folder: &Path) -> Result<Option<Self>, OpenError> {
        let path = folder.join(FILE);
        if !place::is_plain_file(&path).map_err(|source| unusable(folder, source))? {
            return Ok(None);
        }
        let reading = options(&path).read_only(true).immutable(place::is_finished(folder));
        let failed = |source| OpenError::Database { path: path.clone(), source };
        let readers = connections(READERS).connect_with(reading).await.map_err(failed)?;
        if !is_of_this_version(&readers).await.map_err(failed)? {
            return Err(OpenError::OtherVersion { path });
        }
        Self::of_file(readers.clone(), readers, folder).map(Some)
    }

    fn of_file(writer: SqlitePool, readers: SqlitePool, folder: &Path) -> Result<Self, OpenError> {
        let file = Identity::of(&folder.join(FILE));
        let file = file.map_err(|source| unusable(folder, source))?;
        let (folder, file) = (Some(folder.to_owned()), Some(Arc::new(file)));
        Ok(Self { writer, readers, folder, file, waiting: Arc::default(), repeated: Arc::default() })
    }

    /// Whether a folder holds a store; nothing is made.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// Whether the file that is open no longer stands in the folder. A store in memory cannot move.
    pub fn has_moved(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.has_moved())
    }

    /// A store that lives as long as this value: for simulations and tests. One connection reads and writes.
    pub async fn in_memory() -> Result<Self, OpenError> {
        let path = PathBuf::from(":memory:");
        let failed = |source| OpenError::Database { path: path.clone(), source };
        let options = SqliteConnectOptions::from_str("sqlite::memory:").map_err(failed)?.foreign_keys(true);
        let writer = connections(1).connect_with(options).await.map_err(failed)?;
        up_to_date(&writer, &path).await?;
        Ok(Self {
            readers: writer.clone(),
            writer,
            folder: None,
            file: None,
            waiting: Arc::default(),
            repeated: Arc::default(),
        })
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

    /// How large the store's files are; 0 in memory.
    pub fn bytes(&self) -> u64 {
        let Some(folder) = &self.folder else { return 0 };
        let size = |name: String| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len());
        size(FILE.to_owned()) + size(format!("{FILE}-wal"))
    }

    /// What waits to be committed together.
    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    pub(crate) fn repeated(&self) -> &Repeated {
        &self.repeated
    }

    /// A transaction that may write: it has the write lock from its first statement on. What nobody would find again is
    /// not written: a file that was moved away or replaced.
    pub(crate) async fn write(&self) -> Result<Tx, Fault> {
        if self.file.as_ref().is_some_and(|file| !file.is_in_place()) {
            return Err(Fault::Moved);
        }
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A transaction that reads one state of the store.
    pub(crate) async fn read(&self) -> Result<Tx, Fault> {
        Ok(self.readers.begin().await?)
    }
}

fn unusable(folder: &Path, source: io::Error) -> OpenError {
    PlaceError::Folder { path: folder.to_owned(), source }.into()
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).foreign_keys(true)
}

/// Connections live as long as the pool: a store in memory would be lost with its only one. However many wait for one,
/// each gets it in its time: a long queue is no failure. One whose transaction did
/// not end, because its commit failed and could not be taken back, is closed, and another one is opened.
fn connections(max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(max)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(FOR_EVER)
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let whole = !connection.is_in_transaction();
            Box::pin(async move { Ok(whole) })
        })
}

async fn up_to_date(writer: &SqlitePool, path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Database { path: path.to_owned(), source };
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(writer).await.map_err(failed)?;
    if !safe(&version) {
        return Err(OpenError::SqliteTooOld { found: version });
    }
    let migrated = TABLES.run(writer).await;
    migrated.map_err(|source| OpenError::Migration { path: path.to_owned(), source })
}

/// Commits at a point where a test may have the process die.
pub(crate) async fn commit(tx: Tx, point: Point) -> Result<(), Fault> {
    reach(point, Side::Before);
    tx.commit().await?;
    reach(point, Side::After);
    Ok(())
}

/// Whether the tables are exactly those of this version.
async fn is_of_this_version(readers: &SqlitePool) -> Result<bool, sqlx::Error> {
    let newest = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(readers).await;
    match newest {
        Ok(newest) => Ok(TABLES.iter().map(|migration| migration.version).max() == newest),
        // No such table: it is some other database.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("1") => Ok(false),
        Err(error) => Err(error),
    }
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
