//! What is the matter with the daemon, as it last wrote it: other processes read it here.

use sqlx::{Row, sqlite::SqliteRow};
use watchkeeper_engine::{Trouble, ports::store::StoreError};

use crate::{
    columns::{count, micros, time},
    fault::Fault,
    open::SqliteStore,
};

pub(crate) async fn note(store: &SqliteStore, troubles: &[Trouble]) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    sqlx::query("DELETE FROM trouble").execute(&mut *tx).await?;
    for trouble in troubles {
        sqlx::query("INSERT INTO trouble (part, since, failures, message) VALUES (?, ?, ?, ?)")
            .bind(&trouble.part)
            .bind(micros(trouble.since))
            .bind(trouble.failures)
            .bind(&trouble.message)
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

impl SqliteStore {
    /// What is the matter with the daemon, by part.
    pub async fn troubles(&self) -> Result<Vec<Trouble>, StoreError> {
        let work = async {
            let rows = sqlx::query("SELECT * FROM trouble ORDER BY part").fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(trouble).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read what is the matter"))
    }
}

fn trouble(row: &SqliteRow) -> Result<Trouble, Fault> {
    Ok(Trouble {
        part: row.try_get("part")?,
        since: time("trouble.since", row.try_get("since")?)?,
        failures: count("trouble.failures", row.try_get("failures")?)?,
        message: row.try_get("message")?,
    })
}
