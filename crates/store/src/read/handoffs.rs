//! Handoffs: the record that an incident went from the machine to its owner.

use serde::Serialize;
use sqlx::{AnyConnection, Row, any::AnyRow};
use watchkeeper_engine::ports::store::{Delivered, StoreError};
use watchkeeper_model::{Layer, Name, Outcome, Remedy, Severity, StepReport, Time};

use crate::{
    columns::{from_json, from_word, name, time, time_if},
    fault::Fault,
    store::SqlStore,
};

use super::incidents::deliveries;

/// One handoff, as `handoffs --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Handoff {
    /// The id of the run whose first step it tells of.
    pub id: String,
    /// The incident.
    pub incident: String,
    /// The monitor.
    pub monitor: Name,
    /// Its layer.
    pub layer: Layer,
    /// Its severity.
    pub severity: Severity,
    /// The team it went to.
    pub owner: Name,
    /// The tick that opened the incident.
    pub opened_at: Time,
    /// What was done before anybody was told.
    pub first_step: FirstStep,
    /// Every delivery and its outcome, oldest first.
    pub notifications: Vec<Notification>,
    /// When it was handed over.
    pub handed_off_at: Time,
    /// Who took it.
    pub acknowledged_by: Option<String>,
    /// When.
    pub acknowledged_at: Option<Time>,
    /// When the incident was over.
    pub resolved_at: Option<Time>,
    /// The ledger's head that went out with it.
    pub ledger_head: String,
}

/// The first step of a handoff.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FirstStep {
    /// Its id in the runbook.
    pub step: Name,
    /// The action's kind.
    pub action: String,
    /// How it ended; as people settled it, once they have.
    pub outcome: Outcome,
    /// When it began; absent when it was withheld.
    pub started_at: Option<Time>,
    /// When its outcome was known.
    pub finished_at: Option<Time>,
    /// Whether it helped: `acted`, `verifying`, `remediated` or `not_remediated`; absent unless it was done.
    pub remedy: Option<Remedy>,
}

/// One delivery of a handoff.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notification {
    /// The channel.
    pub channel: Name,
    /// The one mailbox of a channel that has several.
    pub receiver: Option<String>,
    /// `sent`, `failed: …` or `retry: …`.
    pub outcome: String,
    /// When.
    pub at: Time,
}

impl Notification {
    /// Whether the peer took it.
    pub fn arrived(&self) -> bool {
        self.outcome == Delivered::Sent(None).to_string()
    }
}

impl SqlStore {
    /// Every handoff, newest first.
    pub async fn handoffs(&self) -> Result<Vec<Handoff>, StoreError> {
        let work = async { list(&mut *self.read().await?, None).await };
        work.await.map_err(|fault: Fault| fault.doing("list handoffs"))
    }

    /// So many handoffs at most, newest first.
    pub async fn newest_handoffs(&self, limit: u32) -> Result<Vec<Handoff>, StoreError> {
        let work = async { list(&mut *self.read().await?, Some(limit)).await };
        work.await.map_err(|fault: Fault| fault.doing("list the newest handoffs"))
    }
}

async fn list(db: &mut AnyConnection, limit: Option<u32>) -> Result<Vec<Handoff>, Fault> {
    let rows = sqlx::query(
        "SELECT handoff.*, incident.*, step.remedy,
             CASE WHEN step.status IN ('done', 'failed', 'unknown', 'withheld') THEN step.status
                  ELSE json_extract(handoff.report, '$.outcome') END AS outcome
         FROM handoff
         JOIN incident ON incident.id = handoff.incident
         JOIN step ON step.run = handoff.run AND step.step = handoff.step
         ORDER BY handoff.handed_off_at DESC, handoff.incident LIMIT $1",
    )
    .bind(limit.map_or(i64::MAX, i64::from))
    .fetch_all(&mut *db)
    .await?;
    let mut handoffs = Vec::with_capacity(rows.len());
    for row in &rows {
        let incident: &str = row.try_get("incident")?;
        handoffs.push(Handoff { notifications: notifications(db, incident).await?, ..handoff(row)? });
    }
    Ok(handoffs)
}

async fn notifications(db: &mut AnyConnection, incident: &str) -> Result<Vec<Notification>, Fault> {
    let sent = deliveries(db, incident).await?.into_iter();
    Ok(sent.map(|d| Notification { channel: d.channel, receiver: d.receiver, outcome: d.outcome, at: d.at }).collect())
}

fn handoff(row: &AnyRow) -> Result<Handoff, Fault> {
    Ok(Handoff {
        id: row.try_get("run")?,
        incident: row.try_get("incident")?,
        monitor: name("incident.monitor", row.try_get("monitor")?)?,
        layer: from_word("incident.layer", row.try_get("layer")?)?,
        severity: from_word("incident.severity", row.try_get("severity")?)?,
        owner: name("incident.owner", row.try_get("owner")?)?,
        opened_at: time("incident.opened_at", row.try_get("opened_at")?)?,
        first_step: first_step(row)?,
        notifications: Vec::new(),
        handed_off_at: time("handoff.handed_off_at", row.try_get("handed_off_at")?)?,
        acknowledged_by: row.try_get("acknowledged_by")?,
        acknowledged_at: time_if("incident.acknowledged_at", row.try_get("acknowledged_at")?)?,
        resolved_at: time_if("incident.resolved_at", row.try_get("resolved_at")?)?,
        ledger_head: row.try_get("ledger_head")?,
    })
}

fn first_step(row: &AnyRow) -> Result<FirstStep, Fault> {
    let report: StepReport = from_json(row.try_get("report")?)?;
    Ok(FirstStep {
        step: report.step,
        action: report.action,
        outcome: from_word("step.status", row.try_get("outcome")?)?,
        started_at: report.started_at,
        finished_at: report.finished_at,
        remedy: row.try_get::<Option<&str>, _>("remedy")?.and_then(Remedy::parse),
    })
}
