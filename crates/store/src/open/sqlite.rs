//! SQLite: one folder, one file, one writing connection and a few that read.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::{
    AnyConnection, AnyPool, Connection as _, Executor as _,
    any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers},
};

use super::{
    OpenError,
    tables::{self, Standing},
};
use crate::{
    place::{self, BEFORE, FILE, Identity, PlaceError},
    store::{Home, SqlStore},
};

/// The oldest SQLite that does not corrupt a write-ahead log when it is reset.
const SQLITE_MIN: [u32; 3] = [3, 51, 3];
/// Connections that read.
const READERS: u32 = 4;
/// How long a task waits for a connection that others of this process have: a year, the pool knows no time without end.
const FOR_EVER: Duration = Duration::from_secs(365 * 86_400);
/// What a file is made with, and keeps: pages that are forgotten are given back, and who reads waits for nobody. That a commit
/// is durable when it is told so, and that a writer waits five seconds for another process's transaction, is as it is.
const MADE: &str = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL";
/// Copies that are kept of stores as they were before their tables were brought up to date.
const COPIES_KEPT: usize = 2;
/// What stands in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl SqlStore {
    /// Opens the store in a folder, which is made (mode 0700) when it is missing. Several processes may have it
    /// open; only one may be the daemon: see [`SqlStore::lock_daemon`].
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        place::prepare(folder)?;
        let _alone = place::alone(folder).await?;
        let path = folder.join(FILE);
        let shown = path.display().to_string();
        let failed = |source| OpenError::Database { place: shown.clone(), source };
        let made = options(&url(&path, "mode=rwc")?).map_err(failed)?;
        let mut first = AnyConnection::connect_with(&made).await.map_err(failed)?;
        first.execute(MADE).await.map_err(failed)?;
        up_to_date(&mut first, folder, &shown).await?;
        first.close().await.map_err(failed)?;
        // A file that is gone by then is not made anew.
        let there = options(&url(&path, "mode=rw")?).map_err(failed)?;
        let (writer, readers) = (connections(1, there.clone()), connections(READERS, there));
        // They stand before the file is known as the one that was opened.
        for pool in [&writer, &readers] {
            drop(pool.acquire().await.map_err(failed)?);
        }
        Self::of_file(writer, readers, folder)
    }

    /// Opens the store in a folder to read it; nothing is made or changed, so that it may lie on read-only media. There
    /// it is taken for finished: nobody may be writing to it. Everything that writes fails. `None` where there is no store.
    pub async fn open_to_read(folder: &Path) -> Result<Option<Self>, OpenError> {
        let path = folder.join(FILE);
        if !place::is_plain_file(&path).map_err(|source| unusable(folder, source))? {
            return Ok(None);
        }
        let shown = path.display().to_string();
        let failed = |source| OpenError::Database { place: shown.clone(), source };
        let mode = if place::is_finished(folder) { "mode=ro&immutable=true" } else { "mode=ro" };
        let readers = connections(READERS, options(&url(&path, mode)?).map_err(failed)?);
        let standing = tables::standing(&mut *readers.acquire().await.map_err(failed)?).await.map_err(failed)?;
        tables::require_workable(standing, &shown)?;
        if standing.is_none_or(|standing| standing.found < tables::known()) {
            return Err(OpenError::Older { place: shown });
        }
        Self::of_file(readers.clone(), readers, folder).map(Some)
    }

    fn of_file(writer: AnyPool, readers: AnyPool, folder: &Path) -> Result<Self, OpenError> {
        let file = Identity::of(&folder.join(FILE)).map_err(|source| unusable(folder, source))?;
        Ok(Self::at(Home::Folder { folder: folder.to_owned(), file }, writer, readers))
    }

    /// A store in an empty file of its own, which nobody else has open: for a backup.
    pub(crate) async fn new_file(path: &Path) -> Result<Self, OpenError> {
        let shown = path.display().to_string();
        let failed = |source| OpenError::Database { place: shown.clone(), source };
        let writer = connections(1, options(&url(path, "mode=rwc")?).map_err(failed)?);
        tables::bring_up_to_date(&mut *writer.acquire().await.map_err(failed)?, &shown).await?;
        Ok(Self::at(Home::Memory, writer.clone(), writer))
    }

    /// Whether a folder holds a store; nothing is made.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// A store that lives as long as this value: for simulations and tests. One connection reads and writes.
    pub async fn in_memory() -> Result<Self, OpenError> {
        let shown = ":memory:".to_owned();
        let failed = |source| OpenError::Database { place: shown.clone(), source };
        let writer = connections(1, options("sqlite::memory:").map_err(failed)?);
        let mut connection = writer.acquire().await.map_err(failed)?;
        require_safe(&mut connection, &shown).await?;
        tables::bring_up_to_date(&mut connection, &shown).await?;
        drop(connection);
        Ok(Self::at(Home::Memory, writer.clone(), writer))
    }
}

fn unusable(folder: &Path, source: io::Error) -> OpenError {
    PlaceError::Folder { path: folder.to_owned(), source }.into()
}

fn url(path: &Path, mode: &str) -> Result<String, OpenError> {
    let not_text = || io::Error::new(io::ErrorKind::InvalidInput, "its path is not UTF-8");
    let text = path.to_str().ok_or_else(|| unusable(path, not_text()))?;
    Ok(format!("sqlite://{}?{mode}", utf8_percent_encode(text, PLAIN)))
}

fn options(url: &str) -> Result<AnyConnectOptions, sqlx::Error> {
    install_default_drivers();
    url.parse()
}

/// Connections live as long as the pool: a store in memory would be lost with its only one. However many wait for one,
/// each gets it in its time: a long queue is no failure. One whose transaction did not end, because its commit failed and
/// could not be taken back, is closed, and another one is opened.
fn connections(max: u32, options: AnyConnectOptions) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(max)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(FOR_EVER)
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let whole = !connection.is_in_transaction();
            Box::pin(async move { Ok(whole) })
        })
        .connect_lazy_with(options)
}

/// Brings the tables up to date; an older store is copied first.
async fn up_to_date(db: &mut AnyConnection, folder: &Path, shown: &str) -> Result<(), OpenError> {
    require_safe(db, shown).await?;
    let standing = tables::standing(db).await;
    let standing = standing.map_err(|source| OpenError::Database { place: shown.to_owned(), source })?;
    tables::require_workable(standing, shown)?;
    if let Some(older) = standing.filter(|standing| standing.found < tables::known()) {
        copy_before(db, folder, older).await?;
    }
    tables::bring_up_to_date(db, shown).await
}

/// Copies the store as it is, and keeps the newest copies only.
async fn copy_before(db: &mut AnyConnection, folder: &Path, Standing { found, .. }: Standing) -> Result<(), OpenError> {
    let copy = folder.join(format!("{BEFORE}{found:04}.db"));
    let failed = |source| OpenError::Copy { copy: copy.clone(), source };
    // One that was cut off in the middle is in the way.
    if copy.exists() {
        fs::remove_file(&copy).map_err(|error| failed(error.into()))?;
    }
    let text = copy.to_str().unwrap_or_default().to_owned();
    sqlx::query("VACUUM INTO $1").bind(text).execute(db).await.map_err(failed)?;
    let mut copies: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| failed(error.into()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(BEFORE)))
        .collect();
    copies.sort();
    for old in copies.iter().rev().skip(COPIES_KEPT) {
        fs::remove_file(old).map_err(|error| failed(error.into()))?;
    }
    Ok(())
}

async fn require_safe(db: &mut AnyConnection, shown: &str) -> Result<(), OpenError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(db)
        .await
        .map_err(|source| OpenError::Database { place: shown.to_owned(), source })?;
    if is_safe(&found) { Ok(()) } else { Err(OpenError::SqliteTooOld { found }) }
}

/// Whether this version of SQLite is free of the bug.
fn is_safe(version: &str) -> bool {
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    parts.as_slice() >= SQLITE_MIN.as_slice()
}

#[cfg(test)]
mod tests {
    use super::{SqlStore, is_safe};

    #[test]
    fn versions_that_corrupt_the_log_are_refused() {
        for old in ["3.7.0", "3.50.4", "3.51.2", "3.51", "", "unknown"] {
            assert!(!is_safe(old), "{old}");
        }
        for good in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(is_safe(good), "{good}");
        }
    }

    #[tokio::test]
    async fn a_commit_is_durable_when_it_is_told_so_and_a_writer_waits_for_another() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqlStore::open(folder.path()).await.unwrap();
        let mut writer = store.writer.acquire().await.unwrap();
        for (pragma, value) in [("synchronous", 2), ("busy_timeout", 5000), ("foreign_keys", 1), ("auto_vacuum", 2)] {
            let query = sqlx::AssertSqlSafe(format!("PRAGMA {pragma}"));
            let found: i64 = sqlx::query_scalar(query).fetch_one(&mut *writer).await.unwrap();
            assert_eq!(found, value, "{pragma}");
        }
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *writer).await.unwrap();
        assert_eq!(journal, "wal");
    }

    #[tokio::test]
    async fn a_commit_that_fails_costs_its_own_transaction_and_nothing_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqlStore::open(folder.path()).await.unwrap();
        let write = async |incident: Option<&str>| {
            let mut tx = store.write().await.map_err(|fault| fault.to_string())?;
            // What is wrong is looked for at the commit, which is refused, and leaves the transaction open.
            sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *tx).await.map_err(|error| error.to_string())?;
            let row = "INSERT INTO outbox (incident, until_acknowledged, channel, not_before, message, status)
                       VALUES ($1, 0, 'slack', 1, '', 'waiting')";
            sqlx::query(row).bind(incident).execute(&mut *tx).await.map_err(|error| error.to_string())?;
            tx.commit().await.map_err(|error| error.to_string())
        };
        assert!(write(Some("none")).await.is_err(), "the commit is refused");
        assert_eq!(write(None).await, Ok(()), "the next one goes through a connection of its own");
        let mut reader = store.readers.acquire().await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outbox").fetch_one(&mut *reader).await.unwrap();
        assert_eq!(rows, 1);
    }

    #[tokio::test]
    async fn a_folder_of_any_name_holds_a_store() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["100 % näher?", "a#b&c=d", "it's"] {
            let folder = folder.path().join(name);
            SqlStore::open(&folder).await.unwrap().close().await;
            assert!(SqlStore::is_in(&folder), "{name}");
            assert!(SqlStore::open_to_read(&folder).await.unwrap().is_some(), "{name}");
        }
    }
}
