//! Incidents with what was done and who was told.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{
    Answer, Guarantee, Labels, Layer, Name, Outcome, Remedy, SeriesReport, Severity, Step, StepStatus, Time,
};

use crate::{
    answer,
    columns::{count, from_word, micros, name, time, time_if},
    comment::{self, Comment},
    fault::Fault,
    find::find_incident,
    incident,
    refusal::{GivenUp, PeopleError},
    step,
    store::SqlStore,
};

/// Which incidents are listed, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Leave out those that are resolved.
    pub unresolved: bool,
    /// Only resolved ones.
    pub resolved: bool,
    /// Only those that somebody has, or nobody has, acknowledged and that are not resolved.
    pub acknowledged: Option<bool>,
    /// Only those of this monitor.
    pub monitor: Option<Name>,
    /// Only those of this team.
    pub owner: Option<Name>,
    /// Only those of this layer.
    pub layer: Option<Layer>,
    /// Only those whose id, monitor or group holds this text.
    pub text: Option<String>,
    /// Only those that come after this one in the list: when it was opened, and its id.
    pub after: Option<(Time, String)>,
    /// At most so many; all when absent.
    pub limit: Option<u32>,
}

/// An incident and who answered it, flat, as `incidents --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentRecord {
    /// Ten hex digits.
    pub id: String,
    /// The monitor.
    pub monitor: Name,
    /// The labels that name the group; empty without `group_by`.
    pub group: Labels,
    /// The monitor's layer.
    pub layer: Layer,
    /// The monitor's severity.
    pub severity: Severity,
    /// The owning team.
    pub owner: Name,
    /// The runbook.
    pub runbook: Name,
    /// The tick that opened it.
    pub opened_at: Time,
    /// `open`, `acknowledged` or `resolved`.
    pub state: &'static str,
    /// Who took it; kept when it is resolved.
    pub acknowledged_by: Option<String>,
    /// When.
    pub acknowledged_at: Option<Time>,
    /// Who resolved it; absent when it is not, or when its series recovered.
    pub resolved_by: Option<String>,
    /// When it was over.
    pub resolved_at: Option<Time>,
    /// What came of its steps: `acted`, `verifying`, `remediated` or `not_remediated`; absent before one was done.
    pub remedy: Option<Remedy>,
    /// The series as last judged, worst first.
    pub series: Vec<SeriesReport>,
    /// Whether it is a drill.
    pub drill: bool,
}

/// An incident, its steps in order and its deliveries, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentDetail {
    /// The incident.
    pub incident: IncidentRecord,
    /// When it was handed to its owner.
    pub handed_off_at: Option<Time>,
    /// Its run's steps.
    pub steps: Vec<StepDetail>,
    /// What was sent, or tried.
    pub deliveries: Vec<Delivery>,
    /// What was said of it.
    pub comments: Vec<Comment>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepDetail {
    /// The run.
    pub run: String,
    /// The step's id in its runbook.
    pub step: Name,
    /// 0 for the first step.
    pub position: u32,
    /// The action's kind.
    pub action: String,
    /// One line for people.
    pub summary: String,
    /// The step as it was recorded, with the arguments that are sent.
    #[serde(skip)]
    pub recorded: Step,
    /// What may be counted on after a crash.
    pub guarantee: Guarantee,
    /// Where it stands: `planned`, `waiting`, `released`, `intent` or how it ended.
    pub status: &'static str,
    /// How often it was begun.
    pub attempts: u32,
    /// When its newest intent was committed.
    pub started_at: Option<Time>,
    /// When its outcome was known.
    pub finished_at: Option<Time>,
    /// What happened.
    pub detail: Option<String>,
    /// The peer's reference.
    pub reference: Option<String>,
    /// Whether it helped: `acted`, `verifying`, `remediated` or `not_remediated`; absent unless it was done.
    pub remedy: Option<Remedy>,
    /// How that shows.
    pub verified: Option<String>,
    /// When that was found out.
    pub verified_at: Option<Time>,
    /// Whether `undo` may take it back.
    pub undoable: bool,
    /// Who settled it.
    pub settled_by: Option<String>,
    /// When.
    pub settled_at: Option<Time>,
    /// Who started a step that people start; absent when the runbook did.
    pub asked_by: Option<String>,
    /// Since when it waits for an agreement, or when it was started.
    pub asked_at: Option<Time>,
    /// Who has to agree.
    pub approvers: Option<Name>,
    /// What people answered, oldest first.
    pub answers: Vec<Answer>,
}

impl StepDetail {
    /// What people call it: its description, or else what it does.
    pub fn title(&self) -> &str {
        if self.recorded.description.is_empty() { &self.summary } else { &self.recorded.description }
    }
}

/// One delivery of a message, or one try.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// The channel.
    pub channel: Name,
    /// The one mailbox of a channel that has several.
    pub receiver: Option<String>,
    /// Why the message was sent: `handoff`, `overdue`, …
    pub kind: String,
    /// `sent`, `failed: …` or `retry: …`.
    pub outcome: String,
    /// When.
    pub at: Time,
}

impl SqlStore {
    /// Incidents, newest first.
    pub async fn incidents(&self, filter: &IncidentFilter) -> Result<Vec<IncidentRecord>, StoreError> {
        let work = async { list(&mut *self.read().await?, filter).await };
        work.await.map_err(|fault: Fault| fault.doing("list incidents"))
    }

    /// One incident, named by its id or a unique beginning of it.
    pub async fn incident(&self, id: &str) -> Result<IncidentDetail, PeopleError> {
        let work = async {
            let mut tx = self.read().await?;
            let incident = find_incident(&mut tx, id).await?;
            Ok(detail(&mut tx, &incident.id).await?)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("read an incident"))
    }
}

async fn list(db: &mut AnyConnection, filter: &IncidentFilter) -> Result<Vec<IncidentRecord>, Fault> {
    let rows = sqlx::query(AssertSqlSafe(wanted(filter)))
        .bind(filter.monitor.as_ref().map(Name::as_str))
        .bind(filter.owner.as_ref().map(Name::as_str))
        .bind(filter.layer.map(Layer::as_str))
        .bind(filter.text.as_deref())
        .bind(filter.after.as_ref().map(|(at, _)| micros(*at)))
        .bind(filter.after.as_ref().map(|(_, id)| id))
        .bind(filter.limit.map_or(i64::MAX, i64::from))
        .fetch_all(db)
        .await?;
    // One that cannot be read is listed by `unreadable`, and hides nothing else.
    Ok(rows.iter().filter_map(|row| record(row).ok()).collect())
}

/// The statement for a filter: its fixed conditions stand in it, so that the index of what is not over serves.
fn wanted(filter: &IncidentFilter) -> String {
    let conditions = [
        (filter.unresolved || filter.acknowledged.is_some(), "state <> 'resolved'"),
        (filter.resolved, "state = 'resolved'"),
        (filter.acknowledged == Some(true), "state = 'acknowledged'"),
        (filter.acknowledged == Some(false), "state = 'open'"),
        (filter.monitor.is_some(), "monitor = $1"),
        (filter.owner.is_some(), "owner = $2"),
        (filter.layer.is_some(), "layer = $3"),
        (filter.text.is_some(), "(instr(id, $4) = 1 OR instr(monitor, $4) > 0 OR instr(labels, $4) > 0)"),
        (filter.after.is_some(), "opened_at <= $5 AND (opened_at < $5 OR id > $6)"),
    ];
    let wanted: Vec<&str> = conditions.into_iter().filter_map(|(asked, words)| asked.then_some(words)).collect();
    let all = if wanted.is_empty() { "TRUE".to_owned() } else { wanted.join(" AND ") };
    format!("SELECT * FROM incident WHERE $7 IS NOT NULL AND {all} ORDER BY opened_at DESC, id LIMIT $7")
}

/// Reads a whole row of `incident`.
pub(super) fn record(row: &AnyRow) -> Result<IncidentRecord, Fault> {
    let found = incident::incident(row)?;
    Ok(IncidentRecord {
        state: found.state.as_str(),
        acknowledged_by: row.try_get("acknowledged_by")?,
        acknowledged_at: time_if("incident.acknowledged_at", row.try_get("acknowledged_at")?)?,
        resolved_by: row.try_get("resolved_by")?,
        resolved_at: time_if("incident.resolved_at", row.try_get("resolved_at")?)?,
        remedy: row.try_get::<Option<&str>, _>("remedied")?.and_then(Remedy::parse),
        id: found.id,
        monitor: found.monitor,
        group: found.group,
        layer: found.layer,
        severity: found.severity,
        owner: found.owner,
        runbook: found.runbook,
        opened_at: found.opened_at,
        series: found.series,
        drill: found.drill,
    })
}

async fn detail(db: &mut AnyConnection, id: &str) -> Result<IncidentDetail, Fault> {
    let row = sqlx::query("SELECT * FROM incident WHERE id = $1").bind(id).fetch_one(&mut *db).await?;
    let handed_off_at = sqlx::query_scalar("SELECT handed_off_at FROM handoff WHERE incident = $1").bind(id);
    let handed_off_at: Option<i64> = handed_off_at.fetch_optional(&mut *db).await?;
    let steps = sqlx::query("SELECT * FROM step WHERE incident = $1 ORDER BY position").bind(id);
    let mut details = Vec::new();
    for row in &steps.fetch_all(&mut *db).await? {
        let answers = answer::answers(db, row.try_get("run")?, &name("step.step", row.try_get("step")?)?).await?;
        details.push(step_detail(row, answers)?);
    }
    // What was taken back is not offered once more.
    let done: BTreeSet<Name> = details.iter().filter(|it| it.status == "done").map(|it| it.step.clone()).collect();
    for detail in &mut details {
        detail.undoable &= !detail.recorded.undo_id().is_some_and(|undo| done.contains(&undo));
    }
    Ok(IncidentDetail {
        incident: record(&row)?,
        handed_off_at: time_if("handoff.handed_off_at", handed_off_at)?,
        steps: details,
        deliveries: deliveries(db, id).await?,
        comments: comment::of(db, id).await?,
    })
}

pub(super) fn step_detail(row: &AnyRow, answers: Vec<Answer>) -> Result<StepDetail, Fault> {
    let record = step::step(row)?;
    let action = &record.step.action;
    Ok(StepDetail {
        position: count("step.position", row.try_get("position")?)?,
        action: action.kind().to_owned(),
        summary: action.summary(),
        guarantee: action.guarantee(),
        status: StepStatus::as_str(record.status),
        attempts: record.attempts,
        started_at: record.started_at,
        finished_at: record.finished_at,
        detail: row.try_get("detail")?,
        reference: record.reference.clone(),
        remedy: record.remedy,
        verified: row.try_get("verified")?,
        verified_at: time_if("step.verified_at", row.try_get("verified_at")?)?,
        undoable: record.status == StepStatus::Ended(Outcome::Done)
            && record.step.taken_back(record.before.as_ref()).is_some(),
        settled_by: row.try_get("settled_by")?,
        settled_at: time_if("step.settled_at", row.try_get("settled_at")?)?,
        asked_by: row.try_get("asked_by")?,
        asked_at: time_if("step.asked_at", row.try_get("asked_at")?)?,
        recorded: record.step.clone(),
        approvers: record.step.approval.as_ref().map(|approval| approval.team.clone()),
        answers,
        run: record.run,
        step: record.step.id,
    })
}

/// What was sent of an incident, oldest first.
pub(super) async fn deliveries(db: &mut AnyConnection, incident: &str) -> Result<Vec<Delivery>, Fault> {
    let rows = sqlx::query("SELECT channel, receiver, kind, outcome, at FROM delivery WHERE incident = $1 ORDER BY id")
        .bind(incident)
        .fetch_all(db)
        .await?;
    rows.iter().map(delivery).collect()
}

fn delivery(row: &AnyRow) -> Result<Delivery, Fault> {
    Ok(Delivery {
        channel: name("delivery.channel", row.try_get("channel")?)?,
        receiver: row.try_get("receiver")?,
        kind: from_word("delivery.kind", row.try_get("kind")?)?,
        outcome: row.try_get("outcome")?,
        at: time("delivery.at", row.try_get("at")?)?,
    })
}
