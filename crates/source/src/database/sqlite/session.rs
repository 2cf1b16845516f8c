//! One evaluation's read of a SQLite file: a transaction that sees one state of it, or a file that must not change.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags};

use super::functions;

/// A connection that is opened by the first statement. Once the session is over, each statement opens its own.
#[derive(Debug)]
pub(crate) struct Session {
    path: PathBuf,
    held: Arc<Mutex<Option<Connection>>>,
    over: AtomicBool,
    /// The file at the first statement, where it is not a transaction that sees one state.
    seen: OnceLock<Seen>,
}

/// Size and time of the file and of its log.
#[derive(Debug, PartialEq)]
struct Seen([Option<(u64, SystemTime)>; 2]);

impl Session {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, held: Arc::default(), over: AtomicBool::new(false), seen: OnceLock::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Works on the session's connection, or on one of its own while that one is in use. Blocks.
    pub(super) fn with<T, E: From<rusqlite::Error>>(
        &self,
        limit: Duration,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = match self.held.try_lock() {
            Ok(held) if !self.over.load(Ordering::Acquire) => held,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            _ => return self.apart(limit, work),
        };
        if held.is_none() {
            let seen = Seen::of(&self.path);
            let connection = open(&self.path, limit)?;
            let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
            // With a rollback journal an open transaction would keep every writer out until it ends.
            match journal.as_str() {
                "wal" => connection.execute_batch("BEGIN")?,
                _ => drop(self.seen.set(seen)),
            }
            *held = Some(connection);
        }
        match held.as_ref() {
            Some(connection) => {
                connection.busy_timeout(limit)?;
                work(connection)
            }
            None => self.apart(limit, work),
        }
    }

    /// Whether all was read in one state.
    pub(crate) fn is_unmoved(&self) -> bool {
        self.seen.get().is_none_or(|seen| *seen == Seen::of(&self.path))
    }

    /// The evaluation has ended.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
        if let Ok(mut held) = self.held.try_lock() {
            held.take();
        }
    }

    fn apart<T, E: From<rusqlite::Error>>(
        &self,
        limit: Duration,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.seen.get_or_init(|| Seen::of(&self.path));
        work(&open(&self.path, limit)?)
    }
}

impl Seen {
    fn of(path: &Path) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let look = |path: &Path| {
            let found = path.metadata().ok()?;
            Some((found.len(), found.modified().ok()?))
        };
        Self([look(path), look(Path::new(&log))])
    }
}

fn open(path: &Path, limit: Duration) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(limit)?;
    functions::add(&connection)?;
    Ok(connection)
}
