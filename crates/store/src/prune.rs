//! Pruning: what is not kept for ever goes in small batches, while everything else goes on. The ledger, incidents, steps and
//! handoffs stay.

mod deliveries;
mod ticks;

use std::time::Duration;

use serde::Serialize;
use sqlx::AnyConnection;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Keep, Time};

use crate::{columns::micros, database::Dialect, fault::Fault, store::SqlStore};

/// Rows that one transaction goes through, at most: nobody waits long for it.
const BATCH: i64 = 500;
/// Pages of a file that are given back at once.
const PAGES: &str = "PRAGMA incremental_vacuum(2000)";

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Evaluations of which what a chart shows is left.
    pub thinned: u64,
    /// Ticks that are gone.
    pub ticks: u64,
    /// Messages and tries to deliver them that are gone.
    pub deliveries: u64,
}

impl SqlStore {
    /// Forgets what is older than is kept.
    pub async fn prune(&self, keep: Keep, now: Time) -> Result<Pruned, StoreError> {
        let work = async {
            let before =
                |kept: Duration| micros(now).saturating_sub(i64::try_from(kept.as_micros()).unwrap_or(i64::MAX));
            let (thinned, ticks) = ticks::prune(self, before(keep.evaluations), before(keep.points)).await?;
            let deliveries = deliveries::prune(self, before(keep.deliveries)).await?;
            let pruned = Pruned { thinned, ticks, deliveries };
            if self.dialect() == Dialect::Sqlite && pruned != Pruned::default() {
                sqlx::query(PAGES).execute(&mut *self.writer.acquire().await?).await?;
            }
            Ok(pruned)
        };
        work.await.map_err(|fault: Fault| fault.doing("forget what is too old"))
    }
}

/// How far this was gone through.
async fn reached(db: &mut AnyConnection, what: &str) -> Result<i64, Fault> {
    let upto = sqlx::query_scalar("SELECT upto FROM pruned WHERE what = $1").bind(what).fetch_optional(db).await?;
    Ok(upto.unwrap_or(i64::MIN))
}

async fn reach(db: &mut AnyConnection, what: &str, upto: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO pruned (what, upto) VALUES ($1, $2) ON CONFLICT (what) DO UPDATE SET upto = excluded.upto",
    )
    .bind(what)
    .bind(upto)
    .execute(db)
    .await?;
    Ok(())
}
