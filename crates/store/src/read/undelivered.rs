//! Messages that did not reach anybody: given up, or being tried again.

use std::time::Duration;

use serde::Serialize;
use sqlx::{Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Message, MessageKind, Name, Time};

use crate::{
    columns::{count, from_json, micros, name, time, time_if},
    fault::Fault,
    store::SqlStore,
};

/// Rows listed, at most.
const LISTED_MAX: u32 = 100;

/// A message that has been tried and has not arrived.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Undelivered {
    /// The channel.
    pub channel: Name,
    /// The one mailbox of a channel that has several.
    pub receiver: Option<String>,
    /// Why it is sent.
    pub kind: MessageKind,
    /// The monitor it is about.
    pub monitor: Name,
    /// The incident it is about; absent for a warning.
    pub incident: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// What the newest try gave: `retry: …` or `failed: …`.
    pub outcome: Option<String>,
    /// When it was tried last.
    pub tried_at: Option<Time>,
    /// When it is tried again; absent when it was given up.
    pub next_at: Option<Time>,
}

/// Messages that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub due: u64,
    /// How long the oldest of them.
    pub oldest: Duration,
}

impl SqlStore {
    /// The messages that are due and not sent.
    pub async fn outbox_waiting(&self, now: Time) -> Result<Waiting, StoreError> {
        let work = async {
            let due = "SELECT COUNT(*), MIN(not_before) FROM outbox WHERE status = 'waiting' AND not_before <= $1";
            let (due, oldest): (i64, Option<i64>) =
                sqlx::query_as(due).bind(micros(now)).fetch_one(&mut *self.read().await?).await?;
            let oldest = oldest.map_or(0, |oldest| micros(now).saturating_sub(oldest));
            Ok(Waiting { due: due.unsigned_abs(), oldest: Duration::from_micros(oldest.unsigned_abs()) })
        };
        work.await.map_err(|fault: Fault| fault.doing("count the messages that are due"))
    }

    /// Messages being tried again, and those given up after `since` or about an incident that is not resolved; newest
    /// first, at most 100.
    pub async fn undelivered(&self, since: Time) -> Result<Vec<Undelivered>, StoreError> {
        let work = async {
            let rows = sqlx::query(
                "SELECT outbox.*, last.outcome, last.at FROM outbox
                 LEFT JOIN delivery AS last
                     ON last.id = (SELECT MAX(id) FROM delivery WHERE delivery.outbox = outbox.id)
                 LEFT JOIN incident ON incident.id = outbox.incident
                 WHERE (outbox.status IN ('waiting', 'sending') AND outbox.attempts > 0)
                    OR (outbox.status = 'failed' AND (last.at > $1 OR incident.state <> 'resolved'))
                 ORDER BY last.at DESC NULLS LAST, outbox.id LIMIT $2",
            )
            .bind(micros(since))
            .bind(i64::from(LISTED_MAX))
            .fetch_all(&mut *self.read().await?)
            .await?;
            // One that cannot be read is listed by `unreadable`, and hides nothing else.
            Ok(rows.iter().filter_map(|row| undelivered(row).ok()).collect())
        };
        work.await.map_err(|fault: Fault| fault.doing("list undelivered messages"))
    }
}

fn undelivered(row: &AnyRow) -> Result<Undelivered, Fault> {
    let message: Message = from_json(row.try_get("message")?)?;
    let given_up = row.try_get::<&str, _>("status")? == "failed";
    let next_at = time("outbox.not_before", row.try_get("not_before")?)?;
    Ok(Undelivered {
        channel: name("outbox.channel", row.try_get("channel")?)?,
        receiver: row.try_get("receiver")?,
        kind: message.kind,
        monitor: message.facts.monitor,
        incident: row.try_get("incident")?,
        attempts: count("outbox.attempts", row.try_get("attempts")?)?,
        outcome: row.try_get("outcome")?,
        tried_at: time_if("delivery.at", row.try_get("at")?)?,
        next_at: (!given_up).then_some(next_at),
    })
}
