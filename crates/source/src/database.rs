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

use std::path::Path;
use std::sync::Arc;

use watchkeeper_engine::ports::frame::{FieldKind, FrameError, Scan};
use watchkeeper_model::{DatabaseServer, DatabaseSource};
use watchkeeper_secret::SecretReader;

use column::{Cell, Native};
use dialect::Dialect;
use postgres::Postgres;
use sqlite::Sqlite;

pub(crate) use frame::DatabaseFrame;
pub(crate) use relation::{Opened, join_in_database};

/// A database, as one source speaks to it.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Postgres(Arc<Postgres>),
    Sqlite(Arc<Sqlite>),
}

impl Database {
    /// The database of a source; nothing is opened yet.
    pub(crate) fn new(name: &str, source: &DatabaseSource, workspace: &Path) -> Self {
        match &source.server {
            DatabaseServer::Postgres(url) => {
                let secrets = SecretReader::new(workspace);
                Self::Postgres(Arc::new(Postgres::new(name, url.clone(), secrets, source.timeout)))
            }
            DatabaseServer::Sqlite(path) => {
                Self::Sqlite(Arc::new(Sqlite::new(name, workspace.join(path), source.timeout)))
            }
        }
    }

    /// Whether both are one place, so that one statement can read from both.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Postgres(one), Self::Postgres(other)) => one.url() == other.url(),
            (Self::Sqlite(one), Self::Sqlite(other)) => one.path() == other.path(),
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
