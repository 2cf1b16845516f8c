//! Steps of runs: planned, begun with an intent, ended with a result.

use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};
use watchkeeper_engine::{
    fault_points::Point,
    ports::store::{Begin, Begun, StepRecord},
};
use watchkeeper_model::{
    Action, Earlier, Facts, JiraAction, Name, Outputs, Permission, Remedy, Step, StepEvent, StepRun, StepStatus, Time,
    Withheld, turn,
};

use crate::{
    columns::{self, count, from_json, micros, name, ordinal, time_if},
    database::commit,
    fault::Fault,
    gate, guard, ledger,
    store::SqlStore,
};

/// Records a step that is to run. One that is recorded already stays as it is: a run is executed once.
pub(crate) async fn plan(db: &mut AnyConnection, step: &StepRecord, owner: Option<&str>) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO step (run, step, incident, position, arguments, target, runbook, runbook_digest, facts, status,
             epoch, started_at, asked_at, held_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (run, step) DO NOTHING",
    )
    .bind(&step.run)
    .bind(step.step.id.as_str())
    .bind(&step.incident)
    .bind(i64::from(step.position))
    .bind(columns::json(&step.step)?)
    .bind(step.step.action.target())
    .bind(step.runbook.0.as_str())
    .bind(&step.runbook.1)
    .bind(columns::json(&step.facts)?)
    .bind(step.status.as_str())
    .bind(step.epoch.cast_signed())
    .bind(step.started_at.map(micros))
    .bind(asked_at(step).map(micros))
    .bind(owner)
    .execute(db)
    .await?;
    Ok(())
}

/// A step that runs by itself once people agree is asked for with its incident; what people start is asked for by them.
fn asked_at(step: &StepRecord) -> Option<Time> {
    (step.status == StepStatus::Waiting && step.step.run == StepRun::Auto).then_some(step.facts.at)
}

/// Reads a whole row of `step`.
pub(crate) fn step(row: &AnyRow) -> Result<StepRecord, Fault> {
    let status: &str = row.try_get("status")?;
    let facts: Facts = from_json(row.try_get("facts")?)?;
    Ok(StepRecord {
        run: row.try_get("run")?,
        incident: row.try_get("incident")?,
        position: count("step.position", row.try_get("position")?)?,
        step: from_json(row.try_get("arguments")?)?,
        runbook: (name("step.runbook", row.try_get("runbook")?)?, row.try_get("runbook_digest")?),
        tick: time_if("step.tick", row.try_get("tick")?)?.unwrap_or(facts.at),
        facts,
        attempts: count("step.attempt", row.try_get("attempt")?)?,
        told: row.try_get::<Option<i64>, _>("finished_at")?.is_some(),
        asked_by: row.try_get("asked_by")?,
        before: row.try_get::<Option<&str>, _>("before_state")?.map(from_json).transpose()?,
        reference: row.try_get("reference")?,
        finished_at: time_if("step.finished_at", row.try_get("finished_at")?)?,
        remedy: row.try_get::<Option<&str>, _>("remedy")?.map(remedy).transpose()?,
        status: StepStatus::parse(status).ok_or_else(|| Fault::column("step.status", status))?,
        epoch: ordinal("step.epoch", row.try_get("epoch")?)?,
        started_at: time_if("step.started_at", row.try_get("started_at")?)?,
    })
}

fn remedy(word: &str) -> Result<Remedy, Fault> {
    Remedy::parse(word).ok_or_else(|| Fault::column("step.remedy", word))
}

/// The steps before one in its run, as its turn is decided by them.
pub(crate) async fn earlier(db: &mut AnyConnection, step: &StepRecord) -> Result<Vec<Earlier>, Fault> {
    let rows = sqlx::query("SELECT * FROM step WHERE run = $1 AND position < $2 ORDER BY position");
    let rows = rows.bind(&step.run).bind(i64::from(step.position)).fetch_all(db).await?;
    // One that cannot be read stops nobody.
    let earlier = rows.iter().filter_map(|row| self::step(row).ok()).map(|before| Earlier {
        step: before.step.id,
        on_failure: before.step.on_failure,
        status: before.status,
        remedy: before.remedy,
    });
    Ok(earlier.collect())
}

/// What the ended steps of a run gave, by step.
async fn outputs(db: &mut AnyConnection, run: &str) -> Result<Outputs, Fault> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT step, reference FROM step WHERE run = $1 AND status = 'done' AND reference IS NOT NULL")
            .bind(run)
            .fetch_all(db)
            .await?;
    rows.into_iter().map(|(step, reference)| Ok((name("step.step", &step)?, reference))).collect()
}

/// Takes a step with a new epoch, if it still stands where it stood and no replica that is at work has it.
pub(crate) async fn take(store: &SqlStore, step: &StepRecord) -> Result<StepRecord, Fault> {
    let mut tx = store.write().await?;
    let query = format!(
        "UPDATE step SET epoch = epoch + 1, held_by = $1 WHERE run = $2 AND step = $3 AND epoch = $4 AND status = $5 AND {}",
        store.is_free("held_by")
    );
    let taken = sqlx::query(AssertSqlSafe(query))
        .bind(store.me())
        .bind(&step.run)
        .bind(step.step.id.as_str())
        .bind(step.epoch.cast_signed())
        .bind(step.status.as_str())
        .execute(&mut *tx)
        .await?;
    if taken.rows_affected() != 1 {
        return Err(Fault::Fenced);
    }
    commit(tx, Point::StepTake).await?;
    Ok(StepRecord { epoch: step.epoch + 1, ..step.clone() })
}

/// Commits an intent, or says why not; in that case nothing is written.
pub(crate) async fn begin(store: &SqlStore, step: &StepRecord, begin: &Begin) -> Result<Begun, Fault> {
    let mut tx = store.write().await?;
    let status = status_of_mine(&mut tx, step).await?;
    if status == StepStatus::Intent {
        // This very epoch committed it: the answer was lost.
        let recorded = sqlx::query("SELECT * FROM step WHERE run = $1 AND step = $2").bind(&step.run);
        let recorded = self::step(&recorded.bind(step.step.id.as_str()).fetch_one(&mut *tx).await?)?;
        let reopen = earlier_reference(&mut tx, step, begin.at).await?;
        let action = Box::new(recorded.step.action);
        return Ok(Begun::Go { reopen, despite: Vec::new(), action, before: recorded.before });
    }
    let intent = status.next(StepEvent::Begin).ok_or(Fault::Fenced)?;
    let turn = turn(&earlier(&mut tx, step).await?, &step.step.id);
    let facts = guard::facts(&mut tx, step, begin, turn).await?;
    let despite = match begin.guard.permit(&facts, begin.at) {
        Permission::Granted => Vec::new(),
        Permission::Overruled(reasons) => reasons,
        Permission::Busy(busy) => return Ok(Begun::Busy(busy)),
        Permission::Withheld(reason) => return Ok(Begun::Withheld(reason)),
    };
    let action = step.step.action.with_outputs(&outputs(&mut tx, &step.run).await?);
    let sent = Step { action, ..step.step.clone() };
    let before = match &sent.action {
        Action::Gate(gate) => Some(json!({ "state": gate::state(&mut tx, &gate.gate).await? })),
        _ => begin.before.clone(),
    };
    let begin = Begin { before: before.clone(), ..begin.clone() };
    write_intent(&mut tx, step, &sent, intent, &begin).await?;
    let body = intent_body(step, &sent, &begin, &despite);
    ledger::append_one(&mut tx, begin.at, "step.intent", &step.incident, &body).await?;
    let reopen = earlier_reference(&mut tx, step, begin.at).await?;
    commit(tx, Point::StepIntent).await?;
    Ok(Begun::Go { reopen, despite, action: Box::new(sent.action), before })
}

fn intent_body(step: &StepRecord, sent: &Step, begin: &Begin, despite: &[Withheld]) -> serde_json::Value {
    let despite: Vec<String> = despite.iter().map(ToString::to_string).collect();
    json!({
        "run": step.run,
        "step": step.step.id,
        "monitor": step.facts.monitor,
        "runbook": step.runbook.0,
        "runbook_digest": step.runbook.1,
        "arguments": sent.action,
        "before": begin.before,
        "idempotency_key": begin.idempotency_key,
        "epoch": step.epoch,
        "attempt": step.attempt(),
        "asked_by": step.asked_by,
        "despite": despite,
        "drill": step.facts.drill,
    })
}

/// The status, for the step's present owner only.
pub(crate) async fn status_of_mine(db: &mut AnyConnection, step: &StepRecord) -> Result<StepStatus, Fault> {
    let row: Option<(String, i64)> = sqlx::query_as("SELECT status, epoch FROM step WHERE run = $1 AND step = $2")
        .bind(&step.run)
        .bind(step.step.id.as_str())
        .fetch_optional(db)
        .await?;
    let (word, epoch) = row.ok_or(Fault::Fenced)?;
    if epoch != step.epoch.cast_signed() {
        return Err(Fault::Fenced);
    }
    StepStatus::parse(&word).ok_or_else(|| Fault::column("step.status", &word))
}

async fn write_intent(
    db: &mut AnyConnection,
    step: &StepRecord,
    sent: &Step,
    intent: StepStatus,
    begin: &Begin,
) -> Result<(), Fault> {
    let written = sqlx::query(
        "UPDATE step SET status = $1, started_at = $2, idempotency_key = $3, attempt = attempt + 1, arguments = $4,
             before_state = $5, remedy = NULL, verified = NULL, verified_at = NULL
         WHERE run = $6 AND step = $7 AND epoch = $8 AND status IN ('planned', 'released')",
    )
    .bind(intent.as_str())
    .bind(micros(begin.at))
    .bind(&begin.idempotency_key)
    .bind(columns::json(sent)?)
    .bind(begin.before.as_ref().map(columns::json).transpose()?)
    .bind(&step.run)
    .bind(step.step.id.as_str())
    .bind(step.epoch.cast_signed())
    .execute(&mut *db)
    .await?;
    if written.rows_affected() != 1 {
        return Err(Fault::Fenced);
    }
    sqlx::query(
        "INSERT INTO act (run, step, attempt, target, idempotency_key, automatic, drill, started_at)
         SELECT run, step, attempt, target, idempotency_key, $1, $2, started_at FROM step WHERE run = $3 AND step = $4",
    )
    .bind(i64::from(!step.by_people()))
    .bind(i64::from(step.facts.drill))
    .bind(&step.run)
    .bind(step.step.id.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// The issue that a Jira step takes up again, or tells that its incident is over.
async fn earlier_reference(db: &mut AnyConnection, step: &StepRecord, now: Time) -> Result<Option<String>, Fault> {
    match &step.step.action {
        Action::Jira(jira) => reopened(db, step, jira, now).await,
        Action::JiraResolve(_) => own_reference(db, step).await,
        _ => Ok(None),
    }
}

/// The newest issue of the same site and project that an earlier incident of the same monitor and group left with this
/// step, not longer ago than the step says.
async fn reopened(
    db: &mut AnyConnection,
    step: &StepRecord,
    jira: &JiraAction,
    now: Time,
) -> Result<Option<String>, Fault> {
    let since = now - jira.reopen_within;
    let reference = sqlx::query_scalar(
        "SELECT earlier.reference FROM step AS earlier
         JOIN incident AS theirs ON theirs.id = earlier.incident
         JOIN incident AS ours ON ours.id = $1
         WHERE theirs.monitor = ours.monitor AND theirs.labels = ours.labels AND theirs.drill = ours.drill
           AND theirs.id <> ours.id AND earlier.step = $2 AND earlier.reference IS NOT NULL
           AND earlier.target = $3 AND earlier.finished_at >= $4
         ORDER BY earlier.finished_at DESC LIMIT 1",
    )
    .bind(&step.incident)
    .bind(step.step.id.as_str())
    .bind(step.step.action.target())
    .bind(micros(since))
    .fetch_optional(db)
    .await?;
    Ok(reference)
}

/// The issue that another step of the same run opened, for the step that tells it of the end.
pub(crate) async fn own_reference(db: &mut AnyConnection, step: &StepRecord) -> Result<Option<String>, Fault> {
    let reference = sqlx::query_scalar(
        "SELECT reference FROM step WHERE run = $1 AND step <> $2 AND target = $3 AND reference IS NOT NULL
         AND $4 = step || '-resolved' LIMIT 1",
    );
    let reference = reference.bind(&step.run).bind(step.step.id.as_str()).bind(step.step.action.target());
    Ok(reference.bind(step.step.id.as_str()).fetch_optional(db).await?)
}

/// The status of a step of this run; `None` when there is no such step.
pub(crate) async fn status_of(db: &mut AnyConnection, run: &str, step: &Name) -> Result<Option<StepStatus>, Fault> {
    let word: Option<String> = sqlx::query_scalar("SELECT status FROM step WHERE run = $1 AND step = $2")
        .bind(run)
        .bind(step.as_str())
        .fetch_optional(db)
        .await?;
    let parse = |word: String| StepStatus::parse(&word).ok_or_else(|| Fault::column("step.status", word));
    word.map(parse).transpose()
}
