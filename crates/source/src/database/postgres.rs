//! PostgreSQL: read-only sessions, statements with a time limit that the server keeps, and rows as they arrive.

mod columns;
mod fault;
mod scan;
mod server;
mod session;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use watchkeeper_engine::ports::frame::{FieldKind, FrameError, FrameFault, Scan};

use super::column::{Cell, Native};
use crate::fault::{Why, missing, nearest};
use fault::{explain, is_missing_table};
use scan::PostgresScan;

pub(crate) use server::Server;
pub(crate) use session::Session;

/// How many cursors there were; each has a name of its own.
static CURSORS: AtomicUsize = AtomicUsize::new(0);

/// A PostgreSQL database, as one source speaks to it.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    source: Arc<str>,
    session: Arc<Session>,
    timeout: Duration,
}

impl Postgres {
    /// Speaks within a session.
    pub(crate) fn new(source: &str, session: Arc<Session>, timeout: Duration) -> Self {
        Self { source: source.into(), session, timeout }
    }

    /// Whether both are one database.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        self.session.server().url() == other.session.server().url()
    }

    /// The columns of a table, or the names of the tables that there are.
    pub(crate) async fn columns_of_table(&self, table: &str) -> Result<Vec<Native>, FrameError> {
        let found = self.run(async |client| columns::of_table(client, table).await).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        let tables = self.run(async |client| columns::tables(client).await).await.unwrap_or_default();
        let near = nearest(table, tables.iter().map(String::as_str));
        Err(missing(&self.source, format!("there is no table `{table}` in its database{near}")))
    }

    /// The columns of a query.
    pub(crate) async fn columns_of_query(&self, query: &str) -> Result<Vec<Native>, FrameError> {
        self.run(async |client| columns::of_query(client, query).await).await
    }

    /// The one row of a statement.
    pub(crate) async fn row(&self, sql: &str) -> Result<Vec<Cell>, FrameError> {
        let row = async |client: &Client| {
            let rows = client.query_typed(sql, &[]).await?;
            let row = rows.first().ok_or_else(|| Unread::Setting("the database gave no row".to_owned()))?;
            Ok((0..row.len()).map(|index| cell(row, index)).collect::<Result<_, _>>()?)
        };
        self.run(row).await
    }

    /// The rows of a statement, a chunk at a time.
    pub(crate) async fn scan(&self, sql: &str, kinds: Vec<FieldKind>) -> Result<Box<dyn Scan>, FrameError> {
        let number = CURSORS.fetch_add(1, Ordering::Relaxed);
        let opened = PostgresScan::open(self, number, sql, kinds).await;
        Ok(Box::new(opened.map_err(|error| self.fault(error))?))
    }

    async fn run<T>(&self, work: impl AsyncFnOnce(&Client) -> Result<T, Unread>) -> Result<T, FrameError> {
        self.session.run(self.timeout, work).await.map_err(|error| self.fault(error))
    }

    fn fault(&self, error: Unread) -> FrameError {
        use FrameFault::{Malformed, Missing, Refused, Unreachable};
        let why = match error {
            Unread::Setting(what) => Why::new(Refused, what),
            Unread::Connect(what) => Why::new(Unreachable, what),
            Unread::Silent => Why::new(
                Unreachable,
                format!(
                    "the database did not answer within {:?}; look at its load and at the network between",
                    self.timeout
                ),
            ),
            Unread::Lost => {
                Why::new(Unreachable, "an earlier statement of this evaluation was given up; the next tick tries again")
            }
            Unread::Failed(error) if is_missing_table(&error) => {
                Why::new(Missing, "there is no such table in its database")
            }
            Unread::Failed(error) => match error.code() {
                None => Why::new(Unreachable, explain(&error, self.timeout)),
                Some(code) if code.code().starts_with("22") => Why::new(Malformed, explain(&error, self.timeout)),
                Some(code) if fault::may_pass(code) => Why::new(Unreachable, explain(&error, self.timeout)),
                Some(_) => Why::new(Refused, explain(&error, self.timeout)),
            },
        };
        why.masked(&self.session.server().mask()).of(&self.source)
    }
}

/// Why nothing was read.
#[derive(Debug)]
enum Unread {
    /// What is asked cannot be asked.
    Setting(String),
    /// There is no connection.
    Connect(String),
    Silent,
    /// The transaction is gone.
    Lost,
    Failed(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Unread {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(error)
    }
}

fn cell(row: &Row, index: usize) -> Result<Cell, tokio_postgres::Error> {
    let cell = match *row.columns()[index].type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Cell::Integer),
        Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map(|number| Cell::Integer(i64::from(number))),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(index)?.map(Cell::Number),
        _ => row.try_get::<_, Option<String>>(index)?.map(Cell::Text),
    };
    Ok(cell.unwrap_or(Cell::Null))
}
