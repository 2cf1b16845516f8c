//! Gates: named switches. A gate that was never set is open.

use serde::Serialize;
use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use watchkeeper_engine::ports::store::{StepRecord, StoreError};
use watchkeeper_model::{GateAction, GateState, Name, Time};

use crate::{
    columns::{from_word, micros, name, time},
    fault::Fault,
    ledger,
    open::SqliteStore,
};

/// A gate as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateRecord {
    /// The gate.
    pub name: Name,
    /// Whether decisions may be made.
    pub state: GateState,
    /// Since when it is in this state; absent when it was never set.
    pub since: Option<Time>,
    /// Who set it last.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A gate to set.
struct Setting<'a> {
    name: &'a Name,
    state: GateState,
    by: &'a str,
    reason: &'a str,
    at: Time,
}

impl SqliteStore {
    /// Sets a gate by hand.
    pub async fn set_gate(
        &self,
        name: &Name,
        state: GateState,
        by: &str,
        reason: &str,
        at: Time,
    ) -> Result<(), StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            set(&mut tx, &Setting { name, state, by, reason, at }).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|fault: Fault| fault.doing("set a gate"))
    }

    /// A gate; one that was never set is open.
    pub async fn gate(&self, name: &Name) -> Result<GateRecord, StoreError> {
        let work = async {
            let query = sqlx::query("SELECT * FROM gate WHERE name = ?").bind(name.as_str());
            let row = query.fetch_optional(&mut *self.read().await?).await?;
            row.as_ref().map(record).transpose()
        };
        let found = work.await.map_err(|fault: Fault| fault.doing("read a gate"))?;
        Ok(found.unwrap_or_else(|| never_set(name)))
    }

    /// Every gate that was ever set, by name.
    pub async fn gates(&self) -> Result<Vec<GateRecord>, StoreError> {
        let work = async {
            let rows = sqlx::query("SELECT * FROM gate ORDER BY name").fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(record).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read the gates"))
    }
}

fn never_set(name: &Name) -> GateRecord {
    GateRecord { name: name.clone(), state: GateState::Open, since: None, by: None, reason: None }
}

fn record(row: &SqliteRow) -> Result<GateRecord, Fault> {
    Ok(GateRecord {
        name: name("gate.name", row.try_get("name")?)?,
        state: from_word("gate.state", row.try_get("state")?)?,
        since: Some(time("gate.since", row.try_get("since")?)?),
        by: row.try_get("set_by")?,
        reason: row.try_get("reason")?,
    })
}

/// Sets a gate as the effect of a step.
pub(crate) async fn set_by_step(
    db: &mut SqliteConnection,
    step: &StepRecord,
    action: &GateAction,
    at: Time,
) -> Result<(), Fault> {
    let by = format!("run {}, step {}", step.run, step.step.id);
    let reason = format!("incident {} of {}", step.incident, step.facts.monitor);
    set(db, &Setting { name: &action.gate, state: action.state, by: &by, reason: &reason, at }).await
}

/// Who set a gate to another state than `wanted` after a time; `None` when nobody did.
pub(crate) async fn moved_since(
    db: &mut SqliteConnection,
    gate: &Name,
    wanted: GateState,
    after: Option<Time>,
) -> Result<Option<String>, Fault> {
    let Some(after) = after else { return Ok(None) };
    let by = sqlx::query_scalar("SELECT set_by FROM gate WHERE name = ? AND state <> ? AND since > ?")
        .bind(gate.as_str())
        .bind(wanted.as_str())
        .bind(micros(after));
    Ok(by.fetch_optional(db).await?)
}

/// A setting that changes nothing leaves who set the gate, when and why; the ledger has it all the same.
async fn set(db: &mut SqliteConnection, setting: &Setting<'_>) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO gate (name, state, since, set_by, reason) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET
             state = excluded.state, since = excluded.since, set_by = excluded.set_by, reason = excluded.reason
         WHERE state <> excluded.state",
    )
    .bind(setting.name.as_str())
    .bind(setting.state.as_str())
    .bind(micros(setting.at))
    .bind(setting.by)
    .bind(setting.reason)
    .execute(&mut *db)
    .await?;
    let kind = match setting.state {
        GateState::Open => "gate.opened",
        GateState::Paused => "gate.paused",
    };
    let body = json!({ "by": setting.by, "reason": setting.reason });
    ledger::append_one(db, setting.at, kind, setting.name.as_str(), &body).await
}
