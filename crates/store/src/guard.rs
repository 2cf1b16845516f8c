//! What the guard is told, read in the transaction that would commit the intent.

use std::time::Duration;

use sqlx::SqliteConnection;
use watchkeeper_engine::ports::store::{Begin, StepRecord};
use watchkeeper_model::{BreakerState, Budget, GuardFacts, Name, Time};

use crate::{
    columns::{count, micros, time_if},
    fault::Fault,
    hold, incident,
};

/// The facts for one step at `begin.at`. Drills never count as acts.
pub(crate) async fn facts(db: &mut SqliteConnection, step: &StepRecord, begin: &Begin) -> Result<GuardFacts, Fault> {
    let guard = &begin.guard;
    Ok(GuardFacts {
        held: hold::in_force(db, &step.facts.monitor).await?,
        over: incident::is_over(db, &step.incident).await?,
        not_after: begin.not_after,
        inhibited_by: inhibited_by(db, &begin.inhibited_by).await?,
        acts_in_incident: acts_in_incident(db, step).await?,
        acts_on_target: acts(db, Some(&step.step.action.target()), guard.per_target.as_ref(), begin.at).await?,
        acts_overall: acts(db, None, guard.global.as_ref(), begin.at).await?,
        failures: failures(db, &step.runbook.0).await?,
    })
}

async fn inhibited_by(db: &mut SqliteConnection, monitors: &[Name]) -> Result<Option<String>, Fault> {
    for monitor in monitors {
        if incident::is_open(db, monitor).await? {
            return Ok(Some(monitor.to_string()));
        }
    }
    Ok(None)
}

async fn acts_in_incident(db: &mut SqliteConnection, step: &StepRecord) -> Result<u32, Fault> {
    let acts = sqlx::query_scalar("SELECT COALESCE(SUM(attempt), 0) FROM step WHERE incident = ? AND step = ?")
        .bind(&step.incident)
        .bind(step.step.id.as_str())
        .fetch_one(db)
        .await?;
    count("step.attempt", acts)
}

/// Intents committed in the budget's sliding window, on one target or on all; 0 without a budget.
async fn acts(
    db: &mut SqliteConnection,
    target: Option<&str>,
    budget: Option<&Budget>,
    now: Time,
) -> Result<u32, Fault> {
    let Some(budget) = budget else { return Ok(0) };
    let acts = sqlx::query_scalar(
        "SELECT COUNT(*) FROM step JOIN incident ON incident.id = step.incident
         WHERE step.started_at > ?1 AND incident.drill = 0 AND (?2 IS NULL OR step.target = ?2)",
    )
    .bind(micros(now).saturating_sub(length(budget.per)))
    .bind(target)
    .fetch_one(db)
    .await?;
    count("step.started_at", acts)
}

fn length(window: Duration) -> i64 {
    i64::try_from(window.as_micros()).unwrap_or(i64::MAX)
}

/// The failures and unknown outcomes of a runbook since its newest success.
async fn failures(db: &mut SqliteConnection, runbook: &Name) -> Result<BreakerState, Fault> {
    let (in_a_row, newest): (i64, Option<i64>) = sqlx::query_as(
        "WITH ended AS (
             SELECT step.status, step.finished_at FROM step JOIN incident ON incident.id = step.incident
             WHERE step.runbook = ? AND incident.drill = 0 AND step.status IN ('done', 'failed', 'unknown'))
         SELECT COUNT(*), MAX(finished_at) FROM ended
         WHERE status <> 'done'
           AND NOT EXISTS (SELECT 1 FROM ended AS good
                           WHERE good.status = 'done' AND good.finished_at >= ended.finished_at)",
    )
    .bind(runbook.as_str())
    .fetch_one(db)
    .await?;
    Ok(BreakerState { in_a_row: count("step.status", in_a_row)?, newest: time_if("step.finished_at", newest)? })
}
