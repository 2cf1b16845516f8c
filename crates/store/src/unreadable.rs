//! Rows that this version cannot read: written by a newer one, or damaged. Each is left aside by itself and listed here.

use sqlx::{AnyConnection, Row};
use watchkeeper_engine::ports::store::Unreadable;
use watchkeeper_model::{GroupState, Labels};

use crate::{columns::from_json, fault::Fault, incident, outbox, step, store::SqlStore};

/// Every row that is still needed and cannot be read.
pub(crate) async fn rows(store: &SqlStore) -> Result<Vec<Unreadable>, Fault> {
    let mut tx = store.read().await?;
    let mut rows: Vec<Unreadable> = outbox::unreadable(&mut tx)
        .await?
        .into_iter()
        .map(|(id, fault)| unreadable(format!("message {id}"), &fault))
        .collect();
    rows.extend(steps(&mut tx).await?);
    rows.extend(incidents(&mut tx).await?);
    rows.extend(states(&mut tx).await?);
    Ok(rows)
}

fn unreadable(row: String, fault: &Fault) -> Unreadable {
    Unreadable { row, reason: fault.to_string() }
}

async fn steps(db: &mut AnyConnection) -> Result<Vec<Unreadable>, Fault> {
    let query = "SELECT * FROM step WHERE status IN ('planned', 'waiting', 'released', 'intent')";
    let mut found = Vec::new();
    for row in &sqlx::query(query).fetch_all(db).await? {
        if let Err(fault) = step::step(row) {
            let (run, step): (&str, &str) = (row.try_get("run")?, row.try_get("step")?);
            found.push(unreadable(format!("step {step} of run {run}"), &fault));
        }
    }
    Ok(found)
}

async fn incidents(db: &mut AnyConnection) -> Result<Vec<Unreadable>, Fault> {
    let mut found = Vec::new();
    for row in &sqlx::query("SELECT * FROM incident WHERE state <> 'resolved'").fetch_all(db).await? {
        if let Err(fault) = incident::incident(row) {
            found.push(unreadable(format!("incident {}", row.try_get::<&str, _>("id")?), &fault));
        }
    }
    Ok(found)
}

async fn states(db: &mut AnyConnection) -> Result<Vec<Unreadable>, Fault> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT monitor, labels, state FROM group_state").fetch_all(db).await?;
    let read = |(monitor, labels, state): (String, String, String)| {
        let read = from_json::<Labels>(&labels).and_then(|_| from_json::<GroupState>(&state));
        Some(unreadable(format!("state of {monitor} {labels}"), &read.err()?))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}
