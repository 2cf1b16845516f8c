//! What the guard is told, read in the transaction that would commit the intent.

use std::time::Duration;

use sqlx::AnyConnection;
use watchkeeper_engine::ports::store::{Begin, StepRecord};
use watchkeeper_model::{BreakerState, Budget, Busy, GuardFacts, Inhibitor, Name, Time, Turn};

use crate::{
    columns::{count, micros, name, time_if},
    fault::Fault,
    hold, incident, silence,
};

/// The facts for one step at `begin.at`. Neither drills nor what people started count as acts.
pub(crate) async fn facts(
    db: &mut AnyConnection,
    step: &StepRecord,
    begin: &Begin,
    turn: Turn,
) -> Result<GuardFacts, Fault> {
    let guard = &begin.guard;
    let over = incident::is_over(db, &step.incident).await? && !step.step.outlives_incident();
    Ok(GuardFacts {
        by_people: step.by_people(),
        held: hold::in_force(db, &step.facts.monitor, begin.at).await?,
        silenced: silenced(db, step, begin).await?,
        over,
        turn,
        busy: busy(db, step, begin).await?,
        not_after: begin.not_after,
        inhibited_by: inhibitor(db, &begin.inhibited_by).await?,
        incidents: incidents(db, step, guard.flapping.as_ref(), begin.at).await?,
        acts_in_incident: acts_in_incident(db, step).await?,
        acts_on_target: acts(db, Some(&step.step.action.target()), guard.per_target.as_ref(), begin.at).await?,
        acts_overall: acts(db, None, guard.global.as_ref(), begin.at).await?,
        failures: failures(db, &step.runbook.0).await?,
    })
}

/// The silence in force that stops acting, of the store's own and the configuration's.
async fn silenced(db: &mut AnyConnection, step: &StepRecord, begin: &Begin) -> Result<Option<String>, Fault> {
    let stops = silence::that_stops(db, &step.facts, &begin.maintenance, begin.at).await?;
    Ok(stops.map(|silence| silence.to_string()))
}

/// The first of these monitors that has an incident open.
pub(crate) async fn inhibitor(db: &mut AnyConnection, monitors: &[Name]) -> Result<Option<Inhibitor>, Fault> {
    for monitor in monitors {
        if let Some(incident) = incident::open_of(db, monitor).await? {
            return Ok(Some(Inhibitor { monitor: monitor.clone(), incident }));
        }
    }
    Ok(None)
}

/// What has to end first: another monitor's act on the same target, or the check of an inhibiting monitor for this tick
/// or an earlier one.
async fn busy(db: &mut AnyConnection, step: &StepRecord, begin: &Begin) -> Result<Option<Busy>, Fault> {
    if step.step.action.excludes_others()
        && let Some(monitor) = acting_on(db, step).await?
    {
        return Ok(Some(Busy::Target(monitor)));
    }
    if step.by_people() {
        return Ok(None);
    }
    for monitor in &begin.inhibited_by {
        let checked = sqlx::query(
            "SELECT 1 FROM occurrence WHERE monitor = $1 AND status = 'claimed' AND scheduled_at <= $2 LIMIT 1",
        );
        let checked = checked.bind(monitor.as_str()).bind(micros(step.tick)).fetch_optional(&mut *db).await?;
        if checked.is_some() {
            return Ok(Some(Busy::Inhibitor(monitor.clone())));
        }
    }
    Ok(None)
}

/// Another monitor whose step acts on the target of this one now.
async fn acting_on(db: &mut AnyConnection, step: &StepRecord) -> Result<Option<Name>, Fault> {
    let other: Option<String> = sqlx::query_scalar(
        "SELECT incident.monitor FROM step JOIN incident ON incident.id = step.incident
         WHERE step.status = 'intent' AND step.target = $1 AND incident.monitor <> $2 LIMIT 1",
    )
    .bind(step.step.action.target())
    .bind(step.facts.monitor.as_str())
    .fetch_optional(db)
    .await?;
    other.map(|other| name("incident.monitor", &other)).transpose()
}

/// Incidents of the step's monitor and group that were opened in the budget's window; 0 without a budget.
async fn incidents(
    db: &mut AnyConnection,
    step: &StepRecord,
    budget: Option<&Budget>,
    now: Time,
) -> Result<u32, Fault> {
    let Some(budget) = budget else { return Ok(0) };
    let opened = sqlx::query_scalar(
        "SELECT COUNT(*) FROM incident AS theirs JOIN incident AS ours ON ours.id = $1
         WHERE theirs.monitor = ours.monitor AND theirs.labels = ours.labels AND theirs.drill = ours.drill
           AND theirs.opened_at > $2",
    )
    .bind(&step.incident)
    .bind(micros(now).saturating_sub(length(budget.per)))
    .fetch_one(db)
    .await?;
    count("incident.opened_at", opened)
}

async fn acts_in_incident(db: &mut AnyConnection, step: &StepRecord) -> Result<u32, Fault> {
    let acts = sqlx::query_scalar("SELECT COUNT(*) FROM act WHERE run = $1 AND step = $2 AND automatic = 1")
        .bind(&step.run)
        .bind(step.step.id.as_str())
        .fetch_one(db)
        .await?;
    count("act.attempt", acts)
}

/// Automatic acts in the budget's sliding window, on one target or on all; 0 without a budget.
async fn acts(db: &mut AnyConnection, target: Option<&str>, budget: Option<&Budget>, now: Time) -> Result<u32, Fault> {
    let Some(budget) = budget else { return Ok(0) };
    let acts = sqlx::query_scalar(
        "SELECT COUNT(*) FROM act
         WHERE automatic = 1 AND drill = 0 AND started_at > $1 AND ($2 IS NULL OR target = $2)",
    )
    .bind(micros(now).saturating_sub(length(budget.per)))
    .bind(target)
    .fetch_one(db)
    .await?;
    count("act.started_at", acts)
}

fn length(window: Duration) -> i64 {
    i64::try_from(window.as_micros()).unwrap_or(i64::MAX)
}

/// The failures and unknown outcomes of a runbook since its newest success.
async fn failures(db: &mut AnyConnection, runbook: &Name) -> Result<BreakerState, Fault> {
    let (in_a_row, newest): (i64, Option<i64>) = sqlx::query_as(
        "WITH ended AS (
             SELECT step.status, step.finished_at FROM step JOIN incident ON incident.id = step.incident
             WHERE step.runbook = $1 AND incident.drill = 0 AND step.status IN ('done', 'failed', 'unknown'))
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
