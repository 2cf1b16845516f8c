//! Runs that did not end well: the newest of each monitor, with the answers they were given.

use sqlx::Row;
use watchkeeper_engine::ports::{replay::KeptRun, store::StoreError};
use watchkeeper_model::{Name, Time};

use crate::{columns::micros, fault::Fault, store::SqlStore};

/// The layout that this version writes and reads.
const FORMAT: i64 = 1;
/// A digest holds answers, and rows only where they are few: of more than this nothing is kept.
const BYTES_MAX: usize = 256 * 1024;
/// Kept of a monitor: a breach that goes on is not kept tick by tick for ever.
const RUNS_MAX: i64 = 20;

pub(crate) async fn keep(store: &SqlStore, run: &KeptRun) -> Result<(), Fault> {
    let digest = postcard::to_allocvec(run)?;
    if digest.len() > BYTES_MAX {
        return Ok(());
    }
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO kept_run (monitor, scheduled_at, format, digest) VALUES ($1, $2, $3, $4)
         ON CONFLICT (monitor, scheduled_at) DO UPDATE SET format = excluded.format, digest = excluded.digest",
    )
    .bind(run.monitor.as_str())
    .bind(micros(run.at))
    .bind(FORMAT)
    .bind(digest)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM kept_run WHERE monitor = $1 AND scheduled_at NOT IN
             (SELECT scheduled_at FROM kept_run WHERE monitor = $1 ORDER BY scheduled_at DESC LIMIT $2)",
    )
    .bind(run.monitor.as_str())
    .bind(RUNS_MAX)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

impl SqlStore {
    /// The run of a monitor that was kept of a tick, or its newest one.
    pub async fn kept_run(&self, monitor: &Name, at: Option<Time>) -> Result<Option<KeptRun>, StoreError> {
        let work = async {
            let row = sqlx::query(
                "SELECT format, digest FROM kept_run WHERE monitor = $1 AND ($2 IS NULL OR scheduled_at = $2)
                 ORDER BY scheduled_at DESC LIMIT 1",
            );
            let row = row.bind(monitor.as_str()).bind(at.map(micros));
            let Some(row) = row.fetch_optional(&mut *self.read().await?).await? else { return Ok(None) };
            let format: i64 = row.try_get("format")?;
            if format != FORMAT {
                return Err(Fault::column("kept_run.format", format));
            }
            let digest: Vec<u8> = row.try_get("digest")?;
            Ok(Some(postcard::from_bytes(&digest)?))
        };
        work.await.map_err(|fault: Fault| fault.doing("read a kept run"))
    }
}
