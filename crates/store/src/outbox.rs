//! The outbox: taken, sent, marked. At least once: what was being sent when the daemon stopped is sent again.

use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use watchkeeper_engine::{
    fault_points::Point,
    ports::store::{Delivered, OutboxItem},
};
use watchkeeper_model::{Message, MessageEvent, MessageStatus, Time};

use crate::{
    columns::{self, count, from_json, micros, name, time_if},
    fault::Fault,
    ledger,
    open::{SqliteStore, commit},
};

/// Whether an outbox row still has to be sent: its step has not ended, its incident is not acknowledged.
const WANTED: &str = "(overdue_run IS NULL OR EXISTS (SELECT 1 FROM step
         WHERE step.run = overdue_run AND step.step = overdue_step AND step.status IN ('planned', 'intent')))
     AND (until_acknowledged = 0 OR EXISTS (SELECT 1 FROM incident
         WHERE incident.id = outbox.incident AND incident.state = 'open'))";

/// A reminder never repeats faster than this, in microseconds, whatever was configured when it was written.
const REPEAT_MIN: i64 = 1_000_000;
/// The version that reads: what another one left aside is tried again.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) async fn sending(store: &SqliteStore) -> Result<Vec<i64>, Fault> {
    let ids = sqlx::query_scalar("SELECT id FROM outbox WHERE status = 'sending'");
    Ok(ids.fetch_all(&mut *store.read().await?).await?)
}

/// Puts back what was being sent, as a try that may have arrived; what nobody needs any more is cancelled.
pub(crate) async fn send_again(store: &SqliteStore, ids: &[i64], now: Time) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    let sql = format!(
        "UPDATE outbox SET attempts = attempts + 1, not_before = ?, claimed_at = NULL,
             status = CASE WHEN {WANTED} THEN 'waiting' ELSE 'cancelled' END
         WHERE status = 'sending' AND id = ?"
    );
    for id in ids {
        sqlx::query(sqlx::AssertSqlSafe(sql.clone())).bind(micros(now)).bind(id).execute(&mut *tx).await?;
    }
    commit(tx, Point::MessagePutBack).await
}

/// Takes what is due. What nobody wants any more is cancelled now, when it is looked at; what cannot be read is left
/// aside, and nothing else waits for it.
pub(crate) async fn due(store: &SqliteStore, now: Time, limit: u32) -> Result<Vec<OutboxItem>, Fault> {
    let mut tx = store.write().await?;
    let sql = format!(
        "UPDATE outbox SET status = 'cancelled' WHERE status = 'waiting' AND not_before <= ? AND NOT ({WANTED})"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(micros(now)).execute(&mut *tx).await?;
    let mut items = Vec::new();
    while items.is_empty() {
        let rows = waiting(&mut tx, now, limit).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let id: i64 = row.try_get("id")?;
            match item(row) {
                Ok(item) => {
                    set(&mut tx, "UPDATE outbox SET status = 'sending', claimed_at = ? WHERE id = ?", micros(now), id)
                        .await?;
                    items.push(item);
                }
                Err(_) => set(&mut tx, "UPDATE outbox SET unreadable_by = ? WHERE id = ?", VERSION, id).await?,
            }
        }
    }
    match items.is_empty() {
        true => tx.commit().await?,
        false => commit(tx, Point::MessageTake).await?,
    }
    Ok(items)
}

async fn waiting(db: &mut SqliteConnection, now: Time, limit: u32) -> Result<Vec<SqliteRow>, Fault> {
    let rows = sqlx::query(
        "SELECT id, channel, message, attempts FROM outbox
         WHERE status = 'waiting' AND not_before <= ? AND unreadable_by IS NOT ? ORDER BY not_before, id LIMIT ?",
    );
    Ok(rows.bind(micros(now)).bind(VERSION).bind(limit).fetch_all(db).await?)
}

async fn set<'a, T>(db: &mut SqliteConnection, sql: &'static str, value: T, id: i64) -> Result<(), Fault>
where
    T: sqlx::Encode<'a, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + 'a,
{
    sqlx::query(sql).bind(value).bind(id).execute(db).await?;
    Ok(())
}

/// The waiting messages that this version cannot read.
pub(crate) async fn unreadable(db: &mut SqliteConnection) -> Result<Vec<(i64, Fault)>, Fault> {
    let rows =
        sqlx::query("SELECT id, channel, message, attempts FROM outbox WHERE status = 'waiting' AND unreadable_by = ?");
    let rows = rows.bind(VERSION).fetch_all(db).await?;
    let fault = |row: &SqliteRow| Some((row.try_get("id").ok()?, item(row).err()?));
    Ok(rows.iter().filter_map(fault).collect())
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
    let next =
        sqlx::query_scalar("SELECT MIN(not_before) FROM outbox WHERE status = 'waiting' AND unreadable_by IS NOT ?");
    time_if("outbox.not_before", next.bind(VERSION).fetch_one(&mut *tx).await?)
}

/// Records a delivery; what is final goes into the ledger.
pub(crate) async fn delivered(
    store: &SqliteStore,
    item: &OutboxItem,
    delivered: &Delivered,
    now: Time,
) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    let outcome = delivered.to_string();
    note(&mut tx, item, &outcome, now).await?;
    match delivered {
        Delivered::Sent => {
            mark(&mut tx, item, MessageEvent::Send).await?;
            record(&mut tx, item, "notification.sent", &outcome, now).await?;
            repeat(&mut tx, item, now).await?;
        }
        Delivered::GivenUp(_) => {
            mark(&mut tx, item, MessageEvent::GiveUp).await?;
            record(&mut tx, item, "notification.failed", &outcome, now).await?;
        }
        Delivered::Again { at, .. } => {
            mark(&mut tx, item, MessageEvent::Again).await?;
            retry(&mut tx, item, *at).await?;
        }
    }
    commit(tx, Point::MessageMark).await
}

async fn record(
    db: &mut SqliteConnection,
    item: &OutboxItem,
    kind: &'static str,
    outcome: &str,
    now: Time,
) -> Result<(), Fault> {
    let subject = item.message.facts.incident.clone().unwrap_or_else(|| item.message.facts.monitor.to_string());
    let body = json!({ "message": item.message.id, "kind": item.message.kind, "channel": item.channel,
        "outcome": outcome, "attempts": item.attempts + 1 });
    ledger::append_one(db, now, kind, &subject, &body).await
}

/// Marks a row that this very try still owns.
async fn mark(db: &mut SqliteConnection, item: &OutboxItem, event: MessageEvent) -> Result<(), Fault> {
    let status = MessageStatus::Sending.next(event).ok_or(Fault::Fenced)?;
    let marked = sqlx::query(
        "UPDATE outbox SET status = ?, attempts = attempts + 1, claimed_at = NULL
         WHERE id = ? AND status = 'sending' AND attempts = ?",
    )
    .bind(status.as_str())
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
    .bind(micros(now).saturating_add(every.max(REPEAT_MIN)))
    .bind(columns::json(&message)?)
    .bind(item.id)
    .execute(db)
    .await?;
    Ok(())
}
