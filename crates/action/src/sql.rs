//! Runs one statement in a database of the customer's, exactly once: the call's mark is inserted in the transaction of the
//! statement, so that the same call, sent again, finds the mark and changes nothing.

mod transaction;

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, After, Probe};
use watchkeeper_model::{SqlAction, SqlEngine};
use watchkeeper_net::resolve;
use watchkeeper_secret::{Mask, SecretError};

use crate::{
    ActionRunner, cause,
    contract::{Attempt, Kind, Reading, no_mark},
    limit::Limit,
};

const SAID_CHARS_MAX: usize = 400;

/// Why a database cannot be asked at all.
#[derive(Debug, thiserror::Error)]
enum SqlError {
    #[error(transparent)]
    Url(#[from] SecretError),
    #[error("the URL of the database cannot be read: it starts with {wanted}")]
    NotUrl { wanted: &'static str },
    #[error("{place} is not in `allow.hosts` of watchkeeper.toml")]
    NotAllowed { place: String },
    #[error("{place} cannot be reached")]
    Resolve { place: String, source: std::io::Error },
}

impl SqlError {
    /// Whether the same may be asked in a while: a name that is not found now, but none that is refused.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Resolve { source, .. } if source.kind() != std::io::ErrorKind::PermissionDenied)
    }
}

/// How a transaction ended that carries a mark.
enum Effect {
    /// The statement and its mark are committed.
    Committed(u64),
    /// The mark was there: an earlier attempt was carried out, and changed so many rows as nobody knows any more.
    Before,
    /// It changed a number of rows that is not allowed, and was rolled back.
    OutOfBounds(u64),
}

/// What went wrong in a transaction.
struct Broken {
    error: sqlx::Error,
    /// Whether it may have been committed all the same.
    in_doubt: bool,
}

/// A database and what is not to be shown of it.
struct Database {
    url: SecretString,
    mask: Mask,
}

impl Database {
    /// The database of a step, if it may be reached.
    async fn of(action: &SqlAction, runner: &ActionRunner) -> Result<Self, SqlError> {
        let secret = runner.secrets.resolve(&action.url)?;
        let wanted = match action.engine {
            SqlEngine::Postgres => "postgres://",
            SqlEngine::Mariadb => "mysql://",
        };
        let not_url = || SqlError::NotUrl { wanted };
        let url = Url::parse(secret.expose_secret().trim()).map_err(|_| not_url())?;
        let is_ours = match action.engine {
            SqlEngine::Postgres => matches!(url.scheme(), "postgres" | "postgresql"),
            SqlEngine::Mariadb => matches!(url.scheme(), "mysql" | "mariadb"),
        };
        let host = url.host_str().filter(|_| is_ours).ok_or_else(not_url)?;
        let port = url.port().unwrap_or(if action.engine == SqlEngine::Postgres { 5432 } else { 3306 });
        let place = format!("{host}:{port}");
        let listed = |entry: &String| entry.eq_ignore_ascii_case(host) || entry.eq_ignore_ascii_case(&place);
        if !runner.allow.hosts.iter().any(listed) {
            return Err(SqlError::NotAllowed { place });
        }
        resolve(host).await.map_err(|source| SqlError::Resolve { place, source })?;
        Ok(Self { mask: Mask::over([&secret]), url: SecretString::from(secret.expose_secret().trim()) })
    }

    /// What the server says, bounded and without secrets.
    fn said(&self, error: &sqlx::Error) -> String {
        let text = match error {
            sqlx::Error::Database(error) => match error.code() {
                Some(code) => format!("{} ({code})", error.message()),
                None => error.message().to_owned(),
            },
            other => cause::line(other),
        };
        self.mask.head(&text, SAID_CHARS_MAX)
    }
}

#[async_trait]
impl Kind for SqlAction {
    fn refusal(&self, _: &ActionRunner) -> Option<String> {
        // Where it leads stands in a secret, which is read with each call.
        None
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        let limit = Limit::ahead(timeout);
        let database = match Database::of(self, runner).await {
            Ok(database) => database,
            Err(error) => return Some(Err(cause::line(&error))),
        };
        Some(match limit.within(transaction::rehearse(&database, self)).await {
            Some(Ok(())) => Ok(format!("{} takes the statement, and the marks' table is there", self.engine)),
            Some(Err(error)) if is_missing_table(&error) => {
                Err(format!("{}; the marks' table is made by: {}", database.said(&error), self.marks_table()))
            }
            Some(Err(error)) => Err(database.said(&error)),
            None => Err(format!("{} did not answer in time", self.engine)),
        })
    }

    async fn before(&self, _: &ActionCall, _: &ActionRunner) -> Reading {
        Reading::Nothing
    }

    async fn send(&self, call: &ActionCall, limit: &Limit, runner: &ActionRunner) -> Attempt {
        let away = |why: String| {
            let end = ActionEnd::failed(format!("{}: {why}", self.engine));
            Attempt::Busy { certain: true, end, after: None }
        };
        let database = match Database::of(self, runner).await {
            Ok(database) => database,
            Err(error) if error.may_pass() => return away(cause::line(&error)),
            Err(error) => return Attempt::failed(cause::line(&error)),
        };
        let connection = match limit.within(transaction::connect(&database)).await {
            Some(Ok(connection)) => connection,
            Some(Err(error)) => return away(database.said(&error)),
            None => return away("there was no connection within the time limit".to_owned()),
        };
        let effect = limit.within(transaction::effect(connection, self, &call.idempotency_key)).await;
        judge(self, &database, effect)
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, runner: &ActionRunner) -> After {
        let limit = Limit::ahead(call.timeout);
        let database = match Database::of(self, runner).await {
            Ok(database) => database,
            Err(error) => return After::Unreadable(cause::line(&error)),
        };
        match limit.within(transaction::is_marked(&database, self.engine, &call.idempotency_key)).await {
            Some(Ok(true)) => After::AsWanted("its mark is committed, and the statement with it".to_owned()),
            Some(Ok(false)) => After::Failed("its mark is not there".to_owned()),
            Some(Err(error)) => After::Unreadable(database.said(&error)),
            None => After::Unreadable(format!("{} did not answer in time", self.engine)),
        }
    }
}

fn judge(action: &SqlAction, database: &Database, effect: Option<Result<Effect, Broken>>) -> Attempt {
    let rows = |rows: u64| if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    match effect {
        Some(Ok(Effect::Committed(changed))) => {
            Attempt::done(format!("{} changed", rows(changed)), Some(changed.to_string()))
        }
        Some(Ok(Effect::Before)) => Attempt::done("it was carried out by an earlier attempt: its mark is there", None),
        Some(Ok(Effect::OutOfBounds(changed))) => {
            let (least, most) = action.rows;
            Attempt::failed(format!(
                "it would have changed {}, and may change {least} to {most}: it was rolled back",
                rows(changed)
            ))
        }
        Some(Err(Broken { error, in_doubt: false })) => {
            let missing = is_missing_table(&error) && database.said(&error).contains("watchkeeper_effect");
            let help = if missing { format!("; make it: {}", action.marks_table()) } else { String::new() };
            let end = ActionEnd::failed(format!("{}: {}{help}", action.engine, database.said(&error)));
            match error {
                sqlx::Error::Database(_) => Attempt::Ended(end),
                _ => Attempt::Busy { certain: true, end, after: None },
            }
        }
        Some(Err(Broken { error, in_doubt: true })) => {
            let end = ActionEnd::unknown(format!("it may have been committed: {}", database.said(&error)));
            Attempt::Busy { certain: false, end, after: None }
        }
        None => {
            let end =
                ActionEnd::unknown(format!("{} did not answer in time: it may have been committed", action.engine));
            Attempt::Busy { certain: false, end, after: None }
        }
    }
}

fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "42P01" || code == "42S02")
}
