//! Ticks: an old evaluation keeps what a chart shows, and goes later.

use crate::{evaluation, fault::Fault, store::SqlStore};

use super::{BATCH, reach, reached};

/// Thins what is older than `evaluations` and forgets what is older than `points`; gives how many of each.
pub(super) async fn prune(store: &SqlStore, evaluations: i64, points: i64) -> Result<(u64, u64), Fault> {
    let monitors: Vec<String> = sqlx::query_scalar("SELECT monitor FROM newest_tick ORDER BY monitor")
        .fetch_all(&mut *store.read().await?)
        .await?;
    let (mut thinned, mut gone) = (0, 0);
    for monitor in &monitors {
        loop {
            let batch = forget(store, monitor, points).await?;
            gone += batch;
            if batch < BATCH.unsigned_abs() {
                break;
            }
        }
        loop {
            let batch = thin(store, monitor, evaluations).await?;
            thinned += batch;
            if batch < BATCH.unsigned_abs() {
                break;
            }
        }
    }
    Ok((thinned, gone))
}

async fn forget(store: &SqlStore, monitor: &str, before: i64) -> Result<u64, Fault> {
    let old = "SELECT scheduled_at FROM occurrence
               WHERE monitor = $1 AND scheduled_at < $2 AND status = 'finished' ORDER BY scheduled_at LIMIT $3";
    let is_old = sqlx::query(old).bind(monitor).bind(before).bind(1_i64);
    if is_old.fetch_optional(&mut *store.read().await?).await?.is_none() {
        return Ok(0);
    }
    let mut tx = store.write_beside().await?;
    let gone = format!("DELETE FROM occurrence WHERE monitor = $1 AND scheduled_at IN ({old})");
    let gone = sqlx::query(sqlx::AssertSqlSafe(gone)).bind(monitor).bind(before).bind(BATCH).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(gone.rows_affected())
}

async fn thin(store: &SqlStore, monitor: &str, before: i64) -> Result<u64, Fault> {
    let what = format!("evaluations {monitor}");
    let old = "SELECT scheduled_at, evaluation FROM occurrence
               WHERE monitor = $1 AND scheduled_at > $2 AND scheduled_at < $3 AND status = 'finished'
               ORDER BY scheduled_at LIMIT $4";
    let mut tx = store.read().await?;
    let after = reached(&mut tx, &what).await?;
    let rows: Vec<(i64, Option<String>)> =
        sqlx::query_as(old).bind(monitor).bind(after).bind(before).bind(BATCH).fetch_all(&mut *tx).await?;
    drop(tx);
    let Some((upto, _)) = rows.last() else { return Ok(0) };
    let mut tx = store.write_beside().await?;
    for (scheduled_at, evaluation) in &rows {
        let Some(thin) = evaluation.as_deref().and_then(evaluation::thinned) else { continue };
        sqlx::query("UPDATE occurrence SET evaluation = $1 WHERE monitor = $2 AND scheduled_at = $3")
            .bind(thin)
            .bind(monitor)
            .bind(scheduled_at)
            .execute(&mut *tx)
            .await?;
    }
    reach(&mut tx, &what, *upto).await?;
    tx.commit().await?;
    Ok(rows.len() as u64)
}
