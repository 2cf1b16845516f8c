//! What goes wrong inside a transaction, before the caller says what it was doing.

use sqlx::error::ErrorKind;
use watchkeeper_engine::ports::store::StoreError;

/// The reason a transaction was given up; nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The epoch or the status is no longer the one the caller knows.
    #[error("the row was taken over or has moved on")]
    Fenced,
    /// The file that is open is no longer where it was opened.
    #[error("the store's file is not where it was opened: what is written now, nobody would find")]
    Moved,
    /// The server is there, or was, and says nothing.
    #[error("the server does not answer")]
    Silent,
    /// Whoever committed for several was stopped in the middle.
    #[error("the commit was interrupted")]
    Interrupted,
    /// The database said no.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A value did not become JSON, or stored JSON is not the value it should be.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A baseline's digest cannot be written, or a stored one not be read.
    #[error("the digest of a frozen baseline is not readable ({0}); `watchkeeper baseline refresh` makes it anew")]
    Digest(#[from] postcard::Error),
    /// A stored text or number is not what its column holds.
    #[error("column {column} holds `{value}`, which this version cannot read")]
    Column {
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
}

impl Fault {
    /// The port's error for it.
    pub(crate) fn doing(self, doing: &'static str) -> StoreError {
        match self {
            Self::Fenced => StoreError::Fenced,
            fault if fault.may_pass() => StoreError::Failed { doing, source: Box::new(fault) },
            fault => StoreError::Inconsistent { doing, source: Box::new(fault) },
        }
    }

    /// Whether the same may work later: the database is away, locked or full, and no row of it is the cause.
    fn may_pass(&self) -> bool {
        match self {
            Self::Moved | Self::Silent | Self::Interrupted => true,
            Self::Fenced | Self::Json(_) | Self::Digest(_) | Self::Column { .. } => false,
            Self::Database(sqlx::Error::Database(error)) => matches!(error.kind(), ErrorKind::Other),
            Self::Database(error) => !matches!(
                error,
                sqlx::Error::RowNotFound
                    | sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::Decode(_)
                    | sqlx::Error::Encode(_)
            ),
        }
    }

    /// A column whose value is not readable.
    pub(crate) fn column(column: &'static str, value: impl ToString) -> Self {
        Self::Column { column, value: value.to_string() }
    }
}
