//! What a silence or a team's hours keep from being told.

use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use watchkeeper_engine::ports::store::OutboxItem;
use watchkeeper_model::{Kept, MessageKind, Quiet, Time};

use super::set;
use crate::{columns::micros, fault::Fault, incident, ledger};

/// Lets a message wait for the end of what keeps it quiet, or drops it where it will not be needed then; false when it is
/// to be sent now.
pub(super) async fn kept(
    db: &mut SqliteConnection,
    row: &SqliteRow,
    item: &OutboxItem,
    quiet: &Quiet,
    now: Time,
) -> Result<bool, Fault> {
    let facts = &item.message.facts;
    let silenced_before: bool = row.try_get("silenced")?;
    let silence = match quiet.keeps(facts, item.team.as_ref(), now) {
        Some(Kept::Silenced(silence)) => silence,
        Some(Kept::OutOfHours(opens)) => {
            set(db, "UPDATE outbox SET not_before = ? WHERE id = ?", micros(opens), item.id).await?;
            return Ok(true);
        }
        None if silenced_before && !is_needed_after_silence(db, item).await? => {
            set(db, "UPDATE outbox SET status = 'cancelled', claimed_at = ? WHERE id = ?", micros(now), item.id)
                .await?;
            return Ok(true);
        }
        None => return Ok(false),
    };
    // A warning tells of one tick: it is old when the silence ends.
    let (sql, at) = match facts.incident {
        Some(_) => ("UPDATE outbox SET not_before = ?, silenced = 1 WHERE id = ?", silence.until),
        None => ("UPDATE outbox SET status = 'cancelled', claimed_at = ?, silenced = 1 WHERE id = ?", now),
    };
    set(db, sql, micros(at), item.id).await?;
    if !silenced_before {
        let subject = facts.incident.clone().unwrap_or_else(|| facts.monitor.to_string());
        let body = json!({ "message": item.message.id, "kind": item.message.kind, "channel": item.channel,
            "silence": silence.id, "until": silence.until });
        ledger::append_one(db, now, "notification.silenced", &subject, &body).await?;
    }
    Ok(true)
}

/// Of an incident that was over before anybody was told of it nobody is told.
async fn is_needed_after_silence(db: &mut SqliteConnection, item: &OutboxItem) -> Result<bool, Fault> {
    let Some(incident) = &item.message.facts.incident else { return Ok(true) };
    if item.message.kind != MessageKind::Resolved {
        return Ok(!incident::is_over(db, incident).await?);
    }
    let told = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE incident = ? AND channel = ? AND receiver IS ? AND status = 'sent')",
    );
    let told = told.bind(incident).bind(item.channel.as_str()).bind(item.receiver.as_deref());
    Ok(told.fetch_one(db).await?)
}
