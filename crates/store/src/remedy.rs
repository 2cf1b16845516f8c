//! Remedies: which steps are to be verified, and what was found out.

use serde_json::json;
use sqlx::AssertSqlSafe;
use watchkeeper_engine::{
    fault_points::Point,
    ports::store::{LedgerRow, StepRecord, Verified},
};

use crate::{
    columns::{micros, name},
    database::commit,
    enqueue,
    fault::Fault,
    incident, ledger,
    step::step,
    store::SqlStore,
};

/// The steps that are to be verified, without those of a replica that is at work; one that cannot be read is left out.
pub(crate) async fn to_verify(store: &SqlStore) -> Result<Vec<StepRecord>, Fault> {
    let query = format!(
        "SELECT step.*, incident.owner AS team FROM step JOIN incident ON incident.id = step.incident
         WHERE step.remedy = 'verifying' AND step.status = 'done' AND {} ORDER BY step.finished_at",
        store.is_free("step.held_by")
    );
    let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *store.read().await?).await?;
    let mut found = Vec::new();
    for row in &rows {
        let Ok(mut record) = step(row) else { continue };
        // Whoever owns the incident now is told.
        if let Ok(owner) = name("incident.owner", sqlx::Row::try_get(row, "team")?) {
            record.facts.owner = owner;
        }
        found.push(record);
    }
    Ok(found)
}

/// Records whether a step helped, once for each of its attempts.
pub(crate) async fn verified(store: &SqlStore, step: &StepRecord, verified: &Verified) -> Result<bool, Fault> {
    let mut tx = store.write().await?;
    let written = sqlx::query(
        "UPDATE step SET remedy = $1, verified = $2, verified_at = $3
         WHERE run = $4 AND step = $5 AND attempt = $6 AND remedy = 'verifying'",
    )
    .bind(verified.remedy.as_str())
    .bind(&verified.detail)
    .bind(micros(verified.at))
    .bind(&step.run)
    .bind(step.step.id.as_str())
    .bind(i64::from(step.attempts))
    .execute(&mut *tx)
    .await?;
    if written.rows_affected() != 1 {
        return Ok(false);
    }
    incident::note_remedy(&mut tx, &step.incident, verified.remedy).await?;
    let body = json!({
        "run": step.run, "step": step.step.id, "remedy": verified.remedy, "detail": verified.detail,
        "drill": step.facts.drill,
    });
    let row = LedgerRow { kind: "step.verified", subject: step.incident.clone(), body };
    let head = ledger::append(&mut tx, verified.at, &[row]).await?;
    enqueue::all(&mut tx, &verified.messages, &head).await?;
    commit(tx, Point::StepVerify).await?;
    Ok(true)
}
