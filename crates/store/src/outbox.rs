//! The outbox: taken, sent, marked. At least once: what was being sent when the daemon stopped is sent again.

use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use watchkeeper_engine::ports::store::{OutboxItem, StoreError};
use watchkeeper_model::{Message, Time};

use crate::{
    SqliteStore,
    columns::{self, count, from_json, micros, name, time_if},
    fault::Fault,
    ledger,
};

impl SqliteStore {
    /// Puts back what an earlier owner was sending. `take_over_steps` does so too; call it only while nothing is
    /// being sent.
    pub async fn requeue_unsent(&self, now: Time) -> Result<(), StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            wait_again(&mut tx, now).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|fault: Fault| fault.doing("put back unsent messages"))
    }
}

/// Whether an outbox row still has to be sent: its step has not ended, its incident is not acknowledged.
const WANTED: &str = "(overdue_run IS NULL OR EXISTS (SELECT 1 FROM step
         WHERE step.run = overdue_run AND step.step = overdue_step AND step.status IN ('planned', 'intent')))
     AND (until_acknowledged = 0 OR EXISTS (SELECT 1 FROM incident
         WHERE incident.id = outbox.incident AND incident.state = 'open'))";

/// Puts back what was being sent, as a try that may have arrived; what nobody needs any more is cancelled.
pub(crate) async fn wait_again(db: &mut SqliteConnection, now: Time) -> Result<(), Fault> {
    let sql = format!(
        "UPDATE outbox SET attempts = attempts + 1, not_before = ?, claimed_at = NULL,
             status = CASE WHEN {WANTED} THEN 'waiting' ELSE 'cancelled' END
         WHERE status = 'sending'"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(micros(now)).execute(db).await?;
    Ok(())
}

pub(crate) async fn due(store: &SqliteStore, now: Time, limit: u32) -> Result<Vec<OutboxItem>, Fault> {
    let mut tx = store.write().await?;
    let rows = sqlx::query(
        "SELECT id, channel, message, attempts FROM outbox WHERE status = 'waiting' AND not_before <= ?
         ORDER BY not_before, id LIMIT ?",
    )
    .bind(micros(now))
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    let items: Vec<OutboxItem> = rows.iter().map(item).collect::<Result<_, _>>()?;
    for item in &items {
        sqlx::query("UPDATE outbox SET status = 'sending', claimed_at = ? WHERE id = ?")
            .bind(micros(now))
            .bind(item.id)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(items)
}

fn item(row: &SqliteRow) -> Result<OutboxItem, Fault> {
    Ok(OutboxItem {
        id: row.try_get("id")?,
        channel: name("outbox.channel", row.try_get("channel")?)?,
        message: from_json(row.try_get("message")?)?,
        attempts: count("outbox.attempts", row.try_get("attempts")?)?,
    })
}

pub(crate) async fn next_due(store: &SqliteStore) -> Result<Option<Time>, Fault> {
    let mut tx = store.read().await?;
    let next = sqlx::query_scalar("SELECT MIN(not_before) FROM outbox WHERE status = 'waiting'");
    time_if("outbox.not_before", next.fetch_one(&mut *tx).await?)
}

/// Records a delivery; what is final goes into the ledger.
pub(crate) async fn delivered(
    store: &SqliteStore,
    item: &OutboxItem,
    outcome: &str,
    retry_at: Option<Time>,
    now: Time,
) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    let sent = outcome == "sent";
    mark(&mut tx, item, if sent { "sent" } else { "failed" }).await?;
    note(&mut tx, item, outcome, now).await?;
    match retry_at {
        Some(at) => retry(&mut tx, item, at).await?,
        None => {
            let kind = if sent { "notification.sent" } else { "notification.failed" };
            let subject = item.message.facts.incident.clone().unwrap_or_else(|| item.message.facts.monitor.to_string());
            let body = json!({ "message": item.message.id, "kind": item.message.kind, "channel": item.channel,
                "outcome": outcome, "attempts": item.attempts + 1 });
            ledger::append_one(&mut tx, now, kind, &subject, &body).await?;
        }
    }
    if sent {
        repeat(&mut tx, item, now).await?;
    }
    Ok(tx.commit().await?)
}

/// Marks a row that this very try still owns.
async fn mark(db: &mut SqliteConnection, item: &OutboxItem, status: &str) -> Result<(), Fault> {
    let marked = sqlx::query(
        "UPDATE outbox SET status = ?, attempts = attempts + 1, claimed_at = NULL
         WHERE id = ? AND status = 'sending' AND attempts = ?",
    )
    .bind(status)
    .bind(item.id)
    .bind(item.attempts)
    .execute(db)
    .await?;
    if marked.rows_affected() == 1 { Ok(()) } else { Err(Fault::Fenced) }
}

async fn note(db: &mut SqliteConnection, item: &OutboxItem, outcome: &str, now: Time) -> Result<(), Fault> {
    let kind = serde_json::to_value(item.message.kind)?;
    sqlx::query(
        "INSERT INTO delivery (outbox, incident, channel, kind, outcome, at)
         SELECT id, incident, channel, ?, ?, ? FROM outbox WHERE id = ?",
    )
    .bind(kind.as_str().unwrap_or_default())
    .bind(outcome)
    .bind(micros(now))
    .bind(item.id)
    .execute(db)
    .await?;
    Ok(())
}

async fn retry(db: &mut SqliteConnection, item: &OutboxItem, at: Time) -> Result<(), Fault> {
    let sql = format!(
        "UPDATE outbox SET not_before = ?, status = CASE WHEN {WANTED} THEN 'waiting' ELSE 'cancelled' END WHERE id = ?"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(micros(at)).bind(item.id).execute(db).await?;
    Ok(())
}

/// A reminder waits again as long as nobody has acknowledged. It gets an id and a ledger head of its own: by its id
/// a peer would take it for a repetition of the same message, and drop it.
async fn repeat(db: &mut SqliteConnection, item: &OutboxItem, now: Time) -> Result<(), Fault> {
    let sql =
        format!("SELECT repeat_micros, repeated FROM outbox WHERE id = ? AND repeat_micros IS NOT NULL AND {WANTED}");
    let row: Option<(i64, i64)> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(item.id).fetch_optional(&mut *db).await?;
    let Some((every, repeated)) = row else { return Ok(()) };
    let suffix = format!(".{repeated}");
    let first = item.message.id.strip_suffix(&suffix).filter(|_| repeated > 0).unwrap_or(&item.message.id);
    let id = format!("{first}.{}", repeated + 1);
    let message = Message { id, ledger_head: ledger::head(db).await?, ..item.message.clone() };
    sqlx::query(
        "UPDATE outbox SET status = 'waiting', attempts = 0, repeated = repeated + 1, not_before = ?, message = ?
         WHERE id = ?",
    )
    .bind(micros(now).saturating_add(every))
    .bind(columns::json(&message)?)
    .bind(item.id)
    .execute(db)
    .await?;
    Ok(())
}
