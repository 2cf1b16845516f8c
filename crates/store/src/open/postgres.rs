//! PostgreSQL: one database, or a schema of one, that several replicas share. Only its writing end will do.

use std::time::Duration;

use sqlx::{
    AnyConnection, AnyPool, Connection as _, Executor as _,
    any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers},
    postgres::PgConnectOptions,
};

use super::{OpenError, tables};
use crate::store::{Home, SqlStore};

/// Connections of one replica, besides the one that listens.
const CONNECTIONS: u32 = 8;
/// How long a task waits for a connection: longer than a server takes to come back, shorter than a person waits.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// A connection that was idle for so long is asked whether it still stands before it is used.
const ASKED_AFTER: Duration = Duration::from_secs(1);
/// How long a connection may take to say that it stands.
const PING_MAX: Duration = Duration::from_secs(5);
/// A commit is durable when it is told so. A replica that is cut off holds up nobody: the server ends its transaction,
/// and its connection, within seconds. A statement that asks for more than anything here does is ended.
const SETUP: &str = "SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local');
    SET default_transaction_isolation = 'read committed';
    SET idle_in_transaction_session_timeout = '5s';
    SET lock_timeout = '10s';
    SET statement_timeout = '15s';
    SET tcp_keepalives_idle = 5;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 10000;
    SET client_min_messages = 'warning'";
/// The oldest server that knows all that it is told.
const VERSION_MIN: i64 = 140_000;

impl SqlStore {
    /// Opens the store on a PostgreSQL server, and makes its tables in the connection's schema where there are none.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let place = place(url)?;
        let failed = |source| OpenError::Database { place: place.clone(), source };
        let (options, mut first) = first(url).await.map_err(failed)?;
        require_fit(&mut first, &place).await?;
        let standing = tables::standing(&mut first).await.map_err(failed)?;
        tables::require_workable(standing, &place)?;
        // Without the limits that the pool's connections have: a large table may take its time.
        tables::bring_up_to_date(&mut first, &place).await?;
        let pool = connections(options, Use::Writes);
        first.close().await.map_err(failed)?;
        Ok(Self::at(Home::Server { address: place, url: url.into() }, pool.clone(), pool))
    }

    /// Opens the store on a PostgreSQL server to read it; nothing is made or changed. `None` where there is no store.
    pub async fn connect_to_read(url: &str) -> Result<Option<Self>, OpenError> {
        let place = place(url)?;
        let failed = |source| OpenError::Database { place: place.clone(), source };
        let (options, mut first) = first(url).await.map_err(failed)?;
        let standing = tables::standing(&mut first).await.map_err(failed)?;
        first.close().await.map_err(failed)?;
        tables::require_workable(standing, &place)?;
        match standing {
            None => Ok(None),
            Some(standing) if standing.found < tables::known() => Err(OpenError::Older { place }),
            Some(_) => {
                let pool = connections(options, Use::Reads);
                Ok(Some(Self::at(Home::Server { address: place, url: url.into() }, pool.clone(), pool)))
            }
        }
    }
}

/// `host:port/database`, of a URL that is one.
fn place(url: &str) -> Result<String, OpenError> {
    let refused = |reason: &str| OpenError::Url { reason: reason.to_owned() };
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(refused("it should begin with `postgres://`"));
    }
    let options: PgConnectOptions = url.parse().map_err(|_| refused("it cannot be read"))?;
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    Ok(format!("{}:{}/{database}", options.get_host(), options.get_port()))
}

/// A first connection by itself: the pool would say only that it waited in vain.
async fn first(url: &str) -> Result<(AnyConnectOptions, AnyConnection), sqlx::Error> {
    install_default_drivers();
    let options: AnyConnectOptions = url.parse()?;
    let first = tokio::time::timeout(WAIT_MAX, AnyConnection::connect_with(&options)).await;
    let mut first = first.unwrap_or_else(|_| Err(nobody()))?;
    // That the tables are there already is no news.
    first.execute("SET client_min_messages = 'warning'").await?;
    Ok((options, first))
}

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Reads,
    Writes,
}

/// The connections of one replica, made as they are needed. After a failover the address may lead to a standby for a while.
fn connections(options: AnyConnectOptions, wanted: Use) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT_MAX)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(SETUP).await?;
                let is_standby = "SELECT 1 WHERE pg_is_in_recovery()";
                let is_standby = sqlx::query(is_standby).fetch_optional(connection).await?.is_some();
                if is_standby && wanted == Use::Writes { Err(standby()) } else { Ok(()) }
            })
        })
        .before_acquire(|connection, known| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    return Ok(false);
                }
                Ok(known.idle_for < ASKED_AFTER || answers(connection).await.is_ok())
            })
        })
        // Whoever gave up on it may have left it in the middle of something, and the server may be gone without a word.
        .after_release(|connection, _| Box::pin(async move { answers(connection).await.map(|()| true) }))
        .connect_lazy_with(options)
}

fn standby() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other("the server is a standby, which takes no writes"))
}

fn nobody() -> sqlx::Error {
    let why = format!("nobody answered within {} s", WAIT_MAX.as_secs());
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}

/// Whether a connection still stands.
async fn answers(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    tokio::time::timeout(PING_MAX, connection.ping()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// A standby, a read-only database and an old server are no place for a store.
async fn require_fit(db: &mut AnyConnection, place: &str) -> Result<(), OpenError> {
    let asked = "SELECT CAST(pg_is_in_recovery() AS INT), CAST(current_setting('transaction_read_only') = 'on' AS INT),
                     CAST(current_setting('server_version_num') AS BIGINT)";
    let (standby, read_only, version): (i32, i32, i64) = sqlx::query_as(asked)
        .fetch_one(db)
        .await
        .map_err(|source| OpenError::Database { place: place.to_owned(), source })?;
    let reason = match (standby, read_only, version) {
        (1, _, _) => "it is a standby, which takes no writes; name the primary's address",
        (_, 1, _) => "it is read-only for this user",
        (_, _, ..VERSION_MIN) => "it is older than PostgreSQL 14",
        _ => return Ok(()),
    };
    Err(OpenError::Unfit { place: place.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_names_the_server_and_never_the_password() {
        let shown = place("postgres://watch:hunter2@db.internal:6432/risk?sslmode=require").unwrap();
        assert_eq!(shown, "db.internal:6432/risk");
        for bad in ["mysql://watch:hunter2@db/x", "postgres://watch:hunter2@db:notaport/x", "hunter2"] {
            assert!(!place(bad).unwrap_err().to_string().contains("hunter2"), "{bad}");
        }
    }
}
