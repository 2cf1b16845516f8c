//! Sources in databases: windows are cut, aggregates added up and queries run there. Only a scan brings rows here.

mod answers;
mod asks;
mod chunk;
mod column;
mod dialect;
mod frame;
mod postgres;
mod pushed;
mod relation;
mod sqlite;

use watchkeeper_engine::ports::frame::{FieldKind, FrameError, Scan};

use column::{Cell, Native};
use dialect::Dialect;

pub(crate) use frame::DatabaseFrame;
pub(crate) use postgres::{Postgres, Server, Session as PostgresSession};
pub(crate) use relation::{Opened, join_in_database};
pub(crate) use sqlite::{Session as SqliteSession, Sqlite};

/// A database, as one source speaks to it.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Database {
    /// Whether both are one place, so that one statement can read from both.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Postgres(one), Self::Postgres(other)) => one.is_same_place(other),
            (Self::Sqlite(one), Self::Sqlite(other)) => one.is_same_place(other),
            _ => false,
        }
    }

    /// How this database writes SQL.
    fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// The columns of a table.
    async fn columns_of_table(&self, table: &str) -> Result<Vec<Native>, FrameError> {
        match self {
            Self::Postgres(postgres) => postgres.columns_of_table(table).await,
            Self::Sqlite(sqlite) => sqlite.columns_of_table(table).await,
        }
    }

    /// The columns of a query in the database's own SQL.
    async fn columns_of_query(&self, query: &str) -> Result<Vec<Native>, FrameError> {
        match self {
            Self::Postgres(postgres) => postgres.columns_of_query(query).await,
            Self::Sqlite(sqlite) => sqlite.columns_of_query(query).await,
        }
    }

    /// The one row of a statement.
    async fn row(&self, sql: &str) -> Result<Vec<Cell>, FrameError> {
        match self {
            Self::Postgres(postgres) => postgres.row(sql).await,
            Self::Sqlite(sqlite) => sqlite.row(sql.to_owned()).await,
        }
    }

    /// The rows of a statement in chunks, whose columns are of these kinds.
    async fn scan(&self, sql: &str, kinds: Vec<FieldKind>) -> Result<Box<dyn Scan>, FrameError> {
        match self {
            Self::Postgres(postgres) => postgres.scan(sql, kinds).await,
            Self::Sqlite(sqlite) => sqlite.scan(sql.to_owned(), kinds).await,
        }
    }
}
