//! Undo: people take back what a step did. It becomes a step of its own, recorded and run like any other.

use serde_json::json;
use sqlx::AnyConnection;
use watchkeeper_engine::ports::store::StepRecord;
use watchkeeper_model::{
    Action, Name, OnFailure, Outcome, Person, Step, StepEvent, StepRun, StepStatus, Time, digest_of,
};

use crate::{
    columns::{self, micros},
    fault::Fault,
    find, gate, ledger,
    refusal::{GivenUp, PeopleError},
    step,
    store::SqlStore,
};

impl SqlStore {
    /// Takes back what a step of a run did; gives the step that does it.
    pub async fn undo_step(&self, run: &str, step: &Name, by: &Person, at: Time) -> Result<Name, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let run = find::find_run(&mut tx, run).await?;
            let done = find(&mut tx, &run, step).await?;
            let done = done.ok_or_else(|| PeopleError::NoSuch { what: "step", given: format!("{run} {step}") })?;
            let undo = prepared(&mut tx, &done).await?;
            write(&mut tx, &done, &undo, by, at).await?;
            tx.commit().await?;
            Ok(undo.id)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("undo a step"))
    }
}

async fn find(db: &mut AnyConnection, run: &str, name: &Name) -> Result<Option<StepRecord>, Fault> {
    let row = sqlx::query("SELECT * FROM step WHERE run = $1 AND step = $2").bind(run).bind(name.as_str());
    row.fetch_optional(db).await?.as_ref().map(step::step).transpose()
}

/// The step that takes it back.
async fn prepared(db: &mut AnyConnection, done: &StepRecord) -> Result<Step, GivenUp> {
    let refused = |why: String| PeopleError::NotUndone { run: done.run.clone(), step: done.step.id.to_string(), why };
    if done.status != StepStatus::Ended(Outcome::Done) {
        return Err(refused(format!("it is {}, and only what was done can be taken back", done.status.as_str())).into());
    }
    let why = || match (done.step.way_back(), &done.before) {
        (Err(why), _) => format!("{why}, and its runbook says nothing that takes it back"),
        (Ok(_), None) => "what was there before was not recorded".to_owned(),
        (Ok(_), Some(_)) => "it changed nothing".to_owned(),
    };
    let action = done.step.taken_back(done.before.as_ref()).ok_or_else(|| refused(why()))?;
    if let (Action::Gate(gate), Action::Gate(set)) = (&action, &done.step.action)
        && gate.gate == set.gate
        && let Some(by) = gate::moved_from(db, &gate.gate, done).await?
    {
        return Err(refused(format!("{by} has set gate {} since", gate.gate)).into());
    }
    let id = done.step.undo_id().ok_or_else(|| refused("its name is too long".to_owned()))?;
    Ok(Step {
        id,
        description: format!("Take back: {}", done.step.action.summary()),
        timeout: done.step.timeout,
        action,
        run: StepRun::Manual,
        approval: None,
        after_resolve: true,
        verify: None,
        on_failure: OnFailure::Continue,
        retries: done.step.retries,
        undo: None,
    })
}

/// Records it as released; once more where an earlier try of it was not done.
async fn write(db: &mut AnyConnection, done: &StepRecord, undo: &Step, by: &Person, at: Time) -> Result<(), GivenUp> {
    let earlier = find(db, &done.run, &undo.id).await?;
    let status = match &earlier {
        None => Some(StepStatus::Released),
        Some(earlier)
            if earlier.status == StepStatus::Ended(Outcome::Done) && earlier.finished_at < done.started_at =>
        {
            earlier.status.next(StepEvent::Again)
        }
        Some(earlier) if earlier.status == StepStatus::Ended(Outcome::Done) => None,
        Some(earlier) => earlier.status.next(StepEvent::Again),
    };
    let is = earlier.as_ref().map_or("", |earlier| earlier.status.as_str());
    let status = status.ok_or_else(|| PeopleError::NotUndone {
        run: done.run.clone(),
        step: done.step.id.to_string(),
        why: format!("that was asked for before: step {} is {is}", undo.id),
    })?;
    let last: i64 = sqlx::query_scalar("SELECT MAX(position) FROM step WHERE run = $1")
        .bind(&done.run)
        .fetch_one(&mut *db)
        .await
        .map_err(Fault::from)?;
    sqlx::query(
        "INSERT INTO step (run, step, incident, position, arguments, target, runbook, runbook_digest, facts, status,
             epoch, asked_by, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12)
         ON CONFLICT (run, step) DO UPDATE SET status = excluded.status, arguments = excluded.arguments,
             target = excluded.target, asked_by = excluded.asked_by, asked_at = excluded.asked_at, epoch = step.epoch + 1",
    )
    .bind(&done.run)
    .bind(undo.id.as_str())
    .bind(&done.incident)
    .bind(last + 1)
    .bind(columns::json(undo)?)
    .bind(undo.action.target())
    .bind(done.runbook.0.as_str())
    .bind(&done.runbook.1)
    .bind(columns::json(&done.facts)?)
    .bind(status.as_str())
    .bind(&by.name)
    .bind(micros(at))
    .execute(&mut *db)
    .await
    .map_err(Fault::from)?;
    let body = json!({
        "run": done.run, "step": done.step.id, "by": by.name, "account": by.account,
        "arguments": digest_of(&[&columns::json(&undo.action)?]),
    });
    Ok(ledger::append_one(db, at, "step.undo", &done.incident, &body).await?)
}
