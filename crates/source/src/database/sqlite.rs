//! SQLite: a file that is only read, on a thread that may block.

mod functions;
mod scan;
mod session;
mod value;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, InterruptHandle};
use watchkeeper_engine::ports::frame::{FieldKind, FrameError, FrameFault, Scan};

use super::column::{Cell, Native};
use crate::fault::{Why, missing, nearest};
#[cfg(test)]
pub(crate) use functions::add as add_functions;
use scan::SqliteScan;
pub(crate) use session::Session;
use value::{cell, form, type_of};

/// A SQLite file, as one source reads it.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    source: Arc<str>,
    session: Arc<Session>,
    timeout: Duration,
}

impl Sqlite {
    /// Reads within a session.
    pub(crate) fn new(source: &str, session: Arc<Session>, timeout: Duration) -> Self {
        Self { source: source.into(), session, timeout }
    }

    /// Whether both are one file.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        self.session.path() == other.session.path()
    }

    /// The columns of a table, or the names of the tables that there are.
    pub(crate) async fn columns_of_table(&self, table: &str) -> Result<Vec<Native>, FrameError> {
        let table = table.to_owned();
        self.work(move |sqlite, connection| {
            let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")?;
            let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            if !tables.iter().any(|known| known.eq_ignore_ascii_case(&table)) {
                let near = nearest(&table, tables.iter().map(String::as_str));
                let what = format!("there is no table `{table}` in {}{near}", sqlite.session.path().display());
                return Err(missing(&sqlite.source, what).into());
            }
            let mut info = connection.prepare("SELECT name, type, \"notnull\" OR pk > 0 FROM pragma_table_info(?1)")?;
            let columns = info.query_map([&table], |row| {
                let declared: String = row.get(1)?;
                let nullable = !row.get::<_, bool>(2)?;
                Ok(Native { name: row.get(0)?, form: form(&declared), type_name: declared, nullable })
            })?;
            Ok(columns.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The columns of a query; one that SQLite cannot derive from a table's column is told by its first value.
    pub(crate) async fn columns_of_query(&self, query: &str) -> Result<Vec<Native>, FrameError> {
        let sql = format!("SELECT * FROM ({query}\n) AS source_rows LIMIT 1");
        self.work(move |_, connection| {
            let mut statement = connection.prepare(&sql)?;
            let declared: Vec<(String, Option<String>)> = statement
                .columns()
                .iter()
                .map(|column| (column.name().to_owned(), column.decl_type().map(str::to_owned)))
                .collect();
            let mut rows = statement.query([])?;
            let first = rows.next()?;
            let native = |(index, (name, declared)): (usize, (String, Option<String>))| {
                let seen = || first.map_or("TEXT", |row| row.get_ref(index).map_or("TEXT", type_of));
                let type_name = declared.unwrap_or_else(|| seen().to_owned());
                Native { name, form: form(&type_name), type_name, nullable: true }
            };
            Ok(declared.into_iter().enumerate().map(native).collect())
        })
        .await
    }

    /// The one row of a statement.
    pub(crate) async fn row(&self, sql: String) -> Result<Vec<Cell>, FrameError> {
        self.work(move |_, connection| {
            let mut statement = connection.prepare(&sql)?;
            let columns = statement.column_count();
            let row =
                statement.query_row([], |row| (0..columns).map(|index| row.get_ref(index).map(cell)).collect())?;
            Ok(row)
        })
        .await
    }

    /// The rows of a statement; the limit is for the whole of them.
    pub(crate) async fn scan(&self, sql: String, kinds: Vec<FieldKind>) -> Result<Box<dyn Scan>, FrameError> {
        Ok(Box::new(SqliteScan::start(self.clone(), sql, kinds)))
    }

    /// Runs work on a fresh connection, which is interrupted at the limit, or when nobody waits for it any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &Connection) -> Result<T, Unread> + Send + 'static,
    ) -> Result<T, FrameError> {
        let sqlite = self.clone();
        let (send, handle) = mpsc::channel();
        let running = tokio::task::spawn_blocking(move || {
            sqlite.refuse_no_file()?;
            let worked = sqlite.session.with(sqlite.timeout, |connection| {
                send.send(connection.get_interrupt_handle()).unwrap_or_default();
                work(&sqlite, connection)
            });
            worked.map_err(|unread| sqlite.explain(unread))
        });
        let _interrupt = Interrupt(handle);
        match tokio::time::timeout(self.timeout, running).await {
            Ok(ended) => ended
                .map_err(|error| self.fault(FrameFault::Malformed, format!("a reading task ended early: {error}")))?,
            Err(_) => Err(self.fault(
                FrameFault::Refused,
                format!(
                    "the statement was interrupted after {:?}; narrow the window, add an index, or raise its `timeout`",
                    self.timeout
                ),
            )),
        }
    }

    fn refuse_no_file(&self) -> Result<(), FrameError> {
        let path = self.session.path();
        match path.is_file() {
            true => Ok(()),
            false => Err(missing(&self.source, format!("there is no file at {}; check its `path`", path.display()))),
        }
    }

    fn explain(&self, unread: Unread) -> FrameError {
        let error = match unread {
            Unread::Known(error) => return error,
            Unread::Failed(error) => error,
        };
        let path = self.session.path().display();
        // The error of a statement shows all of it.
        let said = match &error {
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            other => other.to_string(),
        };
        let (fault, what) = match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
                FrameFault::Malformed,
                format!("{path} is not a whole SQLite file: {said}; restore it, or check its `path`"),
            ),
            Some(ErrorCode::ReadOnly) => {
                (FrameFault::Refused, format!("the SQL tries to write: {said}; a source only reads"))
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
                FrameFault::Unreachable,
                format!("{path} is locked by a writer: {said}; use WAL mode, or raise its `timeout`"),
            ),
            _ => (
                FrameFault::Refused,
                format!("SQLite refused the statement on {path}: {said}; try the SQL in the sqlite3 shell"),
            ),
        };
        self.fault(fault, what)
    }

    fn fault(&self, fault: FrameFault, what: impl std::fmt::Display) -> FrameError {
        Why::new(fault, what).of(&self.source)
    }
}

/// Interrupts a statement when it is dropped; one that has ended does not mind.
struct Interrupt(mpsc::Receiver<InterruptHandle>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Ok(handle) = self.0.try_recv() {
            handle.interrupt();
        }
    }
}

/// Why nothing was read.
enum Unread {
    Known(FrameError),
    Failed(rusqlite::Error),
}

impl From<FrameError> for Unread {
    fn from(error: FrameError) -> Self {
        Self::Known(error)
    }
}

impl From<rusqlite::Error> for Unread {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}
