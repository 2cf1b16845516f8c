//! What is the matter with the daemon, as it last wrote it: other processes read it here.

use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use watchkeeper_engine::{Trouble, ports::store::StoreError};

use crate::{
    columns::{count, micros, time},
    fault::Fault,
    store::SqlStore,
};

/// Writes this daemon's own, in the place of what it wrote before; what others wrote that are gone is forgotten.
pub(crate) async fn note(store: &SqlStore, troubles: &[Trouble]) -> Result<(), Fault> {
    let mut tx = store.write().await?;
    let me = store.my_name();
    let old = format!(
        "DELETE FROM trouble WHERE replica = $1 OR NOT EXISTS
             (SELECT 1 FROM replica AS other WHERE other.name = trouble.replica AND other.until > {})",
        store.dialect().now()
    );
    sqlx::query(AssertSqlSafe(old)).bind(me).execute(&mut *tx).await?;
    for trouble in troubles {
        sqlx::query("INSERT INTO trouble (part, replica, since, failures, message) VALUES ($1, $2, $3, $4, $5)")
            .bind(&trouble.part)
            .bind(me)
            .bind(micros(trouble.since))
            .bind(i64::from(trouble.failures))
            .bind(&trouble.message)
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

impl SqlStore {
    /// What is the matter with the daemon, by part.
    pub async fn troubles(&self) -> Result<Vec<Trouble>, StoreError> {
        let work = async {
            let rows =
                sqlx::query("SELECT * FROM trouble ORDER BY part, replica").fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(trouble).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read what is the matter"))
    }
}

fn trouble(row: &AnyRow) -> Result<Trouble, Fault> {
    let (part, replica): (&str, &str) = (row.try_get("part")?, row.try_get("replica")?);
    Ok(Trouble {
        part: if replica.is_empty() { part.to_owned() } else { format!("{part} ({replica})") },
        since: time("trouble.since", row.try_get("since")?)?,
        failures: count("trouble.failures", row.try_get("failures")?)?,
        message: row.try_get("message")?,
    })
}
