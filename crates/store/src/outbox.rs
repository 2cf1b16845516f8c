//! The outbox: taken, sent, marked. At least once: what was being sent when the daemon stopped is sent again.

mod quiet;

use serde_json::json;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row, any::AnyRow};
use watchkeeper_engine::{
    fault_points::Point,
    ports::{
        notifier::Thread,
        store::{Delivered, NewMessage, OutboxItem},
    },
};
use watchkeeper_model::{Message, MessageEvent, MessageStatus, Name, Quiet, Time};

use crate::{
    columns::{self, count, flag, from_json, micros, name, time_if},
    database::commit,
    enqueue,
    fault::Fault,
    incident, ledger, occurrence, silence,
    store::SqlStore,
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

pub(crate) async fn sending(store: &SqlStore) -> Result<Vec<i64>, Fault> {
    let query = format!("SELECT id FROM outbox WHERE status = 'sending' AND {}", store.is_free("held_by"));
    let ids = sqlx::query_scalar(AssertSqlSafe(query));
    Ok(ids.fetch_all(&mut *store.read().await?).await?)
}

/// Puts back what was being sent, as a try that may have arrived; what nobody needs any more is cancelled.
pub(crate) async fn send_again(store: &SqlStore, ids: &[i64], now: Time) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    let sql = format!(
        "UPDATE outbox SET attempts = attempts + 1, not_before = $1, claimed_at = NULL,
             status = CASE WHEN {WANTED} THEN 'waiting' ELSE 'cancelled' END
         WHERE status = 'sending' AND id = $2 AND {}",
        store.is_free("held_by")
    );
    for id in ids {
        sqlx::query(AssertSqlSafe(sql.clone())).bind(micros(now)).bind(id).execute(&mut *tx).await?;
    }
    commit(tx, Point::MessagePutBack).await
}

/// Takes what is due. What nobody wants any more is cancelled now, when it is looked at; what cannot be read is left
/// aside, and nothing else waits for it.
pub(crate) async fn due(store: &SqlStore, now: Time, limit: u32, quiet: &Quiet) -> Result<Vec<OutboxItem>, Fault> {
    let mut tx = store.write().await?;
    let silences = silence::in_force(&mut tx, now).await?.into_iter().chain(quiet.silences.iter().cloned());
    let quiet = Quiet { silences: silences.collect(), hours: quiet.hours.clone() };
    let sql = format!(
        "UPDATE outbox SET status = 'cancelled' WHERE status = 'waiting' AND not_before <= $1 AND NOT ({WANTED})"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(micros(now)).execute(&mut *tx).await?;
    let mut items = Vec::new();
    while items.is_empty() {
        let rows = waiting(&mut tx, now, limit).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let id: i64 = row.try_get("id")?;
            match item(&mut tx, row).await {
                Ok(item) if quiet::kept(&mut tx, row, &item, &quiet, now).await? => {}
                Ok(item) => {
                    send(&mut tx, store.me(), id, now).await?;
                    items.push(item);
                }
                Err(_) => set(&mut tx, "UPDATE outbox SET unreadable_by = $1 WHERE id = $2", VERSION, id).await?,
            }
        }
    }
    match items.is_empty() {
        true => tx.commit().await?,
        false => commit(tx, Point::MessageTake).await?,
    }
    Ok(items)
}

async fn send(db: &mut AnyConnection, owner: Option<&str>, id: i64, now: Time) -> Result<(), Fault> {
    let sending = sqlx::query("UPDATE outbox SET status = 'sending', claimed_at = $1, held_by = $2 WHERE id = $3");
    sending.bind(micros(now)).bind(owner).bind(id).execute(db).await?;
    Ok(())
}

async fn waiting(db: &mut AnyConnection, now: Time, limit: u32) -> Result<Vec<AnyRow>, Fault> {
    let rows = sqlx::query(
        "SELECT id, team, channel, receiver, message, attempts, silenced, until_acknowledged FROM outbox
         WHERE status = 'waiting' AND not_before <= $1 AND unreadable_by IS DISTINCT FROM $2 ORDER BY not_before, id LIMIT $3",
    );
    Ok(rows.bind(micros(now)).bind(VERSION).bind(i64::from(limit)).fetch_all(db).await?)
}

async fn set<'a, T>(db: &mut AnyConnection, sql: &'static str, value: T, id: i64) -> Result<(), Fault>
where
    T: sqlx::Encode<'a, Any> + sqlx::Type<Any> + Send + 'a,
{
    sqlx::query(sql).bind(value).bind(id).execute(db).await?;
    Ok(())
}

/// The waiting messages that this version cannot read.
pub(crate) async fn unreadable(db: &mut AnyConnection) -> Result<Vec<(i64, Fault)>, Fault> {
    let rows = sqlx::query(
        "SELECT id, team, channel, receiver, message, attempts, silenced, until_acknowledged FROM outbox WHERE status = 'waiting' AND unreadable_by = $1",
    );
    let rows = rows.bind(VERSION).fetch_all(&mut *db).await?;
    let mut found = Vec::new();
    for row in &rows {
        if let Err(fault) = item(db, row).await {
            found.push((row.try_get("id")?, fault));
        }
    }
    Ok(found)
}

async fn item(db: &mut AnyConnection, row: &AnyRow) -> Result<OutboxItem, Fault> {
    let mut message: Message = from_json(row.try_get("message")?)?;
    if flag(row, "until_acknowledged")? {
        message = as_it_is_now(db, message).await?;
    }
    let channel = name("outbox.channel", row.try_get("channel")?)?;
    Ok(OutboxItem {
        id: row.try_get("id")?,
        team: row.try_get::<Option<&str>, _>("team")?.map(|team| name("outbox.team", team)).transpose()?,
        receiver: row.try_get("receiver")?,
        thread: thread(db, message.facts.incident.as_deref(), &channel).await?,
        channel,
        message,
        attempts: count("outbox.attempts", row.try_get("attempts")?)?,
    })
}

/// What is told later shows the series as they were judged last.
async fn as_it_is_now(db: &mut AnyConnection, message: Message) -> Result<Message, Fault> {
    let Some(incident) = &message.facts.incident else { return Ok(message) };
    let row = sqlx::query("SELECT * FROM incident WHERE id = $1").bind(incident).fetch_optional(&mut *db).await?;
    let Some(Ok(incident)) = row.as_ref().map(incident::incident) else { return Ok(message) };
    let newest = if incident.drill { None } else { occurrence::newest(db, &incident.monitor).await? };
    let at = newest.unwrap_or(message.facts.at).max(message.facts.at);
    let facts = message.facts.clone().with_series(incident.series, at);
    Ok(Message { facts, ..message })
}

/// Where the story of an incident began on a channel that told so.
async fn thread(db: &mut AnyConnection, incident: Option<&str>, channel: &Name) -> Result<Option<Thread>, Fault> {
    let Some(incident) = incident else { return Ok(None) };
    let first: Option<(String, String)> = sqlx::query_as(
        "SELECT delivery.reference, outbox.message FROM delivery JOIN outbox ON outbox.id = delivery.outbox
         WHERE delivery.incident = $1 AND delivery.channel = $2 AND delivery.reference IS NOT NULL
         ORDER BY delivery.id LIMIT 1",
    )
    .bind(incident)
    .bind(channel.as_str())
    .fetch_optional(db)
    .await?;
    // A story whose beginning cannot be read any more begins anew.
    Ok(first.and_then(|(reference, root)| Some(Thread { reference, root: from_json(&root).ok()? })))
}

pub(crate) async fn next_due(store: &SqlStore) -> Result<Option<Time>, Fault> {
    let mut tx = store.read().await?;
    let next = sqlx::query_scalar(
        "SELECT MIN(not_before) FROM outbox WHERE status = 'waiting' AND unreadable_by IS DISTINCT FROM $1",
    );
    time_if("outbox.not_before", next.bind(VERSION).fetch_one(&mut *tx).await?)
}

/// Records a delivery; what is final goes into the ledger, and what was given up to another channel: that one is given.
pub(crate) async fn delivered(
    store: &SqlStore,
    item: &OutboxItem,
    delivered: &Delivered,
    instead: &[NewMessage],
    now: Time,
) -> Result<Option<Name>, Fault> {
    let mut tx = store.write().await?;
    let outcome = delivered.to_string();
    note(&mut tx, item, delivered, now).await?;
    let mut handed_to = None;
    match delivered {
        Delivered::Sent(_) => {
            mark(&mut tx, item, MessageEvent::Send).await?;
            record(&mut tx, item, "notification.sent", &outcome, now).await?;
            repeat(&mut tx, item, now).await?;
        }
        Delivered::GivenUp(_) => {
            mark(&mut tx, item, MessageEvent::GiveUp).await?;
            record(&mut tx, item, "notification.failed", &outcome, now).await?;
            handed_to = hand_on(&mut tx, item, instead, now).await?;
            repeat(&mut tx, item, now).await?;
        }
        Delivered::Again { at, .. } => {
            mark(&mut tx, item, MessageEvent::Again).await?;
            retry(&mut tx, item, *at).await?;
        }
    }
    commit(tx, Point::MessageMark).await?;
    Ok(handed_to)
}

/// Hands what was given up to the first other channel that never had it, unless the team has it, or may yet get it, on
/// another one.
async fn hand_on(
    db: &mut AnyConnection,
    item: &OutboxItem,
    instead: &[NewMessage],
    now: Time,
) -> Result<Option<Name>, Fault> {
    let said = sqlx::query_scalar::<_, Option<String>>("SELECT note FROM outbox WHERE id = $1").bind(item.id);
    let Some(said) = said.fetch_one(&mut *db).await? else { return Ok(None) };
    let others: Vec<(String, String)> =
        sqlx::query_as("SELECT channel, status FROM outbox WHERE note = $1").bind(&said).fetch_all(&mut *db).await?;
    if others.iter().any(|(_, status)| matches!(status.as_str(), "waiting" | "sending" | "sent")) {
        return Ok(None);
    }
    let next = instead.iter().find(|new| others.iter().all(|(channel, _)| channel != new.channel.as_str()));
    let Some(next) = next else { return Ok(None) };
    let body = json!({ "message": item.message.id, "from": item.channel, "to": next.channel });
    let subject = item.message.facts.incident.clone().unwrap_or_else(|| item.message.facts.monitor.to_string());
    ledger::append_one(db, now, "notification.handed_on", &subject, &body).await?;
    let head = ledger::head(db).await?;
    for new in instead.iter().filter(|new| new.channel == next.channel) {
        enqueue::one(db, new, &said, &head).await?;
    }
    Ok(Some(next.channel.clone()))
}

async fn record(
    db: &mut AnyConnection,
    item: &OutboxItem,
    kind: &'static str,
    outcome: &str,
    now: Time,
) -> Result<(), Fault> {
    let subject = item.message.facts.incident.clone().unwrap_or_else(|| item.message.facts.monitor.to_string());
    let body = json!({ "message": item.message.id, "kind": item.message.kind, "channel": item.channel,
        "receiver": item.receiver, "outcome": outcome, "attempts": item.attempts + 1 });
    ledger::append_one(db, now, kind, &subject, &body).await
}

/// Marks a row that this very try still owns.
async fn mark(db: &mut AnyConnection, item: &OutboxItem, event: MessageEvent) -> Result<(), Fault> {
    let status = MessageStatus::Sending.next(event).ok_or(Fault::Fenced)?;
    let marked = sqlx::query(
        "UPDATE outbox SET status = $1, attempts = attempts + 1, claimed_at = NULL
         WHERE id = $2 AND status = 'sending' AND attempts = $3",
    )
    .bind(status.as_str())
    .bind(item.id)
    .bind(i64::from(item.attempts))
    .execute(db)
    .await?;
    if marked.rows_affected() == 1 { Ok(()) } else { Err(Fault::Fenced) }
}

async fn note(db: &mut AnyConnection, item: &OutboxItem, delivered: &Delivered, now: Time) -> Result<(), Fault> {
    let reference = match delivered {
        Delivered::Sent(reference) => reference.as_deref(),
        Delivered::GivenUp(_) | Delivered::Again { .. } => None,
    };
    sqlx::query(
        "INSERT INTO delivery (outbox, incident, channel, receiver, kind, outcome, reference, at)
         SELECT id, incident, channel, receiver, $1, $2, $3, $4 FROM outbox WHERE id = $5",
    )
    .bind(item.message.kind.as_str())
    .bind(delivered.to_string())
    .bind(reference)
    .bind(micros(now))
    .bind(item.id)
    .execute(db)
    .await?;
    Ok(())
}

async fn retry(db: &mut AnyConnection, item: &OutboxItem, at: Time) -> Result<(), Fault> {
    let sql = format!(
        "UPDATE outbox SET not_before = $1, status = CASE WHEN {WANTED} THEN 'waiting' ELSE 'cancelled' END WHERE id = $2"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(micros(at)).bind(item.id).execute(db).await?;
    Ok(())
}

/// A reminder waits again as long as nobody has acknowledged. It gets an id and a ledger head of its own: by its id
/// a peer would take it for a repetition of the same message, and drop it.
async fn repeat(db: &mut AnyConnection, item: &OutboxItem, now: Time) -> Result<(), Fault> {
    let sql =
        format!("SELECT repeat_micros, repeated FROM outbox WHERE id = $1 AND repeat_micros IS NOT NULL AND {WANTED}");
    let row: Option<(i64, i64)> = sqlx::query_as(AssertSqlSafe(sql)).bind(item.id).fetch_optional(&mut *db).await?;
    let Some((every, repeated)) = row else { return Ok(()) };
    let suffix = format!(".{repeated}");
    let first = item.message.id.strip_suffix(&suffix).filter(|_| repeated > 0).unwrap_or(&item.message.id);
    let id = format!("{first}.{}", repeated + 1);
    let message = Message { id, ledger_head: ledger::head(db).await?, ..item.message.clone() };
    sqlx::query(
        "UPDATE outbox SET status = 'waiting', attempts = 0, repeated = repeated + 1, not_before = $1, message = $2
         WHERE id = $3",
    )
    .bind(micros(now).saturating_add(every.max(REPEAT_MIN)))
    .bind(columns::json(&message)?)
    .bind(item.id)
    .execute(db)
    .await?;
    Ok(())
}
