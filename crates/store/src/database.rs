//! The database: SQLite in a folder of its own, or PostgreSQL. Both have the same tables and are told the same statements;
//! where their words differ, this is what is asked.

use sqlx::{Any, AnyConnection, Executor as _, Transaction};
use watchkeeper_engine::fault_points::{Point, Side, reach};

use crate::fault::Fault;

/// A transaction; dropped before its commit, it leaves nothing behind.
pub(crate) type Tx = Transaction<'static, Any>;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Advisory locks of PostgreSQL that nobody else takes by chance: two numbers, of which the first is one of these.
const WRITER: i32 = 0x57_4b_01;
const MONITOR: i32 = 0x57_4b_02;

impl Dialect {
    pub(crate) fn of(db: &AnyConnection) -> Self {
        if db.backend_name() == "PostgreSQL" { Self::Postgres } else { Self::Sqlite }
    }

    /// Begins a transaction that no other writing one runs beside, in whatever process: everything that touches the
    /// ledger's one chain, and all that reads before it writes. On PostgreSQL the lock comes before the first snapshot.
    pub(crate) fn begin_alone(self) -> String {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE".to_owned(),
            Self::Postgres => {
                format!("BEGIN; SELECT pg_advisory_xact_lock({WRITER}, hashtext(current_schema()))")
            }
        }
    }

    /// Begins a transaction that writes rows which nobody else writes, or writes them by conditions of its own.
    pub(crate) const fn begin_beside(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Begins a transaction that reads one state.
    pub(crate) const fn begin_reading(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// The time that leases go by, in microseconds: the server's. A store in a file has one daemon and no leases.
    pub(crate) const fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "0",
            Self::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        }
    }
}

/// Holds the ticks of monitors for this transaction, each named first in an array of this JSON text: two replicas never
/// decide on the same state of a monitor. Whoever takes several takes them in the order of their names.
pub(crate) async fn hold_monitors(db: &mut AnyConnection, rows: &str) -> Result<(), Fault> {
    if Dialect::of(db) == Dialect::Postgres {
        let hold = "SELECT COUNT(pg_advisory_xact_lock($1, hashtext(value ->> 0))) FROM json_each($2)";
        sqlx::query(hold).bind(MONITOR).bind(rows).execute(db).await?;
    }
    Ok(())
}

/// Lets this transaction take as long as it takes: for who copies or counts everything.
pub(crate) async fn without_limits(db: &mut AnyConnection) -> Result<(), Fault> {
    if Dialect::of(db) == Dialect::Postgres {
        db.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    }
    Ok(())
}

/// Commits at a point where a test may have the process die.
pub(crate) async fn commit(tx: Tx, point: Point) -> Result<(), Fault> {
    reach(point, Side::Before);
    tx.commit().await?;
    reach(point, Side::After);
    Ok(())
}
