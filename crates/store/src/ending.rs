//! Ending: how a step ended, and all that follows from it, in one commit.

use sqlx::AnyConnection;
use watchkeeper_engine::{
    fault_points::Point,
    ports::store::{Ending, StepEnd, StepRecord},
};
use watchkeeper_model::{Action, GateAction, Outcome, Remedy, StepEvent, StepStatus, Time};

use crate::{
    columns::{self, micros},
    comment,
    database::commit,
    enqueue,
    fault::Fault,
    follow_up, gate, incident, ledger,
    step::status_of_mine,
    store::SqlStore,
};

/// Commits how a step ended with all that follows from it; a gate is set here and nowhere else.
pub(crate) async fn end(store: &SqlStore, step: &StepRecord, end: &StepEnd) -> Result<Ending, Fault> {
    let mut tx = store.write().await?;
    let event = match end.outcome {
        Outcome::Withheld => StepEvent::Withhold,
        outcome => StepEvent::End(outcome),
    };
    let before = status_of_mine(&mut tx, step).await?;
    if matches!(before, StepStatus::Ended(_)) {
        // This very epoch committed it: the answer was lost.
        return Ok(Ending::Recorded);
    }
    let status = before.next(event).ok_or(Fault::Fenced)?;
    write_end(&mut tx, step, status, end).await?;
    if let Some(remedy) = end.remedy {
        incident::note_remedy(&mut tx, &step.incident, remedy).await?;
    }
    enqueue::cancel_overdue(&mut tx, &step.run, &step.step.id).await?;
    if let (Action::Gate(action), Outcome::Done) = (&step.step.action, end.outcome) {
        if let Some(how) = overtaken(&mut tx, step, action, end.report.started_at).await? {
            return Ok(Ending::Overtaken(how));
        }
        gate::set_by_step(&mut tx, step, action, end.at).await?;
    }
    if incident::is_over(&mut tx, &step.incident).await? {
        follow_up::end_unneeded(&mut tx, &step.incident, end.at).await?;
    }
    let head = ledger::append(&mut tx, end.at, &end.ledger).await?;
    enqueue::all(&mut tx, &end.messages, &head).await?;
    if end.hands_off {
        hand_off(&mut tx, step, end, &head).await?;
    }
    if let Some((incident, text)) = &end.comment {
        comment::write(&mut tx, incident, comment::WATCHKEEPER, text, end.at).await?;
    }
    commit(tx, Point::StepEnd).await?;
    if matches!(step.step.action, Action::Gate(_)) {
        store.ring_gates();
    }
    Ok(Ending::Recorded)
}

/// Why a gate is not set any more: its incident is over, or people moved the gate after the step's intent.
async fn overtaken(
    db: &mut AnyConnection,
    step: &StepRecord,
    action: &GateAction,
    intent_at: Option<Time>,
) -> Result<Option<String>, Fault> {
    if incident::is_over(db, &step.incident).await? && !step.step.after_resolve {
        return Ok(Some("the incident was resolved before the gate was set".to_owned()));
    }
    let moved = gate::moved_since(db, &action.gate, action.state, intent_at).await?;
    Ok(moved.map(|by| format!("{by} set gate {} to another state after the step began", action.gate)))
}

async fn write_end(db: &mut AnyConnection, step: &StepRecord, status: StepStatus, end: &StepEnd) -> Result<(), Fault> {
    let written = sqlx::query(
        "UPDATE step SET status = $1, finished_at = $2, detail = $3, reference = COALESCE($4, reference), resumes = $5,
             remedy = $6
         WHERE run = $7 AND step = $8 AND epoch = $9 AND status IN ('planned', 'waiting', 'released', 'intent')",
    )
    .bind(status.as_str())
    .bind(micros(end.report.finished_at.unwrap_or(end.at)))
    .bind(&end.report.detail)
    .bind(end.reference.as_deref())
    .bind(i64::from(end.resumes))
    .bind(end.remedy.map(Remedy::as_str))
    .bind(&step.run)
    .bind(step.step.id.as_str())
    .bind(step.epoch.cast_signed())
    .execute(db)
    .await?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(Fault::Fenced) }
}

async fn hand_off(db: &mut AnyConnection, step: &StepRecord, end: &StepEnd, head: &str) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO handoff (incident, run, step, handed_off_at, ledger_head, report) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&step.incident)
    .bind(&step.run)
    .bind(step.step.id.as_str())
    .bind(micros(end.at))
    .bind(head)
    .bind(columns::json(&end.report)?)
    .execute(db)
    .await?;
    Ok(())
}
