//! SQLite: a file opened read-only for each statement, on a thread that may block.

mod functions;
mod scan;
mod value;

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags};
use watchkeeper_engine::ports::frame::{FieldKind, FrameError, Scan};

use super::column::{Cell, Native};
use crate::fault::{fault, nearest};
use scan::SqliteScan;
use value::{cell, form, type_of};

/// A SQLite file, as one source reads it.
#[derive(Debug)]
pub(crate) struct Sqlite {
    source: String,
    path: PathBuf,
    timeout: Duration,
}

impl Sqlite {
    pub(crate) fn new(source: &str, path: PathBuf, timeout: Duration) -> Self {
        Self { source: source.to_owned(), path, timeout }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The columns of a table, or the names of the tables that there are.
    pub(crate) async fn columns_of_table(self: &Arc<Self>, table: &str) -> Result<Vec<Native>, FrameError> {
        let table = table.to_owned();
        self.work(move |sqlite, connection| {
            let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")?;
            let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            if !tables.iter().any(|known| known.eq_ignore_ascii_case(&table)) {
                let near = nearest(&table, tables.iter().map(String::as_str));
                return Err(sqlite
                    .fault(format!("there is no table `{table}` in {}{near}", sqlite.path.display()))
                    .into());
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
    pub(crate) async fn columns_of_query(self: &Arc<Self>, query: &str) -> Result<Vec<Native>, FrameError> {
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
    pub(crate) async fn row(self: &Arc<Self>, sql: String) -> Result<Vec<Cell>, FrameError> {
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
    pub(crate) async fn scan(
        self: &Arc<Self>,
        sql: String,
        kinds: Vec<FieldKind>,
    ) -> Result<Box<dyn Scan>, FrameError> {
        Ok(Box::new(SqliteScan::start(Arc::clone(self), sql, kinds)))
    }

    /// Runs work on a fresh connection, which is interrupted at the limit, or when nobody waits for it any more.
    async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self, &Connection) -> Result<T, Unread> + Send + 'static,
    ) -> Result<T, FrameError> {
        let sqlite = Arc::clone(self);
        let (send, handle) = mpsc::channel();
        let running = tokio::task::spawn_blocking(move || {
            let connection = sqlite.open()?;
            send.send(connection.get_interrupt_handle()).unwrap_or_default();
            work(&sqlite, &connection).map_err(|unread| sqlite.explain(unread))
        });
        let _interrupt = Interrupt(handle);
        match tokio::time::timeout(self.timeout, running).await {
            Ok(ended) => ended.map_err(|error| self.fault(format!("a reading task ended early: {error}")))?,
            Err(_) => Err(self.fault(format!(
                "the statement was interrupted after {:?}; narrow the window, add an index, or raise its `timeout`",
                self.timeout
            ))),
        }
    }

    fn open(&self) -> Result<Connection, FrameError> {
        if !self.path.is_file() {
            return Err(self.fault(format!("there is no file at {}; check its `path`", self.path.display())));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&self.path, flags).and_then(|connection| {
            connection.busy_timeout(self.timeout)?;
            functions::add(&connection)?;
            Ok(connection)
        });
        opened.map_err(|error| self.explain(error.into()))
    }

    fn explain(&self, unread: Unread) -> FrameError {
        let error = match unread {
            Unread::Known(error) => return error,
            Unread::Failed(error) => error,
        };
        let path = self.path.display();
        // The error of a statement shows all of it.
        let said = match &error {
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            other => other.to_string(),
        };
        self.fault(match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                format!("{path} is not a whole SQLite file: {said}; restore it, or check its `path`")
            }
            Some(ErrorCode::ReadOnly) => format!("the SQL tries to write: {said}; a source only reads"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                format!("{path} is locked by a writer: {said}; use WAL mode, or raise its `timeout`")
            }
            _ => format!("SQLite refused the statement on {path}: {said}; try the SQL in the sqlite3 shell"),
        })
    }

    fn fault(&self, what: impl std::fmt::Display) -> FrameError {
        fault(&self.source, what)
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
