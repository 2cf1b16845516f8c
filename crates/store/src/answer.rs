//! Answers: people start a step, agree to it or say no. What they agree to is the step as it was recorded.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};
use watchkeeper_engine::ports::store::{StepRecord, Unfinished};
use watchkeeper_model::{
    Answer, Answering, Asked, Name, Outcome, Person, StepEvent, StepStatus, Team, Time, Turn, digest_of, turn,
};

use crate::{
    columns::{self, flag, micros, name, time, time_if},
    database::Tx,
    fault::Fault,
    find, incident, ledger,
    refusal::{GivenUp, PeopleError},
    step,
    store::SqlStore,
};

/// A step with what people said of it.
struct Waiting {
    record: StepRecord,
    asked: Asked,
}

/// A yes, or a no and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// They agree.
    Yes,
    /// They do not.
    No(&'a str),
}

impl SqlStore {
    /// Starts a step that waits for people or was withheld, or makes another attempt (`again`) at one that ended; one
    /// that needs an agreement waits for it from now on.
    pub async fn start_step(
        &self,
        run: &str,
        step: &Name,
        by: &Person,
        again: bool,
        at: Time,
    ) -> Result<Answering, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = find(&mut tx, run, step).await?;
            let started = start(&mut tx, &found, by, again, at).await;
            finish(tx, &found, "step.start_refused", by, started, at).await
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("start a step"))
    }

    /// Answers a waiting step for a member of its team, out of these `teams`. A refused attempt is recorded as well.
    pub async fn answer(
        &self,
        run: &str,
        step: &Name,
        by: &Person,
        reply: Reply<'_>,
        teams: &BTreeMap<Name, Team>,
        at: Time,
    ) -> Result<Answering, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = find(&mut tx, run, step).await?;
            let answered = answer(&mut tx, &found, by, reply, teams, at).await;
            finish(tx, &found, "step.answer_refused", by, answered, at).await
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("answer for a step"))
    }
}

/// Commits what people did. Of what they may not do nothing is written but that they tried.
async fn finish(
    mut tx: Tx,
    found: &Waiting,
    kind: &'static str,
    by: &Person,
    done: Result<Answering, GivenUp>,
    at: Time,
) -> Result<Answering, GivenUp> {
    if let Err(GivenUp::Refused(refusal)) = &done {
        record(&mut tx, found, kind, by, Some(&refusal.to_string()), at).await?;
    }
    if !matches!(done, Err(GivenUp::Failed(_))) {
        tx.commit().await?;
    }
    done
}

async fn start(
    db: &mut AnyConnection,
    found: &Waiting,
    by: &Person,
    again: bool,
    at: Time,
) -> Result<Answering, GivenUp> {
    let Waiting { record: of, asked } = found;
    let (run, step) = (of.run.clone(), of.step.id.to_string());
    if asked.over {
        return Err(PeopleError::Over(run, step, of.incident.clone()).into());
    }
    let wants = of.step.approval.as_ref().map(|approval| approval.quorum);
    let status = match (of.status, again) {
        (StepStatus::Waiting, _) if asked.at.is_some() => return Err(PeopleError::AskedAlready(run, step).into()),
        (StepStatus::Waiting, _) if wants.is_some() => Some(StepStatus::Waiting),
        (StepStatus::Waiting, _) => of.status.next(StepEvent::Release),
        (StepStatus::Ended(Outcome::Unknown), _) => return Err(PeopleError::SettleFirst(run, step).into()),
        (StepStatus::Ended(Outcome::Done | Outcome::Failed), false) => {
            return Err(PeopleError::OnlyAgain(run, step, of.status.as_str()).into());
        }
        (_, _) if wants.is_some() => of.status.next(StepEvent::AskAgain),
        (_, _) => of.status.next(StepEvent::Again),
    };
    let status = status.ok_or_else(|| PeopleError::not_waiting(&run, &step, of.status))?;
    // Who agreed to an earlier attempt has not agreed to this one.
    sqlx::query("DELETE FROM answer WHERE run = $1 AND step = $2").bind(&run).bind(&step).execute(&mut *db).await?;
    sqlx::query(
        "UPDATE step SET status = $1, asked_by = $2, asked_at = $3, resumes = 0, epoch = epoch + 1
         WHERE run = $4 AND step = $5",
    )
    .bind(status.as_str())
    .bind(&by.name)
    .bind(micros(at))
    .bind(&run)
    .bind(&step)
    .execute(&mut *db)
    .await?;
    let kind = if matches!(of.status, StepStatus::Waiting) { "step.started" } else { "step.started_again" };
    record(db, found, kind, by, None, at).await?;
    Ok(wants.map_or(Answering::Released, Answering::Wants))
}

async fn answer(
    db: &mut AnyConnection,
    found: &Waiting,
    by: &Person,
    reply: Reply<'_>,
    teams: &BTreeMap<Name, Team>,
    at: Time,
) -> Result<Answering, GivenUp> {
    let Waiting { record: of, asked } = found;
    let (run, step) = (of.run.as_str(), of.step.id.as_str());
    if of.status != StepStatus::Waiting {
        return Err(PeopleError::not_waiting(run, step, of.status).into());
    }
    let approval = of.step.approval.as_ref();
    let approval = approval.ok_or_else(|| PeopleError::NobodyHasTo(run.to_owned(), step.to_owned()))?;
    let members = teams.get(&approval.team).map(|team| team.members.as_slice()).unwrap_or_default();
    let answering = approval.answer(asked, members, &by.name, reply == Reply::Yes, at);
    let answering = answering.map_err(|why| PeopleError::not_answered(run, step, why))?;
    let reason = match reply {
        Reply::Yes => None,
        Reply::No(reason) => Some(reason),
    };
    write(db, found, by, reason, at).await?;
    let kind = if reason.is_none() { "step.approved" } else { "step.rejected" };
    record(db, found, kind, by, reason, at).await?;
    if answering == Answering::Released {
        let released = of.status.next(StepEvent::Release);
        let released = released.ok_or_else(|| PeopleError::not_waiting(run, step, of.status))?;
        let query = sqlx::query("UPDATE step SET status = $1 WHERE run = $2 AND step = $3").bind(released.as_str());
        query.bind(run).bind(step).execute(db).await?;
    }
    Ok(answering)
}

/// The step of this name with what was said of it.
async fn find(db: &mut AnyConnection, run: &str, name: &Name) -> Result<Waiting, GivenUp> {
    let run = find::find_run(db, run).await?;
    let row = sqlx::query("SELECT * FROM step WHERE run = $1 AND step = $2").bind(&run).bind(name.as_str());
    let row = row.fetch_optional(&mut *db).await?;
    let row = row.ok_or_else(|| PeopleError::NoSuch { what: "step", given: format!("{run} {name}") })?;
    Ok(load(db, &row).await?)
}

async fn load(db: &mut AnyConnection, row: &AnyRow) -> Result<Waiting, Fault> {
    let record = step::step(row)?;
    let asked = Asked {
        by: record.asked_by.clone(),
        at: time_if("step.asked_at", row.try_get("asked_at")?)?,
        answers: answers(db, &record.run, &record.step.id).await?,
        over: incident::is_over(db, &record.incident).await? && !record.step.after_resolve,
    };
    Ok(Waiting { record, asked })
}

/// The answers to a step, oldest first.
pub(crate) async fn answers(db: &mut AnyConnection, run: &str, step: &Name) -> Result<Vec<Answer>, Fault> {
    let query = "SELECT by, at, agrees, reason FROM answer WHERE run = $1 AND step = $2 ORDER BY at, by";
    let rows = sqlx::query(query).bind(run).bind(step.as_str()).fetch_all(db).await?;
    let answer = |row: &AnyRow| {
        Ok(Answer {
            by: row.try_get("by")?,
            at: time("answer.at", row.try_get("at")?)?,
            agrees: flag(row, "agrees")?,
            reason: row.try_get("reason")?,
        })
    };
    rows.iter().map(answer).collect()
}

async fn write(
    db: &mut AnyConnection,
    found: &Waiting,
    by: &Person,
    reason: Option<&str>,
    at: Time,
) -> Result<(), Fault> {
    let query = "INSERT INTO answer (run, step, by, at, agrees, reason) VALUES ($1, $2, $3, $4, $5, $6)";
    let insert = sqlx::query(query).bind(&found.record.run).bind(found.record.step.id.as_str()).bind(&by.name);
    insert.bind(micros(at)).bind(i64::from(reason.is_none())).bind(reason).execute(db).await?;
    Ok(())
}

/// The ledger keeps the digest of the arguments that were agreed to.
async fn record(
    db: &mut AnyConnection,
    found: &Waiting,
    kind: &'static str,
    by: &Person,
    reason: Option<&str>,
    at: Time,
) -> Result<(), Fault> {
    let step = &found.record.step;
    let arguments = digest_of(&[&columns::json(&step.action)?]);
    let run = &found.record.run;
    let Person { name, account } = by;
    let body: Value = json!({ "run": run, "step": step.id, "arguments": arguments, "by": name, "account": account,
        "reason": reason });
    ledger::append_one(db, at, kind, &found.record.incident, &body).await
}

/// Steps that somebody has to move on, in the order of their incidents, without those of a replica that is at work; those
/// that cannot be read are left out.
pub(crate) async fn unfinished(store: &SqlStore, now: Time) -> Result<Vec<Unfinished>, Fault> {
    let mut tx = store.read().await?;
    let query = format!(
        "SELECT step.*, incident.owner AS team FROM step JOIN incident ON incident.id = step.incident
         WHERE status IN ('planned', 'waiting', 'released', 'intent') AND (status <> 'waiting' OR asked_at IS NOT NULL)
             AND {}
         ORDER BY incident.opened_at, incident.id, step.position",
        store.is_free("step.held_by")
    );
    let rows = sqlx::query(AssertSqlSafe(query));
    let mut found = Vec::new();
    for row in &rows.fetch_all(&mut *tx).await? {
        let Ok(Waiting { mut record, asked }) = load(&mut tx, row).await else { continue };
        // Whoever owns the incident now is told how its steps end.
        if let Ok(owner) = name("incident.owner", row.try_get("team")?) {
            record.facts.owner = owner;
        }
        let refused = match &record.step.approval {
            Some(approval) if record.status == StepStatus::Waiting => approval.refusal(&asked, now),
            _ => None,
        };
        if record.status == StepStatus::Planned && waits(&mut tx, &record).await? {
            continue;
        }
        if refused.is_some() || record.status != StepStatus::Waiting {
            found.push(Unfinished { step: record, refused });
        }
    }
    Ok(found)
}

/// Whether a step before it has to end first.
async fn waits(db: &mut AnyConnection, record: &StepRecord) -> Result<bool, Fault> {
    if record.position == 0 {
        return Ok(false);
    }
    Ok(matches!(turn(&step::earlier(db, record).await?, &record.step.id), Turn::Waits(_)))
}
