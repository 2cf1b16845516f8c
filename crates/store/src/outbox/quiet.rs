//! What a silence or a team's hours keep from being told.

use serde_json::json;
use sqlx::{AnyConnection, any::AnyRow};
use watchkeeper_engine::ports::store::OutboxItem;
use watchkeeper_model::{Kept, MessageKind, Quiet, Time};

use super::set;
use crate::{
    columns::{flag, micros},
    fault::Fault,
    incident, ledger,
};

/// Lets a message wait for the end of what keeps it quiet, or drops it where it will not be needed then; false when it is
/// to be sent now.
pub(super) async fn kept(
    db: &mut AnyConnection,
    row: &AnyRow,
    item: &OutboxItem,
    quiet: &Quiet,
    now: Time,
) -> Result<bool, Fault> {
    let facts = &item.message.facts;
    let silenced_before = flag(row, "silenced")?;
    let silence = match quiet.keeps(facts, item.team.as_ref(), now) {
        Some(Kept::Silenced(silence)) => silence,
        Some(Kept::OutOfHours(opens)) => {
            set(db, "UPDATE outbox SET not_before = $1 WHERE id = $2", micros(opens), item.id).await?;
            return Ok(true);
        }
        None if silenced_before && !is_needed_after_silence(db, item).await? => {
            set(db, "UPDATE outbox SET status = 'cancelled', claimed_at = $1 WHERE id = $2", micros(now), item.id)
                .await?;
            return Ok(true);
        }
        None => return Ok(false),
    };
    // A warning tells of one tick: it is old when the silence ends.
    let (sql, at) = match facts.incident {
        Some(_) => ("UPDATE outbox SET not_before = $1, silenced = 1 WHERE id = $2", silence.until),
        None => ("UPDATE outbox SET status = 'cancelled', claimed_at = $1, silenced = 1 WHERE id = $2", now),
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
async fn is_needed_after_silence(db: &mut AnyConnection, item: &OutboxItem) -> Result<bool, Fault> {
    let Some(incident) = &item.message.facts.incident else { return Ok(true) };
    if item.message.kind != MessageKind::Resolved {
        return Ok(!incident::is_over(db, incident).await?);
    }
    let told = sqlx::query(
        "SELECT 1 FROM outbox
         WHERE incident = $1 AND channel = $2 AND receiver IS NOT DISTINCT FROM $3 AND status = 'sent' LIMIT 1",
    );
    let told = told.bind(incident).bind(item.channel.as_str()).bind(item.receiver.as_deref());
    Ok(told.fetch_optional(db).await?.is_some())
}
