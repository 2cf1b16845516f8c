//! Putting messages into the outbox, and taking back those that nobody needs any more.

use sqlx::AnyConnection;
use watchkeeper_engine::{
    left_behind,
    ports::store::{NewMessage, StepRecord},
};
use watchkeeper_model::{Message, Name, Time};

use crate::{
    columns::{json, micros, name},
    fault::Fault,
    gate,
};

/// Enqueues messages of a transaction whose ledger rows are appended already: `head` is the ledger's after them.
pub(crate) async fn all(db: &mut AnyConnection, messages: &[NewMessage], head: &str) -> Result<(), Fault> {
    for message in messages {
        one(db, message, &note_of(message), head).await?;
    }
    Ok(())
}

/// What a message says, whatever its channel: its id without that.
fn note_of(new: &NewMessage) -> String {
    new.message.id.replacen(&format!(".{}", new.channel), "", 1)
}

/// Enqueues one message; `note` is the same for all that say the same.
pub(crate) async fn one(db: &mut AnyConnection, new: &NewMessage, note: &str, head: &str) -> Result<(), Fault> {
    let message = Message { ledger_head: head.to_owned(), ..new.message.clone() };
    let overdue = new.overdue_for.as_ref();
    let repeat = new.repeat.map(|every| i64::try_from(every.as_micros()).unwrap_or(i64::MAX));
    sqlx::query(
        "INSERT INTO outbox (incident, overdue_run, overdue_step, until_acknowledged, team, channel, receiver,
             note, not_before, repeat_micros, message, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting')",
    )
    .bind(new.incident.as_deref())
    .bind(overdue.map(|(run, _)| run.as_str()))
    .bind(overdue.map(|(_, step)| step.as_str()))
    .bind(i64::from(new.until_acknowledged))
    .bind(new.team.as_ref().map(Name::as_str))
    .bind(new.channel.as_str())
    .bind(new.receiver.as_deref())
    .bind(note)
    .bind(micros(new.not_before))
    .bind(repeat)
    .bind(json(&message)?)
    .execute(db)
    .await?;
    Ok(())
}

/// Where somebody was told of an incident.
type Told = (Option<String>, String, Option<String>);

/// Tells everybody who was told of an incident that it is over, and what it has left behind: gates, and the `steps` that
/// put things back.
pub(crate) async fn resolved(
    db: &mut AnyConnection,
    incident: &str,
    message: &Message,
    steps: &[StepRecord],
    head: &str,
    now: Time,
) -> Result<(), Fault> {
    let gates = gate::left_paused(db, incident).await?;
    let message = Message { next_steps: left_behind(&gates, steps), ..message.clone() };
    let told: Vec<Told> = sqlx::query_as(
        "SELECT DISTINCT team, channel, receiver FROM outbox
         WHERE incident = $1 AND status IN ('waiting', 'sending', 'sent') ORDER BY team, channel, receiver",
    )
    .bind(incident)
    .fetch_all(&mut *db)
    .await?;
    to_all(db, told, (incident, &message), head, now).await
}

/// Tells where the incident has a story that somebody has taken it.
pub(crate) async fn acknowledged(
    db: &mut AnyConnection,
    incident: &str,
    message: &Message,
    head: &str,
    now: Time,
) -> Result<(), Fault> {
    let told: Vec<Told> = sqlx::query_as(
        "SELECT DISTINCT outbox.team, outbox.channel, outbox.receiver FROM delivery
         JOIN outbox ON outbox.id = delivery.outbox
         WHERE delivery.incident = $1 AND delivery.reference IS NOT NULL ORDER BY outbox.team, outbox.channel",
    )
    .bind(incident)
    .fetch_all(&mut *db)
    .await?;
    to_all(db, told, (incident, message), head, now).await
}

async fn to_all(
    db: &mut AnyConnection,
    told: Vec<Told>,
    (incident, message): (&str, &Message),
    head: &str,
    now: Time,
) -> Result<(), Fault> {
    for (team, to, receiver) in told {
        let id = [Some(message.id.as_str()), team.as_deref(), Some(to.as_str())];
        let id = id.into_iter().flatten().collect::<Vec<_>>().join(".");
        let new = NewMessage {
            incident: Some(incident.to_owned()),
            overdue_for: None,
            until_acknowledged: false,
            team: team.map(|team| name("outbox.team", &team)).transpose()?,
            channel: name("outbox.channel", &to)?,
            receiver,
            not_before: now,
            repeat: None,
            message: Message { id, ..message.clone() },
        };
        one(db, &new, &note_of(&new), head).await?;
    }
    Ok(())
}

/// Cancels what waits to tell that a step has not ended.
pub(crate) async fn cancel_overdue(db: &mut AnyConnection, run: &str, step: &Name) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET status = 'cancelled' WHERE overdue_run = $1 AND overdue_step = $2 AND status = 'waiting'",
    )
    .bind(run)
    .bind(step.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Takes up the reminders and escalations of an incident that is given back; those whose time has come wait for the next
/// look.
pub(crate) async fn revive_reminders(db: &mut AnyConnection, incident: &str, now: Time) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET status = 'waiting', attempts = 0, not_before = CASE
             WHEN not_before > $1 + COALESCE(repeat_micros, 0) THEN not_before ELSE $1 + COALESCE(repeat_micros, 0) END
         WHERE incident = $2 AND until_acknowledged = 1 AND status = 'cancelled'",
    )
    .bind(micros(now))
    .bind(incident)
    .execute(db)
    .await?;
    Ok(())
}

/// Cancels the reminders and escalations of an incident for good: another team owns it now.
pub(crate) async fn drop_reminders(db: &mut AnyConnection, incident: &str) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET status = 'cancelled', until_acknowledged = 0
         WHERE incident = $1 AND until_acknowledged = 1 AND status IN ('waiting', 'cancelled')",
    )
    .bind(incident)
    .execute(db)
    .await?;
    Ok(())
}

/// Cancels the waiting reminders and escalations of an incident.
pub(crate) async fn cancel_reminders(db: &mut AnyConnection, incident: &str) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET status = 'cancelled' WHERE incident = $1 AND until_acknowledged = 1 AND status = 'waiting'",
    )
    .bind(incident)
    .execute(db)
    .await?;
    Ok(())
}
