//! Frozen baselines: one digest a monitor, replaced only when it is frozen again.

use sqlx::{Row, any::AnyRow};
use watchkeeper_engine::{
    BaselineDigest, KeptBaseline,
    ports::store::{LedgerRow, StoreError},
};
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{micros, name, time, time_if},
    fault::Fault,
    ledger,
    store::SqlStore,
};

/// The layout that this version writes and reads.
const FORMAT: i64 = 1;

pub(crate) async fn frozen_at(store: &SqlStore, monitor: &Name) -> Result<Option<Time>, Fault> {
    let at = sqlx::query_scalar("SELECT frozen_at FROM baseline WHERE monitor = $1").bind(monitor.as_str());
    time_if("baseline.frozen_at", at.fetch_optional(&mut *store.read().await?).await?)
}

pub(crate) async fn of(store: &SqlStore, monitor: &Name) -> Result<Option<KeptBaseline>, Fault> {
    let row = sqlx::query("SELECT * FROM baseline WHERE monitor = $1").bind(monitor.as_str());
    row.fetch_optional(&mut *store.read().await?).await?.as_ref().map(kept).transpose()
}

pub(crate) async fn keep(store: &SqlStore, kept: &KeptBaseline, rows: &[LedgerRow]) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO baseline (monitor, frozen_at, frozen_by, format, digest) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (monitor) DO UPDATE SET frozen_at = CASE
                 WHEN baseline.frozen_at < excluded.frozen_at THEN excluded.frozen_at ELSE baseline.frozen_at + 1 END,
             frozen_by = excluded.frozen_by, format = excluded.format, digest = excluded.digest",
    )
    .bind(kept.monitor.as_str())
    .bind(micros(kept.frozen_at))
    .bind(&kept.by)
    .bind(FORMAT)
    .bind(postcard::to_allocvec(&kept.digest)?)
    .execute(&mut *tx)
    .await?;
    ledger::append(&mut tx, kept.frozen_at, rows).await?;
    Ok(tx.commit().await?)
}

impl SqlStore {
    /// Every frozen baseline, by monitor.
    pub async fn baselines(&self) -> Result<Vec<KeptBaseline>, StoreError> {
        let work = async {
            let rows =
                sqlx::query("SELECT * FROM baseline ORDER BY monitor").fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(kept).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read the frozen baselines"))
    }
}

fn kept(row: &AnyRow) -> Result<KeptBaseline, Fault> {
    let format: i64 = row.try_get("format")?;
    if format != FORMAT {
        return Err(Fault::column("baseline.format", format));
    }
    let bytes: Vec<u8> = row.try_get("digest")?;
    let digest: BaselineDigest = postcard::from_bytes(&bytes)?;
    Ok(KeptBaseline {
        monitor: name("baseline.monitor", row.try_get("monitor")?)?,
        frozen_at: time("baseline.frozen_at", row.try_get("frozen_at")?)?,
        by: row.try_get("frozen_by")?,
        digest,
    })
}
