//! Holds: people stop every automatic step, or those of one monitor; checks and messages go on.

use serde::Serialize;
use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{micros, name, time},
    fault::Fault,
    ledger,
    open::SqliteStore,
};

/// The word in the column for every monitor.
const ALL: &str = "*";

/// What a hold stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldScope {
    /// The steps of every monitor.
    All,
    /// The steps of one monitor.
    Monitor(Name),
}

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// What it stops.
    pub scope: HoldScope,
    /// Since when.
    pub since: Time,
    /// Who set it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl HoldScope {
    fn word(&self) -> &str {
        match self {
            Self::All => ALL,
            Self::Monitor(monitor) => monitor.as_str(),
        }
    }
}

impl SqliteStore {
    /// Holds automatic steps from the next intent on; a hold that is in force already gets the new reason.
    pub async fn hold(&self, scope: &HoldScope, by: &str, reason: &str, at: Time) -> Result<(), StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            write(&mut tx, scope, by, reason, at).await?;
            let body = json!({ "by": by, "reason": reason });
            ledger::append_one(&mut tx, at, "hold.set", scope.word(), &body).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|fault: Fault| fault.doing("hold automatic steps"))
    }

    /// Lets automatic steps go on; false when this scope was not held.
    pub async fn release(&self, scope: &HoldScope, by: &str, at: Time) -> Result<bool, StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            let gone = sqlx::query("DELETE FROM hold WHERE scope = ?").bind(scope.word()).execute(&mut *tx).await?;
            if gone.rows_affected() == 0 {
                return Ok(false);
            }
            ledger::append_one(&mut tx, at, "hold.released", scope.word(), &json!({ "by": by })).await?;
            tx.commit().await?;
            Ok(true)
        };
        work.await.map_err(|fault: Fault| fault.doing("release automatic steps"))
    }

    /// The holds in force; the one on everything comes first.
    pub async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let work = async {
            let rows = sqlx::query("SELECT * FROM hold ORDER BY scope").fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(hold).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read the holds"))
    }
}

async fn write(db: &mut SqliteConnection, scope: &HoldScope, by: &str, reason: &str, at: Time) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO hold (scope, since, set_by, reason) VALUES (?, ?, ?, ?)
         ON CONFLICT (scope) DO UPDATE SET set_by = excluded.set_by, reason = excluded.reason",
    )
    .bind(scope.word())
    .bind(micros(at))
    .bind(by)
    .bind(reason)
    .execute(db)
    .await?;
    Ok(())
}

fn hold(row: &SqliteRow) -> Result<Hold, Fault> {
    let scope = match row.try_get("scope")? {
        ALL => HoldScope::All,
        monitor => HoldScope::Monitor(name("hold.scope", monitor)?),
    };
    let since = time("hold.since", row.try_get("since")?)?;
    Ok(Hold { scope, since, by: row.try_get("set_by")?, reason: row.try_get("reason")? })
}

/// Why a monitor's automatic steps are held; `None` when they are not.
pub(crate) async fn in_force(db: &mut SqliteConnection, monitor: &Name) -> Result<Option<String>, Fault> {
    let reason = sqlx::query_scalar("SELECT reason FROM hold WHERE scope IN (?, ?) ORDER BY scope LIMIT 1")
        .bind(ALL)
        .bind(monitor.as_str())
        .fetch_optional(db)
        .await?;
    Ok(reason)
}
