//! Occurrences: a tick of a monitor is one row, taken by one owner at a time.

use sqlx::SqliteConnection;
use watchkeeper_engine::ports::store::{CheckRecord, Claim, PastTick};
use watchkeeper_model::{Name, Time};

use crate::{
    SqliteStore,
    columns::{from_json, json, micros, name, ordinal, time, time_if},
    fault::Fault,
};

pub(crate) async fn high_water(store: &SqliteStore, monitor: &Name) -> Result<Option<Time>, Fault> {
    let mut tx = store.read().await?;
    time_if("high_water.scheduled_at", mark(&mut tx, monitor).await?)
}

async fn mark(db: &mut SqliteConnection, monitor: &Name) -> Result<Option<i64>, Fault> {
    let mark = sqlx::query_scalar("SELECT scheduled_at FROM high_water WHERE monitor = ?").bind(monitor.as_str());
    Ok(mark.fetch_optional(db).await?)
}

pub(crate) async fn skip_to(store: &SqliteStore, monitor: &Name, at: Time) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    raise(&mut tx, monitor, at).await?;
    Ok(tx.commit().await?)
}

async fn raise(db: &mut SqliteConnection, monitor: &Name, at: Time) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO high_water (monitor, scheduled_at) VALUES (?, ?)
         ON CONFLICT (monitor) DO UPDATE SET scheduled_at = MAX(scheduled_at, excluded.scheduled_at)",
    )
    .bind(monitor.as_str())
    .bind(micros(at))
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a tick that lies after the high-water mark; a clock that went back repeats none.
pub(crate) async fn claim(
    store: &SqliteStore,
    monitor: &Name,
    scheduled_at: Time,
    now: Time,
) -> Result<Option<Claim>, Fault> {
    let mut tx = store.write().await?;
    if mark(&mut tx, monitor).await?.is_some_and(|mark| micros(scheduled_at) <= mark) {
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO occurrence (monitor, scheduled_at, status, epoch, claimed_at) VALUES (?, ?, 'claimed', 1, ?)",
    )
    .bind(monitor.as_str())
    .bind(micros(scheduled_at))
    .bind(micros(now))
    .execute(&mut *tx)
    .await?;
    raise(&mut tx, monitor, scheduled_at).await?;
    tx.commit().await?;
    Ok(Some(Claim { monitor: monitor.clone(), scheduled_at, epoch: 1 }))
}

pub(crate) async fn take_over(store: &SqliteStore, now: Time) -> Result<Vec<Claim>, Fault> {
    let mut tx = store.write().await?;
    let mut rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "UPDATE occurrence SET epoch = epoch + 1, claimed_at = ? WHERE status = 'claimed'
         RETURNING scheduled_at, monitor, epoch",
    )
    .bind(micros(now))
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    rows.sort();
    rows.into_iter().map(|(scheduled_at, monitor, epoch)| taken(scheduled_at, &monitor, epoch)).collect()
}

fn taken(scheduled_at: i64, monitor: &str, epoch: i64) -> Result<Claim, Fault> {
    Ok(Claim {
        monitor: name("occurrence.monitor", monitor)?,
        scheduled_at: time("occurrence.scheduled_at", scheduled_at)?,
        epoch: ordinal("occurrence.epoch", epoch)?,
    })
}

/// Finishes an occurrence for its present owner only.
pub(crate) async fn finish(db: &mut SqliteConnection, claim: &Claim, record: &CheckRecord) -> Result<(), Fault> {
    let finished = sqlx::query(
        "UPDATE occurrence SET status = 'finished', verdict = ?, evaluation = ?, finished_at = ?
         WHERE monitor = ? AND scheduled_at = ? AND epoch = ? AND status = 'claimed'",
    )
    .bind(record.verdict.as_str())
    .bind(json(&record.evaluation)?)
    .bind(micros(record.at))
    .bind(claim.monitor.as_str())
    .bind(micros(claim.scheduled_at))
    .bind(claim.epoch.cast_signed())
    .execute(db)
    .await?;
    if finished.rows_affected() == 1 { Ok(()) } else { Err(Fault::Fenced) }
}

/// The newest finished ticks before a time, oldest first.
pub(crate) async fn past(
    store: &SqliteStore,
    monitor: &Name,
    before: Time,
    limit: u32,
) -> Result<Vec<PastTick>, Fault> {
    let evaluations: Vec<String> = sqlx::query_scalar(
        "SELECT evaluation FROM occurrence WHERE monitor = ? AND scheduled_at < ? AND status = 'finished'
         AND json_extract(evaluation, '$.drill') IS NOT 1 ORDER BY scheduled_at DESC LIMIT ?",
    )
    .bind(monitor.as_str())
    .bind(micros(before))
    .bind(limit)
    .fetch_all(&mut *store.read().await?)
    .await?;
    evaluations.iter().rev().map(|text| from_json(text)).collect()
}
