//! Follow-up: what becomes of an incident's steps as it goes on, and when it is over.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::AnyConnection;
use watchkeeper_engine::ports::store::{GoingOn, StepRecord};
use watchkeeper_model::{Action, Facts, Incident, Name, Remedy, Step, StepEvent, StepReport, StepStatus, Time};

use crate::{
    columns::{from_json, micros},
    fault::Fault,
    guard, hold, ledger, occurrence, silence,
    step::{own_reference, step},
};

/// Plans again what was withheld in an incident that goes on, where the reason has ended.
pub(crate) async fn resume(db: &mut AnyConnection, going_on: &GoingOn, at: Time) -> Result<(), Fault> {
    let rows = sqlx::query("SELECT * FROM step WHERE incident = $1 AND resumes = 1 AND status = 'withheld'");
    for row in rows.bind(&going_on.incident).fetch_all(&mut *db).await? {
        // One that cannot be read is left aside, and holds no tick up.
        let Ok(step) = step(&row) else { continue };
        let silenced = silence::that_stops(db, &step.facts, &going_on.maintenance, at).await?.is_some();
        let held = silenced || hold::in_force(db, &step.facts.monitor, at).await?.is_some();
        let planned = step.status.next(StepEvent::Resume);
        let (false, Some(planned)) = (held, planned) else { continue };
        if guard::inhibitor(db, &going_on.inhibited_by).await?.is_some() {
            continue;
        }
        sqlx::query(
            "UPDATE step SET status = $1, resumes = 0, tick = $2, epoch = epoch + 1 WHERE run = $3 AND step = $4",
        )
        .bind(planned.as_str())
        .bind(micros(going_on.tick))
        .bind(&step.run)
        .bind(step.step.id.as_str())
        .execute(&mut *db)
        .await?;
        let body = json!({ "run": step.run, "step": step.step.id, "tick": going_on.tick });
        ledger::append_one(db, at, "step.resumed", &step.incident, &body).await?;
    }
    Ok(())
}

/// What an incident's steps leave to people once it is over: those that still wait to be started, and those that did
/// something which stands, and which no remedy needs to stand.
pub(crate) async fn after_resolve(db: &mut AnyConnection, incident: &str) -> Result<Vec<StepRecord>, Fault> {
    let rows =
        sqlx::query("SELECT * FROM step WHERE incident = $1 AND status IN ('waiting', 'done') ORDER BY position");
    let rows = rows.bind(incident).fetch_all(db).await?;
    let steps: Vec<StepRecord> = rows.iter().filter_map(|row| step(row).ok()).collect();
    let done: BTreeSet<&Name> =
        steps.iter().filter(|found| found.status != StepStatus::Waiting).map(|found| &found.step.id).collect();
    let stands = |found: &StepRecord| {
        let undone = found.step.undo_id().is_some_and(|undo| done.contains(&undo));
        let can_be = found.step.taken_back(found.before.as_ref()).is_some();
        // Gates are told of by themselves.
        can_be && !undone && found.remedy != Some(Remedy::Remediated) && !matches!(found.step.action, Action::Gate(_))
    };
    let left = |found: &&StepRecord| match found.status {
        StepStatus::Waiting => found.step.after_resolve,
        _ => stands(found) && !found.step.id.as_str().ends_with("-undo"),
    };
    Ok(steps.iter().filter(left).cloned().collect())
}

/// The facts of an incident's breach, as its run was planned with them, and how its first step ended; `None` where they
/// cannot be read.
pub(crate) async fn facts_of(
    db: &mut AnyConnection,
    incident: &Incident,
) -> Result<Option<(Facts, Option<StepReport>)>, Fault> {
    let facts = sqlx::query_scalar::<_, String>("SELECT facts FROM step WHERE incident = $1 ORDER BY position LIMIT 1");
    let report = sqlx::query_scalar::<_, String>("SELECT report FROM handoff WHERE incident = $1");
    let Some(facts) = facts.bind(&incident.id).fetch_optional(&mut *db).await? else { return Ok(None) };
    let report = report.bind(&incident.id).fetch_optional(&mut *db).await?;
    let at = occurrence::newest(db, &incident.monitor).await?;
    let Ok(facts) = from_json::<Facts>(&facts) else { return Ok(None) };
    let at = at.filter(|_| !incident.drill).unwrap_or(facts.at);
    let facts = Facts { owner: incident.owner.clone(), ..facts }.with_series(incident.series.clone(), at);
    Ok(Some((facts, report.and_then(|report| from_json(&report).ok()))))
}

/// Ends what still waits when its incident is over, unless it is for afterwards or for an issue that is just being opened.
pub(crate) async fn end_unneeded(db: &mut AnyConnection, incident: &str, at: Time) -> Result<(), Fault> {
    plan_resolutions(db, incident, at).await?;
    let waiting: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT run, step, arguments FROM step WHERE incident = $1 AND status = 'waiting'
             AND NOT EXISTS (SELECT 1 FROM step AS opener WHERE opener.run = step.run
                 AND step.step = opener.step || '-resolved' AND opener.status IN ('planned', 'released', 'intent'))
         ORDER BY run, position",
    )
    .bind(incident)
    .fetch_all(&mut *db)
    .await?;
    sqlx::query("UPDATE step SET resumes = 0 WHERE incident = $1 AND resumes = 1")
        .bind(incident)
        .execute(&mut *db)
        .await?;
    for (run, step, arguments) in waiting {
        if from_json::<Step>(&arguments).is_ok_and(|step| step.after_resolve) {
            continue;
        }
        sqlx::query(
            "UPDATE step SET status = 'withheld', finished_at = $1, detail = 'not needed: the incident is over',
                 epoch = epoch + 1
             WHERE run = $2 AND step = $3",
        )
        .bind(micros(at))
        .bind(&run)
        .bind(&step)
        .execute(&mut *db)
        .await?;
        let body = json!({ "run": run, "step": step });
        ledger::append_one(db, at, "step.not_needed", incident, &body).await?;
    }
    Ok(())
}

/// Plans what tells the issues of an incident that it is over, where there is one to tell.
async fn plan_resolutions(db: &mut AnyConnection, incident: &str, at: Time) -> Result<(), Fault> {
    let rows = sqlx::query("SELECT * FROM step WHERE incident = $1 AND status = 'waiting' AND asked_at IS NULL");
    for row in rows.bind(incident).fetch_all(&mut *db).await? {
        let Ok(step) = step(&row) else { continue };
        let tells = matches!(step.step.action, Action::JiraResolve(_));
        if !tells || own_reference(db, &step).await?.is_none() {
            continue;
        }
        sqlx::query("UPDATE step SET status = 'planned', tick = $1, epoch = epoch + 1 WHERE run = $2 AND step = $3")
            .bind(micros(at))
            .bind(&step.run)
            .bind(step.step.id.as_str())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
