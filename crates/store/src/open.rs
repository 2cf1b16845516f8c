//! Opening the store, wherever it is.

mod postgres;
mod sqlite;
mod tables;

use std::path::PathBuf;

use sqlx::migrate::MigrateError;

use crate::place::PlaceError;

pub(crate) use self::tables::{known as known_tables, standing};

/// SQLite's primary result codes `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
const DAMAGED: [i32; 2] = [11, 26];

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be a store's.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Whoever only reads cannot bring the tables up to date.
    #[error("the store {place} was written by an older version of Watchkeeper")]
    Older {
        /// Where it is.
        place: String,
    },
    /// A newer version wrote it, and says that this one would not understand it.
    #[error(
        "the store {place} needs a newer version of Watchkeeper: its tables are at {found}, of which {floor} and newer \
         can be worked with, and this version knows them up to {known}"
    )]
    Newer {
        /// Where it is.
        place: String,
        /// How far its tables are.
        found: i64,
        /// What a version has to know to work with them.
        floor: i64,
        /// What this version knows.
        known: i64,
    },
    /// The linked SQLite has a bug that loses data.
    #[error("SQLite {found} can corrupt its write-ahead log: build with SQLite 3.51.3 or newer")]
    SqliteTooOld {
        /// The version that is linked.
        found: String,
    },
    /// What should be a server's address is none.
    #[error("the store's URL is not one of PostgreSQL: {reason}")]
    Url {
        /// What is wrong with it; never the URL, which holds a password.
        reason: String,
    },
    /// The server is there and cannot hold a store.
    #[error("{place} cannot hold the store: {reason}")]
    Unfit {
        /// Where it is.
        place: String,
        /// Why.
        reason: &'static str,
    },
    /// The database cannot be opened.
    #[error("cannot open the store {place}")]
    Database {
        /// Where it is.
        place: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// The tables cannot be brought up to date.
    #[error("cannot bring the tables of the store {place} up to date")]
    Migration {
        /// Where it is.
        place: String,
        /// The cause.
        source: MigrateError,
    },
    /// An older store is copied before its tables are changed, and cannot be.
    #[error("cannot copy the store to {copy} before its tables are brought up to date")]
    Copy {
        /// The copy.
        copy: PathBuf,
        /// The cause.
        source: sqlx::Error,
    },
}

impl OpenError {
    /// Whether a server is the cause that may come back by itself: nobody answers, or it is starting or stopping.
    pub fn is_away(&self) -> bool {
        let Self::Database { source, .. } = self else { return false };
        match source {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
            // Classes 08, 53 and 57: the connection, its resources, an operator.
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| ["08", "53", "57"].iter().any(|class| code.starts_with(class)))
            }
            _ => false,
        }
    }

    /// Whether the file's content is the cause: it is no database, or a damaged one.
    pub fn is_damage(&self) -> bool {
        let (Self::Database { source: sqlx::Error::Database(error), .. }
        | Self::Copy { source: sqlx::Error::Database(error), .. }
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
