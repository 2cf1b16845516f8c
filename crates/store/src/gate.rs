//! Gates: named switches. A gate that was never set is open.

use serde::Serialize;
use serde_json::json;
use sqlx::{AnyConnection, Row, any::AnyRow};
use watchkeeper_engine::ports::store::{StepRecord, StoreError};
use watchkeeper_model::{GateAction, GateState, Name, Time};

use crate::{
    columns::{from_word, micros, name, time},
    fault::Fault,
    ledger,
    refusal::{GivenUp, PeopleError},
    store::SqlStore,
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

/// A gate that an incident's step paused, and that nobody has opened since the incident was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftPaused {
    /// The gate.
    pub gate: Name,
    /// The incident.
    pub incident: String,
    /// Its monitor.
    pub monitor: Name,
    /// Since when it is over.
    pub resolved_at: Time,
}

/// A gate to set.
struct Setting<'a> {
    name: &'a Name,
    state: GateState,
    by: &'a str,
    reason: &'a str,
    /// The incident whose step sets it.
    incident: Option<&'a str>,
    at: Time,
}

impl SqlStore {
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
            set(&mut tx, &Setting { name, state, by, reason, incident: None, at }).await?;
            tx.commit().await?;
            self.ring_gates();
            Ok(())
        };
        work.await.map_err(|fault: Fault| fault.doing("set a gate"))
    }

    /// Sets a gate by hand, if it still is as `seen`: its state, and since when.
    pub async fn set_gate_as_seen(
        &self,
        name: &Name,
        seen: (GateState, Option<Time>),
        state: GateState,
        by: &str,
        reason: &str,
        at: Time,
    ) -> Result<(), PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let row = sqlx::query("SELECT * FROM gate WHERE name = $1").bind(name.as_str());
            let row = row.fetch_optional(&mut *tx).await?;
            let now = row.as_ref().map(record).transpose()?.unwrap_or_else(|| never_set(name));
            if (now.state, now.since) != seen {
                let by = now.by.unwrap_or_else(|| "-".to_owned());
                return Err(PeopleError::GateMoved { gate: now.name, state: now.state, by }.into());
            }
            set(&mut tx, &Setting { name, state, by, reason, incident: None, at }).await?;
            tx.commit().await?;
            self.ring_gates();
            Ok(())
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("set a gate"))
    }

    /// A gate; one that was never set is open.
    pub async fn gate(&self, name: &Name) -> Result<GateRecord, StoreError> {
        let work = async {
            let query = sqlx::query("SELECT * FROM gate WHERE name = $1").bind(name.as_str());
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

    /// The gates that incidents which are over have left paused, by name.
    pub async fn left_paused(&self) -> Result<Vec<LeftPaused>, StoreError> {
        let work = async {
            let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
                "SELECT gate.name, incident.id, incident.monitor, incident.resolved_at FROM gate
                 JOIN incident ON incident.id = gate.incident
                 WHERE gate.state = 'paused' AND incident.state = 'resolved' ORDER BY gate.name",
            )
            .fetch_all(&mut *self.read().await?)
            .await?;
            let left = |(gate, incident, monitor, resolved_at): (String, String, String, i64)| {
                let (gate, monitor) = (name("gate.name", &gate)?, name("incident.monitor", &monitor)?);
                Ok(LeftPaused { gate, incident, monitor, resolved_at: time("incident.resolved_at", resolved_at)? })
            };
            rows.into_iter().map(left).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("look for gates that were left paused"))
    }
}

fn never_set(name: &Name) -> GateRecord {
    GateRecord { name: name.clone(), state: GateState::Open, since: None, by: None, reason: None }
}

fn record(row: &AnyRow) -> Result<GateRecord, Fault> {
    Ok(GateRecord {
        name: name("gate.name", row.try_get("name")?)?,
        state: from_word("gate.state", row.try_get("state")?)?,
        since: Some(time("gate.since", row.try_get("since")?)?),
        by: row.try_get("set_by")?,
        reason: row.try_get("reason")?,
    })
}

/// How a gate stands.
pub(crate) async fn state(db: &mut AnyConnection, gate: &Name) -> Result<GateState, Fault> {
    let word = sqlx::query_scalar::<_, String>("SELECT state FROM gate WHERE name = $1").bind(gate.as_str());
    let word = word.fetch_optional(db).await?;
    word.map_or(Ok(GateState::Open), |word| from_word("gate.state", &word))
}

/// Who set a gate last, where it was not this step; `None` when it was, or when nobody ever did.
pub(crate) async fn moved_from(
    db: &mut AnyConnection,
    gate: &Name,
    step: &StepRecord,
) -> Result<Option<String>, Fault> {
    let by = sqlx::query_scalar("SELECT set_by FROM gate WHERE name = $1 AND set_by <> $2");
    Ok(by.bind(gate.as_str()).bind(set_by(step)).fetch_optional(db).await?)
}

fn set_by(step: &StepRecord) -> String {
    format!("run {}, step {}", step.run, step.step.id)
}

/// Sets a gate as the effect of a step.
pub(crate) async fn set_by_step(
    db: &mut AnyConnection,
    step: &StepRecord,
    action: &GateAction,
    at: Time,
) -> Result<(), Fault> {
    let by = set_by(step);
    let drill = if step.facts.drill { "drill: " } else { "" };
    let reason = format!("{drill}incident {} of {}", step.incident, step.facts.monitor);
    let incident = Some(step.incident.as_str());
    set(db, &Setting { name: &action.gate, state: action.state, by: &by, reason: &reason, incident, at }).await
}

/// Who set a gate to another state than `wanted` after a time; `None` when nobody did.
pub(crate) async fn moved_since(
    db: &mut AnyConnection,
    gate: &Name,
    wanted: GateState,
    after: Option<Time>,
) -> Result<Option<String>, Fault> {
    let Some(after) = after else { return Ok(None) };
    let by = sqlx::query_scalar("SELECT set_by FROM gate WHERE name = $1 AND state <> $2 AND since > $3")
        .bind(gate.as_str())
        .bind(wanted.as_str())
        .bind(micros(after));
    Ok(by.fetch_optional(db).await?)
}

/// The gates that an incident's steps paused and nobody has opened since.
pub(crate) async fn left_paused(db: &mut AnyConnection, incident: &str) -> Result<Vec<Name>, Fault> {
    let names =
        sqlx::query_scalar::<_, String>("SELECT name FROM gate WHERE incident = $1 AND state = 'paused' ORDER BY name");
    let names = names.bind(incident).fetch_all(db).await?;
    names.iter().map(|text| self::name("gate.name", text)).collect()
}

/// A setting that changes nothing leaves who set the gate, when and why; the ledger has it all the same.
async fn set(db: &mut AnyConnection, setting: &Setting<'_>) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO gate (name, state, since, set_by, reason, incident) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE SET
             state = excluded.state, since = excluded.since, set_by = excluded.set_by, reason = excluded.reason,
             incident = excluded.incident
         WHERE gate.state <> excluded.state",
    )
    .bind(setting.name.as_str())
    .bind(setting.state.as_str())
    .bind(micros(setting.at))
    .bind(setting.by)
    .bind(setting.reason)
    .bind(setting.incident)
    .execute(&mut *db)
    .await?;
    let kind = match setting.state {
        GateState::Open => "gate.opened",
        GateState::Paused => "gate.paused",
    };
    let body = json!({ "by": setting.by, "reason": setting.reason, "incident": setting.incident });
    ledger::append_one(db, setting.at, kind, setting.name.as_str(), &body).await
}
