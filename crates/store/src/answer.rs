//! Answers: people start a waiting step, agree to it or say no. What they agree to is the step as it was recorded.

use serde::Serialize;
use serde_json::json;
use sqlx::{Row, SqliteConnection};
use watchkeeper_engine::ports::store::{StepRecord, Unfinished};
use watchkeeper_model::{Approval, Name, StepEvent, StepStatus, Time, digest_of};

use crate::{
    columns::{self, micros, time, time_if},
    fault::Fault,
    find, ledger,
    open::SqliteStore,
    refusal::{GivenUp, PeopleError},
    step,
};

/// One answer to a waiting step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Time,
    /// Whether they agree.
    pub agrees: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// What became of a step by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// It runs as soon as the daemon sees it.
    Released,
    /// So many have to agree still.
    Wants(u32),
    /// It will not run.
    Refused,
}

/// A waiting step with what people said of it.
struct Waiting {
    record: StepRecord,
    asked_by: Option<String>,
    asked_at: Option<Time>,
    answers: Vec<Answer>,
}

impl SqliteStore {
    /// Who has to agree to a waiting step; `None` when nobody has to.
    pub async fn approval_of(&self, run: &str, step: &Name) -> Result<Option<Approval>, PeopleError> {
        let work = async { Ok(waiting(&mut *self.read().await?, run, step).await?.record.step.approval) };
        work.await.map_err(|given_up: GivenUp| given_up.doing("read a step"))
    }

    /// Starts a step that people start; one that needs an agreement waits for it from now on.
    pub async fn start_step(&self, run: &str, step: &Name, by: &str, at: Time) -> Result<Answering, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let waiting = waiting(&mut tx, run, step).await?;
            if waiting.asked_at.is_some() {
                return Err(PeopleError::AskedAlready(waiting.record.run, step.to_string()).into());
            }
            let wants = waiting.record.step.approval.as_ref().map(|approval| approval.quorum);
            let status = if wants.is_some() { StepStatus::Waiting } else { released(&waiting)? };
            let query = "UPDATE step SET status = ?, asked_by = ?, asked_at = ? WHERE run = ? AND step = ?";
            let asked = sqlx::query(query).bind(status.as_str()).bind(by).bind(micros(at));
            let asked = asked.bind(&waiting.record.run).bind(step.as_str()).execute(&mut *tx).await;
            asked?;
            record(&mut tx, &waiting, "step.started", by, None, at).await?;
            tx.commit().await?;
            Ok(wants.map_or(Answering::Released, Answering::Wants))
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("start a step"))
    }

    /// Agrees to a waiting step. The caller makes sure that `by` may.
    pub async fn approve(&self, run: &str, step: &Name, by: &str, at: Time) -> Result<Answering, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let waiting = waiting(&mut tx, run, step).await?;
            let approval = answerable(&waiting, by, at)?;
            if !approval.self_approval && waiting.asked_by.as_deref() == Some(by) {
                return Err(PeopleError::OwnRequest(by.to_owned()).into());
            }
            let agreed = waiting.answers.iter().filter(|answer| answer.agrees).count() as u32 + 1;
            let left = approval.quorum.saturating_sub(agreed);
            write(&mut tx, &waiting, by, true, None, at).await?;
            record(&mut tx, &waiting, "step.approved", by, None, at).await?;
            if left == 0 {
                let status = released(&waiting)?;
                let query = "UPDATE step SET status = ? WHERE run = ? AND step = ?";
                let set = sqlx::query(query).bind(status.as_str()).bind(&waiting.record.run).bind(step.as_str());
                set.execute(&mut *tx).await?;
            }
            tx.commit().await?;
            Ok(if left == 0 { Answering::Released } else { Answering::Wants(left) })
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("agree to a step"))
    }

    /// Says no to a waiting step; one no is enough. The caller makes sure that `by` may.
    pub async fn reject(
        &self,
        run: &str,
        step: &Name,
        by: &str,
        reason: &str,
        at: Time,
    ) -> Result<Answering, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let waiting = waiting(&mut tx, run, step).await?;
            answerable(&waiting, by, at)?;
            write(&mut tx, &waiting, by, false, Some(reason), at).await?;
            record(&mut tx, &waiting, "step.rejected", by, Some(reason), at).await?;
            tx.commit().await?;
            Ok(Answering::Refused)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("reject a step"))
    }
}

/// The waiting step of this name; any other is an error that says where it stands.
async fn waiting(db: &mut SqliteConnection, run: &str, name: &Name) -> Result<Waiting, GivenUp> {
    let run = find::find_run(db, run).await?;
    let row = sqlx::query("SELECT * FROM step WHERE run = ? AND step = ?").bind(&run).bind(name.as_str());
    let row = row.fetch_optional(&mut *db).await?;
    let row = row.ok_or_else(|| PeopleError::NoSuch { what: "step", given: format!("{run} {name}") })?;
    let found = load(db, &row).await?;
    match found.record.status {
        StepStatus::Waiting => Ok(found),
        status => Err(PeopleError::not_waiting(&run, name.as_str(), status).into()),
    }
}

async fn load(db: &mut SqliteConnection, row: &sqlx::sqlite::SqliteRow) -> Result<Waiting, Fault> {
    let record = step::step(row)?;
    let answers = answers(db, &record.run, &record.step.id).await?;
    let asked_at = time_if("step.asked_at", row.try_get("asked_at")?)?;
    Ok(Waiting { record, asked_by: row.try_get("asked_by")?, asked_at, answers })
}

/// The answers to a step, oldest first.
pub(crate) async fn answers(db: &mut SqliteConnection, run: &str, step: &Name) -> Result<Vec<Answer>, Fault> {
    let query = "SELECT by, at, agrees, reason FROM answer WHERE run = ? AND step = ? ORDER BY at, by";
    let rows = sqlx::query(query).bind(run).bind(step.as_str()).fetch_all(db).await?;
    let answer = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Answer {
            by: row.try_get("by")?,
            at: time("answer.at", row.try_get("at")?)?,
            agrees: row.try_get("agrees")?,
            reason: row.try_get("reason")?,
        })
    };
    rows.iter().map(answer).collect()
}

/// What the step needs, if `by` may still answer.
fn answerable<'a>(waiting: &'a Waiting, by: &str, at: Time) -> Result<&'a Approval, PeopleError> {
    let (run, step) = (&waiting.record.run, waiting.record.step.id.as_str());
    let approval = waiting.record.step.approval.as_ref();
    let approval = approval.ok_or_else(|| PeopleError::NobodyHasTo(run.clone(), step.to_owned()))?;
    let asked_at = waiting.asked_at.ok_or_else(|| PeopleError::NotAsked(run.clone(), step.to_owned()))?;
    if let Some(reason) = refusal(waiting, approval, asked_at, at) {
        return Err(PeopleError::AnsweredAlready(reason));
    }
    if waiting.answers.iter().any(|answer| answer.by == by) {
        return Err(PeopleError::AnsweredAlready(format!("{by} has agreed to it already")));
    }
    Ok(approval)
}

/// Why nobody will agree to it any more.
fn refusal(waiting: &Waiting, approval: &Approval, asked_at: Time, now: Time) -> Option<String> {
    if let Some(no) = waiting.answers.iter().find(|answer| !answer.agrees) {
        let reason = no.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        return Some(format!("rejected by {}{reason}", no.by));
    }
    let ran_out = asked_at + approval.timeout <= now;
    ran_out.then(|| format!("{} did not agree in time", approval.team))
}

fn released(waiting: &Waiting) -> Result<StepStatus, PeopleError> {
    let record = &waiting.record;
    let not_waiting = || PeopleError::not_waiting(&record.run, record.step.id.as_str(), record.status);
    record.status.next(StepEvent::Release).ok_or_else(not_waiting)
}

async fn write(
    db: &mut SqliteConnection,
    waiting: &Waiting,
    by: &str,
    agrees: bool,
    reason: Option<&str>,
    at: Time,
) -> Result<(), Fault> {
    let query = "INSERT INTO answer (run, step, by, at, agrees, reason) VALUES (?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(query).bind(&waiting.record.run).bind(waiting.record.step.id.as_str()).bind(by);
    insert.bind(micros(at)).bind(agrees).bind(reason).execute(db).await?;
    Ok(())
}

/// The ledger keeps the digest of the arguments that were agreed to.
async fn record(
    db: &mut SqliteConnection,
    waiting: &Waiting,
    kind: &'static str,
    by: &str,
    reason: Option<&str>,
    at: Time,
) -> Result<(), Fault> {
    let step = &waiting.record.step;
    let arguments = digest_of(&[&columns::json(&step.action)?]);
    let run = &waiting.record.run;
    let body = json!({ "run": run, "step": step.id, "arguments": arguments, "by": by, "reason": reason });
    ledger::append_one(db, at, kind, &waiting.record.incident, &body).await
}

/// Steps that somebody has to move on, in the order of their incidents; those that cannot be read are left out.
pub(crate) async fn unfinished(store: &SqliteStore, now: Time) -> Result<Vec<Unfinished>, Fault> {
    let mut tx = store.read().await?;
    let rows = sqlx::query(
        "SELECT step.* FROM step JOIN incident ON incident.id = step.incident
         WHERE status IN ('planned', 'waiting', 'released', 'intent') AND (status <> 'waiting' OR asked_at IS NOT NULL)
         ORDER BY incident.opened_at, incident.id, step.position",
    );
    let mut found = Vec::new();
    for row in &rows.fetch_all(&mut *tx).await? {
        let Ok(waiting) = load(&mut tx, row).await else { continue };
        let refused = match (&waiting.record.step.approval, waiting.asked_at) {
            (Some(approval), Some(asked_at)) if waiting.record.status == StepStatus::Waiting => {
                refusal(&waiting, approval, asked_at, now)
            }
            _ => None,
        };
        if refused.is_some() || waiting.record.status != StepStatus::Waiting {
            found.push(Unfinished { step: waiting.record, refused });
        }
    }
    Ok(found)
}
