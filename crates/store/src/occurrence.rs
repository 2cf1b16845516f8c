//! Occurrences: a tick of a monitor is one row, taken by one owner at a time.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{AssertSqlSafe, SqliteConnection};
use watchkeeper_engine::{
    fault_points::Point,
    ports::store::{CheckRecord, Claim, PastTick},
};
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{micros, ordinal, time, time_if},
    evaluation,
    fault::Fault,
    ledger,
    open::{SqliteStore, commit},
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
    commit(tx, Point::TickPass).await
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

/// The ticks that were claimed and are not finished, of one monitor or of all, oldest first; a monitor whose name cannot
/// be read is nobody's.
pub(crate) async fn unfinished(store: &SqliteStore, of: Option<&Name>) -> Result<BTreeMap<Name, Vec<Time>>, Fault> {
    let query = match of {
        Some(monitor) => sqlx::query_as(
            "SELECT monitor, scheduled_at FROM occurrence WHERE status = 'claimed' AND monitor = ? ORDER BY scheduled_at",
        )
        .bind(monitor.as_str()),
        None => sqlx::query_as(
            "SELECT monitor, scheduled_at FROM occurrence WHERE status = 'claimed' ORDER BY scheduled_at",
        ),
    };
    let rows: Vec<(String, i64)> = query.fetch_all(&mut *store.read().await?).await?;
    let mut ticks: BTreeMap<Name, Vec<Time>> = BTreeMap::new();
    for (monitor, tick) in rows {
        if let Ok(monitor) = Name::parse(&monitor) {
            ticks.entry(monitor).or_default().push(time("occurrence.scheduled_at", tick)?);
        }
    }
    Ok(ticks)
}

/// Takes an unfinished tick over with a new epoch.
pub(crate) async fn take(
    store: &SqliteStore,
    monitor: &Name,
    scheduled_at: Time,
    now: Time,
) -> Result<Option<Claim>, Fault> {
    let mut tx = store.write().await?;
    let epoch: Option<i64> = sqlx::query_scalar(
        "UPDATE occurrence SET epoch = epoch + 1, claimed_at = ?
         WHERE monitor = ? AND scheduled_at = ? AND status = 'claimed' RETURNING epoch",
    )
    .bind(micros(now))
    .bind(monitor.as_str())
    .bind(micros(scheduled_at))
    .fetch_optional(&mut *tx)
    .await?;
    commit(tx, Point::TickTake).await?;
    let taken =
        |epoch| Ok(Claim { monitor: monitor.clone(), scheduled_at, epoch: ordinal("occurrence.epoch", epoch)? });
    epoch.map(taken).transpose()
}

/// Finishes a claimed tick without a verdict: it was passed over.
pub(crate) async fn pass_over(store: &SqliteStore, claim: &Claim, now: Time) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    let passed = sqlx::query(
        "UPDATE occurrence SET status = 'finished', finished_at = ?
         WHERE monitor = ? AND scheduled_at = ? AND epoch = ? AND status = 'claimed'",
    )
    .bind(micros(now))
    .bind(claim.monitor.as_str())
    .bind(micros(claim.scheduled_at))
    .bind(claim.epoch.cast_signed())
    .execute(&mut *tx)
    .await?;
    if passed.rows_affected() == 1 {
        let body = json!({ "tick": claim.scheduled_at, "why": "past its starting deadline" });
        ledger::append_one(&mut tx, now, "tick.passed_over", claim.monitor.as_str(), &body).await?;
    }
    commit(tx, Point::TickPass).await
}

/// The newest tick of a monitor that was recorded.
pub(crate) async fn newest(db: &mut SqliteConnection, monitor: &Name) -> Result<Option<Time>, Fault> {
    let newest = sqlx::query_scalar("SELECT scheduled_at FROM newest_tick WHERE monitor = ?").bind(monitor.as_str());
    time_if("newest_tick.scheduled_at", newest.fetch_optional(db).await?)
}

pub(crate) async fn set_newest(db: &mut SqliteConnection, claim: &Claim) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO newest_tick (monitor, scheduled_at) VALUES (?, ?)
         ON CONFLICT (monitor) DO UPDATE SET scheduled_at = MAX(scheduled_at, excluded.scheduled_at)",
    )
    .bind(claim.monitor.as_str())
    .bind(micros(claim.scheduled_at))
    .execute(db)
    .await?;
    Ok(())
}

/// Whether this very claim has finished its tick already: the answer to its commit was lost.
pub(crate) async fn is_finished_by(db: &mut SqliteConnection, claim: &Claim) -> Result<bool, Fault> {
    let finished = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM occurrence
         WHERE monitor = ? AND scheduled_at = ? AND epoch = ? AND status = 'finished')",
    )
    .bind(claim.monitor.as_str())
    .bind(micros(claim.scheduled_at))
    .bind(claim.epoch.cast_signed());
    Ok(finished.fetch_one(db).await?)
}

/// Finishes an occurrence for its present owner only.
pub(crate) async fn finish(
    db: &mut SqliteConnection,
    claim: &Claim,
    record: &CheckRecord,
    evaluation: &str,
) -> Result<(), Fault> {
    let finished = sqlx::query(
        "UPDATE occurrence SET status = 'finished', verdict = ?, evaluation = ?, finished_at = ?
         WHERE monitor = ? AND scheduled_at = ? AND epoch = ? AND status = 'claimed'",
    )
    .bind(record.verdict.as_str())
    .bind(evaluation)
    .bind(micros(record.at))
    .bind(claim.monitor.as_str())
    .bind(micros(claim.scheduled_at))
    .bind(claim.epoch.cast_signed())
    .execute(db)
    .await?;
    if finished.rows_affected() == 1 { Ok(()) } else { Err(Fault::Fenced) }
}

/// The newest finished ticks before a time, oldest first; those that cannot be read are left out: they only draw a chart.
pub(crate) async fn past(
    store: &SqliteStore,
    monitor: &Name,
    before: Time,
    limit: u32,
) -> Result<Vec<PastTick>, Fault> {
    let query = format!(
        "SELECT {} FROM occurrence WHERE monitor = ? AND scheduled_at < ? AND status = 'finished'
         AND evaluation IS NOT NULL AND json_extract(evaluation, '$.drill') IS NOT 1 ORDER BY scheduled_at DESC LIMIT ?",
        evaluation::COLUMNS
    );
    let rows: Vec<evaluation::Row> = sqlx::query_as(AssertSqlSafe(query))
        .bind(monitor.as_str())
        .bind(micros(before))
        .bind(limit)
        .fetch_all(&mut *store.read().await?)
        .await?;
    let tick = |row: evaluation::Row| serde_json::from_value(row.unpacked().ok()?).ok();
    Ok(rows.into_iter().rev().filter_map(tick).collect())
}
