//! Occurrences: a tick of a monitor is one row, taken by one owner at a time.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe};
use watchkeeper_engine::{
    fault_points::Point,
    ports::store::{CheckRecord, Claim, PastTick},
};
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{micros, ordinal, time, time_if},
    database::{commit, hold_monitors},
    evaluation,
    fault::Fault,
    ledger,
    store::SqlStore,
};

pub(crate) async fn high_water(store: &SqlStore, monitor: &Name) -> Result<Option<Time>, Fault> {
    let mut tx = store.read().await?;
    time_if("high_water.scheduled_at", mark(&mut tx, monitor).await?)
}

async fn mark(db: &mut AnyConnection, monitor: &Name) -> Result<Option<i64>, Fault> {
    let mark = sqlx::query_scalar("SELECT scheduled_at FROM high_water WHERE monitor = $1").bind(monitor.as_str());
    Ok(mark.fetch_optional(db).await?)
}

pub(crate) async fn skip_to(store: &SqlStore, monitor: &Name, at: Time) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    raise(&mut tx, monitor, at).await?;
    commit(tx, Point::TickPass).await
}

async fn raise(db: &mut AnyConnection, monitor: &Name, at: Time) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO high_water (monitor, scheduled_at) VALUES ($1, $2)
         ON CONFLICT (monitor) DO UPDATE SET scheduled_at = excluded.scheduled_at
         WHERE high_water.scheduled_at < excluded.scheduled_at",
    )
    .bind(monitor.as_str())
    .bind(micros(at))
    .execute(db)
    .await?;
    Ok(())
}

/// The ticks that were claimed and are not finished, of one monitor or of all, oldest first, without those of a replica
/// that is at work; a monitor whose name cannot be read is nobody's.
pub(crate) async fn unfinished(store: &SqlStore, of: Option<&Name>) -> Result<BTreeMap<Name, Vec<Time>>, Fault> {
    let query = format!(
        "SELECT monitor, scheduled_at FROM occurrence
         WHERE status = 'claimed' AND ($1 IS NULL OR monitor = $1) AND {} ORDER BY scheduled_at",
        store.is_free("held_by")
    );
    let query = sqlx::query_as(AssertSqlSafe(query)).bind(of.map(Name::as_str));
    let rows: Vec<(String, i64)> = query.fetch_all(&mut *store.read().await?).await?;
    let mut ticks: BTreeMap<Name, Vec<Time>> = BTreeMap::new();
    for (monitor, tick) in rows {
        if let Ok(monitor) = Name::parse(&monitor) {
            ticks.entry(monitor).or_default().push(time("occurrence.scheduled_at", tick)?);
        }
    }
    Ok(ticks)
}

/// Takes an unfinished tick over with a new epoch, unless a replica that is at work has it.
pub(crate) async fn take(
    store: &SqlStore,
    monitor: &Name,
    scheduled_at: Time,
    now: Time,
) -> Result<Option<Claim>, Fault> {
    let mut tx = store.write().await?;
    hold_monitors(&mut tx, &json!([[monitor]]).to_string()).await?;
    let query = format!(
        "UPDATE occurrence SET epoch = epoch + 1, claimed_at = $1, held_by = $2
         WHERE monitor = $3 AND scheduled_at = $4 AND status = 'claimed' AND {} RETURNING epoch",
        store.is_free("held_by")
    );
    let epoch: Option<i64> = sqlx::query_scalar(AssertSqlSafe(query))
        .bind(micros(now))
        .bind(store.me())
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
pub(crate) async fn pass_over(store: &SqlStore, claim: &Claim, now: Time) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    hold_monitors(&mut tx, &json!([[claim.monitor]]).to_string()).await?;
    let passed = sqlx::query(
        "UPDATE occurrence SET status = 'finished', finished_at = $1
         WHERE monitor = $2 AND scheduled_at = $3 AND epoch = $4 AND status = 'claimed'",
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
pub(crate) async fn newest(db: &mut AnyConnection, monitor: &Name) -> Result<Option<Time>, Fault> {
    let newest = sqlx::query_scalar("SELECT scheduled_at FROM newest_tick WHERE monitor = $1").bind(monitor.as_str());
    time_if("newest_tick.scheduled_at", newest.fetch_optional(db).await?)
}

pub(crate) async fn set_newest(db: &mut AnyConnection, claim: &Claim) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO newest_tick (monitor, scheduled_at) VALUES ($1, $2)
         ON CONFLICT (monitor) DO UPDATE SET scheduled_at = excluded.scheduled_at
         WHERE newest_tick.scheduled_at < excluded.scheduled_at",
    )
    .bind(claim.monitor.as_str())
    .bind(micros(claim.scheduled_at))
    .execute(db)
    .await?;
    Ok(())
}

/// Whether this very claim has finished its tick already: the answer to its commit was lost.
pub(crate) async fn is_finished_by(db: &mut AnyConnection, claim: &Claim) -> Result<bool, Fault> {
    let finished = sqlx::query(
        "SELECT 1 FROM occurrence WHERE monitor = $1 AND scheduled_at = $2 AND epoch = $3 AND status = 'finished'",
    )
    .bind(claim.monitor.as_str())
    .bind(micros(claim.scheduled_at))
    .bind(claim.epoch.cast_signed());
    Ok(finished.fetch_optional(db).await?.is_some())
}

/// Finishes an occurrence for its present owner only.
pub(crate) async fn finish(
    db: &mut AnyConnection,
    claim: &Claim,
    record: &CheckRecord,
    evaluation: &str,
) -> Result<(), Fault> {
    let finished = sqlx::query(
        "UPDATE occurrence SET status = 'finished', verdict = $1, evaluation = $2, finished_at = $3
         WHERE monitor = $4 AND scheduled_at = $5 AND epoch = $6 AND status = 'claimed'",
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
pub(crate) async fn past(store: &SqlStore, monitor: &Name, before: Time, limit: u32) -> Result<Vec<PastTick>, Fault> {
    let query = format!(
        "SELECT {} FROM occurrence WHERE monitor = $1 AND scheduled_at < $2 AND status = 'finished'
         AND evaluation IS NOT NULL ORDER BY scheduled_at DESC LIMIT $3",
        evaluation::COLUMNS
    );
    let mut tx = store.read().await?;
    let rows: Vec<evaluation::Row> = sqlx::query_as(AssertSqlSafe(query))
        .bind(monitor.as_str())
        .bind(micros(before))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
    let ticks = evaluation::unpacked(&mut tx, rows).await?.into_iter().rev();
    Ok(ticks.filter_map(|tick| serde_json::from_value(tick.ok()?).ok()).collect())
}
