//! Holds: people stop every automatic step, or those of one monitor; checks and messages go on.

use serde::Serialize;
use serde_json::json;
use sqlx::{AnyConnection, Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{micros, name, time, time_if},
    fault::Fault,
    ledger,
    store::SqlStore,
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
    /// When it ends by itself; absent for one that people release.
    pub until: Option<Time>,
}

impl HoldScope {
    fn word(&self) -> &str {
        match self {
            Self::All => ALL,
            Self::Monitor(monitor) => monitor.as_str(),
        }
    }
}

impl SqlStore {
    /// Holds automatic steps from the next intent on; a hold that is in force already gets the new reason and end.
    /// Without `until` it lasts until people release it.
    pub async fn hold(
        &self,
        scope: &HoldScope,
        by: &str,
        reason: &str,
        until: Option<Time>,
        at: Time,
    ) -> Result<(), StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            write(&mut tx, scope, (by, reason), until, at).await?;
            let body = json!({ "by": by, "reason": reason, "until": until });
            ledger::append_one(&mut tx, at, "hold.set", scope.word(), &body).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|fault: Fault| fault.doing("hold automatic steps"))
    }

    /// Lets automatic steps go on; false when this scope was not held.
    pub async fn release(&self, scope: &HoldScope, by: &str, at: Time) -> Result<bool, StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            let until = sqlx::query_scalar::<_, Option<i64>>("DELETE FROM hold WHERE scope = $1 RETURNING until");
            let gone = until.bind(scope.word()).fetch_optional(&mut *tx).await?;
            if gone.is_none_or(|until| until.is_some_and(|until| until <= micros(at))) {
                return Ok(false);
            }
            ledger::append_one(&mut tx, at, "hold.released", scope.word(), &json!({ "by": by })).await?;
            tx.commit().await?;
            Ok(true)
        };
        work.await.map_err(|fault: Fault| fault.doing("release automatic steps"))
    }

    /// The holds in force at `now`; the one on everything comes first.
    pub async fn holds(&self, now: Time) -> Result<Vec<Hold>, StoreError> {
        let work = async {
            let query = sqlx::query("SELECT * FROM hold WHERE until IS NULL OR until > $1 ORDER BY scope");
            let rows = query.bind(micros(now)).fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(hold).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read the holds"))
    }
}

async fn write(
    db: &mut AnyConnection,
    scope: &HoldScope,
    (by, reason): (&str, &str),
    until: Option<Time>,
    at: Time,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO hold (scope, since, set_by, reason, until) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (scope) DO UPDATE SET
             since = CASE WHEN hold.until <= excluded.since THEN excluded.since ELSE hold.since END,
             set_by = excluded.set_by, reason = excluded.reason, until = excluded.until",
    )
    .bind(scope.word())
    .bind(micros(at))
    .bind(by)
    .bind(reason)
    .bind(until.map(micros))
    .execute(db)
    .await?;
    Ok(())
}

fn hold(row: &AnyRow) -> Result<Hold, Fault> {
    let scope = match row.try_get("scope")? {
        ALL => HoldScope::All,
        monitor => HoldScope::Monitor(name("hold.scope", monitor)?),
    };
    let since = time("hold.since", row.try_get("since")?)?;
    let until = time_if("hold.until", row.try_get("until")?)?;
    Ok(Hold { scope, since, by: row.try_get("set_by")?, reason: row.try_get("reason")?, until })
}

/// Why a monitor's automatic steps are held at `now`, and until when; `None` when they are not.
pub(crate) async fn in_force(db: &mut AnyConnection, monitor: &Name, now: Time) -> Result<Option<String>, Fault> {
    let held: Option<(String, Option<i64>)> = sqlx::query_as(
        "SELECT reason, until FROM hold WHERE scope IN ($1, $2) AND (until IS NULL OR until > $3) ORDER BY scope LIMIT 1",
    )
    .bind(ALL)
    .bind(monitor.as_str())
    .bind(micros(now))
    .fetch_optional(db)
    .await?;
    let Some((reason, until)) = held else { return Ok(None) };
    let until = time_if("hold.until", until)?.map(|until| format!(" (until {})", until.format("%F %T UTC")));
    Ok(Some(reason + &until.unwrap_or_default()))
}
