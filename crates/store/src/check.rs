//! What follows from one check, in one transaction.

use std::collections::BTreeSet;

use sqlx::AnyConnection;
use watchkeeper_engine::{
    fault_points::Point,
    ports::store::{CheckRecord, Claim, Groups, Recorded},
};
use watchkeeper_model::{GroupState, Labels, Name};

use crate::{
    columns::{from_json, json},
    database::{commit, hold_monitors},
    enqueue, evaluation,
    fault::Fault,
    follow_up, incident, ledger, occurrence, step,
    store::SqlStore,
    together,
};

pub(crate) async fn groups(store: &SqlStore, monitor: &Name) -> Result<Groups, Fault> {
    let mut tx = store.read().await?;
    let mut groups = Groups { newest: occurrence::newest(&mut tx, monitor).await?, ..Groups::default() };
    let states: Vec<(String, String)> = sqlx::query_as("SELECT labels, state FROM group_state WHERE monitor = $1")
        .bind(monitor.as_str())
        .fetch_all(&mut *tx)
        .await?;
    for (labels, state) in states {
        // A group whose very name cannot be read is nobody's.
        let Ok(labels) = from_json::<Labels>(&labels) else { continue };
        match from_json(&state) {
            Ok(state) => drop(groups.states.insert(labels, state)),
            Err(_) => drop(groups.unreadable.insert(labels)),
        }
    }
    for (labels, incident) in incident::open_by_group(&mut tx, monitor).await? {
        match incident {
            Ok(incident) => drop(groups.open.insert(labels, incident)),
            Err(_) => drop(groups.unreadable.insert(labels)),
        }
    }
    Ok(groups)
}

pub(crate) async fn record(store: &SqlStore, claim: &Claim, record: &CheckRecord) -> Result<Recorded, Fault> {
    let evaluation = evaluation::packed(store, claim, &record.evaluation).await?;
    if record.is_quiet() {
        return together::record_quiet(store, claim, record, evaluation).await;
    }
    let mut tx = store.write().await?;
    hold_monitors(&mut tx, &serde_json::json!([[claim.monitor]]).to_string()).await?;
    if occurrence::is_finished_by(&mut tx, claim).await? {
        return Ok(Recorded::Whole);
    }
    if occurrence::newest(&mut tx, &claim.monitor).await? != record.newest {
        return Ok(Recorded::Moved);
    }
    occurrence::finish(&mut tx, claim, record, &evaluation).await?;
    occurrence::set_newest(&mut tx, claim).await?;
    let closed = closed_by_people(&mut tx, record).await?;
    for (labels, state) in record.states.iter().filter(|(labels, _)| !closed.contains(labels)) {
        remember(&mut tx, &claim.monitor, labels, state).await?;
    }
    follow(&mut tx, store.me(), record).await?;
    commit(tx, Point::TickRecord).await?;
    Ok(Recorded::Whole)
}

/// A drill has no occurrence and leaves no standing: the monitor's own ticks are as they were.
pub(crate) async fn record_drill(store: &SqlStore, record: &CheckRecord) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    follow(&mut tx, store.me(), record).await?;
    Ok(tx.commit().await?)
}

/// Incidents, steps, messages and ledger rows.
async fn follow(db: &mut AnyConnection, owner: Option<&str>, record: &CheckRecord) -> Result<(), Fault> {
    for incident in &record.incidents {
        incident::save(db, incident).await?;
    }
    for step in &record.steps {
        step::plan(db, step, owner).await?;
    }
    for resolved in &record.resolved {
        enqueue::cancel_reminders(db, &resolved.incident).await?;
        follow_up::end_unneeded(db, &resolved.incident, record.at).await?;
    }
    for going_on in &record.going_on {
        follow_up::resume(db, going_on, record.at).await?;
    }
    let head = ledger::append(db, record.at, &record.ledger).await?;
    for resolved in &record.resolved {
        let steps = follow_up::after_resolve(db, &resolved.incident).await?;
        enqueue::resolved(db, &resolved.incident, &resolved.message, &steps, &head, record.at).await?;
    }
    enqueue::all(db, &record.messages, &head).await
}

/// Groups whose incident people resolved while the check ran: their standings stay forgotten.
async fn closed_by_people(db: &mut AnyConnection, record: &CheckRecord) -> Result<BTreeSet<Labels>, Fault> {
    let mut closed = BTreeSet::new();
    for incident in record.incidents.iter().filter(|incident| !incident.drill) {
        if incident::is_over(db, &incident.id).await? {
            closed.insert(incident.group.clone());
        }
    }
    Ok(closed)
}

async fn remember(db: &mut AnyConnection, monitor: &Name, labels: &Labels, state: &GroupState) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO group_state (monitor, labels, state) VALUES ($1, $2, $3)
         ON CONFLICT (monitor, labels) DO UPDATE SET state = excluded.state",
    )
    .bind(monitor.as_str())
    .bind(json(labels)?)
    .bind(json(state)?)
    .execute(db)
    .await?;
    Ok(())
}
