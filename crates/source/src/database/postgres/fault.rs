//! What the server or the network said, as one sentence with the next thing to try; never the password.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, Error};

use super::Unread;

/// Where a database is, without who asks and with what password.
pub(super) struct Place {
    server: String,
    user: String,
    database: String,
}

impl Place {
    pub(super) fn of(config: &Config) -> Self {
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let server = match config.get_hosts().first() {
            Some(Host::Tcp(host)) => format!("{host}:{port}"),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => "no host".to_owned(),
        };
        let user = config.get_user().unwrap_or_default().to_owned();
        let database = config.get_dbname().unwrap_or(&user).to_owned();
        Self { server, user, database }
    }

    /// Nobody answers there.
    pub(super) fn unreachable(&self, reason: &str) -> Unread {
        Unread::Connect(self.away(reason))
    }

    fn away(&self, reason: &str) -> String {
        let server = &self.server;
        format!(
            "the database at {server} cannot be reached: {reason}; check that it runs, and that this machine may connect"
        )
    }

    /// Why there is no connection.
    pub(super) fn refused(&self, error: &Error) -> Unread {
        let Self { server, user, database } = self;
        let what = match error.code() {
            Some(code)
                if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
            {
                format!(
                    "the database at {server} refuses the user `{user}`; check the user and the password in its `url`"
                )
            }
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
                format!("there is no database `{database}` at {server}; check the end of its `url`")
            }
            Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => {
                format!("the database at {server} has no connection left; raise max_connections or ask again later")
            }
            _ => self.away(&deepest(error)),
        };
        match error.code() {
            Some(code) if !may_pass(code) => Unread::Setting(what),
            _ => Unread::Connect(what),
        }
    }
}

/// Whether the server may answer a moment later: it has no room, is starting or being stopped, or somebody cancelled us.
pub(super) fn may_pass(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    // Connections, rolled back transactions, resources, operators and the system below.
    *code != SqlState::QUERY_CANCELED && ["08", "40", "53", "57", "58"].contains(&class)
}

/// Whether a table that a statement names is not there.
pub(super) fn is_missing_table(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNDEFINED_TABLE)
}

/// Why a statement failed.
pub(super) fn explain(error: &Error, limit: Duration) -> String {
    let Some(said) = error.as_db_error() else {
        return format!(
            "the connection to its database was lost: {}; look at the server, the next tick tries again",
            deepest(error)
        );
    };
    let message = one_line(said.message());
    let code = said.code();
    if *code == SqlState::QUERY_CANCELED {
        return format!(
            "the database cancelled the statement after {limit:?} ({message}); narrow the window, add an index on the \
             time column, or raise its `timeout`"
        );
    }
    let hint = match code {
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => "a source only reads; take out what writes",
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => "grant SELECT to the user in its `url`",
        code if *code == SqlState::UNDEFINED_COLUMN => "check the columns in the SQL",
        code if *code == SqlState::UNDEFINED_FUNCTION => "write the SQL with functions that PostgreSQL has too",
        code if *code == SqlState::ADMIN_SHUTDOWN || *code == SqlState::CRASH_SHUTDOWN => {
            "look at the server, the next tick tries again"
        }
        code if code.code().starts_with("22") => {
            "a value cannot be read as its column is used; convert it in a `query`"
        }
        _ => "try the SQL in psql",
    };
    format!("the database refused the statement: {message}; {hint}")
}

/// The innermost cause: what the operating system or the TLS library said.
fn deepest(error: &Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(deeper) = cause {
        text = deeper.to_string();
        cause = deeper.source();
    }
    one_line(&text)
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}
