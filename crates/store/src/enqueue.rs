//! Putting messages into the outbox, and taking back those that nobody needs any more.

use sqlx::SqliteConnection;
use watchkeeper_engine::ports::store::NewMessage;
use watchkeeper_model::{Message, Name};

use crate::{
    columns::{json, micros},
    fault::Fault,
};

/// Enqueues messages of a transaction whose ledger rows are appended already: `head` is the ledger's after them.
pub(crate) async fn all(db: &mut SqliteConnection, messages: &[NewMessage], head: &str) -> Result<(), Fault> {
    for message in messages {
        one(db, message, head).await?;
    }
    Ok(())
}

async fn one(db: &mut SqliteConnection, new: &NewMessage, head: &str) -> Result<(), Fault> {
    let message = Message { ledger_head: head.to_owned(), ..new.message.clone() };
    let overdue = new.overdue_for.as_ref();
    let repeat = new.repeat.map(|every| i64::try_from(every.as_micros()).unwrap_or(i64::MAX));
    sqlx::query(
        "INSERT INTO outbox (incident, overdue_run, overdue_step, until_acknowledged, channel, not_before,
             repeat_micros, message, status)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
    )
    .bind(new.incident.as_deref())
    .bind(overdue.map(|(run, _)| run.as_str()))
    .bind(overdue.map(|(_, step)| step.as_str()))
    .bind(new.until_acknowledged)
    .bind(new.channel.as_str())
    .bind(micros(new.not_before))
    .bind(repeat)
    .bind(json(&message)?)
    .execute(db)
    .await?;
    Ok(())
}

/// Cancels what waits to tell that a step has not ended.
pub(crate) async fn cancel_overdue(db: &mut SqliteConnection, run: &str, step: &Name) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET status = 'cancelled' WHERE overdue_run = ? AND overdue_step = ? AND status = 'waiting'",
    )
    .bind(run)
    .bind(step.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Cancels the waiting reminders and escalations of an incident.
pub(crate) async fn cancel_reminders(db: &mut SqliteConnection, incident: &str) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET status = 'cancelled' WHERE incident = ? AND until_acknowledged = 1 AND status = 'waiting'",
    )
    .bind(incident)
    .execute(db)
    .await?;
    Ok(())
}
